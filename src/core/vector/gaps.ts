/**
 * What one node can give another, stream by stream, as exact ranges. Every
 * session is driven by this alone: a first contact, a backlog, a hole to heal
 * and a peer that is ahead on our own stream are all the same question.
 *
 * For each seq up to its head, an entry says one of: held, missing (a hole),
 * lost at source, or gone below the floor. Lost and gone are settled: nobody
 * sends such an event to that node again, else what a node expired would
 * come back with every session. A node that learns that a relay (not the
 * origin) has no events below a floor records a hole, not a floor, so that
 * another peer can still fill it (RULES 29).
 *
 * Chains are not compared here: ranges say what to send, chains (RULES 24, 28)
 * whether it fits.
 */
import {
  addRanges,
  intersectRanges,
  noRanges,
  type Ranges,
  rangeBetween,
  subtractRanges,
} from "./ranges.ts";
import type { VectorEntry } from "./entry.ts";

/** What they lack is split into `send`, `belowFloor`, `missingHere` and `lostHere`: disjoint, and nothing else. */
export interface Gaps {
  /** They lack it, and we hold it. */
  readonly send: Ranges;
  /** They lack it, and here it is gone below our floor. */
  readonly belowFloor: Ranges;
  /** They lack it, and so do we. */
  readonly missingHere: Ranges;
  /** They lack it, and it is lost at source: they need to be told. */
  readonly lostHere: Ranges;
  /** They hold it, and we lack it. On our own stream: a restored card or a clone (RULES 22). */
  readonly theyAreAhead: Ranges;
}

/** The entries of one stream on both sides; undefined where the stream is unknown. */
export function findGaps(mine: VectorEntry | undefined, theirs: VectorEntry | undefined): Gaps {
  const wanted = subtractRanges(rangeBetween(1, topSeq(mine)), settledRanges(theirs));
  return {
    send: intersectRanges(wanted, heldRanges(mine)),
    belowFloor: intersectRanges(wanted, rangeBetween(1, mine?.floor?.seq ?? 0)),
    missingHere: intersectRanges(wanted, missingRanges(mine)),
    lostHere: intersectRanges(wanted, mine?.lost ?? noRanges),
    theyAreAhead: subtractRanges(heldRanges(theirs), settledRanges(mine)),
  };
}

/** What can be read: above the floor, no hole, not lost. */
export function heldRanges(entry: VectorEntry | undefined): Ranges {
  if (entry === undefined) return noRanges;
  const aboveFloor = rangeBetween((entry.floor?.seq ?? 0) + 1, entry.head);
  return subtractRanges(subtractRanges(aboveFloor, entry.holes), entry.lost ?? noRanges);
}

/** What needs no sending: held, gone below the floor, or known to be lost at source. */
export function settledRanges(entry: VectorEntry | undefined): Ranges {
  return subtractRanges(rangeBetween(1, topSeq(entry)), missingRanges(entry));
}

/** The greatest seq that the entry says anything about: a floor or a loss may lie beyond the head. */
function topSeq(entry: VectorEntry | undefined): number {
  if (entry === undefined) return 0;
  const lost = entry.lost;
  const lostTo = lost === undefined ? 0 : (lost[lost.length - 1]?.to ?? 0);
  return Math.max(entry.head, entry.floor?.seq ?? 0, lostTo);
}

/** Holes, and what lies between the head and a loss beyond it. */
function missingRanges(entry: VectorEntry | undefined): Ranges {
  if (entry === undefined) return noRanges;
  const beyondHead = rangeBetween(Math.max(entry.head, entry.floor?.seq ?? 0) + 1, topSeq(entry));
  if (beyondHead.length === 0) return entry.holes;
  return addRanges(entry.holes, subtractRanges(beyondHead, entry.lost ?? noRanges));
}
