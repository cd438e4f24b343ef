import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { SeqRange, VectorEntry } from "./entry.ts";
import { findGaps, type Gaps } from "./gaps.ts";
import {
  isNormalRanges,
  normaliseRanges,
  type Ranges,
  rangeBetween,
  subtractRanges,
} from "./ranges.ts";

const id = { node: "clinic_a", epoch: 7, lane: "" };
const chain = new Uint8Array(16);

/** `[from, to]` pairs, as in the table below. */
type Pairs = readonly (readonly [number, number])[];

function ranges(pairs: Pairs | undefined): Ranges {
  return (pairs ?? []).map(([from, to]) => ({ from, to }));
}

interface Side {
  readonly head: number;
  readonly floor?: number;
  readonly holes?: Pairs;
  readonly lost?: Pairs;
}

function entryOf(side: Side | undefined): VectorEntry | undefined {
  if (side === undefined) return undefined;
  const floor =
    side.floor === undefined ? {} : { floor: { seq: side.floor, chain, byOrigin: true } };
  return {
    id,
    head: side.head,
    chain,
    holes: ranges(side.holes),
    lost: ranges(side.lost),
    ...floor,
  };
}

interface Row {
  readonly name: string;
  readonly mine?: Side;
  readonly theirs?: Side;
  readonly send?: Pairs;
  readonly belowFloor?: Pairs;
  readonly missingHere?: Pairs;
  readonly lostHere?: Pairs;
  readonly theyAreAhead?: Pairs;
}

/** DESIGN section 2, each edge case from both sides. What a row does not name is empty. */
const table: readonly Row[] = [
  { name: "unknown on both sides" },
  { name: "empty against empty", mine: { head: 0 }, theirs: { head: 0 } },
  { name: "unknown here, empty there", theirs: { head: 0 } },
  {
    name: "empty here, full there",
    mine: { head: 0 },
    theirs: { head: 9 },
    theyAreAhead: [[1, 9]],
  },
  { name: "full here, empty there", mine: { head: 9 }, theirs: { head: 0 }, send: [[1, 9]] },
  { name: "stream unknown there", mine: { head: 9 }, send: [[1, 9]] },
  { name: "stream unknown here", theirs: { head: 9 }, theyAreAhead: [[1, 9]] },
  { name: "equal", mine: { head: 9 }, theirs: { head: 9 } },
  { name: "ahead by one", mine: { head: 9 }, theirs: { head: 8 }, send: [[9, 9]] },
  { name: "ahead", mine: { head: 9 }, theirs: { head: 4 }, send: [[5, 9]] },
  {
    name: "behind, which on our own stream means a restored card",
    mine: { head: 4 },
    theirs: { head: 9 },
    theyAreAhead: [[5, 9]],
  },
  {
    name: "ahead at the largest seqs",
    mine: { head: Number.MAX_SAFE_INTEGER },
    theirs: { head: 2 ** 32 },
    send: [[2 ** 32 + 1, Number.MAX_SAFE_INTEGER]],
  },
  {
    name: "a hole of mine, whole there",
    mine: { head: 9, holes: [[3, 4]] },
    theirs: { head: 9 },
    theyAreAhead: [[3, 4]],
  },
  {
    name: "a hole of theirs, whole here",
    mine: { head: 9 },
    theirs: { head: 9, holes: [[3, 4]] },
    send: [[3, 4]],
  },
  {
    name: "the same hole on both sides",
    mine: { head: 9, holes: [[3, 4]] },
    theirs: { head: 9, holes: [[3, 4]] },
    missingHere: [[3, 4]],
  },
  {
    name: "holes that overlap",
    mine: { head: 9, holes: [[3, 5]] },
    theirs: { head: 9, holes: [[4, 7]] },
    send: [[6, 7]],
    missingHere: [[4, 5]],
    theyAreAhead: [[3, 3]],
  },
  {
    name: "a hole of mine beyond their head",
    mine: { head: 9, holes: [[6, 7]] },
    theirs: { head: 4 },
    send: [
      [5, 5],
      [8, 9],
    ],
    missingHere: [[6, 7]],
  },
  {
    name: "a hole of theirs beyond my head",
    mine: { head: 4 },
    theirs: { head: 9, holes: [[6, 7]] },
    theyAreAhead: [
      [5, 5],
      [8, 9],
    ],
  },
  {
    name: "expired here, stream unknown there",
    mine: { head: 9, floor: 4 },
    send: [[5, 9]],
    belowFloor: [[1, 4]],
  },
  {
    name: "expired here, they are above my floor",
    mine: { head: 9, floor: 4 },
    theirs: { head: 6 },
    send: [[7, 9]],
  },
  {
    name: "expired here, they are within what expired",
    mine: { head: 9, floor: 4 },
    theirs: { head: 2 },
    send: [[5, 9]],
    belowFloor: [[3, 4]],
  },
  { name: "all expired here", mine: { head: 9, floor: 9 }, belowFloor: [[1, 9]] },
  {
    name: "expired there, whole here: what they let go is not sent again",
    mine: { head: 9 },
    theirs: { head: 9, floor: 4 },
  },
  {
    name: "expired there beyond my head",
    mine: { head: 2 },
    theirs: { head: 9, floor: 4 },
    theyAreAhead: [[5, 9]],
  },
  {
    name: "expired there, stream unknown here",
    theirs: { head: 9, floor: 4 },
    theyAreAhead: [[5, 9]],
  },
  { name: "all expired there", theirs: { head: 9, floor: 9 } },
  {
    name: "expired on both sides, mine higher",
    mine: { head: 9, floor: 6 },
    theirs: { head: 9, floor: 4 },
  },
  {
    name: "expired on both sides, their hole below my floor",
    mine: { head: 9, floor: 6 },
    theirs: { head: 9, floor: 2, holes: [[4, 8]] },
    send: [[7, 8]],
    belowFloor: [[4, 6]],
  },
  {
    name: "expired on both sides, my hole below their floor",
    mine: { head: 9, floor: 2, holes: [[4, 8]] },
    theirs: { head: 9, floor: 6 },
    theyAreAhead: [[7, 8]],
  },
  {
    name: "a floor known there before any event",
    mine: { head: 9 },
    theirs: { head: 0, floor: 4 },
    send: [[5, 9]],
  },
  {
    name: "a floor known here before any event",
    mine: { head: 0, floor: 4 },
    theirs: { head: 0 },
    belowFloor: [[1, 4]],
  },
  {
    name: "lost at source here, not yet known there",
    mine: { head: 9, lost: [[3, 4]] },
    theirs: { head: 2 },
    send: [[5, 9]],
    lostHere: [[3, 4]],
  },
  {
    name: "lost at source, known on both sides",
    mine: { head: 9, lost: [[3, 4]] },
    theirs: { head: 9, lost: [[3, 4]] },
  },
  {
    name: "lost at source here, yet held there",
    mine: { head: 9, lost: [[3, 4]] },
    theirs: { head: 9 },
  },
  {
    name: "lost at source here, a hole there",
    mine: { head: 9, lost: [[3, 4]] },
    theirs: { head: 9, holes: [[2, 6]] },
    send: [
      [2, 2],
      [5, 6],
    ],
    lostHere: [[3, 4]],
  },
  {
    name: "a loss known here beyond the head",
    mine: { head: 2, lost: [[5, 6]] },
    theirs: { head: 1 },
    send: [[2, 2]],
    missingHere: [[3, 4]],
    lostHere: [[5, 6]],
  },
];

