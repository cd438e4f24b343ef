/** Damage that spans streams: each run is named once, and healed, lost or expired on its own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log } from "./api.ts";
import { create, digest, epoch, event, lastSegment, open, pushNow } from "./log.test-kit.ts";

const normal: StreamId = { node: "clinic_a", epoch, lane: "" };
const urgent: StreamId = { ...normal, lane: "urgent" };

interface Record {
  readonly at: number;
  readonly end: number;
}

/** Event records of the last segment, by walking the clear headers. */
function recordsOf(store: MemoryStore): Record[] {
  const bytes = store.dump().get(lastSegment(store)) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found: Record[] = [];
  for (let at = 64; at + 20 <= bytes.length; ) {
    const end = at + 20 + 12 + view.getUint32(at + 8) + 4;
    if (bytes[at + 2] === 1) found.push({ at, end });
    at = end;
  }
  return found;
}

/** 20 events, by turns normal and urgent: record n (from 0) is seq 1 + floor(n / 2). */
function twoLanes(): MemoryStore {
  const store = new MemoryStore();
  const log = create(store);
  for (let i = 1; i <= 10; i++)
    pushNow(log, event(`normal ${i}`), event(`urgent ${i}`, { lane: "urgent" }));
  log.close();
  return store;
}

function zero(store: MemoryStore, first: number, last: number): void {
  const records = recordsOf(store);
  const name = lastSegment(store);
  const bytes = store.dump().get(name)?.slice() ?? new Uint8Array(0);
  bytes.fill(0, records[first]?.at, records[last]?.end);
  store.overwrite(name, bytes);
}

function missingOf(log: Log): readonly (readonly [string, number, number])[] {
  return log.damages.flatMap(({ missing }) =>
    missing.map(({ stream, range }) => [stream.lane, range.from, range.to] as const),
  );
}

function heal(log: Log, original: Log, stream: StreamId, seq: number): void {
  const [stored] = original.readStream(original.findStream(stream) ?? 0, seq, {
    events: 1,
    bytes: 1,
  });
  assert.ok(stored !== undefined);
  const outcome = log.receive(
    {
      stream,
      from: seq,
      events: [stored],
      chainBefore8: stored.chainBefore.slice(0, 8),
      chainAfter8: stored.chain.slice(0, 8),
      receivedFrom: "hub",
      receivedMs: 2_000_000,
    },
    (error) => assert.equal(error, undefined),
  );
  assert.equal(outcome.kind, "stored");
}

test("a lost range over two lanes names both, and healing one leaves the other named", () => {
  const pristine = twoLanes();
  const original = open(pristine.copy()).log;
  const store = pristine.copy();
  zero(store, 4, 9);
  const { log } = open(store);
  const names = (current: Log) => [...missingOf(current)].sort();
  assert.deepEqual(names(log), [
    ["", 3, 5],
    ["urgent", 3, 5],
  ]);
  assert.equal(log.damages.length, 1);
  heal(log, original, normal, 3);
  assert.deepEqual(names(log), [
    ["", 4, 5],
    ["urgent", 3, 5],
  ]);
  heal(log, original, normal, 4);
  heal(log, original, normal, 5);
  assert.deepEqual(names(log), [["urgent", 3, 5]]);
  assert.deepEqual(names(open(store.copy()).log), [["urgent", 3, 5]], "also after a restart");
  for (const seq of [3, 4, 5]) heal(log, original, urgent, seq);
  assert.deepEqual(log.damages, []);
  assert.deepEqual([...digest(log)].sort(), [...digest(original)].sort());
  log.close();
  const again = open(store).log;
  assert.deepEqual(again.damages, []);
  assert.deepEqual([...digest(again)].sort(), [...digest(original)].sort());
});

