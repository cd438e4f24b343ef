/**
 * The nearest spelling: optimal string alignment distance, that is, edits and
 * swaps of neighbours (Damerau 1964, in the restricted form).
 */

/** Insertions, deletions, replacements and swaps of neighbours, each counting one. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last: number[] = [];
  for (let j = 0; j <= b.length; j++) last.push(j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** Longer words than this are no misspelling of ours, and would cost time. */
const wordCharactersMax = 64;

/** The nearest of `candidates`, or undefined when none is near: a third of the letters wrong, or a prefix. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > wordCharactersMax) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const bare = candidate.toLowerCase();
    const isPrefix = lower.length >= 2 && bare.startsWith(lower);
    const cost = isPrefix ? 0.5 : editDistance(lower, bare);
    const allowed = Math.max(1, Math.floor(Math.max(lower.length, bare.length) / 3));
    if (cost <= allowed && cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}
