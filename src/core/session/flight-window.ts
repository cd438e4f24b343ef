/**
 * How many bytes may be unanswered, found from the link itself.
 *
 * Too little leaves the link idle between acknowledgements. Too much only fills
 * buffers in front of the slow hop: an urgent event then waits behind them, and
 * a cut loses more of what nobody can say has arrived. What is right is what
 * the link holds in one round trip, and a little more, so that it never runs
 * dry.
 *
 * Answers that come as fast as ever mean that the link takes more: the window
 * doubles with each round trip. Answers that come later than that mean that a
 * queue stands before it, hence that the link is full: then the rate at which
 * answers come is its rate, and the window follows from that (BBR, Cardwell et
 * al. 2016, sections 3 and 4). Now and then the window is halved for a round trip, which
 * empties the queue, to see whether the fastest round trip is still what it was.
 */

/** Two small batches: less would leave any link idle. */
export const flightBytesMin = 4 * 1024;
/** A satellite link of 100 KB/s at 2.5 s round trip holds 250 KB. */
export const flightBytesMax = 256 * 1024;
/** Before anything is known: a 2G link of 30 KB/s at 1.2 s holds 36 KB. */
const flightBytesInitial = 32 * 1024;
/** What is meant to wait before the slow hop, so that jitter does not leave it idle. */
const queueMsAim = 150;
/** Rates are taken over at least this. */
const spanMsMin = 300;
const spanMsMax = 2_000;
/** And over at least so many answers, however far apart they are. */
const answersMin = 4;
/**
 * The highest rate of so many round trips counts: jitter delays answers and so lowers
 * what is measured, and a window that followed that would lower the rate in turn.
 */
const ratesValid = 6;
/** For so long the fastest round trip is believed. */
const fastestMsValid = 30_000;

/** What is known of a link beforehand: from its handshake, or from the last session. */
export interface LinkEstimate {
  readonly rateBytesPerS: number;
  readonly roundTripMs: number;
}

interface Answer {
  readonly atMs: number;
  readonly bytes: number;
}

export class FlightWindow {
  private sizeBytes = flightBytesInitial;
  private fastestMs = Number.POSITIVE_INFINITY;
  private fastestAtMs = 0;
  /** Samples of what was sent before this say nothing about an empty queue. */
  private emptySinceMs = 0;
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
      this.rateBytesPerMs * (estimate.roundTripMs + queueMsAim),
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

  /** A small frame was answered: the link's round trip with nothing before it. */
  greeted(roundTripMs: number, nowMs: number): void {
    this.fastestMs = Math.min(this.fastestMs, Math.max(1, roundTripMs));
    this.fastestAtMs = nowMs;
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
    if (this.fullAtMs < sentMs || !Number.isFinite(this.fastestMs)) return;
    const queueMs = roundTripMs - this.fastestMs;
    if (queueMs <= queueMsAim / 2) this.resize(this.sizeBytes + bytes);
    else this.follow(bytes, nowMs);
    if (nowMs - this.fastestAtMs > fastestMsValid) this.lookAgain(nowMs);
  }

  /** The link is full: its rate is that of the answers. */
  private follow(batchBytes: number, nowMs: number): void {
    const rate = this.measuredRate();
    if (rate === undefined) return;
    this.rates.push({ atMs: nowMs, bytesPerMs: rate });
    const validMs = ratesValid * Math.max(spanMsMin, this.fastestMs);
    while ((this.rates[0]?.atMs ?? nowMs) < nowMs - validMs) this.rates.shift();
    this.rateBytesPerMs = this.rates.reduce(
      (most, { bytesPerMs }) => Math.max(most, bytesPerMs),
      0,
    );
    // A batch is answered only once all of it is there: half of one more is always on its way.
    this.resize(this.rateBytesPerMs * (this.fastestMs + queueMsAim) + batchBytes / 2);
  }

  /** The clock was set: what was noted moves with it. */
  clockStepped(stepMs: number): void {
    this.fastestAtMs += stepMs;
    this.emptySinceMs += stepMs;
    this.fullAtMs += stepMs;
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
    const spanMs = Math.min(spanMsMax, Math.max(spanMsMin * 2, this.fastestMs));
    while (this.answers.length > answersMin && (this.answers[0]?.atMs ?? 0) < answer.atMs - spanMs)
      this.answers.shift();
  }

  /** Bytes a millisecond over the latest answers; undefined when they are too close together to tell. */
  private measuredRate(): number | undefined {
    const first = this.answers[0];
    const last = this.answers[this.answers.length - 1];
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < spanMsMin) return undefined;
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
