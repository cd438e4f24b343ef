/**
 * Keeps what a side sends to a rate (`--budget-kbps`): our own limit, or the one
 * that the peer's HELLO names. A token bucket that may go into debt, so that a
 * frame is never cut: after one that was larger than what was left, nothing more
 * goes until time has paid for it. So the rate holds over any second or two.
 */

/** TLS adds 22 bytes a record: header 5, content type 1, tag 16. */
const recordBytes = 22;
/** What may go at once after a pause. */
const burstS = 0.25;

export class Pacer {
  private rateBytesPerMs = Number.POSITIVE_INFINITY;
  private credit = 0;
  private atMs = 0;

  /** The lowest of all limits that were named counts. */
  limit(rateBytesPerS: number | undefined, nowMs: number): void {
    if (rateBytesPerS === undefined || rateBytesPerS / 1000 >= this.rateBytesPerMs) return;
    this.rateBytesPerMs = Math.max(1, rateBytesPerS) / 1000;
    this.credit = this.burstBytes;
    this.atMs = nowMs;
  }

  /** Undefined: no limit. */
  get rateBytesPerS(): number | undefined {
    return Number.isFinite(this.rateBytesPerMs) ? this.rateBytesPerMs * 1000 : undefined;
  }

  /** How long until something may go; 0: now. */
  waitMs(nowMs: number): number {
    if (!Number.isFinite(this.rateBytesPerMs)) return 0;
    this.fill(nowMs);
    return this.credit >= 0 ? 0 : Math.ceil(-this.credit / this.rateBytesPerMs);
  }

  /** So many bytes of frames left together, in a TLS record. */
  spend(bytes: number, nowMs: number): void {
    if (!Number.isFinite(this.rateBytesPerMs)) return;
    this.fill(nowMs);
    this.credit -= bytes + recordBytes;
  }

  private get burstBytes(): number {
    return this.rateBytesPerMs * 1000 * burstS;
  }

  /** A clock that was set back costs nothing, and one that was set forward pays for a burst at most. */
  private fill(nowMs: number): void {
    const passedMs = Math.max(0, nowMs - this.atMs);
    this.atMs = nowMs;
    this.credit = Math.min(this.burstBytes, this.credit + passedMs * this.rateBytesPerMs);
  }
}