test("what its origin declares lost, or a floor takes, is missing no more; the rest stays named", () => {
  const store = twoLanes();
  zero(store, 4, 9);
  const { log } = open(store);
  const chain = log.chainAt(log.findStream(normal) ?? 0, 5) ?? new Uint8Array(16);
  const note = (error?: unknown) => assert.equal(error, undefined);
  log.mark({ kind: "lost", stream: normal, from: 4, to: 5, chain }, 1, note);
  const floor = { seq: 4, chain: new Uint8Array(16).fill(1), byOrigin: true };
  log.mark({ kind: "floor", stream: urgent, floor }, 1, note);
  const check = (current: Log) => {
    assert.deepEqual([...missingOf(current)].sort(), [
      ["", 3, 3],
      ["urgent", 5, 5],
    ]);
    const index = current.findStream(normal) ?? 0;
    assert.deepEqual(current.stream(index).holes, [{ from: 3, to: 3 }]);
    assert.deepEqual(current.stream(index).lost, [{ from: 4, to: 5 }]);
    assert.equal(current.recordCount, 7 + 5);
  };
  check(log);
  check(open(store.copy()).log);
  log.close();
  check(open(store).log);
});

test("damage is a change of the lines that it hits, which peers are told of", () => {
  const pristine = twoLanes();
  const before = open(pristine.copy()).log;
  const store = pristine.copy();
  zero(store, 4, 4);
  const { log } = open(store);
  const hit = log.findStream(normal) ?? 0;
  const other = log.findStream(urgent) ?? 0;
  assert.ok(log.streamChangeOrdinal(hit) > before.changeOrdinal);
  assert.equal(log.streamChangeOrdinal(other), before.streamChangeOrdinal(other));
});

test("rot that spreads to the next record names that one too, and nothing twice", () => {
  const store = twoLanes();
  const [, , , , fifth, sixth, seventh] = recordsOf(store);
  const name = lastSegment(store);
  const seen: number[] = [];
  for (const record of [fifth, seventh, sixth]) {
    store.flip(name, (record?.at ?? 0) + 40);
    const { log, recovery } = open(store);
    assert.deepEqual(
      recovery.reports.map(({ code, context }) => [code, context.from, context.count]),
      [["Z209", record?.at, 1]],
    );
    const missing = missingOf(log);
    assert.equal(new Set(missing.map(String)).size, missing.length);
    seen.push(missing.length);
    log.close();
  }
  assert.deepEqual(seen, [1, 2, 3]);
  const { log, recovery } = open(store);
  assert.equal(recovery.reports.length, 0);
  assert.deepEqual([...missingOf(log)].sort(), [
    ["", 3, 3],
    ["", 4, 4],
    ["urgent", 3, 3],
  ]);
  assert.equal(digest(log).size, 17);
});

