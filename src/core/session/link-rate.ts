/**
 * How fast the link is at least: the best of the latest answers, as bytes of what
 * was answered over the time from sending to answer. Latency and the peer's disk
 * make it too low, nothing makes it too high; a LAN shows within a few frames.
 */
const answersKept = 8;
/** Small frames say more about latency than about rate. */
const bytesMin = 1024;

export class LinkRate {
  private readonly rates: number[] = [];

  answered(bytes: number, roundTripMs: number): void {
    if (bytes < bytesMin) return;
    this.rates.push((bytes * 1000) / Math.max(1, roundTripMs));
    if (this.rates.length > answersKept) this.rates.shift();
  }

  /** Bytes a second, 0 while nothing is known. */
  get bytesPerS(): number {
    return this.rates.reduce((best, rate) => Math.max(best, rate), 0);
  }
}
