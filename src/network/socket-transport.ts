/**
 * One established TLS connection as a session's host sees it: bytes in, bytes
 * out, what it cost on the TCP socket, and one end.
 *
 * Nothing is read before `listen`: a peer that was refused is never parsed.
 * Bytes are counted on the TCP socket, TLS and handshake included.
 */
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ZamError } from "../core/errors/zam-error.ts";
import { toNetworkError } from "./socket-errors.ts";

export interface TransportListener {
  onBytes(bytes: Uint8Array): void;
  /** Room again: called when `queuedBytes` has fallen to `drainBytes` or below. */
  onDrain(): void;
  /** Called once: the peer ended, the connection broke, or our own `close` is through. */
  onEnd(error?: ZamError): void;
}

export interface SocketTransportOptions {
  readonly tls: TLSSocket;
  readonly raw: Socket;
  readonly address: string;
  /** Silence of the peer after which the connection is given up (Z408). 0: never. */
  readonly idleTimeoutMs: number;
  /** What to make of a peer that ends before it said anything. */
  readonly earlyEndError?: (() => ZamError | undefined) | undefined;
}

/** A peer on the slowest link takes a few frames in this time; one that takes none is gone. */
const closeTimeoutMs = 15_000;
const drainBytes = 8 * 1024;
/** For both sides; longer than any acknowledgement takes on a link worth keeping. */
export const idleTimeoutMsDefault = 60_000;
/** TCP's own probes of a connection that is silent. */
export const keepAliveMs = 60_000;
/** What a peer may still send after our end: more than an honest one ever has in flight. */
const discardBytesMax = 1024 * 1024;

export class SocketTransport {
  /** As text, for messages: HOST:PORT. */
  readonly address: string;
  private readonly tls: TLSSocket;
  private readonly raw: Socket;
  private readonly earlyEndError: (() => ZamError | undefined) | undefined;
  private listener: TransportListener | undefined;
  private idleTimeoutMs: number;
  private idleTimer: NodeJS.Timeout | undefined;
  private closeTimer: NodeJS.Timeout | undefined;
  private lastHeardMs = performance.now();
  private hasHeard = false;
  private isResting = false;
  private isClosing = false;
  private isOver = false;
  private endError: ZamError | undefined;
  /** Not given to TLS yet. */
  private readonly waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private isWriting = false;
  private readonly closeListeners: (() => void)[] = [];

  constructor(options: SocketTransportOptions) {
    const { tls, raw, address } = options;
    this.tls = tls;
    this.raw = raw;
    this.address = address;
    this.idleTimeoutMs = options.idleTimeoutMs;
    this.earlyEndError = options.earlyEndError;
    tls.on("error", (cause) => this.fail(cause));
    raw.on("error", (cause) => this.fail(cause));
    tls.on("close", () => this.over());
    raw.on("close", () => this.over());
    this.armIdle();
  }

  get sentBytes(): number {
    return this.raw.bytesWritten;
  }

  get receivedBytes(): number {
    return this.raw.bytesRead;
  }

  /** Bytes accepted by `write` that the socket has not taken yet. */
  get queuedBytes(): number {
    return this.tls.writableLength + this.waitingBytes;
  }

  get isClosed(): boolean {
    return this.isOver;
  }

  /** Starts reading. Once only. A connection that is over already says so at the next turn. */
  listen(listener: TransportListener): void {
    this.listener = listener;
    if (this.isOver) {
      setImmediate(() => listener.onEnd(this.endError));
      return;
    }
    this.tls.on("end", () => this.onPeerEnd());
    this.tls.on("data", (bytes: Buffer) => {
      this.hasHeard = true;
      if (!this.isClosing) listener.onBytes(bytes);
    });
  }

  /** Nothing is read meanwhile: the peer feels it once the system's buffers are full. */
  hold(isHeld: boolean): void {
    if (this.isOver || this.isClosing) return;
    if (isHeld) this.tls.pause();
    else this.tls.resume();
  }

  /** Called once when the connection is gone, also when nobody listens. */
  onClosed(callback: () => void): void {
    if (this.isOver) setImmediate(callback);
    else this.closeListeners.push(callback);
  }

  /**
   * The bytes belong to the transport from here on. Ignored once closing.
   *
   * TLS gets one write at a time. What waits in its own queue it would make one record
   * of, up to 16 KiB, and nothing of a record can be read before its end is there: on a
   * 2G link that is half a second of air time, which had arrived and a cut would lose.
   */
  write(bytes: Uint8Array): void {
    if (this.isClosing || this.isOver || bytes.length === 0) return;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.writeNext();
  }

