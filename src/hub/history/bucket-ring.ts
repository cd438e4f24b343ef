/**
 * Sums over equal stretches of wall time, for the last so many of them. A slot knows
 * which stretch it holds, so a clock that jumps ahead for a day and comes back has
 * taken only the slots that it wrote meanwhile, and nothing is wiped by looking.
 */

/** What is summed in each stretch, `durationMaxMs` excepted, which is the longest. */
export const measures = [
  "syncs",
  "failures",
  "eventsReceived",
  "eventsSent",
  "bytesReceived",
  "bytesSent",
  "durationMs",
  "durationMaxMs",
] as const;

export type Measure = (typeof measures)[number];
export type Sums = Readonly<Record<Measure, number>>;

export interface Bucket extends Sums {
  /** Unix milliseconds at which the stretch begins, a multiple of its width. */
  readonly fromMs: number;
}

const stride = measures.length;
const maxAt = measures.indexOf("durationMaxMs");

export class BucketRing {
  readonly widthMs: number;
  readonly count: number;
  /** Number of the stretch in each slot, since 1970; 0: empty. */
  private readonly stretches: Float64Array;
  private readonly values: Float64Array;

  constructor(widthMs: number, count: number) {
    this.widthMs = widthMs;
    this.count = count;
    this.stretches = new Float64Array(count);
    this.values = new Float64Array(count * stride);
  }

  add(atMs: number, sums: Partial<Sums>): void {
    const stretch = Math.floor(atMs / this.widthMs);
    if (!(stretch > 0)) return;
    const slot = stretch % this.count;
    const start = slot * stride;
    if (this.stretches[slot] !== stretch) {
      this.stretches[slot] = stretch;
      this.values.fill(0, start, start + stride);
    }
    for (const [at, measure] of measures.entries()) {
      const more = sums[measure] ?? 0;
      const before = this.values[start + at] ?? 0;
      this.values[start + at] = at === maxAt ? Math.max(before, more) : before + more;
    }
  }

  /** The stretches up to the one of `nowMs`, oldest first; those in which nothing happened are left out. */
  read(nowMs: number): readonly Bucket[] {
    const newest = Math.floor(nowMs / this.widthMs);
    const found: Bucket[] = [];
    for (let stretch = Math.max(1, newest - this.count + 1); stretch <= newest; stretch++) {
      const slot = stretch % this.count;
      if (this.stretches[slot] === stretch) found.push(this.bucket(slot));
    }
    return found;
  }

  /** Everything that it holds, whatever the time is. */
  all(): readonly Bucket[] {
    const found: Bucket[] = [];
    for (let slot = 0; slot < this.count; slot++)
      if (this.stretches[slot] !== 0) found.push(this.bucket(slot));
    return found;
  }

  private bucket(slot: number): Bucket {
    const of = (measure: Measure): number =>
      this.values[slot * stride + measures.indexOf(measure)] ?? 0;
    return {
      fromMs: (this.stretches[slot] ?? 0) * this.widthMs,
      syncs: of("syncs"),
      failures: of("failures"),
      eventsReceived: of("eventsReceived"),
      eventsSent: of("eventsSent"),
      bytesReceived: of("bytesReceived"),
      bytesSent: of("bytesSent"),
      durationMs: of("durationMs"),
      durationMaxMs: of("durationMaxMs"),
    };
  }
}

export function sumOf(buckets: readonly Bucket[], measure: Measure): number {
  return buckets.reduce((sum, bucket) => sum + bucket[measure], 0);
}
