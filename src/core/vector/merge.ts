/**
 * The join of two entries of one stream: what a node knows after it has seen
 * both. A lattice join: commutative, associative, idempotent, so the order in
 * which news arrives does not matter.
 *
 * Each seq goes up in the order missing, lost at source, held; the greater
 * floor covers all below it. Where two entries disagree about the chain at the
 * same seq (a fork, RULES 24), the greater bytes win, only so that the join
 * stays a function; finding the fork is not this file's task.
 */
import { assert } from "../errors/zam-error.ts";
import { compareStreams } from "./compare.ts";
import { heldRanges } from "./gaps.ts";
import { addRanges, noRanges, type Ranges, rangeBetween, subtractRanges } from "./ranges.ts";
import type { Floor, VectorEntry } from "./entry.ts";

/** Both entries are of the same stream. */
export function mergeEntries(a: VectorEntry, b: VectorEntry): VectorEntry {
  assert(compareStreams(a.id, b.id) === 0, "only entries of one stream are merged");
  const head = Math.max(a.head, b.head);
  const floor = mergeFloors(a.floor, b.floor);
  const below = rangeBetween(1, floor?.seq ?? 0);
  const held = addRanges(heldRanges(a), heldRanges(b));
  const eitherLost = addRanges(a.lost ?? noRanges, b.lost ?? noRanges);
  const lost: Ranges = subtractRanges(subtractRanges(eitherLost, held), below);
  const settled = addRanges(addRanges(held, lost), below);
  const partialBytes = Math.max(
    a.head === head ? (a.partialBytes ?? 0) : 0,
    b.head === head ? (b.partialBytes ?? 0) : 0,
  );
  return {
    id: a.id,
    head,
    chain: a.head > b.head ? a.chain : b.head > a.head ? b.chain : greaterBytes(a.chain, b.chain),
    holes: subtractRanges(rangeBetween(1, head), settled),
    lost,
    ...(floor === undefined ? {} : { floor }),
    ...(partialBytes === 0 ? {} : { partialBytes }),
  };
}

function mergeFloors(a: Floor | undefined, b: Floor | undefined): Floor | undefined {
  if (a === undefined) return b;
  if (b === undefined || a.seq > b.seq) return a;
  if (b.seq > a.seq) return b;
  return {
    seq: a.seq,
    chain: greaterBytes(a.chain, b.chain),
    byOrigin: a.byOrigin || b.byOrigin,
  };
}

function greaterBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference > 0 ? a : b;
  }
  return a.length >= b.length ? a : b;
}