  private writeNext(): void {
    if (this.isWriting) return;
    const bytes = this.takeWaiting();
    if (bytes === undefined) return;
    this.isWriting = true;
    this.tls.write(bytes, () => {
      this.isWriting = false;
      if (this.isOver || this.isClosing) return;
      this.writeNext();
      if (this.queuedBytes <= drainBytes) this.listener?.onDrain();
    });
  }

  private takeWaiting(): Uint8Array | undefined {
    const bytes = this.waiting.shift();
    this.waitingBytes -= bytes?.length ?? 0;
    return bytes;
  }

  /**
   * Flushes, then closes; gives up on a peer that does not take the bytes or does not
   * close its side. `onFlushed` is called when our side has ended; from then on the
   * connection does not keep the process from ending.
   */
  close(onFlushed?: () => void): void {
    if (this.isClosing || this.isOver) return;
    this.isClosing = true;
    this.closeTimer = setTimeout(() => this.destroy(), closeTimeoutMs);
    this.endOurSide(() => {
      this.raw.unref();
      this.closeTimer?.unref();
      onFlushed?.();
    });
  }

  /** At once, with what is queued lost. */
  destroy(error?: ZamError): void {
    this.endError ??= error;
    this.tls.destroy();
    this.raw.destroy();
    this.over();
  }

  /** 0: never. */
  setIdleTimeout(timeoutMs: number): void {
    this.idleTimeoutMs = timeoutMs;
    this.armIdle();
  }

  /**
   * A connection that stays open with nothing to say: its session asks every few
   * minutes whether the peer is there. TCP's own probes, each a packet both ways
   * each minute, would cost three times as much as that.
   */
  rest(isResting: boolean): void {
    if (this.isOver) return;
    this.raw.setKeepAlive(!isResting, keepAliveMs);
    this.isResting = isResting;
    this.armIdle();
  }

  /**
   * Our side ends with close_notify and FIN; then what the peer still sends is
   * thrown away unread until it closes too. Closing with unread bytes would make
   * the system send a reset, which may overtake our last words. One that does not
   * stop sending does not hear them anyway.
   */
  private endOurSide(onFlushed: () => void): void {
    const endedAtBytes = this.raw.bytesRead;
    for (let bytes = this.takeWaiting(); bytes !== undefined; bytes = this.takeWaiting())
      this.tls.write(bytes);
    this.tls.end(onFlushed);
    this.tls.on("data", () => {
      if (this.raw.bytesRead - endedAtBytes > discardBytesMax) this.destroy();
    });
    this.tls.resume();
  }

  private onPeerEnd(): void {
    if (this.isClosing || this.isOver) return;
    if (!this.hasHeard) this.endError ??= this.earlyEndError?.();
    // What we still had to say has no reader any more.
    this.destroy();
  }

  private fail(cause: unknown): void {
    if (this.isOver) return;
    const error = toNetworkError(cause, { phase: "established", address: this.address });
    this.destroy(this.isClosing ? undefined : error);
  }

  private over(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearTimeout(this.idleTimer);
    clearTimeout(this.closeTimer);
    this.tls.destroy();
    this.raw.destroy();
    for (const callback of this.closeListeners) callback();
    this.listener?.onEnd(this.endError);
  }

  private armIdle(): void {
    clearTimeout(this.idleTimer);
    if (this.idleTimeoutMs <= 0 || this.isResting || this.isOver) return;
    this.lastHeardMs = performance.now();
    this.watchIdle(this.raw.bytesRead, this.idleTimeoutMs);
  }

  private watchIdle(heardBytes: number, waitMs: number): void {
    this.idleTimer = setTimeout(
      () => {
        const nowMs = performance.now();
        const bytes = this.raw.bytesRead;
        if (bytes !== heardBytes) this.lastHeardMs = nowMs;
        const leftMs = this.lastHeardMs + this.idleTimeoutMs - nowMs;
        if (leftMs > 0) return this.watchIdle(bytes, Math.min(leftMs, this.idleTimeoutMs / 4 + 1));
        const { address, idleTimeoutMs: timeoutMs } = this;
        this.destroy(new ZamError("Z408", { address, timeoutMs }));
      },
      Math.min(waitMs, this.idleTimeoutMs / 4 + 1),
    );
  }
}
