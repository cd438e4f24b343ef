import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { StreamId } from "../event.ts";
import { compareEvents, compareVectors, type EventPosition } from "./compare.ts";
import type { SeqRange, VectorEntry } from "./entry.ts";
import { mergeEntries } from "./merge.ts";
import { normaliseRanges, rangeBetween, subtractRanges } from "./ranges.ts";

const chain = new Uint8Array(16);
const a: StreamId = { node: "clinic_a", epoch: 7, lane: "" };
const b: StreamId = { node: "clinic_b", epoch: 7, lane: "" };

function line(id: StreamId, head: number, holes: readonly SeqRange[] = []): VectorEntry {
  return { id, head, chain, holes };
}

describe("compareVectors", () => {
  test("names each relation", () => {
    assert.equal(compareVectors([], []), "equal");
    assert.equal(compareVectors([line(a, 3), line(b, 1)], [line(b, 1), line(a, 3)]), "equal");
    assert.equal(compareVectors([line(a, 3), line(b, 1)], [line(a, 3)]), "dominates");
    assert.equal(compareVectors([line(a, 3)], [line(a, 4)]), "dominated");
    assert.equal(compareVectors([line(a, 3)], [line(b, 1)]), "concurrent");
    assert.equal(compareVectors([line(a, 3), line(b, 1)], [line(a, 2), line(b, 2)]), "concurrent");
  });

  test("counts a hole as missing, in whichever vector", () => {
    const holed = line(a, 9, [{ from: 4, to: 4 }]);
    assert.equal(compareVectors([line(a, 9)], [holed]), "dominates");
    assert.equal(compareVectors([holed], [line(a, 9)]), "dominated");
    assert.equal(compareVectors([holed], [line(a, 8)]), "concurrent");
  });

  test("takes a stream named with head 0 for an unknown one", () => {
    assert.equal(compareVectors([line(a, 0)], []), "equal");
    assert.equal(compareVectors([], [line(a, 0)]), "equal");
  });

  test("counts what expired or was lost at source as settled", () => {
    const floor = { seq: 4, chain, byOrigin: true };
    assert.equal(compareVectors([{ ...line(a, 9), floor }], [line(a, 9)]), "equal");
    const lost = [{ from: 2, to: 3 }];
    assert.equal(compareVectors([{ ...line(a, 9), lost }], [line(a, 9)]), "equal");
  });

  test("tells epochs and lanes apart", () => {
    assert.equal(compareVectors([line(a, 1)], [line({ ...a, epoch: 8 }, 1)]), "concurrent");
    assert.equal(compareVectors([line(a, 1)], [line({ ...a, lane: "urgent" }, 1)]), "concurrent");
  });
});

describe("compareEvents", () => {
  const first: EventPosition = { hlc: { ms: 5, counter: 5 }, stream: a, seq: 5 };

  test("decides by HLC, node id, epoch, lane, seq, in this order", () => {
    const ascending: EventPosition[] = [
      first,
      { ...first, seq: 6 },
      { ...first, stream: { ...a, lane: "x" }, seq: 1 },
      { ...first, stream: { ...a, epoch: 8 }, seq: 1 },
      { ...first, stream: { node: "clinic_b", epoch: 0, lane: "" }, seq: 1 },
      { hlc: { ms: 5, counter: 6 }, stream: { node: "a", epoch: 0, lane: "" }, seq: 1 },
      { hlc: { ms: 6, counter: 0 }, stream: { node: "a", epoch: 0, lane: "" }, seq: 1 },
    ];
    for (let i = 0; i < ascending.length; i++) {
      for (let j = 0; j < ascending.length; j++) {
        const x = ascending[i] ?? first;
        const y = ascending[j] ?? first;
        assert.equal(Math.sign(compareEvents(x, y)), Math.sign(i - j), `${i} against ${j}`);
      }
    }
  });

  test("is a total order", () => {
    const anyEvent: fc.Arbitrary<EventPosition> = fc.record({
      hlc: fc.record({
        ms: fc.integer({ min: 0, max: 1 }),
        counter: fc.integer({ min: 0, max: 1 }),
      }),
      stream: fc.record({
        node: fc.constantFrom("a", "a0", "b"),
        epoch: fc.constantFrom(0, 0xffffffff),
        lane: fc.constantFrom("", "0", "a"),
      }),
      seq: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(anyEvent, anyEvent, anyEvent, (x, y, z) => {
        // `+ 0` because -0 is not 0 to a strict comparison.
        assert.equal(Math.sign(compareEvents(x, y)), -Math.sign(compareEvents(y, x)) + 0);
        if (compareEvents(x, y) <= 0 && compareEvents(y, z) <= 0) {
          assert.ok(compareEvents(x, z) <= 0);
        }
        assert.equal(compareEvents(x, y) === 0, JSON.stringify(x) === JSON.stringify(y));
      }),
    );
  });
});

const seqMax = 20;
const anyRanges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: seqMax }), fc.integer({ min: 0, max: 4 })), {
    maxLength: 3,
  })
  .map((pairs) => normaliseRanges(pairs.map(([from, size]) => ({ from, to: from + size }))));

