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
  admission.authenticated(id, input);
  admission.greeted(id, input.nowMs);
}

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
      waiting: 1,
      transferring: 2,
      stalled: 0,
      idle: 0,
    });
    admission.closed(2, 196);
    assert.deepEqual(show(admission), [], "n3 still has to wait");
  });

  test("who has not greeted yields a place early, also when it trickles, and gets it back by greeting", () => {
    const admission = new Admission({ maxPeers: 1, stallMs: 8_000, greetingMs: 1_000 });
    admission.authenticated(1, { nodeId: "n1", nowMs: 0 });
    assert.deepEqual(show(admission), ["+1"]);
    join(admission, 2, { nodeId: "n2", nowMs: 500 });
    admission.progressed(1, 900);
    assert.equal(admission.nextDeadlineMs(), 1_000);
    admission.tick(1_000);
    assert.deepEqual(show(admission), ["+2"]);
    admission.progressed(1, 1_100);
    assert.equal(admission.counts().stalled, 1, "bytes alone are no greeting");
    admission.greeted(1, 1_200);
    assert.equal(admission.counts().transferring, 2);
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
    waitingMax: 5,
    idleMax: 2,
    stallMs: 20,
    greetingMs: 5,
    stalledMax: 2,
  };
  const step = fc.record({
    kind: fc.constantFrom("auth", "auth", "hello", "bytes", "idle", "busy", "close", "tick"),
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
      if (kind === "auth") {
        live.add(nextId);
        admission.authenticated(nextId++, { nodeId: `n${node}`, nowMs });
      }
      if (kind === "hello") admission.greeted(id, nowMs);
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
