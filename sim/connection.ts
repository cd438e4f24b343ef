/**
 * One TLS connection as its two ends see it: bytes in order, late, in pieces of
 * any size, until it is cut or falls silent. TLS sees to it that no byte changes
 * and none comes out of order within a connection, so those faults do not exist
 * here; between connections any order is possible.
 */
import type { Transport, TransportListener } from "../src/engine/session-host.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import type { EventQueue } from "./event-queue.ts";

export interface LinkShape {
  readonly latencyMs: number;
  readonly jitterMs: number;
  readonly rateBytesPerS: number;
  readonly split: "whole" | "pieces" | "bytes";
  /** The connection dies when this many bytes have arrived, both directions together. */
  readonly cutAtBytes: number | undefined;
  readonly cutBySilence: boolean;
}

/** When the queue is below this again, the writer is told. The same as the real host's. */
const drainBytes = 16 * 1024;
/** A peer that does not take the goodbye is given up after this. */
const closePatienceMs = 10_000;

export class Connection {
  readonly near: ConnectionEnd;
  readonly far: ConnectionEnd;
  readonly shape: LinkShape;
  readonly queue: EventQueue;
  readonly random: SeededRandom;
  readonly openedMs: number;
  /** Nothing arrives any more, in either direction. */
  isSilent = false;
  /** What is on its way comes this much later than it would. */
  delayMs = 0;
  private arrivedBytes = 0;
  private readonly onCutAtByte: () => void;

  constructor(input: {
    readonly queue: EventQueue;
    readonly random: SeededRandom;
    readonly shape: LinkShape;
    readonly onCutAtByte: () => void;
  }) {
    this.queue = input.queue;
    this.random = input.random;
    this.shape = input.shape;
    this.openedMs = input.queue.nowMs;
    this.onCutAtByte = input.onCutAtByte;
    this.near = new ConnectionEnd(this, () => this.far);
    this.far = new ConnectionEnd(this, () => this.near);
  }

  get isOver(): boolean {
    return this.near.isEnded && this.far.isEnded;
  }

  /** Both ends learn of it at once; what was on its way is gone. */
  cut(): void {
    this.isSilent = true;
    this.near.end();
    this.far.end();
  }

  /** How many of these bytes still arrive before the connection dies. */
  admit(count: number): number {
    const { cutAtBytes } = this.shape;
    if (this.isSilent) return 0;
    if (cutAtBytes === undefined) return count;
    const admitted = Math.max(0, Math.min(count, cutAtBytes - this.arrivedBytes));
    this.arrivedBytes += count;
    return admitted;
  }

  cutIfDue(): void {
    const { cutAtBytes, cutBySilence } = this.shape;
    if (cutAtBytes === undefined || this.arrivedBytes < cutAtBytes || this.isSilent) return;
    this.onCutAtByte();
    if (cutBySilence) this.isSilent = true;
    else this.cut();
  }
}

export class ConnectionEnd implements Transport {
  sentBytes = 0;
  receivedBytes = 0;
  isEnded = false;
  private readonly connection: Connection;
  private readonly other: () => ConnectionEnd;
  private listener: TransportListener | undefined;
  private freeAtMs = 0;
  private lastArrivalMs = 0;
  private isClosing = false;
  private isDrainPlanned = false;

  constructor(connection: Connection, other: () => ConnectionEnd) {
    this.connection = connection;
    this.other = other;
  }

  listen(listener: TransportListener): void {
    this.listener = listener;
  }

  /** Nothing of this connection times out by itself. */
  rest(): void {}

  get queuedBytes(): number {
    const { queue, shape } = this.connection;
    return Math.max(0, ((this.freeAtMs - queue.nowMs) * shape.rateBytesPerS) / 1000);
  }

  write(bytes: Uint8Array): void {
    if (this.isEnded || this.isClosing) return;
    this.sentBytes += bytes.length;
    const { queue, shape } = this.connection;
    const arrivalMs = this.planArrival(bytes.length);
    queue.at(arrivalMs, () => {
      const { delayMs } = this.connection;
      if (delayMs === 0) this.other().arrive(bytes);
      else queue.after(delayMs, () => this.other().arrive(bytes));
    });
    if (this.queuedBytes < drainBytes || this.isDrainPlanned) return;
    this.isDrainPlanned = true;
    queue.at(this.freeAtMs - ((drainBytes - 1) * 1000) / shape.rateBytesPerS, () => {
      this.isDrainPlanned = false;
      if (!this.isEnded) this.listener?.onDrain();
    });
  }

  close(): void {
    if (this.isEnded || this.isClosing) return;
    this.isClosing = true;
    const { queue, shape } = this.connection;
    queue.at(this.planArrival(1), () => {
      if (this.connection.isSilent) return;
      this.other().end();
      queue.after(shape.latencyMs, () => this.end());
    });
    queue.at(this.freeAtMs + closePatienceMs, () => this.end());
  }

  destroy(): void {
    this.close();
    this.end();
  }

  /** This end is gone, without a word to anybody: its device lost power. */
  vanish(): void {
    this.listener = undefined;
    this.isEnded = true;
  }

  /** The process behind this end was killed: the other end sees the connection close, after what was sent. */
  abandon(): void {
    this.vanish();
    const { queue } = this.connection;
    queue.at(this.planArrival(1), () => {
      if (!this.connection.isSilent) this.other().end();
    });
  }

  end(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.listener?.onEnd();
  }

  private planArrival(sizeBytes: number): number {
    const { queue, shape, random } = this.connection;
    this.freeAtMs = Math.max(queue.nowMs, this.freeAtMs) + (sizeBytes * 1000) / shape.rateBytesPerS;
    const delayMs = shape.latencyMs + (shape.jitterMs > 0 ? random.below(shape.jitterMs) : 0);
    this.lastArrivalMs = Math.max(this.lastArrivalMs, this.freeAtMs + delayMs);
    return this.lastArrivalMs;
  }

  private arrive(whole: Uint8Array): void {
    const { connection } = this;
    const { shape, random } = connection;
    let bytes = whole.subarray(0, connection.admit(whole.length));
    while (bytes.length > 0 && !this.isEnded) {
      const count =
        shape.split === "whole"
          ? bytes.length
          : shape.split === "bytes"
            ? 1
            : random.between(1, bytes.length);
      this.receivedBytes += count;
      this.listener?.onBytes(bytes.slice(0, count));
      bytes = bytes.subarray(count);
    }
    connection.cutIfDue();
  }
}
