/**
 * How many bytes may be unanswered, found from the link itself.
 *
 * Too little leaves the link idle between acknowledgements. Too much only fills
 * buffers in front of the slow hop: an urgent event then waits behind them, and
 * a cut loses more of what nobody can say has arrived. What is right is what
 * the link holds in one round trip, and a little more, so that it never runs
 * dry.
 *
 * Once a round trip the window is looked at. The least that any answer of it was later
 * than the fastest ever is what waits in the queue: jitter only adds to that. With no
 * queue the window grows, by half until the link was full once; with too long a one it
 * shrinks to what would have left a short one (the signal is LEDBAT's, RFC 6817; the
 * once-a-round minimum is TCP Vegas's). When the fastest round trip was long ago the
 * window is halved for a round trip, to see whether it still is that (BBR's ProbeRTT).
 */
import { type LinkEstimate, LinkMeter } from "./link-meter.ts";

/** Two small batches: less would leave any link idle. */
export const flightBytesMin = 4 * 1024;
/** A satellite link of 100 KB/s at 2.5 s round trip holds 250 KB. */
export const flightBytesMax = 256 * 1024;
/** Before the peer was heard. */
const flightBytesInitial = 32 * 1024;
/** Before a rate is known, of a link that is not slow: a 2G link of 30 KB/s at 1.2 s holds 36 KB and a batch. */
const flightBytesGreeted = 44 * 1024;
/** What is meant to wait before the slow hop, so that jitter does not leave it idle: between these. */
const queueMsLow = 80;
const queueMsHigh = 250;
/** How much a window grows that left no queue: before the link was full once, and after. */
const growthFirst = 1.5;
const growthLater = 1.25;
/** More than the jitter of a bad link. */
const airMsMin = 500;
/** TCP's handshake is a round trip when it took at least this part of the time of both handshakes. */
const tcpShareMin = 1 / 8;
/** Longer than both handshakes take at 600 ms one way: a link that is far, or slow, or both. */
const farMs = 3_200;
/** What may go into a link of which that is all that is known: a few seconds of 2G's slow end. */
const flightBytesFar = 8 * 1024;
/** So many answers tell at what rate what was sent at once has arrived. */
const trainAnswersMin = 3;
/** For so long the fastest round trip is believed. */
const fastestMsValid = 30_000;

/** What TCP and TLS cost before the first byte of a session. */
export interface Handshake {
  /** In both directions. */
  readonly bytes: number;
  /** From SYN to the end, less what this device computed. */
  readonly ms: number;
  /** TCP's part of it. */
  readonly tcpMs: number;
}

export class FlightWindow {
  private sizeBytes = flightBytesInitial;
  /** What the last session leaves to begin with, at most. */
  private readonly greetedBytes: number;
  private readonly meter: LinkMeter;
  /** The least waiting of this round trip, which is over when something sent after its start is answered. */
  private roundMs = Number.POSITIVE_INFINITY;
  private roundSinceMs = 0;
  /** The link has been full before. */
  private hasQueued = false;
  private fullAtMs = Number.NEGATIVE_INFINITY;
  /** By what connecting took; until the first answers. */
  private looksSlow = false;

  constructor(estimate?: LinkEstimate) {
    this.meter = new LinkMeter(estimate);
    this.greetedBytes = flightBytesGreeted;
    if (estimate === undefined) return;
    // An old estimate may be too low, never too bold: a link that takes more shows it in a round trip.
    this.greetedBytes = clamp(
      (estimate.rateBytesPerS * (estimate.roundTripMs + queueMsHigh)) / 1000,
      flightBytesMin,
      flightBytesGreeted,
    );
    this.sizeBytes = Math.min(this.greetedBytes, flightBytesInitial);
  }

  /** Bytes that may be unanswered now. */
  get bytes(): number {
    return this.sizeBytes;
  }

  /** What the link carries, as far as was seen; undefined before. */
  get estimate(): LinkEstimate | undefined {
    return this.meter.estimate;
  }

  /** What the link carries at least, as far as it was tried: for who has nothing better. */
  get guess(): LinkEstimate | undefined {
    const { fastestMs } = this.meter;
    if (!Number.isFinite(fastestMs)) return undefined;
    const rateBytesPerS = Math.round((this.sizeBytes * 1000) / fastestMs);
    return { rateBytesPerS, roundTripMs: Math.round(fastestMs) };
  }

  /** What the link carries when it is full; undefined before that was seen. */
  get rateBytesPerS(): number | undefined {
    const { bytesPerMs } = this.meter;
    return bytesPerMs === undefined ? undefined : bytesPerMs * 1000;
  }

  /** The first frame goes alone, so that its answer tells the round trip. */
  get isGreetingAlone(): boolean {
    return this.looksSlow;
  }