test("a tail that moves takes its holes along as lost, and its damage is settled", () => {
  const store = twoLanes();
  zero(store, 12, 15);
  const { log } = open(store);
  assert.deepEqual([...missingOf(log)].sort(), [
    ["", 7, 8],
    ["urgent", 7, 8],
  ]);
  const payloads = log
    .readStream(log.findStream(normal) ?? 0, 5, { events: 2, bytes: 1000 })
    .map(({ payload }) => payload);
  const before = log.changeOrdinal;
  const note = (error?: unknown) => assert.equal(error, undefined);
  log.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  log.mark({ kind: "rehome", stream: normal, from: 5 }, 1, note);
  const check = (current: Log) => {
    const old = current.stream(current.findStream(normal) ?? 0);
    assert.deepEqual([old.head, old.holes, old.lost], [4, [], []]);
    assert.deepEqual(missingOf(current), [["urgent", 7, 8]]);
    const ids = Array.from({ length: current.streamCount }, (_, i) => current.stream(i));
    const moved = ids.find(
      ({ id }) => id.lane === "" && id.epoch !== epoch && id.epoch !== current.ownEpoch,
    );
    assert.ok(moved !== undefined);
    assert.deepEqual([moved.head, moved.holes, moved.lost], [6, [], [{ from: 3, to: 4 }]]);
    assert.ok(old.changeOrdinal > before && moved.changeOrdinal > before);
    const read = (from: number) =>
      current.readStream(moved.index, from, { events: 9, bytes: 1000 }).map(({ seq }) => seq);
    assert.deepEqual([read(1), read(3), read(5)], [[1, 2], [], [5, 6]]);
    const again = current.readStream(moved.index, 1, { events: 2, bytes: 1000 });
    assert.deepEqual(
      again.map(({ payload }) => payload),
      payloads,
    );
    assert.equal(current.recordCount, 4 + 4 + 8);
  };
  const movedId =
    Array.from({ length: log.streamCount }, (_, i) => log.stream(i).id).find(
      ({ lane, epoch: each }) => lane === "" && each !== epoch && each !== log.ownEpoch,
    ) ?? normal;
  /** Its chains are counted up from its beginning, and are the same wherever the counting begins. */
  const chainsFrom = (current: Log, first: number) => {
    const moved = current.findStream(movedId) ?? -1;
    return [1, 2, 5, 6]
      .filter((seq) => seq >= first)
      .map((seq) => {
        const [event] = current.readStream(moved, seq, { events: 1, bytes: 1 });
        return [event?.chainBefore, event?.chain, current.chainAt(moved, seq)];
      });
  };
  const inOrder = chainsFrom(log, 1);
  for (const [chainBefore, chain, at] of inOrder) {
    assert.ok(chainBefore !== undefined && chain !== undefined);
    assert.deepEqual(at, chain);
  }
  assert.deepEqual(inOrder[1]?.[0], inOrder[0]?.[1], "they follow on each other");
  assert.deepEqual(inOrder[3]?.[0], inOrder[2]?.[1], "also behind the gap");
  for (const [skipped, first] of [1, 2, 5, 6].entries())
    assert.deepEqual(chainsFrom(open(store.copy()).log, first), inOrder.slice(skipped));
  check(log);
  check(open(store.copy()).log);
  log.close();
  check(open(store.copy()).log);
  for (const name of ["checkpoint-a", "checkpoint-b"]) if (store.exists(name)) store.remove(name);
  const bare = open(store).log;
  check(bare);
  const floor = { seq: 2, chain: inOrder[1]?.[1] ?? new Uint8Array(16), byOrigin: true };
  bare.mark({ kind: "floor", stream: movedId, floor }, 1, note);
  for (const first of [5, 6])
    assert.deepEqual(chainsFrom(open(store.copy()).log, first), inOrder.slice(first - 3));
});

test("what a close tells of a lost range, and what the next events tell of it, is one damage", () => {
  const store = twoLanes();
  zero(store, 17, 18);
  const check = (log: Log) => {
    assert.equal(log.damages.length, 1);
    assert.deepEqual([...missingOf(log)].sort(), [
      ["", 10, 10],
      ["urgent", 9, 9],
    ]);
  };
  const { log } = open(store);
  check(log);
  check(open(store.copy()).log);
});

test("behind two gaps a moved tail has the same chains wherever reading begins", () => {
  const store = twoLanes();
  zero(store, 16, 16);
  zero(store, 10, 10);
  const { log } = open(store);
  const index = log.findStream(normal) ?? 0;
  assert.deepEqual(log.stream(index).holes, [
    { from: 6, to: 6 },
    { from: 9, to: 9 },
  ]);
  const note = (error?: unknown) => assert.equal(error, undefined);
  const before = log.streamCount;
  log.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  log.mark({ kind: "rehome", stream: normal, from: 5 }, 1, note);
  const { id } = log.stream(before);
  const chainsFrom = (current: Log, seqs: readonly number[]) => {
    const moved = current.findStream(id) ?? -1;
    return seqs.map((seq) => {
      const [stored] = current.readStream(moved, seq, { events: 1, bytes: 1 });
      assert.equal(stored?.seq, seq);
      return [stored.chainBefore, stored.chain];
    });
  };
  const inOrder = chainsFrom(log, [1, 3, 4, 6]);
  assert.deepEqual(inOrder[2]?.[0], inOrder[1]?.[1], "they follow on each other");
  for (const [at, seq] of [1, 3, 4, 6].entries())
    assert.deepEqual(chainsFrom(open(store.copy()).log, [seq]), [inOrder[at]]);
});
