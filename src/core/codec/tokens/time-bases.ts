/**
 * From what a time is best told. A clinic's `at` lies just before the event's own
 * clock, a period's end some minutes after its start, a backlog that was entered
 * in one go runs along by itself. For each slot five bases are kept, with the
 * number of bits that the differences from each have needed lately; the best so
 * far is the one that counts.
 */
const placesCount = 1024;
export const basesCount = 5;
/** Many times are entered in whole minutes, or lie so many minutes from another. */
export const minuteMs = 60_000;
/** Quarters of a bit: from an earlier time of the slot the difference may go either way. */
const signCosts = [0, 4, 4, 0, 4] as const;

export class TimeBases {
  private readonly last = new Float64Array(placesCount);
  private readonly fromClock = new Float64Array(placesCount);
  private readonly fromBefore = new Float64Array(placesCount);
  private readonly costs = new Uint8Array(placesCount * basesCount);
  private readonly bases = new Float64Array(basesCount);
  private clockMs = 0;
  /** The time before in this event; the clock at its start. */
  private beforeMs = 0;

  beginEvent(clockMs: number): void {
    this.clockMs = clockMs;
    this.beforeMs = clockMs;
  }

  /** Number of the base to use for this slot. */
  choose(slot: number): number {
    const place = slot % placesCount;
    const { bases } = this;
    bases[0] = this.clockMs;
    bases[1] = this.last[place] as number;
    bases[2] = this.clockMs + (this.fromClock[place] as number);
    bases[3] = this.beforeMs;
    bases[4] = this.beforeMs + (this.fromBefore[place] as number);
    let best = 0;
    for (let base = 1; base < basesCount; base++)
      if (
        (this.costs[place * basesCount + base] as number) <
        (this.costs[place * basesCount + best] as number)
      )
        best = base;
    return best;
  }

  baseMs(base: number): number {
    return this.bases[base] as number;
  }

  /** The slot holds `ms`, in units of `unitMs`. */
  learn(slot: number, ms: number, unitMs: number): void {
    const place = slot % placesCount;
    for (let base = 0; base < basesCount; base++) {
      const at = place * basesCount + base;
      const difference = Math.abs(ms - Math.floor((this.bases[base] as number) / unitMs) * unitMs);
      const isMinutes = unitMs < minuteMs && difference % minuteMs === 0;
      const size = bitLength(Math.floor(difference / (isMinutes ? minuteMs : unitMs)));
      const cost = size * 4 + (signCosts[base] as number);
      const before = this.costs[at] as number;
      this.costs[at] = before + Math.trunc((cost - before) / 4);
    }
    this.last[place] = ms;
    this.fromClock[place] = ms - this.clockMs;
    this.fromBefore[place] = ms - this.beforeMs;
    this.beforeMs = ms;
  }
}

/** Bits of an integer. */
export function bitLength(value: number): number {
  let bits = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits++;
  return bits;
}
