import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { SeqRange } from "./entry.ts";
import {
  addRanges,
  countRanges,
  intersectRanges,
  isNormalRanges,
  normaliseRanges,
  type Ranges,
  rangeBetween,
  rangesContain,
  rangesEqual,
  subtractRanges,
} from "./ranges.ts";

/** The twin: every seq on its own. */
function toSet(ranges: Ranges): Set<number> {
  const set = new Set<number>();
  for (const range of ranges) for (let seq = range.from; seq <= range.to; seq++) set.add(seq);
  return set;
}

function sorted(set: Set<number>): readonly number[] {
  return [...set].sort((a, b) => a - b);
}

const seqMax = 40;
const anyRange: fc.Arbitrary<SeqRange> = fc.record({
  from: fc.integer({ min: 1, max: seqMax }),
  to: fc.integer({ min: 1, max: seqMax }),
});
const anyList = fc.array(anyRange, { maxLength: 8, size: "max" });
const normalList = anyList.map(normaliseRanges);

function isSameAs(actual: Ranges, expected: Set<number>): void {
  assert.ok(isNormalRanges(actual), JSON.stringify(actual));
  assert.deepEqual(sorted(toSet(actual)), sorted(expected));
}

describe("range lists against sets of single seqs", () => {
  test("normalise keeps the set and makes the list unique", () => {
    fc.assert(
      fc.property(anyList, (list) => {
        isSameAs(normaliseRanges(list), toSet(list));
      }),
    );
  });

  test("add is union", () => {
    fc.assert(
      fc.property(normalList, normalList, (a, b) => {
        isSameAs(addRanges(a, b), new Set([...toSet(a), ...toSet(b)]));
      }),
    );
  });

  test("subtract is difference", () => {
    fc.assert(
      fc.property(normalList, normalList, (a, b) => {
        const right = toSet(b);
        isSameAs(subtractRanges(a, b), new Set([...toSet(a)].filter((seq) => !right.has(seq))));
      }),
    );
  });

  test("intersect is intersection", () => {
    fc.assert(
      fc.property(normalList, normalList, (a, b) => {
        const right = toSet(b);
        isSameAs(intersectRanges(a, b), new Set([...toSet(a)].filter((seq) => right.has(seq))));
      }),
    );
  });

  test("contain, count and equal agree", () => {
    fc.assert(
      fc.property(normalList, normalList, (a, b) => {
        const set = toSet(a);
        assert.equal(countRanges(a), set.size);
        for (let seq = 0; seq <= seqMax + 1; seq++) {
          assert.equal(rangesContain(a, seq), set.has(seq), `seq ${seq}`);
        }
        const isSame = sorted(set).join() === sorted(toSet(b)).join();
        assert.equal(rangesEqual(a, b), isSame);
      }),
    );
  });
});

describe("range lists at the edges", () => {
  test("work at the ends of the seqs", () => {
    const all = rangeBetween(1, Number.MAX_SAFE_INTEGER);
    const cut = subtractRanges(all, [
      { from: 1, to: 1 },
      { from: 2 ** 31, to: 2 ** 32 },
      { from: Number.MAX_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER },
    ]);
    assert.deepEqual(cut, [
      { from: 2, to: 2 ** 31 - 1 },
      { from: 2 ** 32 + 1, to: Number.MAX_SAFE_INTEGER - 1 },
    ]);
    assert.equal(countRanges(all), Number.MAX_SAFE_INTEGER);
  });

  test("join ranges that touch", () => {
    assert.deepEqual(addRanges([{ from: 1, to: 4 }], [{ from: 5, to: 6 }]), [{ from: 1, to: 6 }]);
  });

  test("have no empty ranges", () => {
    assert.deepEqual(rangeBetween(5, 4), []);
    assert.deepEqual(normaliseRanges([{ from: 5, to: 4 }]), []);
    assert.equal(isNormalRanges([{ from: 5, to: 4 }]), false);
    assert.equal(
      isNormalRanges([
        { from: 1, to: 4 },
        { from: 5, to: 6 },
      ]),
      false,
    );
  });

  test("leave their arguments as they are", () => {
    const a = [
      { from: 3, to: 4 },
      { from: 1, to: 9 },
    ];
    const before = JSON.stringify(a);
    normaliseRanges(a);
    assert.equal(JSON.stringify(a), before);
  });
});
