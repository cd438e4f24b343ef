/**
 * What peers send is looked at in turns. A peer with a backlog fills its socket faster than
 * its events are decoded; taken as they come, 64 KiB of it would keep everybody else's ten
 * events, and their handshakes, waiting for a quarter of a second, again and again. So one
 * record of each connection goes to its session, then one of the next, and after some
 * milliseconds the event loop gets to do what else has come. And while others come with
 * little, one that has had much rests after each record: the machine has other work than
 * ours to do for them.
 *
 * A connection's first record is looked at as it comes: who says nothing is let go when
 * others wait (network/admission.ts).
 *
 * Order within a connection stays as it is, its end included. What waits is bounded: beyond
 * `heldBytesMax` the socket is not read.
 */
import type { ZamError } from "../core/errors/zam-error.ts";
import type { Transport, TransportListener } from "./session-host.ts";

/** A transport that can be told not to read for a while. */
export interface HoldableTransport extends Transport {
  hold(isHeld: boolean): void;
}

/**
 * How long sessions have the process before the event loop turns: as long as the rest of it
 * took, handshakes above all, at least this. One record may take as long again.
 */
const sliceMsMin = 5;
const sliceMsMax = 200;
/** Enough that a fast link does not stop between turns; a session's window is at most as large. */
const heldBytesMax = 256 * 1024;

/** Who took more than this lately has much; what was taken counts half after each of these. */
const muchMs = 40;
const halfLifeMs = 250;
/** How long one with much rests: so many times what its record took, so that it gets a third. */
const restFactor = 2;
/** So long after one with little was heard, others like it are taken to be on their way. */
const crowdMs = 200;

export interface TurnsHost {
  readonly nowMs: () => number;
  /** Calls back after the delay; with none, once the event loop has looked at sockets and timers. */
  readonly later: (task: () => void, delayMs: number) => void;
}

const ownProcess: TurnsHost = {
  nowMs: () => performance.now(),
  later: (task, delayMs) => {
    if (delayMs <= 0) setImmediate(task);
    else setTimeout(task, delayMs);
  },
};

export class InputTurns {
  private readonly host: TurnsHost;
  private readonly waiting: Inbox[] = [];
  private plannedAtMs = Number.POSITIVE_INFINITY;
  /** Since when the event loop does other things, while something waits. */
  private turnedAtMs = Number.NEGATIVE_INFINITY;
  /** Who had had little when it was heard, the last one, and when that was. */
  private little: { readonly inbox: Inbox; readonly atMs: number } | undefined;

  constructor(host: TurnsHost = ownProcess) {
    this.host = host;
  }

  /** The same transport, whose listener hears in turns. */
  share(transport: HoldableTransport): Transport {
    const inbox = new Inbox(transport, () => this.add(inbox));
    this.little = { inbox, atMs: this.host.nowMs() };
    return inbox;
  }

  private add(inbox: Inbox): void {
    const nowMs = this.host.nowMs();
    if (!inbox.hasHadMuch(nowMs)) this.little = { inbox, atMs: nowMs };
    this.waiting.push(inbox);
    this.plan(0);
  }

  /** Only the earliest plan counts. */
  private plan(delayMs: number): void {
    const atMs = this.host.nowMs() + Math.max(0, delayMs);
    if (atMs >= this.plannedAtMs) return;
    this.plannedAtMs = atMs;
    // Idle time is nobody's turn.
    this.turnedAtMs = Math.max(this.turnedAtMs, this.host.nowMs());
    this.host.later(() => {
      if (this.plannedAtMs === atMs) this.run();
    }, delayMs);
  }

  private run(): void {
    this.plannedAtMs = Number.POSITIVE_INFINITY;
    const startMs = this.host.nowMs();
    const untilMs = startMs + Math.min(sliceMsMax, Math.max(sliceMsMin, startMs - this.turnedAtMs));
    for (let nowMs = startMs; nowMs < untilMs; nowMs = this.host.nowMs()) {
      const at = this.waiting.findIndex((inbox) => inbox.restsUntilMs <= nowMs);
      const inbox = at < 0 ? undefined : this.waiting[at];
      if (inbox === undefined) break;
      // The longer slice is for those with little.
      if (nowMs - startMs >= sliceMsMin && inbox.hasHadMuch(nowMs)) break;
      this.waiting.splice(at, 1);
      if (inbox.takeOne()) this.waiting.push(inbox);
      this.charge(inbox, nowMs);
    }
    this.turnedAtMs = this.host.nowMs();
    if (this.waiting.length === 0) return;
    const nextMs = Math.min(...this.waiting.map(({ restsUntilMs }) => restsUntilMs));
    this.plan(nextMs - this.host.nowMs());
  }

