/**
 * Arithmetic on lists of sequence ranges: ascending, disjoint, not touching
 * (which makes every set's list unique). Both ends are inclusive. All
 * functions are pure, linear in the number of ranges, and never look at
 * single seqs, so a hole of a billion costs what a hole of one does.
 */
import type { SeqRange } from "./entry.ts";

export type Ranges = readonly SeqRange[];

export const noRanges: Ranges = [];

/** The list of one range, or of none when `from > to`. */
export function rangeBetween(from: number, to: number): Ranges {
  return from <= to ? [{ from, to }] : noRanges;
}

/** Any ranges in any order, empty and overlapping ones included, as a list in normal form. */
export function normaliseRanges(ranges: Ranges): Ranges {
  const sorted = ranges.filter((range) => range.from <= range.to);
  sorted.sort((a, b) => a.from - b.from);
  const out: SeqRange[] = [];
  for (const range of sorted) push(out, range.from, range.to);
  return out;
}

export function isNormalRanges(ranges: Ranges): boolean {
  let end = -1;
  for (const range of ranges) {
    if (range.from <= end + 1 || range.to < range.from) return false;
    end = range.to;
  }
  return true;
}

/** Union. */
export function addRanges(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const out: SeqRange[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const left = a[i];
    const right = b[j];
    if (left !== undefined && (right === undefined || left.from <= right.from)) {
      push(out, left.from, left.to);
      i++;
    } else if (right !== undefined) {
      push(out, right.from, right.to);
      j++;
    }
  }
  return out;
}

/** What is in `a` and not in `b`. */
export function subtractRanges(a: Ranges, b: Ranges): Ranges {
  if (a.length === 0 || b.length === 0) return a;
  const out: SeqRange[] = [];
  let j = 0;
  for (const range of a) {
    let from = range.from;
    for (;;) {
      const cut = b[j];
      if (cut === undefined || cut.from > range.to) break;
      if (cut.to >= from) {
        if (cut.from > from) out.push({ from, to: cut.from - 1 });
        from = cut.to + 1;
      }
      // A cut that reaches beyond this range may still bite into the next one.
      if (cut.to > range.to) break;
      j++;
    }
    if (from <= range.to) out.push({ from, to: range.to });
  }
  return out;
}

/** What is in both. */
export function intersectRanges(a: Ranges, b: Ranges): Ranges {
  const out: SeqRange[] = [];
  for (let i = 0, j = 0; ; ) {
    const left = a[i];
    const right = b[j];
    if (left === undefined || right === undefined) return out;
    const from = Math.max(left.from, right.from);
    const to = Math.min(left.to, right.to);
    if (from <= to) out.push({ from, to });
    if (left.to <= right.to) i++;
    else j++;
  }
}

export function rangesContain(ranges: Ranges, seq: number): boolean {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = ranges[middle];
    if (range !== undefined && range.to < seq) low = middle + 1;
    else high = middle;
  }
  const found = ranges[low];
  return found !== undefined && found.from <= seq;
}

/** Number of seqs. */
export function countRanges(ranges: Ranges): number {
  let count = 0;
  for (const range of ranges) count += range.to - range.from + 1;
  return count;
}

export function rangesEqual(a: Ranges, b: Ranges): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) {
    if (a[i]?.from !== b[i]?.from || a[i]?.to !== b[i]?.to) return false;
  }
  return true;
}

/** Appends to a list whose ranges all begin at or before `from`; joins what overlaps or touches. */
function push(out: SeqRange[], from: number, to: number): void {
  const last = out[out.length - 1];
  if (last !== undefined && from <= last.to + 1) {
    if (to > last.to) out[out.length - 1] = { from: last.from, to };
  } else out.push({ from, to });
}
