/**
 * One direction of an emulated link: the line that all connections share, and the
 * flow of one connection's bytes over it. Invariant: bytes of a connection arrive
 * in order, never earlier than delay and rate allow. See link.ts for the model.
 */
import type { Readable, Writable } from "node:stream";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import type { LinkClock } from "./link-clock.ts";

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
  readonly clock: LinkClock;
  /** Nothing of the client's is sent before. */
  readonly openAtMs: number;
  /** Bytes that may wait to leave. */
  readonly queueBytes: number;
  readonly isPaused: boolean;
  /** False until the onward connection stands. */
  readonly isOpen: boolean;
  /** How many more bytes may be delivered in this direction. */
  allowance(direction: Direction): number;
  delivered(direction: Direction, sizeBytes: number): void;
  /** An end reset its side, and the reset has arrived at the other. */
  resetByEnd(): void;
}

/** What travels together: about one packet of a mobile link. */
const quantumBytes = 1400;
export const defaultQueueBytes = 64 * 1024;
/** Beyond the queue, what may be in flight towards a receiver that does not read. */
const inFlightBytesMax = 1024 * 1024;

/** Timers are set to whole milliseconds: what is nearer than this has arrived. */
const timerSlackMs = 0.5;

interface Travelling {
  readonly departureMs: number;
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

  /** Forgets what waits to leave: the modem was off. */
  clear(): void {
    this.freeAtMs = 0;
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
  /** Read from the sender. */
  offeredBytes = 0;
  deliveredBytes = 0;
  /** Had left when the connection died, and never arrived. */
  lostBytes = 0;
  /** When the latest byte was delivered. */
  deliveredAtMs: number | undefined;
  private readonly line: Line;
  private readonly from: Readable;
  private readonly to: Writable;
  private readonly connection: FlowOwner;
  private readonly queue: Travelling[] = [];
  private travellingBytes = 0;
  private lastArrivalMs = 0;
  private cancelDelivery: (() => void) | undefined;
  private cancelResume: (() => void) | undefined;
  private isBlocked = false;
  private isDead = false;

  constructor(
    direction: Direction,
    line: Line,
    ends: { readonly from: Readable; readonly to: Writable },
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
    const nowMs = this.connection.clock.monotonicMs();
    const readyMs = Math.max(nowMs, this.connection.openAtMs);
    const delayMs = this.line.drawDelayMs();
    for (let at = 0; at < bytes.length; at += quantumBytes) {
      const piece = bytes.subarray(at, at + quantumBytes);
      this.enqueue(piece, this.line.departureMs(piece.length, readyMs), delayMs);
      this.travellingBytes += piece.length;
    }
    this.throttle(nowMs);
    this.deliver();
  }

  private enqueueEnd(end: "fin" | "rst"): void {
    if (this.isDead) return;
    const readyMs = Math.max(this.connection.clock.monotonicMs(), this.connection.openAtMs);
    this.enqueue(end, this.line.departureMs(0, readyMs), this.line.drawDelayMs());
    this.deliver();
  }

  private enqueue(content: Travelling["content"], departureMs: number, delayMs: number): void {
    this.lastArrivalMs = Math.max(this.lastArrivalMs, departureMs + delayMs);
    this.queue.push({ departureMs, arrivalMs: this.lastArrivalMs, content });
  }

  /** Stops reading the sender while the modem's buffer is full. */
  private throttle(nowMs: number): void {
    const { queueBytes } = this.connection;
    const isFull = this.line.waitUntilAtMostMs(queueBytes, nowMs) > 0;
    const isUnread = this.travellingBytes > queueBytes + inFlightBytesMax;
    if (!isFull && !isUnread) return;
    this.from.pause();
    if (this.cancelResume !== undefined) return;
    const waitMs = Math.max(5, this.line.waitUntilAtMostMs(queueBytes / 2, nowMs));
    const { clock } = this.connection;
    this.cancelResume = clock.at(nowMs + waitMs, () => {
      this.cancelResume = undefined;
      if (this.isDead) return;
      this.from.resume();
      this.throttle(clock.monotonicMs());
    });
  }

  /** Hands over whatever has arrived by now, and sets the timer for the next. */
  deliver(): void {
    if (!this.mayDeliver() || this.cancelDelivery !== undefined) return;
    const { clock } = this.connection;
    for (let head = this.queue[0]; head !== undefined; head = this.queue[0]) {
      if (head.arrivalMs - clock.monotonicMs() > timerSlackMs) {
        this.cancelDelivery = clock.at(head.arrivalMs, () => {
          this.cancelDelivery = undefined;
          this.deliver();
        });
        return;
      }
      this.queue.shift();
      if (head.content === "fin") this.to.end();
      else if (head.content === "rst") this.connection.resetByEnd();
      else this.write(head, head.content);
      if (!this.mayDeliver()) return;
    }
  }

  private mayDeliver(): boolean {
    const { isPaused, isOpen } = this.connection;
    return isOpen && !isPaused && !this.isDead && !this.isBlocked;
  }

  /** Delivers as much as the plan of cuts lets through; the rest waits, and is lost with a cut. */
  private write(head: Travelling, bytes: Buffer): void {
    const allowed = this.connection.allowance(this.direction);
    const piece = bytes.subarray(0, Math.min(allowed, bytes.length));
    if (piece.length < bytes.length)
      this.queue.unshift({ ...head, content: bytes.subarray(piece.length) });
    this.travellingBytes -= piece.length;
    if (piece.length > 0) {
      this.deliveredBytes += piece.length;
      this.deliveredAtMs = this.connection.clock.monotonicMs();
      this.isBlocked = !this.to.write(piece);
    }
    this.connection.delivered(this.direction, piece.length);
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    const nowMs = this.connection.clock.monotonicMs();
    for (const { departureMs, content } of this.queue)
      if (departureMs <= nowMs && typeof content !== "string") this.lostBytes += content.length;
    this.queue.length = 0;
    this.cancelDelivery?.();
    this.cancelResume?.();
    this.from.pause();
  }
}
