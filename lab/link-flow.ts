/**
 * One direction of an emulated link: the line that all connections share, and the
 * flow of one connection's bytes over it. Invariant: bytes of a connection arrive
 * in order, never earlier than delay and rate allow. See link.ts for the model.
 */
import type { Socket } from "node:net";
import type { SeededRandom } from "../src/testing/seeded-random.ts";

/** Up is from the client (who connects to the link) to the target. */
export type Direction = "up" | "down";

/** The nature of the line; all default to nothing at all. */
export interface LineOptions {
  /** One way. */
  readonly delayMs?: number;
  /** Plus or minus. */
  readonly jitterMs?: number;
  /** Each way; 0 is unlimited. */
  readonly rateBytesPerS?: number;
}

/** What a flow asks of the connection that it belongs to, and tells it. */
export interface FlowOwner {
  /** Nothing of the client's is sent before (performance.now()). */
  readonly openAtMs: number;
  /** Bytes that may wait to leave. */
  readonly queueBytes: number;
  readonly isPaused: boolean;
  /** False until the onward connection stands. */
  readonly isOpen: boolean;
  /** How many more bytes may be delivered in this direction. */
  allowance(direction: Direction): number;
  delivered(direction: Direction): void;
  /** An end reset its side, and the reset has arrived at the other. */
  resetByEnd(): void;
}

/** What travels together: about one packet of a mobile link. */
const quantumBytes = 1400;
export const defaultQueueBytes = 64 * 1024;
/** Beyond the queue, what may be in flight towards a receiver that does not read. */
const inFlightBytesMax = 1024 * 1024;

interface Travelling {
  readonly arrivalMs: number;
  readonly content: Buffer | "fin" | "rst";
}

/** One direction of the whole link: a serial line that connections share. */
export class Line {
  private freeAtMs = 0;
  private readonly rateBytesPerMs: number;
  private readonly delayMs: number;
  private readonly jitterMs: number;
  private readonly random: SeededRandom;

  constructor(options: LineOptions, random: SeededRandom) {
    this.rateBytesPerMs = (options.rateBytesPerS ?? 0) / 1000;
    this.delayMs = options.delayMs ?? 0;
    this.jitterMs = options.jitterMs ?? 0;
    this.random = random;
  }

  drawDelayMs(): number {
    const jitter = (this.random.below(2001) / 1000 - 1) * this.jitterMs;
    return Math.max(0, this.delayMs + jitter);
  }

  /** When the last of `sizeBytes`, offered at `readyMs`, has left. */
  departureMs(sizeBytes: number, readyMs: number): number {
    if (this.rateBytesPerMs === 0) return readyMs;
    const start = Math.max(readyMs, this.freeAtMs);
    this.freeAtMs = start + sizeBytes / this.rateBytesPerMs;
    return this.freeAtMs;
  }

  /** How long until no more than `sizeBytes` wait to leave; 0 when that is so already. */
  waitUntilAtMostMs(sizeBytes: number, nowMs: number): number {
    if (this.rateBytesPerMs === 0) return 0;
    return Math.max(0, this.freeAtMs - sizeBytes / this.rateBytesPerMs - nowMs);
  }
}

/** One direction of one connection. */
export class Flow {
  readonly direction: Direction;
  offeredBytes = 0;
  deliveredBytes = 0;
  private readonly line: Line;
  private readonly from: Socket;
  private readonly to: Socket;
  private readonly connection: FlowOwner;
  private readonly queue: Travelling[] = [];
  private travellingBytes = 0;
  private lastArrivalMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private resumeTimer: NodeJS.Timeout | undefined;
  private isBlocked = false;
  private isDead = false;

  constructor(
    direction: Direction,
    line: Line,
    ends: { from: Socket; to: Socket },
    connection: FlowOwner,
  ) {
    this.direction = direction;
    this.line = line;
    this.from = ends.from;
    this.to = ends.to;
    this.connection = connection;
    this.from.on("data", (bytes: Buffer) => this.accept(bytes));
    this.from.on("end", () => this.enqueueEnd("fin"));
    this.from.on("error", () => this.enqueueEnd("rst"));
    this.to.on("drain", () => {
      this.isBlocked = false;
      this.deliver();
    });
  }

  private accept(bytes: Buffer): void {
    if (this.isDead) return;
    this.offeredBytes += bytes.length;
    const nowMs = performance.now();
    const readyMs = Math.max(nowMs, this.connection.openAtMs);
    const delayMs = this.line.drawDelayMs();
    for (let at = 0; at < bytes.length; at += quantumBytes) {
      const piece = bytes.subarray(at, at + quantumBytes);
      this.enqueue(piece, this.line.departureMs(piece.length, readyMs) + delayMs);
      this.travellingBytes += piece.length;
    }
    this.throttle(nowMs);
    this.deliver();
  }

  private enqueueEnd(end: "fin" | "rst"): void {
    if (this.isDead) return;
    const readyMs = Math.max(performance.now(), this.connection.openAtMs);
    this.enqueue(end, this.line.departureMs(0, readyMs) + this.line.drawDelayMs());
    this.deliver();
  }

  private enqueue(content: Travelling["content"], arrivalMs: number): void {
    this.lastArrivalMs = Math.max(this.lastArrivalMs, arrivalMs);
    this.queue.push({ arrivalMs: this.lastArrivalMs, content });
  }

  /** Stops reading the sender while the modem's buffer is full. */
  private throttle(nowMs: number): void {
    const { queueBytes } = this.connection;
    const isFull = this.line.waitUntilAtMostMs(queueBytes, nowMs) > 0;
    const isUnread = this.travellingBytes > queueBytes + inFlightBytesMax;
    if (!isFull && !isUnread) return;
    this.from.pause();
    if (this.resumeTimer !== undefined) return;
    const waitMs = Math.max(5, this.line.waitUntilAtMostMs(queueBytes / 2, nowMs));
    this.resumeTimer = setTimeout(() => {
      this.resumeTimer = undefined;
      if (this.isDead) return;
      this.from.resume();
      this.throttle(performance.now());
    }, waitMs);
  }

  /** Hands over whatever has arrived by now, and sets the timer for the next. */
  deliver(): void {
    if (this.isDead || this.isBlocked || this.timer !== undefined) return;
    if (this.connection.isPaused || !this.connection.isOpen) return;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      const waitMs = head.arrivalMs - performance.now();
      if (waitMs > 0.5) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.deliver();
        }, waitMs);
        return;
      }
      this.queue.shift();
      if (head.content === "fin") this.to.end();
      else if (head.content === "rst") this.connection.resetByEnd();
      else this.write(head.content);
      if (this.isDead || this.isBlocked) return;
    }
  }

  private write(bytes: Buffer): void {
    const allowed = this.connection.allowance(this.direction);
    const piece = allowed < bytes.length ? bytes.subarray(0, allowed) : bytes;
    this.travellingBytes -= bytes.length;
    if (piece.length > 0) {
      this.deliveredBytes += piece.length;
      this.isBlocked = !this.to.write(piece);
    }
    this.connection.delivered(this.direction);
  }

  kill(): void {
    this.isDead = true;
    this.queue.length = 0;
    clearTimeout(this.timer);
    clearTimeout(this.resumeTimer);
    this.from.pause();
  }
}
