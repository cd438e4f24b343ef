/**
 * How fast this machine makes and reads batches, and how much of its time that takes, over all
 * sessions of a process: what the choice of a codec compares the link with. Mixing and tokens
 * are measured apart. Measured on real batches, by the host's clock, so what else the machine
 * does counts as well.
 */
import { isMixCodec } from "../codec/codecs.ts";

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
const muchMixShare = 0.6;
/**
 * Tokens are given up for twice the bytes, so only where they leave next to no time: what is not
 * coding in a process that only waits for its coder is an eighth (a Raspberry Pi's, by
 * `npm run edge:instructions`).
 */
const muchTokensShare = 0.8;

/** Of one way of coding. */
export class CodingPace {
  private readonly clockMs: () => number;
  private readonly muchShare: number;
  private bytes = 0;
  private ms = 0;
  private spanSinceMs: number;
  private spanBusyMs = 0;
  private share = 0;
  private shareBefore = 0;

  constructor(clockMs: () => number, muchShare: number) {
    this.clockMs = clockMs;
    this.muchShare = muchShare;
    this.spanSinceMs = clockMs();
  }

  /** Runs `code`, which codes or decodes, and notes what it took. */
  time<T>(code: () => T, bytesOf: (result: T) => number): T {
    const startMs = this.clockMs();
    const result = code();
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

  /** Bytes of payload a second; undefined before enough was coded to tell. */
  get bytesPerS(): number | undefined {
    return this.ms < measuredMsMin ? undefined : (this.bytes * 1000) / this.ms;
  }

  /** True while it takes most of the process's time. */
  get isMuch(): boolean {
    const ageMs = this.clockMs() - this.spanSinceMs;
    if (ageMs >= spanMs) {
      const share = this.spanBusyMs / ageMs;
      this.shareBefore = ageMs >= 2 * spanMs ? share : this.share;
      this.share = share;
      this.spanSinceMs += ageMs;
      this.spanBusyMs = 0;
    }
    return Math.min(this.share, this.shareBefore) > this.muchShare;
  }
}

export class CodingMeter {
  readonly mix: CodingPace;
  readonly tokens: CodingPace;

  /** @param clockMs a clock that is never set, in milliseconds and fractions of them */
  constructor(clockMs: () => number) {
    this.mix = new CodingPace(clockMs, muchMixShare);
    this.tokens = new CodingPace(clockMs, muchTokensShare);
  }

  /** The one of a batch codec. */
  paceOf(codec: number): CodingPace {
    return isMixCodec(codec) ? this.mix : this.tokens;
  }
}
