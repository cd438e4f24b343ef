/**
 * Carries one core session over one authenticated connection: bytes in and
 * out, effects to the log and to the peer's sidecar, timers. It decides
 * nothing; what a host owes the session is listed in core/session/api.ts.
 *
 * Time and timers come in, and nothing here waits: the simulator runs the same
 * host in virtual time.
 */
import type { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { PeerState } from "../core/session/peer-state.ts";
import type {
  HealthBlock,
  Session,
  SessionEffect,
  SessionProgress,
  SessionSummary,
} from "../core/session/api.ts";
import type { CommitQueue } from "./commit-scheduler.ts";

/** What the engine needs of a connection; bytes are counted on the TCP socket, TLS included. */
export interface Transport {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Bytes accepted by `write` that the socket has not taken yet. */
  readonly queuedBytes: number;
  write(bytes: Uint8Array): void;
  /** Flushes, then closes; gives up on a peer that does not take the bytes. `onFlushed`: our side has ended. */
  close(onFlushed?: () => void): void;
  destroy(): void;
  /** The session has nothing to do and stays: it sees by itself, and rarely, whether the peer is there. */
  rest(isResting: boolean): void;
  listen(listener: TransportListener): void;
}

export interface TransportListener {
  onBytes(bytes: Uint8Array): void;
  onDrain(): void;
  /** Called once: the peer ended, or the connection broke. */
  onEnd(error?: ZamError): void;
}

/**
 * Below this the next frame is asked for. More would age in the socket's queue
 * while something urgent waits; less would leave the link idle between events.
 */
const socketQueueBytesMax = 16 * 1024;

export interface SessionHostOptions {
  readonly session: Session;
  readonly transport: Transport;
  readonly log: Log;
  readonly commits: CommitQueue;
  readonly nowMs: () => number;
  /** Calls `action` after this long, unless what it returned was called before. */
  readonly startTimer: (delayMs: number, action: () => void) => () => void;
  /** Makes it durable, and then answers once. */
  readonly savePeerState: (state: PeerState, done: (error?: ZamError) => void) => void;
  /** Called once, when the connection is over and nothing more will be stored. */
  readonly onEnded?: (summary: SessionSummary) => void;
  readonly onEstablished?: () => void;
  /** Of a session that is kept open: nothing left to do, or something again. */
  readonly onRest?: (isResting: boolean) => void;
  readonly onProgress?: (progress: SessionProgress) => void;
  readonly onReport?: (error: ZamError) => void;
}

export class SessionHost {
  /** Resolves once, when the connection is over and nothing more will be stored. Never rejects. */
  readonly ended: Promise<SessionSummary>;

  private readonly options: SessionHostOptions;
  private readonly stopListening: () => void;
  private resolveEnded: (summary: SessionSummary) => void = () => {};
  private stopTimer: () => void = () => {};
  private isClosing = false;
  private isOver = false;
  private isPumping = false;
  private isAtRest = false;
  private heardMs = 0;
  private readonly heardListeners: (() => void)[] = [];
  private storesOpen = 0;
  private savesOpen = 0;

  constructor(options: SessionHostOptions) {
    this.options = options;
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve;
    });
    this.stopListening = options.log.onDurable(() => this.feed({ kind: "logChanged" }));
    options.transport.listen({
      onBytes: (bytes) => {
        this.heardMs = Date.now();
        this.feed({ kind: "bytes", bytes });
        for (const told of this.heardListeners.splice(0)) told();
      },
      onDrain: () => this.pump(),
      onEnd: (error) => this.onTransportEnd(error),
    });
  }

  start(): void {
    this.feed({ kind: "start" });
  }

  /** Says goodbye; `ended` resolves when that is done. */
  finish(error?: ZamError): void {
    this.feed(error === undefined ? { kind: "finish" } : { kind: "finish", error });
  }

  /** Kept open, with everything exchanged. */
  get isResting(): boolean {
    return this.isAtRest;
  }

  /** Wall time at which the peer was last heard; 0: never. */
  get lastHeardMs(): number {
    return this.heardMs;
  }

  /** What is known of the peer now. */
  peerState(): PeerState | undefined {
    return this.options.session.peerState();
  }

  /** Asks the peer for a sign of life; resolves at the next bytes from it, or when the session is over. */
  async probe(): Promise<void> {
    const heard = new Promise<void>((resolve) => this.heardListeners.push(resolve));
    this.feed({ kind: "probe" });
    await Promise.race([heard, this.ended]);
  }

  /** How this node is now; the session tells the peer what a person should know. */
  tellHealth(health: HealthBlock): void {
    this.feed({ kind: "health", health });
  }

  /** A newer session of the same node took over (RULES 35). */
  fence(): void {
    this.fenceCommits();
    this.feed({ kind: "fence" });
  }

  /** Ends at once and without a word, as a broken link does; nothing of the peer is stored from now on. */
  cutOff(error: ZamError): void {
    const { transport } = this.options;
    if (this.isOver) return;
    this.fenceCommits();
    this.isClosing = true;
    transport.destroy();
    this.onTransportEnd(error);
  }

  /**
   * The peer may not go on (it was revoked): nothing of it is stored from now on,
   * also not what it has sent already. It gets `farewell`, a whole frame, and is cut off.
   */
  refuse(error: ZamError, farewell: Uint8Array): void {
    const { transport } = this.options;
    if (this.isOver) return;
    this.fenceCommits();
    if (!this.isClosing) transport.write(farewell);
    this.isClosing = true;
    transport.close();
    this.onTransportEnd(error);
  }

  summary(): SessionSummary {
    return this.options.session.summary();
  }

  /** What the log has taken already will be durable, and counts as received; the rest has no answer to come. */
  private fenceCommits(): void {
    this.storesOpen -= this.options.commits.fence();
  }

  private feed(event: Parameters<Session["handle"]>[0]): void {
    if (this.isOver) return;
    const { session, transport, nowMs } = this.options;
    const now = nowMs();
    // What waits in the socket's queue is as good as sent: budgets are kept to the byte.
    const sentBytes = transport.sentBytes + transport.queuedBytes;
    session.handle({ kind: "wire", sentBytes, receivedBytes: transport.receivedBytes }, now);
    session.handle(event, now);
    this.pump();
  }

  private pump(): void {
    if (this.isPumping || this.isOver) return;
    this.isPumping = true;
    const { session, transport, nowMs } = this.options;
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (let effect = session.pollEffect(); effect; effect = session.pollEffect()) {
        this.carryOut(effect);
        isBusy = true;
      }
      while (transport.queuedBytes < socketQueueBytesMax) {
        const frame = session.pollTransmit(nowMs());
        if (frame === undefined) break;
        if (!this.isClosing) transport.write(frame);
        isBusy = true;
      }
    }
    this.isPumping = false;
    this.armTimer();
    if (this.isClosing) transport.close(() => this.leave());
  }

  /** All was exchanged and goodbye is said: the peer's own goodbye, a round trip later, has no news. */
  private leave(): void {
    if (this.isOver || this.storesOpen > 0 || this.savesOpen > 0 || !this.summary().isComplete)
      return;
    this.hasEnded = true;
    this.settle();
  }

  private carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case "store":
        return this.store(effect);
      case "savePeerState":
        return this.save(effect.token, effect.state);
      case "report":
        return this.options.onReport?.(effect.error);
      case "progress":
        return this.options.onProgress?.(effect.progress);
      case "established":
        return this.options.onEstablished?.();
      case "rest":
        this.isAtRest = effect.isResting;
        this.options.transport.rest(effect.isResting);
        return this.options.onRest?.(effect.isResting);
      case "close":
        return this.beginClose();
    }
  }

  private store(effect: SessionEffect & { readonly kind: "store" }): void {
    const { token, operation } = effect;
    this.storesOpen++;
    const isTaken = this.options.commits.add({
      operation,
      onOutcome: (outcome) => {
        const willCallBack = outcome.kind === "stored" || outcome.kind === "duplicate";
        if (!willCallBack) this.storesOpen--;
        this.feed({ kind: "storeOutcome", token, outcome });
        this.settle();
      },
      onDurable: (error) => {
        this.storesOpen--;
        this.feed(
          error === undefined
            ? { kind: "storeDurable", token }
            : { kind: "storeDurable", token, error },
        );
        this.settle();
      },
    });
    if (!isTaken) this.storesOpen--;
  }

  private save(token: number, state: PeerState): void {
    this.savesOpen++;
    this.options.savePeerState(state, (error) => {
      this.savesOpen--;
      this.feed(
        error === undefined
          ? { kind: "peerStateSaved", token }
          : { kind: "peerStateSaved", token, error },
      );
      this.settle();
    });
  }

  /** The session's last frames are flushed before the connection goes. */
  private beginClose(): void {
    const { session, transport, nowMs } = this.options;
    if (this.isClosing) return;
    for (let frame = session.pollTransmit(nowMs()); frame; frame = session.pollTransmit(nowMs()))
      transport.write(frame);
    this.isClosing = true;
  }

  private onTransportEnd(error: ZamError | undefined): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.feed(error === undefined ? { kind: "eof" } : { kind: "eof", error });
    this.settle();
  }

  private hasEnded = false;

  /** Over when the connection is gone and the disk owes no answer. */
  private settle(): void {
    if (!this.hasEnded || this.isOver || this.storesOpen > 0 || this.savesOpen > 0) return;
    this.isOver = true;
    this.stopTimer();
    this.stopListening();
    const summary = this.options.session.summary();
    this.options.onEnded?.(summary);
    this.resolveEnded(summary);
  }

  private armTimer(): void {
    this.stopTimer();
    if (this.hasEnded) return;
    const { session, nowMs, startTimer } = this.options;
    const deadlineMs = session.nextDeadlineMs();
    if (deadlineMs === undefined) return;
    const waitMs = Math.max(0, deadlineMs - nowMs());
    this.stopTimer = startTimer(waitMs, () => this.feed({ kind: "tick" }));
  }
}
