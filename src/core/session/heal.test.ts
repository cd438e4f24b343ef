import assert from "node:assert/strict";
import { test } from "node:test";
import {
  codesOf,
  createNode,
  damage,
  damageMany,
  digestOf,
  pushMany,
  sentSeqs,
  settle,
  sync,
} from "./session.test-kit.ts";

test("holes heal in both directions, and only they travel", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 100);
  sync(a, hub);
  const before = digestOf(a);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  damage(a, stream, 3, 3);
  damage(a, stream, 50, 80);
  damage(hub, stream, 10, 12);
  damage(hub, stream, 99, 100);
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(a), before);
  assert.deepEqual(digestOf(hub), before);
  assert.equal(sentSeqs(pair, "initiator").length, 5);
  assert.equal(sentSeqs(pair, "responder").length, 32);
  assert.deepEqual(codesOf(pair.initiator.reports), []);
});

test("what the origin cannot read and nobody holds is declared lost, and the rest goes on", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 10);
  sync(a, hub);
  pushMany(a, 40);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  damage(a, stream, 15, 17);
  damage(a, stream, 30, 30);
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
  assert.equal(digestOf(hub).length, 46);
  assert.deepEqual(codesOf(pair.initiator.reports), ["Z516", "Z516"]);
  assert.deepEqual(codesOf(pair.responder.reports), ["Z516", "Z516"]);
  const index = hub.log.findStream(stream) ?? -1;
  assert.deepEqual(hub.log.stream(index).lost, [
    { from: 15, to: 17 },
    { from: 30, to: 30 },
  ]);
  const again = sync(a, hub);
  assert.deepEqual(
    [
      sentSeqs(again, "initiator").length,
      codesOf(again.initiator.reports).length,
      again.summaries().initiator.isComplete,
    ],
    [0, 0, true],
  );
});

test("a hole that another hub may fill is not declared lost", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 10);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  damage(a, stream, 4, 4);
  const pair = sync(a, hub, {
    from: { confirmedElsewhere: [{ stream, seq: 8, chain: new Uint8Array(16) }] },
  });
  assert.deepEqual(codesOf(pair.initiator.reports), []);
  assert.equal(digestOf(hub).length, 3);
  assert.equal(pair.summaries().initiator.isComplete, false);
});

test("a floor is told, and nothing below it travels again", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 20);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  const chain = a.log.chainAt(0, 12) ?? new Uint8Array(16);
  a.log.mark({ kind: "floor", stream, floor: { seq: 12, chain, byOrigin: true } }, 0, () => {});
  settle(a);
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.equal(sentSeqs(pair, "initiator").length, 8);
  const floor = hub.log.stream(hub.log.findStream(stream) ?? -1).floor;
  assert.deepEqual([floor?.seq, floor?.byOrigin], [12, true]);
  const again = sync(a, hub);
  assert.deepEqual([sentSeqs(again, "initiator"), sentSeqs(again, "responder")], [[], []]);
});

test("clocks: a clinic at 1970 and one at 2099 sync, take the hub's time, and are told", () => {
  for (const offsetMs of [-1_760_000_000_000, 73 * 365 * 86_400_000]) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    const epoch = a.log.ownEpoch;
    pushMany(a, 5, { atMs: Math.max(0, 1_760_000_000_000 + offsetMs) });
    const pair = sync(a, hub, { fromOffsetMs: offsetMs });
    assert.equal(digestOf(hub).length, 5);
    assert.ok(codesOf(pair.initiator.reports).includes("Z517"));
    assert.equal(hub.log.trustedTimeMs, 0);
    assert.ok(Math.abs(a.log.trustedTimeMs - 1_760_000_000_000) < 10_000);
    const isAhead = offsetMs > 0;
    assert.equal(codesOf(pair.initiator.reports).includes("Z518"), isAhead);
    assert.equal(codesOf(pair.responder.reports).includes("Z519"), isAhead);
    assert.equal(a.log.ownEpoch !== epoch, isAhead);
    pushMany(a, 1, { atMs: 1_760_000_100_000 });
    sync(a, hub);
    assert.equal(digestOf(hub).length, 6);
  }
});

test("a stream goes on behind a lost range at its very end", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 5);
  sync(a, hub);
  pushMany(a, 5);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  damage(a, stream, 10, 10);
  sync(a, hub);
  sync(a, hub);
  pushMany(a, 3);
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
  assert.equal(digestOf(hub).length, 12);
});

test("a card with hundreds of holes is healed, whatever the limit of a vector", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 700);
  sync(a, hub);
  const before = digestOf(a);
  const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
  damageMany(
    a,
    stream,
    Array.from({ length: 330 }, (_, i) => 2 * i + 3),
  );
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(a), before);
});

test("a wall clock that is set by years in mid-session ends nothing", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 300);
  let hasJumped = false;
  const pair = sync(a, hub, {
    latencyMs: 300,
    rateBytesPerS: 3000,
    onStep: (p) => {
      if (hasJumped || p.responder.stored.length < 2) return;
      hasJumped = true;
      p.nowMs += 10 * 365 * 86_400_000;
    },
  });
  assert.equal(hasJumped, true);
  assert.equal(pair.summaries().initiator.isComplete, true);
});