  /** What it carries at least, which is known earlier; 0 while nothing is. */
  get leastBytesPerS(): number {
    return this.meter.leastBytesPerS;
  }

  /**
   * Connected, with nothing sent yet. TCP took a round trip, TLS another, and what is left
   * of the time is the air time of their bytes. Where a mobile network, a satellite or a
   * proxy answers SYN itself, only the whole time says anything.
   */
  connected({ bytes, ms, tcpMs }: Handshake): void {
    if (tcpMs < ms * tcpShareMin) {
      this.looksSlow = this.meter.bytesPerMs === undefined && ms > farMs;
      if (this.looksSlow) this.resize(flightBytesFar);
      return;
    }
    this.meter.connected(tcpMs);
    const airMs = ms - 2 * tcpMs;
    this.looksSlow = airMs >= airMsMin;
    if (!this.looksSlow) return;
    this.meter.atMost(bytes / airMs);
    this.resize(Math.min(this.sizeBytes, (bytes / airMs) * (tcpMs + queueMsHigh)));
  }

  /** The first write, of so many bytes and with nothing before it, was answered. */
  greeted(roundTripMs: number, bytes: number, nowMs: number): void {
    this.meter.greeted(roundTripMs, bytes, nowMs);
    this.roundSinceMs = nowMs;
    const { bytesPerMs } = this.meter;
    if (bytesPerMs !== undefined)
      this.resize(Math.min(this.greetedBytes, bytesPerMs * (this.meter.fastestMs + queueMsHigh)));
    else if (!this.looksSlow) this.resize(this.greetedBytes);
  }

  /** There is more to send, and the window is what holds it back. Otherwise answers say little about the link. */
  heldBack(nowMs: number): void {
    this.fullAtMs = nowMs;
  }

  /** Nothing is unanswered: what comes next has no part in the rate so far. */
  emptied(): void {
    this.meter.emptied();
  }

  /** Something of `bytes` that left at `sentMs` was answered at `nowMs`. */
  answered(bytes: number, sentMs: number, nowMs: number): void {
    const queueMs = this.meter.answered(bytes, sentMs, nowMs);
    if (this.looksSlow) this.followTrain();
    if (this.fullAtMs < sentMs || !Number.isFinite(this.meter.fastestMs)) return;
    this.roundMs = Math.min(this.roundMs, queueMs);
    if (sentMs >= this.roundSinceMs) this.endRound(nowMs);
  }

  /** Of a link that looked slow and whose rate is not known: what was sent at once has arrived at its rate. */
  private followTrain(): void {
    const rate = this.meter.bytesPerMs ?? this.meter.trainBytesPerMs(trainAnswersMin);
    if (rate === undefined) return;
    this.looksSlow = false;
    const fitting = rate * (this.meter.fastestMs + queueMsHigh);
    this.resize(Math.max(this.sizeBytes, Math.min(this.greetedBytes, fitting)));
  }

  /** Once a round trip: the least that anything waited in it is the queue; jitter only adds to that. */
  private endRound(nowMs: number): void {
    const { meter } = this;
    const queueMs = this.roundMs;
    this.roundMs = Number.POSITIVE_INFINITY;
    this.roundSinceMs = nowMs;
    if (queueMs > queueMsHigh && this.sizeBytes < flightBytesMin * 1.1) {
      // With next to nothing in flight it is no queue of ours.
      meter.slowed(queueMs, nowMs);
      return;
    }
    const isSettled = queueMs <= queueMsHigh;
    if (isSettled && nowMs - meter.fastestAtMs > fastestMsValid) {
      meter.lookAgain(nowMs);
      this.resize(this.sizeBytes / 2);
      return;
    }
    if (queueMs < queueMsLow) this.grow();
    if (isSettled) return;
    this.hasQueued = true;
    const aimMs = (queueMsLow + queueMsHigh) / 2;
    this.resize((this.sizeBytes * (meter.fastestMs + aimMs)) / (meter.fastestMs + queueMs));
  }

  /** By no more than the rate allows, once it was seen: of a window that is all that holds the link back, that is no bound. */
  private grow(): void {
    const { bytesPerMs, fastestMs } = this.meter;
    if (bytesPerMs === undefined) return;
    const wanted = this.sizeBytes * (this.hasQueued ? growthLater : growthFirst);
    const fitting = bytesPerMs * (fastestMs + queueMsHigh) * growthLater;
    this.resize(Math.max(this.sizeBytes, Math.min(wanted, fitting)));
  }

  /** The clock was set: what was noted moves with it. */
  clockStepped(stepMs: number): void {
    this.fullAtMs += stepMs;
    this.roundSinceMs += stepMs;
    this.meter.clockStepped(stepMs);
  }

  private resize(bytes: number): void {
    this.sizeBytes = clamp(bytes, flightBytesMin, flightBytesMax);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