  private charge(inbox: Inbox, sinceMs: number): void {
    const nowMs = this.host.nowMs();
    const tookMs = nowMs - sinceMs;
    inbox.charge(tookMs, nowMs);
    const { little } = this;
    const isCrowded =
      little !== undefined && little.inbox !== inbox && nowMs - little.atMs < crowdMs;
    if (isCrowded && inbox.hasHadMuch(nowMs)) inbox.restsUntilMs = nowMs + tookMs * restFactor;
  }
}

/** One connection's transport, with what has come and was not looked at. */
class Inbox implements Transport {
  private readonly transport: HoldableTransport;
  private readonly onWaiting: () => void;
  private readonly records: Uint8Array[] = [];
  private bytes = 0;
  private end: { readonly error: ZamError | undefined } | undefined;
  private listener: TransportListener | undefined;
  restsUntilMs = Number.NEGATIVE_INFINITY;
  private hadMs = 0;
  private hadAtMs = 0;
  private hasBegun = false;
  private isWaiting = false;
  private isHeld = false;

  constructor(transport: HoldableTransport, onWaiting: () => void) {
    this.transport = transport;
    this.onWaiting = onWaiting;
  }

  listen(listener: TransportListener): void {
    this.listener = listener;
    this.transport.listen({
      onBytes: (bytes) => {
        if (!this.hasBegun) {
          this.hasBegun = true;
          listener.onBytes(bytes);
          return;
        }
        this.records.push(bytes);
        this.bytes += bytes.length;
        this.hold(this.bytes > heldBytesMax);
        this.wait();
      },
      onDrain: () => listener.onDrain(),
      onEnd: (error) => {
        this.end = { error };
        this.wait();
      },
    });
  }

  /** Hands over one record, or the end; true when there is more. */
  takeOne(): boolean {
    const record = this.records.shift();
    if (record !== undefined) {
      this.bytes -= record.length;
      this.listener?.onBytes(record);
      if (this.bytes <= heldBytesMax / 2) this.hold(false);
    } else if (this.end !== undefined) {
      const { error } = this.end;
      this.end = undefined;
      this.listener?.onEnd(error);
    }
    this.isWaiting = this.records.length > 0 || this.end !== undefined;
    return this.isWaiting;
  }

  hasHadMuch(nowMs: number): boolean {
    return this.hadMs * 0.5 ** ((nowMs - this.hadAtMs) / halfLifeMs) > muchMs;
  }

  charge(tookMs: number, nowMs: number): void {
    this.hadMs = this.hadMs * 0.5 ** ((nowMs - this.hadAtMs) / halfLifeMs) + tookMs;
    this.hadAtMs = nowMs;
  }

  private wait(): void {
    if (this.isWaiting) return;
    this.isWaiting = true;
    this.onWaiting();
  }

  private hold(isHeld: boolean): void {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    this.transport.hold(isHeld);
  }

  /** What waits is not wanted any more. */
  private forget(): void {
    this.records.length = 0;
    this.bytes = 0;
    this.hold(false);
  }

  get sentBytes(): number {
    return this.transport.sentBytes;
  }

  get receivedBytes(): number {
    return this.transport.receivedBytes;
  }

  get queuedBytes(): number {
    return this.transport.queuedBytes;
  }

  write(bytes: Uint8Array): void {
    this.transport.write(bytes);
  }

  close(onFlushed?: () => void): void {
    this.forget();
    this.transport.close(onFlushed);
  }

  destroy(): void {
    this.forget();
    this.transport.destroy();
  }

  rest(isResting: boolean): void {
    this.transport.rest(isResting);
  }
}
