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
 * queue the window grows, doubling until the link was full once; with too long a one it
 * shrinks to what would have left a short one (the signal is LEDBAT's, RFC 6817; the
 * once-a-round minimum is TCP Vegas's). When the fastest round trip was long ago the
 * window is halved for a round trip, to see whether it still is that (BBR's ProbeRTT).
 */

/** Two small batches: less would leave any link idle. */
export const flightBytesMin = 4 * 1024;
/** A satellite link of 100 KB/s at 2.5 s round trip holds 250 KB. */
export const flightBytesMax = 256 * 1024;
/** Before anything is known: a 2G link of 30 KB/s at 1.2 s holds 36 KB. */
const flightBytesInitial = 32 * 1024;
/** What is meant to wait before the slow hop, so that jitter does not leave it idle: between these. */
const queueMsLow = 80;
const queueMsHigh = 250;
/** Rates are taken over at least this, and over one to two round trips: answers come in bunches. */
const spanMsMin = 300;
const spanMsMax = 5_000;
/** And over at least so many answers, however far apart they are. */
const answersMin = 4;
/**
 * The highest rate of so many round trips counts: jitter delays answers and so lowers
 * what is measured, and a window that followed that would lower the rate in turn.
 */
const ratesValid = 4;
/** More than the jitter of a bad link, and what a slow device computes. */
const airMsMin = 500;
/** For so long the fastest round trip is believed. */
const fastestMsValid = 30_000;

/** What is known of a link beforehand, from the last session. */
export interface LinkEstimate {
  readonly rateBytesPerS: number;
  readonly roundTripMs: number;
}

/**
 * What TCP and TLS cost: the time from SYN to the end of the handshake, and bytes in both
 * directions; less twice what the peer sends after it and before its HELLO, which takes
 * its air time from the round trip that this is compared with.
 */
export interface Handshake {
  readonly bytes: number;
  readonly ms: number;
}

interface Answer {
  readonly atMs: number;
  readonly bytes: number;
}

export class FlightWindow {
  private sizeBytes = flightBytesInitial;
  private fastestMs = Number.POSITIVE_INFINITY;
  private fastestAtMs = 0;
  /** False while it is only what the last session saw. */
  private isMeasured = false;
  /** Samples of what was sent before this say nothing about an empty queue. */
  private emptySinceMs = 0;
  /** The least waiting of this round trip, which is over when something sent after its start is answered. */
  private roundMs = Number.POSITIVE_INFINITY;
  private roundSinceMs = 0;
  /** The link has been full before: no more doubling. */
  private hasQueued = false;
  private fullAtMs = Number.NEGATIVE_INFINITY;
  private readonly answers: Answer[] = [];
  private readonly rates: { readonly atMs: number; readonly bytesPerMs: number }[] = [];
  private rateBytesPerMs: number | undefined;

  constructor(estimate?: LinkEstimate) {
    if (estimate === undefined) return;
    this.rateBytesPerMs = estimate.rateBytesPerS / 1000;
    this.fastestMs = estimate.roundTripMs;
    // An old estimate may be too low, never too bold: a link that takes more shows it in a round trip.
    this.sizeBytes = clamp(
      this.rateBytesPerMs * (estimate.roundTripMs + queueMsHigh),
      flightBytesMin,
      flightBytesInitial,
    );
  }

  /** Bytes that may be unanswered now. */
  get bytes(): number {
    return this.sizeBytes;
  }

  /** What the link carries, as far as was seen; undefined before. */
  get estimate(): LinkEstimate | undefined {
    if (this.rateBytesPerMs === undefined || !Number.isFinite(this.fastestMs)) return undefined;
    return {
      rateBytesPerS: Math.round(this.rateBytesPerMs * 1000),
      roundTripMs: Math.round(this.fastestMs),
    };
  }

  /** What the link carries at least, as far as it was tried: for who has nothing better. */
  get guess(): LinkEstimate | undefined {
    if (!Number.isFinite(this.fastestMs)) return undefined;
    const rateBytesPerS = Math.round((this.sizeBytes * 1000) / this.fastestMs);
    return { rateBytesPerS, roundTripMs: Math.round(this.fastestMs) };
  }

  get rateBytesPerS(): number | undefined {
    return this.rateBytesPerMs === undefined ? undefined : this.rateBytesPerMs * 1000;
  }

  /**
   * A small frame was answered: the link's round trip with nothing before it. Before
   * it, TCP and TLS took `ms` for two round trips and these bytes: on a slow link what
   * is left of the time is their air time. (TCP's own round trip says little: some
   * mobile networks and satellites answer SYN themselves.)
   */
  greeted(input: {
    readonly roundTripMs: number;
    readonly nowMs: number;
    readonly handshake: Handshake | undefined;
  }): void {
    const { nowMs, handshake } = input;
    const roundTripMs = Math.max(1, input.roundTripMs);
    this.fastestMs = this.isMeasured ? Math.min(this.fastestMs, roundTripMs) : roundTripMs;
    this.fastestAtMs = nowMs;
    this.isMeasured = true;
    const airMs = handshake === undefined ? 0 : handshake.ms - 2 * roundTripMs;
    if (handshake === undefined || airMs < airMsMin) return;
    const rate = Math.min(handshake.bytes / airMs, this.rateBytesPerMs ?? Number.POSITIVE_INFINITY);
    this.rateBytesPerMs = rate;
    this.resize(Math.min(this.sizeBytes, rate * (roundTripMs + queueMsHigh)));
  }

  /** There is more to send, and the window is what holds it back. Otherwise answers say little about the link. */
  heldBack(nowMs: number): void {
    this.fullAtMs = nowMs;
  }

  /** Nothing is unanswered: what comes next has no part in the rate so far. */
  emptied(): void {
    this.answers.length = 0;
  }

  /** Something of `bytes` that left at `sentMs` was answered at `nowMs`. */
  answered(bytes: number, sentMs: number, nowMs: number): void {
    const roundTripMs = Math.max(1, nowMs - sentMs);
    if (this.fastestAtMs === 0) this.fastestAtMs = nowMs;
    if (sentMs >= this.emptySinceMs && roundTripMs <= this.fastestMs) {
      this.fastestMs = roundTripMs;
      this.fastestAtMs = nowMs;
    }
    this.note({ atMs: nowMs, bytes });
    const rate = this.follow(nowMs);
    if (this.fullAtMs < sentMs || !Number.isFinite(this.fastestMs)) return;
    // A batch is answered only once all of it is there: its own air time is no queue.
    const airMs = rate === undefined ? 0 : bytes / rate;
    this.roundMs = Math.min(this.roundMs, Math.max(0, roundTripMs - this.fastestMs - airMs));
    if (sentMs >= this.roundSinceMs) this.endRound(nowMs);
  }

  /** Once a round trip: the least that anything waited in it is the queue; jitter only adds to that. */
  private endRound(nowMs: number): void {
    const queueMs = this.roundMs;
    this.roundMs = Number.POSITIVE_INFINITY;
    this.roundSinceMs = nowMs;
    if (queueMs > queueMsHigh && this.sizeBytes < flightBytesMin * 1.1) {
      // With next to nothing in flight it is no queue of ours: the peer itself has become slower.
      this.fastestMs += queueMs;
      this.fastestAtMs = nowMs;
      return;
    }
    const isSettled = queueMs <= queueMsHigh;
    if (isSettled && nowMs - this.fastestAtMs > fastestMsValid) return this.lookAgain(nowMs);
    if (queueMs < queueMsLow) this.resize(this.sizeBytes * (this.hasQueued ? 1.25 : 2));
    if (queueMs <= queueMsHigh) return;
    this.hasQueued = true;
    const aimMs = (queueMsLow + queueMsHigh) / 2;
    this.resize((this.sizeBytes * (this.fastestMs + aimMs)) / (this.fastestMs + queueMs));
  }

  /** The rate at which answers come, which is the link's when it is full. */
  private follow(nowMs: number): number | undefined {
    const rate = this.measuredRate();
    if (rate === undefined) return this.rateBytesPerMs;
    this.rates.push({ atMs: nowMs, bytesPerMs: rate });
    const validMs = ratesValid * Math.max(spanMsMin, this.fastestMs);
    while ((this.rates[0]?.atMs ?? nowMs) < nowMs - validMs) this.rates.shift();
    this.rateBytesPerMs = this.rates.reduce(
      (most, { bytesPerMs }) => Math.max(most, bytesPerMs),
      0,
    );
    return this.rateBytesPerMs;
  }

  /** The clock was set: what was noted moves with it. */
  clockStepped(stepMs: number): void {
    this.fastestAtMs += stepMs;
    this.emptySinceMs += stepMs;
    this.fullAtMs += stepMs;
    this.roundSinceMs += stepMs;
    this.answers.length = 0;
    this.rates.length = 0;
  }

  private lookAgain(nowMs: number): void {
    this.emptySinceMs = nowMs;
    this.fastestMs = Number.POSITIVE_INFINITY;
    this.fastestAtMs = nowMs;
    this.resize(this.sizeBytes / 2);
  }

  private note(answer: Answer): void {
    const last = this.answers[this.answers.length - 1];
    if (last !== undefined && last.atMs === answer.atMs)
      this.answers[this.answers.length - 1] = { ...last, bytes: last.bytes + answer.bytes };
    else this.answers.push(answer);
    const spanMs = Math.min(spanMsMax, Math.max(spanMsMin, this.fastestMs) * 2);
    while (this.answers.length > answersMin && (this.answers[0]?.atMs ?? 0) < answer.atMs - spanMs)
      this.answers.shift();
  }

  /** Bytes a millisecond over the latest answers; undefined when they are too close together to tell. */
  private measuredRate(): number | undefined {
    const first = this.answers[0];
    const last = this.answers[this.answers.length - 1];
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < Math.min(spanMsMax / 2, Math.max(spanMsMin, this.fastestMs))) return undefined;
    const bytes = this.answers.reduce((sum, answer) => sum + answer.bytes, -first.bytes);
    return bytes / spanMs;
  }

  private resize(bytes: number): void {
    this.sizeBytes = clamp(bytes, flightBytesMin, flightBytesMax);
  }
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
