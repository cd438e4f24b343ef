/** A hub's own events come back from the clinic that they were addressed to, where nothing can be invented. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { epochToText } from "../event.ts";
import { restoredAlarmId } from "../log/restored.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import {
  cloneNode,
  createNode,
  damage,
  digestOf,
  pushMany,
  settle,
  startMs,
  sync,
  syncUntilComplete,
} from "./session.test-kit.ts";

const lane = "to/clinic_a";

/** A hub that told a clinic five things, and an older copy of it that knows of three. */
function olderHub() {
  const hub = createNode("hub", "hub");
  const a = createNode("clinic_a", "clinic");
  pushMany(hub, 3, { lane, tag: "before" });
  sync(a, hub);
  const older = cloneNode(hub);
  pushMany(hub, 2, { lane, tag: "after the backup" });
  pushMany(hub, 1, { lane: `${lane}/urgent`, tag: "after the backup" });
  sync(a, hub);
  return { hub, older, a };
}

test("a hub that its operator restored takes back what it had addressed to a clinic", () => {
  const { older, a } = olderHub();
  const id = restoredAlarmId(epochToText(older.log.ownEpoch));
  older.log.mark({ kind: "newEpoch", reason: "Z227" }, startMs, () => undefined);
  older.log.mark({ kind: "alarm", id, code: "Z227", text: "restored" }, startMs, () => undefined);
  settle(older);
  pushMany(older, 1, { lane, tag: "since" });
  syncUntilComplete(a, older);
  syncUntilComplete(a, older);
  assert.equal(digestOf(older).length, 7);
  assert.deepEqual(digestOf(a), digestOf(older));
});

test("once the operator has acknowledged that, and without it, a claim opens nothing", () => {
  const { older, a } = olderHub();
  const id = restoredAlarmId(epochToText(older.log.ownEpoch));
  older.log.mark({ kind: "alarm", id, code: "Z227", text: "restored" }, startMs, () => undefined);
  older.log.mark({ kind: "alarmAck", id }, startMs, () => undefined);
  settle(older);
  sync(a, older);
  sync(a, older);
  assert.equal(digestOf(older).length, 3, "what only the clinic holds stays there");
  pushMany(older, 1, { lane, tag: "in the fresh epoch" });
  sync(a, older);
  assert.equal(digestOf(a).length, 7, "and what is new arrives");
});

test("a hub takes its own events back from another hub, whatever it remembers", () => {
  const { hub, older } = olderHub();
  const other = createNode("hub2", "hub", 9);
  syncUntilComplete(hub, other);
  syncUntilComplete(other, older);
  assert.deepEqual(digestOf(older), digestOf(hub));
});

test("nothing but a whole hole, or its end, is taken from a clinic, which could have written it", () => {
  const { hub } = olderHub();
  const id = { node: "hub", epoch: hub.log.ownEpoch, lane };
  damage(hub, id, 2, 4);
  const before = digestOf(hub);
  const chainAt = (seq: number): Uint8Array =>
    hub.log.chainAt(hub.log.findStream(id) ?? -1, seq) ?? assert.fail("a chain");
  const line = { id, head: 5, chain: chainAt(5).slice(0, 8), holes: [] };
  const refusal = (from: number, count: number): unknown => {
    const peer = new RawPeer(hub, "clinic_a").holding([line]);
    const before = from === 1 ? {} : { before: chainAt(from - 1) };
    peer.send(forgeRange(id, { number: 0, from, count, ...before }));
    const [refused] = peer.framesOf("refused");
    return [refused?.reason, refused?.code];
  };
  assert.deepEqual([refusal(2, 2), refusal(1, 4)], Array(2).fill(["stream", 511]));
  assert.deepEqual(refusal(2, 3), ["fork", 0], "it parts from what is held behind the hole");
  assert.deepEqual(digestOf(hub), before);
});

test("a large event of a hub comes back in its pieces", () => {
  const hub = createNode("hub", "hub");
  const a = createNode("clinic_a", "clinic");
  pushMany(hub, 2, { lane });
  const payload = new Uint8Array(20_000).map((_, i) => (i * 7919) >> 3);
  hub.log.push([{ lane, type: 1, payload }], startMs - 1000, () => undefined);
  pushMany(hub, 1, { lane });
  sync(a, hub);
  const before = digestOf(hub);
  damage(hub, { node: "hub", epoch: hub.log.ownEpoch, lane }, 3, 3);
  assert.equal(digestOf(hub).length, 3);
  syncUntilComplete(a, hub);
  assert.deepEqual(digestOf(hub), before);
});

test("a hole in what a hub addressed to a clinic is healed by that clinic", () => {
  const { hub, a } = olderHub();
  const before = digestOf(hub);
  damage(hub, { node: "hub", epoch: hub.log.ownEpoch, lane }, 2, 3);
  assert.equal(digestOf(hub).length, before.length - 2);
  syncUntilComplete(a, hub);
  assert.deepEqual(digestOf(hub), before);
});
