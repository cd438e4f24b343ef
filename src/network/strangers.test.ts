import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type StrangerEffect, Strangers } from "./strangers.ts";

function drain(strangers: Strangers): readonly StrangerEffect[] {
  const effects: StrangerEffect[] = [];
  for (let effect = strangers.pollEffect(); effect; effect = strangers.pollEffect())
    effects.push(effect);
  return effects;
}

/** Effects as text: `+3` begins a handshake, `-3 reason` closes. */
function show(strangers: Strangers): readonly string[] {
  return drain(strangers).map((effect) =>
    effect.kind === "shake" ? `+${effect.id}` : `-${effect.id} ${effect.reason}`,
  );
}

function knock(strangers: Strangers, id: number, address: string, nowMs: number): void {
  strangers.connected(id, { address, nowMs });
  strangers.knocked(id, nowMs);
}

describe("silent strangers", () => {
  test("have a time limit", () => {
    const strangers = new Strangers({ handshakeTimeoutMs: 30_000 });
    strangers.connected(1, { address: "a", nowMs: 1_000 });
    assert.equal(strangers.nextDeadlineMs(), 31_000);
    strangers.tick(30_999);
    assert.deepEqual(show(strangers), []);
    strangers.tick(31_000);
    assert.deepEqual(show(strangers), ["-1 the handshake took too long"]);
    assert.equal(strangers.nextDeadlineMs(), undefined);
  });

  test("make room for the newest, oldest first", () => {
    const strangers = new Strangers({ silentMax: 2 });
    for (const id of [1, 2, 3]) strangers.connected(id, { address: `a${id}`, nowMs: 0 });
    assert.deepEqual(show(strangers), ["-1 too many connections at once"]);
  });

  test("from one address do not push out those from others", () => {
    const strangers = new Strangers({ silentMax: 4 });
    strangers.connected(1, { address: "clinic", nowMs: 0 });
    for (let id = 2; id <= 9; id++) strangers.connected(id, { address: "flood", nowMs: id });
    assert.deepEqual(
      drain(strangers).map(({ id }) => id),
      [2, 3, 4, 5, 6],
    );
  });

  test("are bounded by address", () => {
    const strangers = new Strangers({ silentPerAddressMax: 2 });
    for (const id of [1, 2, 3]) strangers.connected(id, { address: "a", nowMs: 0 });
    assert.deepEqual(show(strangers), ["-1 too many connections from one address"]);
  });
});

describe("handshakes", () => {
  test("wait in order of arrival, and none that is young is given up for another", () => {
    const strangers = new Strangers({ shakingMax: 2 });
    for (const id of [1, 2, 3, 4]) knock(strangers, id, "a", id);
    assert.deepEqual(show(strangers), ["+1", "+2"]);
    strangers.left(2, 5);
    assert.deepEqual(show(strangers), ["+3"]);
    strangers.left(4, 6);
    strangers.left(1, 7);
    assert.deepEqual(show(strangers), []);
    assert.deepEqual(strangers.counts(), { silent: 0, knocking: 0, shaking: 1 });
  });

  test("a thousand from one address in one moment all come in", () => {
    const strangers = new Strangers();
    for (let id = 1; id <= 1_000; id++) strangers.connected(id, { address: "a", nowMs: 0 });
    for (let id = 1; id <= 1_000; id++) strangers.knocked(id, 0);
    let shaken = 0;
    for (let nowMs = 1; strangers.counts().shaking > 0; nowMs++)
      for (const effect of drain(strangers)) {
        assert.equal(effect.kind, "shake");
        shaken++;
        strangers.left(effect.id, nowMs);
      }
    assert.equal(shaken, 1_000);
  });

  test("one that takes too long gives its place to one that waits, at the announced time", () => {
    const strangers = new Strangers({ shakingMax: 1, patienceMs: 5_000 });
    knock(strangers, 1, "a", 0);
    knock(strangers, 2, "b", 1_000);
    assert.deepEqual(show(strangers), ["+1"]);
    assert.equal(strangers.nextDeadlineMs(), 5_000);
    strangers.tick(5_000);
    assert.deepEqual(show(strangers), ["-1 too many connections at once", "+2"]);
  });

  test("of one address that has too many do not hold up other addresses", () => {
    const strangers = new Strangers({ shakingPerAddressMax: 2 });
    for (const id of [1, 2, 3]) knock(strangers, id, "flood", 0);
    knock(strangers, 4, "clinic", 1);
    assert.deepEqual(show(strangers), ["+1", "+2", "+4"]);
    strangers.tick(10_000);
    assert.deepEqual(show(strangers), ["-1 too many connections from one address", "+3"]);
  });
});

test("whatever happens, no bound is broken, and nobody waits beside a free handshake", () => {
  const limits = {
    silentMax: 6,
    silentPerAddressMax: 4,
    knockingMax: 5,
    shakingMax: 4,
    shakingPerAddressMax: 3,
    handshakeTimeoutMs: 50,
    patienceMs: 20,
  };
  const step = fc.record({
    kind: fc.constantFrom("connect", "connect", "knock", "knock", "leave", "tick"),
    pick: fc.nat(30),
    address: fc.nat(2),
    waitMs: fc.nat(15),
  });
  const run = (
    steps: readonly { kind: string; pick: number; address: number; waitMs: number }[],
  ) => {
    const strangers = new Strangers(limits);
    const live = new Set<number>();
    let nowMs = 0;
    let nextId = 1;
    for (const { kind, pick, address, waitMs } of steps) {
      nowMs += waitMs;
      const id = [...live][pick % Math.max(1, live.size)] ?? 0;
      if (kind === "connect") {
        live.add(nextId);
        strangers.connected(nextId++, { address: `a${address}`, nowMs });
      }
      if (kind === "knock") strangers.knocked(id, nowMs);
      if (kind === "leave" && live.delete(id)) strangers.left(id, nowMs);
      if (kind === "tick") strangers.tick(nowMs);
      for (const effect of drain(strangers)) {
        assert.ok(live.has(effect.id), "effects name living connections");
        if (effect.kind === "close") live.delete(effect.id);
      }
      const { silent, knocking, shaking } = strangers.counts();
      assert.ok(silent <= limits.silentMax && knocking <= limits.knockingMax);
      assert.ok(shaking <= limits.shakingMax);
      assert.ok(knocking === 0 || shaking >= limits.shakingPerAddressMax);
      assert.equal(silent + knocking + shaking, live.size);
      const dueMs = strangers.nextDeadlineMs();
      assert.ok(dueMs !== undefined || live.size === 0, "whoever is here has a time limit");
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), run), { numRuns: 300 });
});
