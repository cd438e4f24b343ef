/**
 * Fair commits: sessions hand their store operations here, and the log takes
 * them one from each session in turn. So a clinic with a backlog of 100,000
 * events does not delay another's ten. At most `stagedBytesMax` wait for the
 * disk at once; what is beyond that waits in its own session's queue, which the
 * protocol bounds (bytes in flight per session).
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { Durable, Log, ReceiveOutcome } from "../core/log/api.ts";
import type { StoreOperation } from "../core/session/api.ts";

/** About four groups of batches: enough to keep the disk busy, little enough to stay fair. */
const stagedBytesMax = 512 * 1024;

export interface CommitTicket {
  readonly operation: StoreOperation;
  readonly onOutcome: (outcome: ReceiveOutcome) => void;
  readonly onDurable: (error?: ZamError) => void;
}

/** One session's place in the round. */
export interface CommitQueue {
  /** False when the queue is fenced: the ticket is not taken, and never answered. */
  add(ticket: CommitTicket): boolean;
  /**
   * Nothing of this queue is staged after this returns (RULES 35); what was staged stays, and is answered.
   * Returns how many waited: those are never answered.
   */
  fence(): number;
}

export class CommitScheduler {
  private readonly log: Log;
  private readonly nowMs: () => number;
  private readonly queues: CommitTicket[][] = [];
  private nextQueue = 0;
  private stagedBytes = 0;
  private isRunning = false;

  constructor(log: Log, nowMs: () => number) {
    this.log = log;
    this.nowMs = nowMs;
  }

  open(): CommitQueue {
    const queue: CommitTicket[] = [];
    let isFenced = false;
    return {
      add: (ticket) => {
        if (isFenced) return false;
        if (queue.length === 0) this.queues.push(queue);
        queue.push(ticket);
        this.run();
        return true;
      },
      fence: () => {
        isFenced = true;
        const dropped = queue.splice(0).length;
        this.forget(queue);
        return dropped;
      },
    };
  }

  private forget(queue: CommitTicket[]): void {
    const at = this.queues.indexOf(queue);
    if (at < 0) return;
    this.queues.splice(at, 1);
    if (at < this.nextQueue) this.nextQueue--;
  }

  private run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      while (this.queues.length > 0 && this.stagedBytes < stagedBytesMax) {
        if (this.nextQueue >= this.queues.length) this.nextQueue = 0;
        const queue = this.queues[this.nextQueue];
        const ticket = queue?.shift();
        if (queue === undefined || ticket === undefined) continue;
        if (queue.length === 0) this.forget(queue);
        else this.nextQueue++;
        this.stage(ticket);
      }
    } finally {
      this.isRunning = false;
    }
  }

  private stage(ticket: CommitTicket): void {
    const sizeBytes = operationBytes(ticket.operation);
    this.stagedBytes += sizeBytes;
    let isOpen = true;
    const release = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.stagedBytes -= sizeBytes;
    };
    // The log may call back before it returns; the outcome is always told first.
    let early: { readonly error: ZamError | undefined } | undefined;
    let hasOutcome = false;
    const durable: Durable = (error) => {
      release();
      if (!hasOutcome) {
        early = { error };
        return;
      }
      ticket.onDurable(error);
      this.run();
    };
    const outcome = this.applyOrFail(ticket.operation, durable);
    hasOutcome = true;
    if (outcome.kind !== "stored" && outcome.kind !== "duplicate") release();
    ticket.onOutcome(outcome);
    if (early !== undefined) ticket.onDurable(early.error);
  }

  /** A log that takes nothing any more (read-only, closed) fails this session's data, not the process. */
  private applyOrFail(operation: StoreOperation, durable: Durable): ReceiveOutcome {
    try {
      return this.apply(operation, durable);
    } catch (error) {
      if (!(error instanceof ZamError)) throw error;
      durable(error);
      return { kind: "stored" };
    }
  }

  private apply(operation: StoreOperation, durable: Durable): ReceiveOutcome {
    switch (operation.kind) {
      case "range":
        return this.log.receive(operation.range, durable);
      case "fragment":
        return this.log.receiveFragment(operation.fragment, durable);
      case "mark":
        this.log.mark(operation.mark, this.nowMs(), durable);
        return { kind: "stored" };
    }
  }
}

function operationBytes(operation: StoreOperation): number {
  switch (operation.kind) {
    case "range":
      return operation.range.events.reduce((sum, event) => sum + event.payload.length + 128, 0);
    case "fragment":
      return operation.fragment.bytes.length + 128;
    case "mark":
      return 128;
  }
}
