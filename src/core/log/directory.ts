/**
 * The sealed segments, and which seqs of which stream each of them holds: 24
 * bytes for each stream in each segment, so that finding an event needs one
 * index, not all of them.
 */

export interface SealedSegment {
  readonly number: number;
  /** How often it was written anew: the name of its file. */
  readonly generation: number;
  readonly salt: Uint8Array;
  readonly keyId: Uint8Array;
  /** Bytes that count. */
  readonly sizeBytes: number;
  firstOrdinal: number;
  lastOrdinal: number;
  /** Size of the index file; 0 while there is none. */
  indexBytes: number;
  /** False when spans are missing from the directory (no checkpoint names them). */
  hasSpans: boolean;
}

export class SegmentDirectory {
  /** Ascending by number. */
  readonly segments: SealedSegment[] = [];
  private segmentNumbers = new Uint32Array(16);
  private aliases = new Uint32Array(16);
  private firsts = new Float64Array(16);
  private lasts = new Float64Array(16);
  /** The span of the same alias in an earlier segment, + 1. */
  private earlier = new Uint32Array(16);
  private newest = new Uint32Array(16);
  private used = 0;

  find(number: number): SealedSegment | undefined {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.segments[middle]?.number ?? 0) < number) low = middle + 1;
      else high = middle;
    }
    const found = this.segments[low];
    return found?.number === number ? found : undefined;
  }

  /** Spans of one alias must come in ascending order of segments. */
  addSpan(segment: number, alias: number, first: number, last: number): void {
    if (this.used === this.aliases.length) this.grow();
    if (alias >= this.newest.length) {
      this.newest = copied(
        new Uint32Array(Math.max(alias + 1, this.newest.length * 2)),
        this.newest,
      );
    }
    const at = this.used++;
    this.segmentNumbers[at] = segment;
    this.aliases[at] = alias;
    this.firsts[at] = first;
    this.lasts[at] = last;
    this.earlier[at] = this.newest[alias] ?? 0;
    this.newest[alias] = at + 1;
  }

  /** Visits the segments that may hold (alias, seq), newest first, until `visit` returns true. */
  visitHolders(alias: number, seq: number, visit: (segment: number) => boolean): boolean {
    for (let next = this.newest[alias] ?? 0; next !== 0; next = this.earlier[next - 1] ?? 0) {
      const at = next - 1;
      const isInside = seq >= (this.firsts[at] ?? 0) && seq <= (this.lasts[at] ?? 0);
      if (isInside && visit(this.segmentNumbers[at] ?? 0)) return true;
    }
    return false;
  }

  get spanCount(): number {
    return this.used;
  }

  span(at: number): { segment: number; alias: number; first: number; last: number } {
    return {
      segment: this.segmentNumbers[at] ?? 0,
      alias: this.aliases[at] ?? 0,
      first: this.firsts[at] ?? 0,
      last: this.lasts[at] ?? 0,
    };
  }

  /**
   * `target` takes the place of `sources`, which are neighbours; undefined when nothing
   * of them is left. `spans`: of the target.
   */
  replace(
    sources: readonly number[],
    target: SealedSegment | undefined,
    spans: readonly { readonly alias: number; readonly first: number; readonly last: number }[],
  ): void {
    const at = this.segments.findIndex(({ number }) => number === sources[0]);
    this.segments.splice(at, sources.length, ...(target === undefined ? [] : [target]));
    const all: { segment: number; alias: number; first: number; last: number }[] = [];
    for (let i = 0; i < this.used; i++) {
      const span = this.span(i);
      if (!sources.includes(span.segment)) all.push(span);
    }
    for (const span of spans) all.push({ segment: target?.number ?? 0, ...span });
    this.setSpans(all);
  }

  setSpans(spans: { segment: number; alias: number; first: number; last: number }[]): void {
    spans.sort((a, b) => a.segment - b.segment);
    this.used = 0;
    this.newest.fill(0);
    for (const { segment, alias, first, last } of spans) this.addSpan(segment, alias, first, last);
  }

  private grow(): void {
    const size = this.aliases.length * 2;
    this.segmentNumbers = copied(new Uint32Array(size), this.segmentNumbers);
    this.aliases = copied(new Uint32Array(size), this.aliases);
    this.firsts = copied(new Float64Array(size), this.firsts);
    this.lasts = copied(new Float64Array(size), this.lasts);
    this.earlier = copied(new Uint32Array(size), this.earlier);
  }
}

function copied<T extends Uint32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
