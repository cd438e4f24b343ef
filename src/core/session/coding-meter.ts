/**
 * How fast this machine mixes, and how much of its time that takes, over all sessions of a
 * process: what the choice of a codec compares the link with. Measured on real batches, by
 * the host's clock, so what else the machine does counts as well.
 */

/** Less coding than this says little; what was measured long ago fades at the other. */
const measuredMsMin = 20;
const measuredMsMax = 2_000;
/**
 * The share is the lesser of the latest two whole spans of so long. What comes to a cold
 * process is no lack of time: until V8 has optimised the mixer, which takes a second of a
 * 2G link's events, it is several times as slow, and what it would be asked for instead
 * costs half as many bytes again for the rest of a backlog.
 */
const spanMs = 1_000;
/** Beyond this share mixing holds up what the process does. */
const muchShare = 0.6;

export class CodingMeter {
  private readonly clockMs: () => number;
  private bytes = 0;
  private ms = 0;
  private spanSinceMs: number;
  private spanBusyMs = 0;
  private share = 0;
  private shareBefore = 0;

  /** @param clockMs a clock that is never set, in milliseconds and fractions of them */
  constructor(clockMs: () => number) {
    this.clockMs = clockMs;
    this.spanSinceMs = clockMs();
  }

  /** Runs `mix`, which codes or decodes, and notes what it took. */
  time<T>(mix: () => T, bytesOf: (result: T) => number): T {
    const startMs = this.clockMs();
    const result = mix();
    const tookMs = this.clockMs() - startMs;
    this.bytes += bytesOf(result);
    this.ms += tookMs;
    if (this.ms > measuredMsMax) {
      this.bytes /= 2;
      this.ms /= 2;
    }
    this.spanBusyMs += tookMs;
    return result;
  }

  /** Bytes of payload a second; undefined before enough was mixed to tell. */
  get bytesPerS(): number | undefined {
    return this.ms < measuredMsMin ? undefined : (this.bytes * 1000) / this.ms;
  }

  /** True while mixing takes most of the process's time. */
  get isMuch(): boolean {
    const ageMs = this.clockMs() - this.spanSinceMs;
    if (ageMs >= spanMs) {
      const share = this.spanBusyMs / ageMs;
      this.shareBefore = ageMs >= 2 * spanMs ? share : this.share;
      this.share = share;
      this.spanSinceMs += ageMs;
      this.spanBusyMs = 0;
    }
    return Math.min(this.share, this.shareBefore) > muchShare;
  }
}
