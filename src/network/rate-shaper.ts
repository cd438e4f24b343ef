/**
 * A token bucket for `--budget-kbps`. Pure: the caller brings the time and
 * asks how much may go now, or how long to wait.
 */

/** TLS adds 22 bytes a record: header 5, content type 1, tag 16. */
export const recordOverheadBytes = 22;
/** Smaller pieces would spend more on record overhead than they gain in evenness. */
const pieceBytesMin = 256;

export class RateShaper {
  private readonly rateBytesPerS: number;
  private readonly capacityBytes: number;
  private tokens: number;
  private atMs: number;

  constructor(rateBytesPerS: number, nowMs: number) {
    this.rateBytesPerS = Math.max(1, rateBytesPerS);
    this.capacityBytes = Math.max(pieceBytesMin + recordOverheadBytes, this.rateBytesPerS / 4);
    this.tokens = this.capacityBytes;
    this.atMs = nowMs;
  }

  /** How many of `wantedBytes` may be sent now; 0 means wait. Takes them, and a record's overhead, off the budget. */
  take(wantedBytes: number, nowMs: number): number {
    this.refill(nowMs);
    const least = Math.min(wantedBytes, pieceBytesMin) + recordOverheadBytes;
    if (wantedBytes <= 0 || this.tokens < least) return 0;
    const count = Math.min(wantedBytes, Math.floor(this.tokens) - recordOverheadBytes);
    this.tokens -= count + recordOverheadBytes;
    return count;
  }

  /** Milliseconds until `take` gives something again. At least 1. */
  waitMs(wantedBytes: number, nowMs: number): number {
    this.refill(nowMs);
    const least = Math.min(wantedBytes, pieceBytesMin) + recordOverheadBytes;
    return Math.max(1, Math.ceil(((least - this.tokens) * 1000) / this.rateBytesPerS));
  }

  private refill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.atMs);
    this.atMs = nowMs;
    this.tokens = Math.min(
      this.capacityBytes,
      this.tokens + (passedMs * this.rateBytesPerS) / 1000,
    );
  }
}
