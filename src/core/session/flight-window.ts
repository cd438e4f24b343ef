/**
 * How many bytes may be unanswered, found from the link itself.
 *
 * Too little leaves the link idle between acknowledgements. Too much only fills
 * buffers in front of the slow hop: an urgent event then waits behind them, and
 * a cut leaves more that nobody can say has arrived. The window grows while
 * answers come about as fast as the fastest one, and shrinks when they come
 * later than that by more than a target: the rule of LEDBAT (RFC 6817, section
 * 2.4), with round trips instead of one-way delays.
 */

/** A link of 3 KB/s at 2.5 s round trip holds 8 KB; four batches keep any slower one busy as well. */
export const flightBytesMin = 24 * 1024;
/** A satellite link of 100 KB/s at 2.5 s round trip holds 250 KB. */
export const flightBytesMax = 256 * 1024;
/** Before anything is known: a 2G link of 30 KB/s at 1.2 s holds 36 KB. */
const flightBytesInitial = 32 * 1024;
/** Queueing that is always allowed: a hub's card may take this long for an fsync. */
const targetMsMin = 300;

export class FlightWindow {
  private sizeBytes = flightBytesInitial;
  private fastestMs = Number.POSITIVE_INFINITY;

  /** Bytes that may be unanswered now. */
  get bytes(): number {
    return this.sizeBytes;
  }

  /** Something of `bytes` was answered `roundTripMs` after it left. */
  answered(bytes: number, roundTripMs: number): void {
    this.fastestMs = Math.min(this.fastestMs, Math.max(1, roundTripMs));
    const targetMs = Math.max(targetMsMin, this.fastestMs);
    const offTarget = (targetMs - (roundTripMs - this.fastestMs)) / targetMs;
    // Doubles each round trip while there is no queue to speak of, then creeps, so as not to swing.
    const gain = offTarget > 0.5 ? 1 : 0.25;
    const change = bytes * gain * Math.max(-1, offTarget);
    this.sizeBytes = Math.min(flightBytesMax, Math.max(flightBytesMin, this.sizeBytes + change));
  }
}
