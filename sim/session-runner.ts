/**
 * Hosts one core session over one simulated connection: what the engine's
 * session host does on Node, without promises and with virtual timers. What a
 * host owes the session is listed in src/core/session/api.ts; nothing else is
 * decided here.
 */
import type { ZamError } from "../src/core/errors/zam-error.ts";
import type {
  Session,
  SessionEffect,
  SessionEvent,
  SessionSummary,
} from "../src/core/session/api.ts";
import type { PeerState } from "../src/core/session/peer-state.ts";
import type { CommitQueue } from "../src/engine/commit-scheduler.ts";
import type { ConnectionEnd } from "./connection.ts";
import type { EventQueue } from "./event-queue.ts";

/** The same as the real host's. */
const socketQueueBytesMax = 16 * 1024;

export interface RunnerOptions {
  readonly session: Session;
  readonly end: ConnectionEnd;
  readonly commits: CommitQueue;
  readonly queue: EventQueue;
  /** Wall milliseconds that do not jump, as the engine's session clock. */
  readonly sessionMs: () => number;
  /** Runs an action as the device: not at all once it is down, and a power cut inside it is taken care of. */
  readonly guard: (action: () => void) => void;
  readonly savePeerState: (state: PeerState, done: (error?: ZamError) => void) => void;
  readonly onTransmit: (bytes: Uint8Array) => void;
  readonly onEstablished: () => void;
  readonly onReport: (error: ZamError) => void;
  readonly onOver: (summary: SessionSummary) => void;
}

export class SessionRunner {
  private readonly options: RunnerOptions;
  private isClosing = false;
  private isOver = false;
  private isPumping = false;
  private hasEnded = false;
  private storesOpen = 0;
  private savesOpen = 0;
  private timer = 0;

  constructor(options: RunnerOptions) {
    this.options = options;
    const { guard } = options;
    options.end.listen({
      onBytes: (bytes) => guard(() => this.feed({ kind: "bytes", bytes })),
      onDrain: () => guard(() => this.pump()),
      onEnd: () =>
        guard(() => {
          if (this.hasEnded) return;
          this.hasEnded = true;
          this.feed({ kind: "eof" });
          this.settle();
        }),
    });
  }

  start(): void {
    this.feed({ kind: "start" });
  }

  finish(): void {
    this.feed({ kind: "finish" });
  }

  fence(): void {
    this.options.commits.fence();
    this.storesOpen = 0;
    this.feed({ kind: "fence" });
  }

  logChanged(): void {
    this.feed({ kind: "logChanged" });
  }

  private feed(event: SessionEvent): void {
    if (this.isOver) return;
    const { session, end, sessionMs } = this.options;
    const nowMs = sessionMs();
    const wire = { sentBytes: end.sentBytes, receivedBytes: end.receivedBytes };
    session.handle({ kind: "wire", ...wire }, nowMs);
    session.handle(event, nowMs);
    this.pump();
  }

  private pump(): void {
    if (this.isPumping || this.isOver) return;
    this.isPumping = true;
    const { session, end, sessionMs } = this.options;
    for (let isBusy = true; isBusy; ) {
      isBusy = false;
      for (let effect = session.pollEffect(); effect; effect = session.pollEffect()) {
        this.carryOut(effect);
        isBusy = true;
      }
      while (end.queuedBytes < socketQueueBytesMax) {
        const frames = session.pollTransmit(sessionMs());
        if (frames === undefined) break;
        if (!this.isClosing) this.transmit(frames);
        isBusy = true;
      }
    }
    this.isPumping = false;
    this.armTimer();
    if (this.isClosing) end.close();
  }

  private transmit(frames: Uint8Array): void {
    this.options.onTransmit(frames);
    this.options.end.write(frames);
  }

  private carryOut(effect: SessionEffect): void {
    switch (effect.kind) {
      case "store":
        return this.store(effect);
      case "savePeerState":
        return this.save(effect.token, effect.state);
      case "report":
        return this.options.onReport(effect.error);
      case "established":
        return this.options.onEstablished();
      case "progress":
      case "rest":
        return;
      case "close":
        return this.beginClose();
    }
  }

  private store(effect: SessionEffect & { readonly kind: "store" }): void {
    const { token, operation } = effect;
    this.storesOpen++;
    this.options.commits.add({
      operation,
      onOutcome: (outcome) => {
        if (outcome.kind !== "stored" && outcome.kind !== "duplicate") this.storesOpen--;
        this.feed({ kind: "storeOutcome", token, outcome });
        this.settle();
      },
      onDurable: (error) => {
        this.storesOpen--;
        this.feed({ kind: "storeDurable", token, ...(error === undefined ? {} : { error }) });
        this.settle();
      },
    });
  }

  private save(token: number, state: PeerState): void {
    this.savesOpen++;
    this.options.savePeerState(state, (error) => {
      this.savesOpen--;
      this.feed({ kind: "peerStateSaved", token, ...(error === undefined ? {} : { error }) });
      this.settle();
    });
  }

  private beginClose(): void {
    if (this.isClosing) return;
    const { session, sessionMs } = this.options;
    for (
      let last = session.pollTransmit(sessionMs());
      last;
      last = session.pollTransmit(sessionMs())
    )
      this.transmit(last);
    this.isClosing = true;
  }

  private settle(): void {
    if (!this.hasEnded || this.isOver || this.storesOpen > 0 || this.savesOpen > 0) return;
    this.isOver = true;
    this.options.onOver(this.options.session.summary());
  }

  private armTimer(): void {
    const timer = ++this.timer;
    if (this.hasEnded) return;
    const { session, sessionMs, queue, guard } = this.options;
    const deadlineMs = session.nextDeadlineMs();
    if (deadlineMs === undefined) return;
    queue.after(Math.max(0, deadlineMs - sessionMs()), () => {
      if (timer === this.timer) guard(() => this.feed({ kind: "tick" }));
    });
  }
}
