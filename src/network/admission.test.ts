import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { Admission, type AdmissionEffect, type AdmissionLimits } from "./admission.ts";

function drain(admission: Admission): readonly AdmissionEffect[] {
  const effects: AdmissionEffect[] = [];
  for (let effect = admission.pollEffect(); effect; effect = admission.pollEffect()) {
    effects.push(effect);
  }
  return effects;
}

/** Effects as text: `+3` admits, `-3 reason` closes. */
function show(admission: Admission): readonly string[] {
  return drain(admission).map((effect) =>
    effect.kind === "admit" ? `+${effect.id}` : `-${effect.id} ${effect.reason}`,
  );
}

function withPeers(count: number, limits: Partial<AdmissionLimits>): Admission {
  const admission = new Admission(limits);
  for (let id = 1; id <= count; id++) join(admission, id, { nodeId: `n${id}`, nowMs: 0 });
  return admission;
}

function join(
  admission: Admission,
  id: number,
  input: { readonly nodeId: string; readonly nowMs: number },
): void {
  admission.connected(id, { address: "10.0.0.1", nowMs: input.nowMs });
  admission.authenticated(id, input);
}

describe("strangers", () => {
  test("have a time limit that does not move when they send something", () => {
    const admission = new Admission({ handshakeTimeoutMs: 30_000 });
    admission.connected(1, { address: "a", nowMs: 1_000 });
    admission.progressed(1, 20_000);
    assert.equal(admission.nextDeadlineMs(), 31_000);
    admission.tick(30_999);
    assert.deepEqual(show(admission), []);
    admission.tick(31_000);
    assert.deepEqual(show(admission), ["-1 the handshake took too long"]);
    assert.equal(admission.nextDeadlineMs(), undefined);
  });

  test("make room for the newest, oldest first", () => {
    const admission = new Admission({ strangersMax: 2, strangersPerAddressMax: 2 });
    for (const id of [1, 2, 3]) admission.connected(id, { address: `a${id}`, nowMs: 0 });
    assert.deepEqual(show(admission), ["-1 too many connections at once"]);
  });

  test("from one address do not push out those from others", () => {
    const admission = new Admission({ strangersMax: 4, strangersPerAddressMax: 10 });
    admission.connected(1, { address: "clinic", nowMs: 0 });
    for (let id = 2; id <= 9; id++) admission.connected(id, { address: "flood", nowMs: id });
    const closed = drain(admission).map(({ id }) => id);
    assert.deepEqual(closed, [2, 3, 4, 5, 6]);
  });

  test("are bounded by address", () => {
    const admission = new Admission({ strangersPerAddressMax: 2 });
    for (const id of [1, 2, 3]) admission.connected(id, { address: "a", nowMs: 0 });
    assert.deepEqual(show(admission), ["-1 too many connections from one address"]);
  });

  test("cost those who are in nothing", () => {
    const admission = withPeers(3, { maxPeers: 3, strangersMax: 5, strangersPerAddressMax: 5 });
    drain(admission);
    for (let id = 100; id < 200; id++) admission.connected(id, { address: "x", nowMs: 1 });
    for (const effect of drain(admission)) assert.ok(effect.id >= 100);
    assert.deepEqual(admission.counts(), {
      stranger: 5,
      waiting: 0,
      transferring: 3,
      stalled: 0,
      idle: 0,
    });
  });
});