/** Chains are a function of the seq, as on every stream that has not forked, or differ by `branch`. */
function chainAt(seq: number, branch: number): Uint8Array {
  return new Uint8Array(16).fill(seq + branch * 100);
}

function anyEntry(branchMax: number): fc.Arbitrary<VectorEntry> {
  return fc
    .record({
      head: fc.integer({ min: 0, max: seqMax }),
      floor: fc.integer({ min: 0, max: seqMax }),
      byOrigin: fc.boolean(),
      holes: anyRanges,
      lost: anyRanges,
      partialBytes: fc.constantFrom(0, 100, 200),
      branch: fc.integer({ min: 0, max: branchMax }),
    })
    .map(({ head, floor, byOrigin, holes, lost, partialBytes, branch }) => {
      const seq = Math.min(floor, head);
      const outside = [...rangeBetween(1, seq), ...rangeBetween(head + 1, 99)];
      const keptLost = subtractRanges(lost, outside);
      return {
        id: a,
        head,
        chain: chainAt(head, branch),
        holes: subtractRanges(subtractRanges(holes, outside), keptLost),
        lost: keptLost,
        ...(seq === 0 ? {} : { floor: { seq, chain: chainAt(seq, branch), byOrigin } }),
        ...(partialBytes === 0 ? {} : { partialBytes }),
      };
    });
}

describe("mergeEntries", () => {
  const entry = anyEntry(1);

  test("is commutative, associative and idempotent", () => {
    fc.assert(
      fc.property(entry, entry, entry, (x, y, z) => {
        assert.deepEqual(mergeEntries(x, y), mergeEntries(y, x));
        assert.deepEqual(mergeEntries(mergeEntries(x, y), z), mergeEntries(x, mergeEntries(y, z)));
        assert.deepEqual(mergeEntries(x, x), x);
      }),
    );
  });

  test("gives the least entry that dominates both", () => {
    fc.assert(
      fc.property(entry, entry, (x, y) => {
        const joined = mergeEntries(x, y);
        for (const each of [x, y]) {
          const relation = compareVectors([joined], [each]);
          assert.ok(relation === "equal" || relation === "dominates", relation);
        }
        const relation = compareVectors([x], [y]);
        if (relation === "equal") assert.equal(compareVectors([joined], [x]), "equal");
        if (relation === "dominates") assert.equal(compareVectors([joined], [x]), "equal");
        if (relation === "dominated") assert.equal(compareVectors([joined], [y]), "equal");
      }),
    );
  });

  test("keeps the chain of the higher head, and of two branches the greater bytes", () => {
    const chain = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
    const low = { ...line(a, 5), chain: chain(9, 9) };
    const high = { ...line(a, 6), chain: chain(1, 1) };
    const branches = [chain(1, 2), chain(1, 2, 0), chain(1, 3), chain(2, 0)];
    assert.deepEqual(mergeEntries(low, high).chain, chain(1, 1));
    assert.deepEqual(mergeEntries(high, low).chain, chain(1, 1));
    for (const [i, smaller] of branches.entries()) {
      for (const greater of branches.slice(i)) {
        const x = { ...high, chain: smaller };
        const y = { ...high, chain: greater };
        assert.deepEqual(mergeEntries(x, y).chain, greater);
        assert.deepEqual(mergeEntries(y, x).chain, greater);
      }
    }
  });

  test("keeps the larger part of the event after the head, and none of one that is held", () => {
    const part = (head: number, partialBytes: number): VectorEntry => ({
      ...line(a, head),
      partialBytes,
    });
    assert.equal(mergeEntries(part(5, 100), part(5, 200)).partialBytes, 200);
    assert.equal(mergeEntries(part(5, 200), line(a, 5)).partialBytes, 200);
    assert.equal(mergeEntries(part(5, 200), part(6, 100)).partialBytes, 100);
    assert.equal(mergeEntries(part(5, 200), line(a, 6)).partialBytes, undefined);
  });

  test("takes a floor as the origin's when either side heard it from there", () => {
    const floored = (byOrigin: boolean): VectorEntry => ({
      ...line(a, 9),
      floor: { seq: 4, chain: new Uint8Array(16), byOrigin },
    });
    for (const [x, y] of [
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      assert.equal(mergeEntries(floored(x), floored(y)).floor?.byOrigin, true);
    }
    assert.equal(mergeEntries(floored(false), floored(false)).floor?.byOrigin, false);
  });

  test("refuses entries of two streams", () => {
    assert.throws(() => mergeEntries(line(a, 1), line(b, 1)), /invariant broken/);
  });
});
