/** What a damaged definition of an alias costs a mark that names it: nothing, or a mark that is named as damage. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { StreamId } from "../event.ts";
import type { Log } from "./api.ts";
import { recordKind } from "./format.ts";
import {
  create,
  digest,
  epoch,
  event,
  lastSegment,
  markNow,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const chain = new Uint8Array(16).fill(9);

interface Place {
  readonly kind: number;
  readonly at: number;
  readonly end: number;
}

/** Records of the last segment, by walking the clear headers. */
function placesIn(store: MemoryStore): readonly Place[] {
  const bytes = store.dump().get(lastSegment(store)) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const places: Place[] = [];
  for (let at = 64; at + 20 <= bytes.length; ) {
    const end = at + 20 + 12 + view.getUint32(at + 8) + 4;
    places.push({ kind: bytes[at + 2] ?? 0, at, end });
    at = end;
  }
  return places;
}

/** All that a user can see of the log's streams. */
function seen(log: Log): unknown {
  const streams = Array.from({ length: log.streamCount }, (_, index) => {
    const { id, head, chain: last, holes, lost, floor } = log.stream(index);
    return { id, head, last, holes, lost, floor };
  });
  return { streams, events: [...digest(log)], epoch: log.ownEpoch };
}

/** Six events, of which the last two moved to a derived stream; then events of a fresh epoch. */
function movedTail(): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 6);
  markNow(log, { kind: "newEpoch", reason: "Z507" });
  markNow(log, { kind: "rehome", stream, from: 5 });
  pushNow(log, event("next"));
  // The third group of a stream defines nothing: all definitions are proven durable by it.
  pushNow(log, event("the one after"));
  pushNow(log, event("the last"));
  return { store, log };
}

/** A floor of a stream that has no event here. */
function foreignFloor(): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 2);
  const foreign = { node: "clinic_b", epoch: 7, lane: "" };
  markNow(log, { kind: "floor", stream: foreign, floor: { seq: 9, chain, byOrigin: true } });
  pushMany(log, 4, 3);
  return { store, log };
}

for (const [what, build] of [
  ["a derived stream's alias keeps its branch re-homed", movedTail],
  ["a stream that only a floor names keeps the floor", foreignFloor],
] as const) {
  for (const isClosed of [true, false]) {
    const end = isClosed ? "a close" : "a power cut";
    test(`any flipped bit in a definition of ${what}, after ${end}`, () => {
      const { store, log } = build();
      const before = seen(log);
      if (isClosed) log.close();
      const disk = isClosed ? store : store.kill();
      const name = lastSegment(disk);
      const definitions = placesIn(disk).filter(({ kind }) => kind === recordKind.alias);
      assert.ok(definitions.length >= 2);
      for (const { at, end: stop } of definitions) {
        for (let bit = 8 * at; bit < 8 * stop; bit += 9) {
          const rotten = disk.copy();
          rotten.flip(name, bit >> 3, 1 << (bit & 7));
          const label = `bit ${bit & 7} of byte ${(bit >> 3) - at}`;
          const { log: first, recovery } = open(rotten);
          assert.deepEqual(seen(first), before, label);
          assert.deepEqual(
            recovery.reports.map(({ code }) => code),
            ["Z209"],
            label,
          );
          first.close();
          const again = open(rotten);
          assert.deepEqual(seen(again.log), before, `${label}, opened again`);
          assert.deepEqual(again.recovery.reports, [], `${label}, said once`);
        }
      }
    });
  }
}

test("a mark is named as damaged when every definition of its stream is", () => {
  const { store } = foreignFloor();
  const disk = store.kill();
  const name = lastSegment(disk);
  const bytes = disk.dump().get(name) ?? new Uint8Array(0);
  const aliasAt = (at: number): number =>
    new DataView(bytes.buffer, bytes.byteOffset).getUint32(at + 4);
  const definitions = placesIn(disk).filter(({ kind }) => kind === recordKind.alias);
  const foreign = Math.max(...definitions.map(({ at }) => aliasAt(at)));
  const rotten = definitions.filter(({ at }) => aliasAt(at) === foreign);
  assert.equal(rotten.length, 2);
  for (const { at } of rotten) disk.flip(name, at + 40);
  const mark = placesIn(disk).find(({ at }) => at > (rotten[0]?.at ?? 0))?.at ?? 0;
  const { log, recovery } = open(disk);
  const ranges = recovery.reports.filter(({ code }) => code === "Z209");
  const isNamed = ({ context }: ZamError): boolean =>
    Number(context.from) <= mark && mark < Number(context.to);
  assert.ok(ranges.some(isNamed));
  assert.equal(digest(log).size, 6, "no event is taken away");
  log.close();
  assert.deepEqual(open(disk).recovery.reports, []);
});

test("a destroyed page at a segment's beginning costs the events in it, and none behind it", () => {
  for (const isClosed of [true, false]) {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 1);
    pushMany(log, 1, 2);
    // All in one group, the third, which defines nothing by its number.
    const events = Array.from({ length: 300 }, (_, at) => event(`much ${at} ${"x".repeat(40)}`));
    log.push(events, 1, () => {});
    const before = digest(log);
    if (isClosed) log.close();
    const disk = isClosed ? store : store.kill();
    const name = lastSegment(disk);
    const segment = disk.dump().get(name) ?? new Uint8Array(0);
    const kept = placesIn(disk).filter(({ kind, at }) => kind === recordKind.event && at >= 4096);
    assert.ok(kept.length > 200 && segment.length > 8192);
    for (let at = 0; at < 4096; at++) if (segment[at] !== 0) disk.flip(name, at, segment[at] ?? 0);
    const { log: opened } = open(disk);
    const after = [...digest(opened)];
    assert.equal(after.length, kept.length);
    const all = [...before];
    assert.deepEqual(after, all.slice(all.length - kept.length));
  }
});
