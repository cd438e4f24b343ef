/**
 * What the answers to data frames tell of a link: its round trip, and its rate, seen in
 * two ways. Answers that come back to back come as fast as the link carries what they
 * answer: that is the rate of a link that is kept full. And nothing is answered faster
 * than it travels there: that tells a fast link within a frame or two, also when too
 * little is sent to fill it, and can only be too low.
 */

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
/** The fastest of so many answers tells the least that the link carries. */
const leastAnswers = 8;
/** Smaller frames say more about latency than about rate. */
const leastBytesMin = 1024;

/** What is known of a link beforehand, from the last session. */
export interface LinkEstimate {
  readonly rateBytesPerS: number;
  readonly roundTripMs: number;
}

interface Answer {
  readonly atMs: number;
  readonly bytes: number;
}

export class LinkMeter {
  /** Infinite before anything is known. */
  fastestMs = Number.POSITIVE_INFINITY;
  fastestAtMs = 0;
  /** False while the round trip is only what the last session saw. */
  private isMeasured = false;
  /** Samples of what was sent before this say nothing about an empty queue. */
  private emptySinceMs = 0;
  private readonly answers: Answer[] = [];
  private readonly rates: { readonly atMs: number; readonly bytesPerMs: number }[] = [];
  private readonly least: number[] = [];
  private rateBytesPerMs: number | undefined;
  /** Of TCP's own handshake, which no event's air time or commit is in; and of sessions before, which may have seen more. */
  private tcpMs = Number.POSITIVE_INFINITY;
  private knownMs = Number.POSITIVE_INFINITY;
  private answersSeen = 0;

  constructor(estimate?: LinkEstimate) {
    if (estimate === undefined) return;
    this.knownMs = estimate.roundTripMs;
    this.rateBytesPerMs = estimate.rateBytesPerS / 1000;
    this.fastestMs = estimate.roundTripMs;
  }

  /** What the link carries when it is full; undefined before that was seen. */
  get bytesPerMs(): number | undefined {
    return this.rateBytesPerMs;
  }

  /** Bytes a second that the link carries at least, as far as was seen; 0 while nothing is known. */
  get leastBytesPerS(): number {
    return this.least.reduce((best, rate) => Math.max(best, rate), 0) * 1000;
  }

  get estimate(): LinkEstimate | undefined {
    if (this.rateBytesPerMs === undefined || !Number.isFinite(this.fastestMs)) return undefined;
    const knownMs = this.answersSeen < answersMin ? this.knownMs : Number.POSITIVE_INFINITY;
    return {
      rateBytesPerS: Math.round(this.rateBytesPerMs * 1000),
      roundTripMs: Math.round(Math.min(this.fastestMs, this.tcpMs, knownMs)),
    };
  }

  /** TCP's handshake took a round trip of so long. */
  connected(tcpMs: number): void {
    this.tcpMs = tcpMs;
  }

  /** A write of so many bytes, with nothing before it, was answered at once. */
  greeted(roundTripMs: number, bytes: number, nowMs: number): void {
    const airMs = this.rateBytesPerMs === undefined ? 0 : bytes / this.rateBytesPerMs;
    const emptyMs = Math.max(1, roundTripMs - airMs);
    this.fastestMs = this.isMeasured ? Math.min(this.fastestMs, emptyMs) : emptyMs;
    this.fastestAtMs = nowMs;
    this.isMeasured = true;
  }

  /** The rate is no more than this: what went before the session took so long. */
  atMost(bytesPerMs: number): void {
    this.rateBytesPerMs = Math.min(bytesPerMs, this.rateBytesPerMs ?? Number.POSITIVE_INFINITY);
  }

  /** Something of `bytes` that left at `sentMs` was answered; returns how long it waited in a queue, in ms. */
  answered(bytes: number, sentMs: number, nowMs: number): number {
    this.answersSeen++;
    const roundTripMs = Math.max(1, nowMs - sentMs);
    if (this.fastestAtMs === 0) this.fastestAtMs = nowMs;
    if (sentMs >= this.emptySinceMs && roundTripMs <= this.fastestMs) {
      this.fastestMs = roundTripMs;
      this.fastestAtMs = nowMs;
    }
    if (bytes >= leastBytesMin) {
      this.least.push(bytes / roundTripMs);
      if (this.least.length > leastAnswers) this.least.shift();
    }
    this.note({ atMs: nowMs, bytes });
    this.follow(nowMs);
    // A batch is answered only once all of it is there: its own air time is no queue.
    const airMs = this.rateBytesPerMs === undefined ? 0 : bytes / this.rateBytesPerMs;
    return Math.max(0, roundTripMs - this.fastestMs - airMs);
  }

  /** Nothing is unanswered: what comes next has no part in the rate so far. */
  emptied(): void {
    this.answers.length = 0;
  }

  /** The peer itself has become slower, by this much. */
  slowed(byMs: number, nowMs: number): void {
    this.fastestMs += byMs;
    this.knownMs = Number.POSITIVE_INFINITY;
    this.fastestAtMs = nowMs;
  }

  /** The fastest round trip was long ago: only what is sent from now on tells what it is. */
  lookAgain(nowMs: number): void {
    this.emptySinceMs = nowMs;
    this.fastestMs = Number.POSITIVE_INFINITY;
    this.fastestAtMs = nowMs;
  }

  /** The clock was set: what was noted moves with it. */
  clockStepped(stepMs: number): void {
    this.fastestAtMs += stepMs;
    this.emptySinceMs += stepMs;
    this.answers.length = 0;
    this.rates.length = 0;
  }

  /** At what rate what is answered has arrived, with nothing between; undefined before so many answers. */
  trainBytesPerMs(answersLeast: number): number | undefined {
    const first = this.answers[0];
    const last = this.answers[this.answers.length - 1];
    if (first === undefined || last === undefined || this.answers.length < answersLeast)
      return undefined;
    return this.bytesBehindFirst() / (last.atMs - first.atMs);
  }

  private bytesBehindFirst(): number {
    return this.answers.slice(1).reduce((sum, { bytes }) => sum + bytes, 0);
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

  /** The rate at which answers come, which is the link's when it is full. */
  private follow(nowMs: number): void {
    const rate = this.measuredRate();
    if (rate === undefined) return;
    this.rates.push({ atMs: nowMs, bytesPerMs: rate });
    const validMs = ratesValid * Math.max(spanMsMin, this.fastestMs);
    while ((this.rates[0]?.atMs ?? nowMs) < nowMs - validMs) this.rates.shift();
    this.rateBytesPerMs = this.rates.reduce(
      (most, { bytesPerMs }) => Math.max(most, bytesPerMs),
      0,
    );
  }

  /** Bytes a millisecond over the latest answers; undefined when they are too close together to tell. */
  private measuredRate(): number | undefined {
    const first = this.answers[0];
    const last = this.answers[this.answers.length - 1];
    if (first === undefined || last === undefined) return undefined;
    const spanMs = last.atMs - first.atMs;
    if (spanMs < Math.min(spanMsMax / 2, Math.max(spanMsMin, this.fastestMs))) return undefined;
    return this.bytesBehindFirst() / spanMs;
  }
}