describe("findGaps, the table of edge cases", () => {
  for (const row of table) {
    test(row.name, () => {
      const expected: Gaps = {
        send: ranges(row.send),
        belowFloor: ranges(row.belowFloor),
        missingHere: ranges(row.missingHere),
        lostHere: ranges(row.lostHere),
        theyAreAhead: ranges(row.theyAreAhead),
      };
      assert.deepEqual(findGaps(entryOf(row.mine), entryOf(row.theirs)), expected);
    });
  }
});

type Fate = "held" | "missing" | "lost" | "gone";

/** The twin: what an entry says of each seq, one by one. */
function fateAt(entry: VectorEntry | undefined, seq: number): Fate | "unknown" {
  if (entry === undefined) return "unknown";
  if (entry.floor !== undefined && seq <= entry.floor.seq) return "gone";
  const isIn = (list: readonly SeqRange[] | undefined): boolean =>
    (list ?? []).some((range) => range.from <= seq && seq <= range.to);
  if (isIn(entry.lost)) return "lost";
  if (isIn(entry.holes)) return "missing";
  return seq <= entry.head ? "held" : "unknown";
}

function seqsOf(list: Ranges): readonly number[] {
  const out: number[] = [];
  for (const range of list) for (let seq = range.from; seq <= range.to; seq++) out.push(seq);
  return out;
}

const seqMax = 24;
const anyRanges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: seqMax }), fc.integer({ min: 0, max: 5 })), {
    maxLength: 4,
  })
  .map((pairs) => normaliseRanges(pairs.map(([from, size]) => ({ from, to: from + size }))));

const anyEntry: fc.Arbitrary<VectorEntry> = fc
  .record({
    head: fc.integer({ min: 0, max: seqMax }),
    floor: fc.integer({ min: 0, max: seqMax }),
    holes: anyRanges,
    lost: anyRanges,
  })
  .map(({ head, floor, holes, lost }) => {
    const floorSeq = Math.min(floor, head);
    const clip = (list: Ranges): Ranges =>
      subtractRanges(subtractRanges(list, rangeBetween(1, floorSeq)), rangeBetween(head + 1, 99));
    const clippedLost = clip(lost);
    return {
      id,
      head,
      chain,
      holes: subtractRanges(clip(holes), clippedLost),
      lost: clippedLost,
      ...(floorSeq === 0 ? {} : { floor: { seq: floorSeq, chain, byOrigin: true } }),
    };
  });

describe("findGaps against seqs one by one", () => {
  test("is exact in every part", () => {
    const anySide = fc.option(anyEntry, { nil: undefined });
    fc.assert(
      fc.property(anySide, anySide, (mine, theirs) => {
        const gaps = findGaps(mine, theirs);
        const lackedWhere = (fate: Fate): readonly number[] => {
          const out: number[] = [];
          for (let seq = 1; seq <= seqMax; seq++) {
            const there = fateAt(theirs, seq);
            const isLacked = there === "missing" || there === "unknown";
            if (isLacked && fateAt(mine, seq) === fate) out.push(seq);
          }
          return out;
        };
        assert.deepEqual(seqsOf(gaps.send), lackedWhere("held"));
        assert.deepEqual(seqsOf(gaps.belowFloor), lackedWhere("gone"));
        assert.deepEqual(seqsOf(gaps.missingHere), lackedWhere("missing"));
        assert.deepEqual(seqsOf(gaps.lostHere), lackedWhere("lost"));
        assert.deepEqual(gaps.theyAreAhead, findGaps(theirs, mine).send);
        for (const list of Object.values(gaps)) assert.ok(isNormalRanges(list));
      }),
    );
  });

  test("finds nothing between a node and itself but its own holes", () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const gaps = findGaps(entry, entry);
        assert.deepEqual(gaps, { ...emptyGaps, missingHere: entry.holes });
      }),
    );
  });
});

const emptyGaps: Gaps = {
  send: [],
  belowFloor: [],
  missingHere: [],
  lostHere: [],
  theyAreAhead: [],
};
