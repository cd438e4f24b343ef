import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { StreamId } from "../event.ts";
import type { Floor, SeqRange, VectorEntry } from "./entry.ts";
import { addRanges, normaliseRanges, rangeBetween, subtractRanges } from "./ranges.ts";
import { StreamTable } from "./stream-table.ts";

const clinic: StreamId = { node: "clinic_a", epoch: 7, lane: "" };
const chainOf = (byte: number): Uint8Array => new Uint8Array(16).fill(byte);

describe("StreamTable", () => {
  test("numbers streams in the order of first mention, and finds them again", () => {
    const table = new StreamTable();
    const ids: StreamId[] = [
      clinic,
      { ...clinic, epoch: 8 },
      { ...clinic, lane: "urgent" },
      { node: "hub", epoch: 0xffffffff, lane: "to/clinic_a/urgent" },
      { node: "to", epoch: 0, lane: "" },
    ];
    for (let index = 0; index < ids.length; index++) {
      const id = ids[index] ?? clinic;
      assert.equal(table.find(id), undefined);
      assert.equal(table.add(id), index);
      assert.equal(table.add({ ...id }), index);
      assert.equal(table.find({ ...id }), index);
      assert.deepEqual(table.id(index), id);
    }
    assert.equal(table.count, ids.length);
    assert.equal(table.find({ ...clinic, epoch: 9 }), undefined);
    assert.equal(table.find({ ...clinic, lane: "hub" }), undefined);
    assert.equal(table.isOfNode(2, "clinic_a"), true);
    assert.equal(table.isOfNode(2, "hub"), false);
    assert.equal(table.isOfNode(2, "nobody"), false);
  });

  test("finds nothing under names that no stream can have, and refuses to add them", () => {
    const table = new StreamTable();
    table.add(clinic);
    for (const node of ["", "Ä", "clinic\u016fa", "x".repeat(1000), "clinic_a\0"]) {
      assert.equal(table.find({ ...clinic, node }), undefined);
      assert.throws(() => table.add({ ...clinic, node }), /invariant broken/);
    }
    assert.throws(() => table.add({ ...clinic, epoch: -1 }), /invariant broken/);
    assert.throws(() => table.add({ ...clinic, epoch: 2 ** 32 }), /invariant broken/);
    assert.throws(() => table.add({ ...clinic, lane: "to/" }), /invariant broken/);
    assert.equal(table.count, 1);
  });

  test("refuses an index that it never gave", () => {
    const table = new StreamTable();
    table.add(clinic);
    const uses: ((index: number) => unknown)[] = [
      (index) => table.id(index),
      (index) => table.isOfNode(index, clinic.node),
      (index) => table.head(index),
      (index) => table.setHead(index, 5),
      (index) => table.chain(index),
      (index) => table.setChain(index, chainOf(1)),
      (index) => table.changeOrdinal(index),
      (index) => table.setChangeOrdinal(index, 5),
      (index) => table.isFrozen(index),
      (index) => table.setFrozen(index, true),
      (index) => table.holes(index),
      (index) => table.setHoles(index, []),
      (index) => table.lost(index),
      (index) => table.setLost(index, []),
      (index) => table.floor(index),
      (index) => table.setFloor(index, undefined),
      (index) => table.partialBytes(index),
      (index) => table.setPartialBytes(index, 5),
    ];
    for (const use of uses) {
      use(0);
      assert.throws(() => use(1), /invariant broken/, String(use));
      assert.throws(() => use(-1), /invariant broken/, String(use));
    }
  });

  test("costs 45 bytes a stream and 12 for its texts, and what few streams have sixteen at a time", () => {
    assert.equal(new StreamTable(1001).sizeBytes - new StreamTable(1000).sizeBytes, 45 + 12);
    const table = new StreamTable();
    const index = table.add(clinic);
    const growth = (change: () => void): number => {
      const before = table.sizeBytes;
      change();
      return table.sizeBytes - before;
    };
    assert.equal(
      growth(() => table.addHole(index, { from: 1, to: 9 })),
      16 * 20,
    );
    assert.equal(
      growth(() => table.setLost(index, [{ from: 10, to: 19 }])),
      16 * 20,
    );
    assert.equal(
      growth(() => table.setPartialBytes(index, 1)),
      16 * 12,
    );
    const floor: Floor = { seq: 1, chain: chainOf(1), byOrigin: true };
    assert.equal(
      growth(() => table.setFloor(index, floor)),
      16 * 29,
    );
    assert.equal(
      growth(() => table.setFloor(index, { ...floor, seq: 2 })),
      0,
    );
  });

  test("has room for sixteen ranges of a stream before it takes more", () => {
    const table = new StreamTable();
    const index = table.add(clinic);
    const ranges = (count: number): SeqRange[] =>
      Array.from({ length: count }, (_, i) => ({ from: 10 * i + 1, to: 10 * i + 5 }));
    table.setHoles(index, ranges(16));
    const full = table.sizeBytes;
    table.setHoles(index, ranges(17));
    assert.ok(table.sizeBytes > full);
    assert.deepEqual(table.holes(index), ranges(17));
  });

  test("keeps heads, ordinals and chains of any size exactly", () => {
    const table = new StreamTable();
    const index = table.add(clinic);
    assert.equal(table.head(index), 0);
    assert.deepEqual(table.chain(index), chainOf(0));
    table.setHead(index, Number.MAX_SAFE_INTEGER);
    table.setChangeOrdinal(index, 2 ** 48 + 1);
    table.setChain(index, chainOf(0xab));
    assert.equal(table.head(index), Number.MAX_SAFE_INTEGER);
    assert.equal(table.changeOrdinal(index), 2 ** 48 + 1);
    assert.deepEqual(table.chain(index), chainOf(0xab));
    assert.deepEqual(table.chain(index, 8), new Uint8Array(8).fill(0xab));
    table.setChain(index, new Uint8Array(8).fill(1));
    assert.deepEqual([...table.chain(index)], [...Array(8).fill(1), ...Array(8).fill(0)]);
    table.chain(index).fill(9);
    assert.equal(table.chain(index)[0], 1, "a chain is a copy");
  });

  test("freezes one stream alone, and lets it go again", () => {
    const table = new StreamTable();
    const index = table.add(clinic);
    const other = table.add({ ...clinic, lane: "other" });
    assert.deepEqual([table.isFrozen(index), table.isFrozen(other)], [false, false]);
    table.setFrozen(index, true);
    assert.deepEqual([table.isFrozen(index), table.isFrozen(other)], [true, false]);
    table.setFrozen(index, false);
    assert.equal(table.isFrozen(index), false);
  });

  test("fills holes from either side and from within", () => {
    const table = new StreamTable();
    const index = table.add(clinic);
    table.setHead(index, 100);
    table.addHole(index, { from: 10, to: 20 });
    table.addHole(index, { from: 21, to: 30 });
    assert.deepEqual(table.holes(index), [{ from: 10, to: 30 }]);
    table.fillHole(index, { from: 15, to: 16 });
    table.fillHole(index, { from: 1, to: 10 });
    assert.deepEqual(table.holes(index), [
      { from: 11, to: 14 },
      { from: 17, to: 30 },
    ]);
    assert.equal(table.hasHoles(index), true);
    table.fillHole(index, { from: 1, to: 100 });
    assert.equal(table.hasHoles(index), false);
  });

  test("a stream whose last hole was filled has none, though others do", () => {
    const table = new StreamTable();
    const first = table.add(clinic);
    const second = table.add({ ...clinic, lane: "urgent" });
    table.addHole(first, { from: 1, to: 1 });
    table.addHole(second, { from: 1, to: 1 });
    table.fillHole(second, { from: 1, to: 1 });
    assert.equal(table.hasHoles(first), true);
    assert.equal(table.hasHoles(second), false);
  });

  test("a lost range is no hole, and a floor swallows both", () => {
    const table = new StreamTable();
    const index = table.add(clinic);
    table.setHead(index, 100);
    table.addHole(index, { from: 10, to: 40 });
    table.addLost(index, { from: 20, to: 30 });
    assert.deepEqual(table.holes(index), [
      { from: 10, to: 19 },
      { from: 31, to: 40 },
    ]);
    assert.deepEqual(table.lost(index), [{ from: 20, to: 30 }]);
    const floor: Floor = { seq: 25, chain: chainOf(3), byOrigin: true };
    table.setFloor(index, floor);
    assert.deepEqual(table.floor(index), floor);
    assert.deepEqual(table.holes(index), [{ from: 31, to: 40 }]);
    assert.deepEqual(table.lost(index), [{ from: 26, to: 30 }]);
    table.setFloor(index, undefined);
    assert.equal(table.floor(index), undefined);
  });

  test("gives back a whole line as plain data, and takes one", () => {
    const entry: VectorEntry = {
      id: clinic,
      head: 50,
      chain: chainOf(1),
      floor: { seq: 5, chain: chainOf(2), byOrigin: false },
      holes: [{ from: 7, to: 8 }],
      lost: [{ from: 10, to: 11 }],
      partialBytes: 16384,
    };
    const table = new StreamTable();
    table.add({ ...clinic, lane: "other" });
    const index = table.setEntry(entry);
    assert.deepEqual(table.entry(index), entry);
    const { floor: _floor, partialBytes: _partial, ...bare } = entry;
    table.setEntry({ ...bare, holes: [], lost: [] });
    assert.deepEqual(table.entry(index), { ...bare, holes: [], lost: [] });
  });
});