describe("places", () => {
  test("are given in order of arrival, and at most maxPeers at a time", () => {
    const admission = withPeers(4, { maxPeers: 2 });
    assert.deepEqual(show(admission), ["+1", "+2"]);
    admission.closed(2, 5);
    assert.deepEqual(show(admission), ["+3"]);
    admission.closed(4, 6);
    admission.closed(1, 7);
    assert.deepEqual(show(admission), []);
    assert.equal(admission.counts().transferring, 1);
  });

  test("a node that comes again keeps its place in the queue", () => {
    const admission = withPeers(4, { maxPeers: 1 });
    drain(admission);
    join(admission, 5, { nodeId: "n2", nowMs: 1 });
    assert.deepEqual(show(admission), ["-2 the same node came again"]);
    admission.closed(2, 2);
    admission.closed(1, 2);
    assert.deepEqual(show(admission), ["+5"]);
  });

  test("a node that comes again while it has a place is served at once, and its older connection stays one", () => {
    const admission = withPeers(3, { maxPeers: 1 });
    drain(admission);
    join(admission, 4, { nodeId: "n1", nowMs: 1 });
    assert.deepEqual(show(admission), ["+4"]);
    assert.deepEqual(admission.counts(), {
      stranger: 0,
      waiting: 2,
      transferring: 1,
      stalled: 1,
      idle: 0,
    });
    join(admission, 5, { nodeId: "n1", nowMs: 2 });
    assert.deepEqual(show(admission), ["-1 the same node came again", "+5"]);
  });

  test("17 silent clinics in a row do not stop the 18th", () => {
    const stallMs = 8_000;
    const admission = withPeers(17, { maxPeers: 16, stallMs });
    assert.equal(drain(admission).length, 16);
    join(admission, 18, { nodeId: "n18", nowMs: 1_000 });
    assert.deepEqual(show(admission), []);
    assert.equal(admission.nextDeadlineMs(), stallMs);
    admission.tick(stallMs);
    assert.deepEqual(show(admission), ["+17", "+18"]);
    assert.equal(admission.counts().stalled, 2);
  });

  test("who moves keeps its place, and who moves again after a pause gets it back", () => {
    const admission = withPeers(3, { maxPeers: 1, stallMs: 100 });
    drain(admission);
    admission.progressed(1, 90);
    admission.tick(100);
    assert.deepEqual(show(admission), []);
    assert.equal(admission.nextDeadlineMs(), 190);
    admission.tick(190);
    assert.deepEqual(show(admission), ["+2"]);
    admission.progressed(1, 195);
    assert.deepEqual(admission.counts(), {
      stranger: 0,
      waiting: 1,
      transferring: 2,
      stalled: 0,
      idle: 0,
    });
    admission.closed(2, 196);
    assert.deepEqual(show(admission), [], "n3 still has to wait");
  });

  test("stalled ones are bounded, the longest silent goes first", () => {
    const admission = withPeers(4, { maxPeers: 1, stallMs: 10, stalledMax: 1 });
    drain(admission);
    admission.tick(10);
    admission.tick(20);
    assert.deepEqual(show(admission), ["+2", "-1 silent while others were waiting", "+3"]);
  });

  test("idle ones are bounded apart, oldest first, and leave room", () => {
    const admission = withPeers(4, { maxPeers: 1, idleMax: 2 });
    const seen: string[] = [];
    for (const id of [1, 2, 3]) {
      seen.push(...show(admission));
      admission.becameIdle(id, id);
    }
    seen.push(...show(admission));
    assert.deepEqual(seen, ["+1", "+2", "+3", "-1 too many idle connections", "+4"]);
    admission.becameBusy(2, 9);
    assert.equal(admission.counts().transferring, 2);
  });

  test("a full queue turns away the newest", () => {
    const admission = withPeers(3, { maxPeers: 1, waitingMax: 1 });
    assert.deepEqual(show(admission), ["+1", "-3 too many nodes are waiting"]);
  });
});

test("whatever happens, no bound is broken, nobody is admitted twice, and none waits beside a free place", () => {
  const limits = {
    maxPeers: 3,
    strangersMax: 6,
    strangersPerAddressMax: 4,
    handshakeTimeoutMs: 50,
    waitingMax: 5,
    idleMax: 2,
    stallMs: 20,
    stalledMax: 2,
  };
  const step = fc.record({
    kind: fc.constantFrom("join", "auth", "auth", "bytes", "idle", "busy", "close", "tick"),
    pick: fc.nat(30),
    node: fc.nat(7),
    waitMs: fc.nat(15),
  });
  const run = (steps: readonly { kind: string; pick: number; node: number; waitMs: number }[]) => {
    const admission = new Admission(limits);
    const live = new Set<number>();
    const admitted = new Set<number>();
    let nowMs = 0;
    let nextId = 1;
    for (const { kind, pick, node, waitMs } of steps) {
      nowMs += waitMs;
      const ids = [...live];
      const id = ids[pick % Math.max(1, ids.length)] ?? 0;
      if (kind === "join") {
        live.add(nextId);
        admission.connected(nextId++, { address: `a${node % 3}`, nowMs });
      }
      if (kind === "auth") admission.authenticated(id, { nodeId: `n${node}`, nowMs });
      if (kind === "bytes") admission.progressed(id, nowMs);
      if (kind === "idle") admission.becameIdle(id, nowMs);
      if (kind === "busy") admission.becameBusy(id, nowMs);
      if (kind === "close" && live.delete(id)) admission.closed(id, nowMs);
      if (kind === "tick") admission.tick(nowMs);
      for (const effect of drain(admission)) {
        assert.ok(live.has(effect.id), "effects name living connections");
        if (effect.kind === "close") live.delete(effect.id);
        else {
          assert.ok(!admitted.has(effect.id));
          admitted.add(effect.id);
        }
      }
      const counts = admission.counts();
      assert.ok(counts.stranger <= limits.strangersMax);
      assert.ok(counts.waiting <= limits.waitingMax);
      assert.ok(counts.idle <= limits.idleMax);
      assert.ok(counts.stalled <= limits.stalledMax);
      assert.ok(counts.waiting === 0 || counts.transferring >= limits.maxPeers);
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      assert.equal(total, live.size);
    }
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), run), { numRuns: 300 });
});
