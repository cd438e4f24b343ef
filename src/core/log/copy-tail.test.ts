/** What an opening stores anew of an unclean end is the same to the opening after it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, Mark } from "./api.ts";
import {
  create,
  digest,
  epoch,
  event,
  mapsEqual,
  markNow,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const own = { node: "clinic_a", epoch, lane: "" };
const other = { node: "clinic_b", epoch: 7, lane: "" };
const chain = new Uint8Array(16).fill(5);

/** Each is the first to name a stream, so that its own group is where the stream's alias is defined. */
const marks: readonly Mark[] = [
  { kind: "rehome", stream: own, from: 3 },
  { kind: "lost", stream: other, from: 1, to: 4, chain },
  { kind: "floor", stream: other, floor: { seq: 4, chain, byOrigin: true } },
  { kind: "freeze", stream: other, peer: "hub", peerHead: 9, peerChain: chain.subarray(0, 8) },
];

function shown(log: Log): unknown {
  return Array.from({ length: log.streamCount }, (_, index) => log.stream(index));
}

for (const mark of marks) {
  test(`a ${mark.kind} mark keeps its effect when an unclean end is stored anew, and again`, () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 5);
    if (mark.kind === "rehome") markNow(log, { kind: "newEpoch", reason: "Z509" });
    markNow(log, mark);
    const before = shown(log);
    const events = digest(log);
    let disk = store;
    for (const opening of [1, 2, 3]) {
      disk = disk.kill();
      const { log: again, recovery } = open(disk);
      assert.ok(recovery.copiedBytes > 0, "the mark was in the tail");
      assert.deepEqual(shown(again), before, `opening ${opening}`);
      mapsEqual(digest(again), events);
    }
    // Proven by what is written behind it, it stays as well.
    const { log: last } = open(disk.kill());
    pushNow(last, event("behind it"));
    const end = shown(last);
    assert.deepEqual(shown(open(disk.kill()).log), end);
  });
}