/** The twin: a Map of plain objects. */
interface NaiveLine {
  readonly id: StreamId;
  readonly index: number;
  head: number;
  chain: Uint8Array;
  holes: readonly SeqRange[];
  lost: readonly SeqRange[];
  floor: Floor | undefined;
  partialBytes: number;
}

describe("StreamTable against a Map", () => {
  const anyId: fc.Arbitrary<StreamId> = fc.record({
    node: fc.constantFrom("a", "b", "clinic_1", "clinic_2", "n".repeat(63)),
    epoch: fc.constantFrom(0, 1, 2 ** 31, 0xffffffff),
    lane: fc.constantFrom("", "a", "urgent", "to/a"),
  });
  const anyStep = fc.record({
    id: anyId,
    action: fc.constantFrom(
      "head",
      "addHole",
      "fillHole",
      "lost",
      "floor",
      "noFloor",
      "partial",
      "noPartial",
    ),
    from: fc.integer({ min: 1, max: 60 }),
    size: fc.integer({ min: 0, max: 9 }),
  });

  test("is the same after any steps, whatever lies between", () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 120, size: "max" }), (steps) => {
        const table = new StreamTable(1);
        const twin = new Map<string, NaiveLine>();
        for (const step of steps) {
          const key = JSON.stringify([step.id.node, step.id.epoch, step.id.lane]);
          const line = twin.get(key) ?? {
            id: step.id,
            index: twin.size,
            head: 0,
            chain: chainOf(0),
            holes: [],
            lost: [],
            floor: undefined,
            partialBytes: 0,
          };
          twin.set(key, line);
          const index = table.add(step.id);
          const range = { from: step.from, to: step.from + step.size };
          if (step.action === "head") {
            line.head = step.from;
            table.setHead(index, step.from);
            // A chain from the wire is short; whatever lay behind it is gone.
            const chain = chainOf(step.from).subarray(0, step.size > 4 ? 16 : 8);
            line.chain = new Uint8Array(16);
            line.chain.set(chain);
            table.setChain(index, chain);
          } else if (step.action === "addHole") {
            line.holes = addRanges(line.holes, [range]);
            table.addHole(index, range);
          } else if (step.action === "fillHole") {
            line.holes = subtractRanges(line.holes, [range]);
            table.fillHole(index, range);
          } else if (step.action === "lost") {
            line.holes = subtractRanges(line.holes, [range]);
            line.lost = addRanges(line.lost, [range]);
            table.addLost(index, range);
          } else if (step.action === "partial" || step.action === "noPartial") {
            line.partialBytes = step.action === "partial" ? step.from : 0;
            table.setPartialBytes(index, line.partialBytes);
          } else {
            const floor = { seq: step.from, chain: chainOf(step.size), byOrigin: step.size > 4 };
            line.floor = step.action === "floor" ? floor : undefined;
            if (line.floor) {
              line.holes = subtractRanges(line.holes, rangeBetween(1, step.from));
              line.lost = subtractRanges(line.lost, rangeBetween(1, step.from));
            }
            table.setFloor(index, line.floor);
          }
        }
        assert.equal(table.count, twin.size);
        for (const line of twin.values()) {
          assert.equal(table.find(line.id), line.index);
          assert.deepEqual(table.id(line.index), { ...line.id });
          assert.equal(table.head(line.index), line.head);
          assert.deepEqual(table.chain(line.index), line.chain);
          assert.deepEqual(table.holes(line.index), normaliseRanges(line.holes));
          assert.equal(table.hasHoles(line.index), line.holes.length > 0);
          assert.deepEqual(table.lost(line.index), normaliseRanges(line.lost));
          assert.deepEqual(table.floor(line.index), line.floor);
          assert.equal(table.partialBytes(line.index), line.partialBytes);
        }
      }),
    );
  });

  test("finds every one of 10,000 streams in under 1 MB of arrays", () => {
    const table = new StreamTable();
    const idAt = (i: number): StreamId => ({
      node: `clinic-${String(i >> 1).padStart(6, "0")}`,
      epoch: (i * 0x9e3779b1) >>> 0,
      lane: i % 2 === 0 ? "" : "urgent",
    });
    for (let i = 0; i < 10_000; i++) {
      const index = table.add(idAt(i));
      table.setHead(index, i + 1);
      table.setChain(index, chainOf(i & 255));
      if (i % 100 === 0) table.addHole(index, { from: 1, to: 1 });
    }
    for (let i = 0; i < 10_000; i++) {
      assert.equal(table.find(idAt(i)), i);
      assert.equal(table.head(i), i + 1);
      assert.equal(table.hasHoles(i), i % 100 === 0);
    }
    assert.ok(table.sizeBytes < 1_000_000, `${table.sizeBytes} bytes`);
  });
});
