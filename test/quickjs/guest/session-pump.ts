/**
 * Carries one session without sockets or timers: what a host owes a session
 * (core/session/api.ts), done at once. Used on both ends: inside QuickJS, where
 * the file port blocks, and on Node, where it calls back later.
 */
import type { ZamError } from "../../../src/core/errors/zam-error.ts";
import type { Log, ReceiveOutcome } from "../../../src/core/log/api.ts";
import type {
  Session,
  SessionEffect,
  SessionEvent,
  StoreOperation,
} from "../../../src/core/session/api.ts";
import type { PeerState } from "../../../src/core/session/peer-state.ts";

export class SessionPump {
  isClosed = false;
  closedBy: ZamError | undefined;
  readonly reports: ZamError[] = [];
  peerState: PeerState | undefined;
  sentBytes = 0;
  receivedBytes = 0;
  /** Store effects whose durability is still to be reported. */
  openStores = 0;
  private readonly session: Session;
  private readonly log: Log;
  private readonly waiting: SessionEvent[] = [];
  private isPumping = false;

  constructor(session: Session, log: Log) {
    this.session = session;
    this.log = log;
    log.onDurable(() => this.waiting.push({ kind: "logChanged" }));
  }

  feed(event: SessionEvent, nowMs: number): void {
    if (event.kind === "bytes") this.receivedBytes += event.bytes.length;
    this.waiting.push(event);
    this.pump(nowMs);
  }

  /** The next frame to carry to the other end. */
  next(nowMs: number): Uint8Array | undefined {
    this.pump(nowMs);
    const frame = this.session.pollTransmit(nowMs);
    this.sentBytes += frame?.length ?? 0;
    return frame;
  }

  private pump(nowMs: number): void {
    if (this.isPumping) return;
    this.isPumping = true;
    for (;;) {
      const effect = this.session.pollEffect();
      if (effect !== undefined) {
        this.carryOut(effect, nowMs);
        continue;
      }
      const event = this.waiting.shift();
      if (event === undefined) break;
      this.session.handle(event, nowMs);
    }
    this.isPumping = false;
  }

  private carryOut(effect: SessionEffect, nowMs: number): void {
    switch (effect.kind) {
      case "store":
        return this.store(effect.token, effect.operation, nowMs);
      case "savePeerState":
        this.peerState = effect.state;
        this.waiting.push({ kind: "peerStateSaved", token: effect.token });
        return;
      case "report":
        this.reports.push(effect.error);
        return;
      case "close":
        this.isClosed = true;
        this.closedBy = effect.error;
        return;
      case "progress":
      case "rest":
      case "established":
        return;
    }
  }

  /** A blocking disk reports durability before the outcome is returned; the session hears the outcome first. */
  private store(token: number, operation: StoreOperation, nowMs: number): void {
    let isOutcomeTold = false;
    let early: SessionEvent | undefined;
    this.openStores++;
    const durable = (error?: ZamError): void => {
      this.openStores--;
      const event: SessionEvent =
        error === undefined
          ? { kind: "storeDurable", token }
          : { kind: "storeDurable", token, error };
      if (isOutcomeTold) this.waiting.push(event);
      else early = event;
    };
    const outcome = this.hand(operation, nowMs, durable);
    const willCallBack = outcome.kind === "stored" || outcome.kind === "duplicate";
    if (!willCallBack) this.openStores--;
    this.waiting.push({ kind: "storeOutcome", token, outcome });
    isOutcomeTold = true;
    if (early !== undefined) this.waiting.push(early);
  }

  private hand(
    operation: StoreOperation,
    nowMs: number,
    durable: (error?: ZamError) => void,
  ): ReceiveOutcome {
    switch (operation.kind) {
      case "range":
        return this.log.receive(operation.range, durable);
      case "fragment":
        return this.log.receiveFragment(operation.fragment, durable);
      case "mark":
        this.log.mark(operation.mark, nowMs, durable);
        return { kind: "stored" };
    }
  }
}
