/**
 * One connection of the host's: what was written and waits, what comes, and its
 * end. A plain socket and the TLS over it are two views of one wire.
 */
import { type ConnectionFacts, host, hostEvent, noTicket } from "../host-functions.ts";
import { SmallBuffer } from "./buffer.ts";
import { setRef, soon, unwatch, watch } from "./loop.ts";
import { SystemError } from "./system-error.ts";

export interface WireUser {
  onConnected(): void;
  onSecured(): void;
  /** Only while it is read. */
  onReadable(): void;
  onDrained(): void;
  onFlushed(): void;
  /** Once. After it the wire is gone. */
  onEnded(error: SystemError | undefined): void;
}

/** The host takes so much at once, and holds up to 4 MiB. */
const partBytes = 256 * 1024;
const hostQueueBytesMax = 1024 * 1024;
const chunkBytes = 16 * 1024;

export class Wire {
  /** Whoever is told; the TLS over a socket takes it over. */
  user: WireUser;
  private readonly id: number;
  private readonly waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private isClosing = false;
  private last: ConnectionFacts | undefined;

  constructor(id: number, user: WireUser) {
    this.id = id;
    this.user = user;
    watch(id, (event) => this.handle(event));
  }

  get isOver(): boolean {
    return this.last !== undefined;
  }

  /** Also after its end. */
  get facts(): ConnectionFacts {
    return this.last ?? host.connectionFacts(this.id);
  }

  get sentBytes(): number {
    return this.last?.sentBytes ?? host.countBytes(this.id, "sent");
  }

  get receivedBytes(): number {
    return this.last?.receivedBytes ?? host.countBytes(this.id, "received");
  }

  get queuedBytes(): number {
    return this.last === undefined ? this.waitingBytes + host.countBytes(this.id, "queued") : 0;
  }

  get readableBytes(): number {
    return this.isOver ? 0 : Math.max(0, host.peek(this.id));
  }

  get remoteAddress(): string {
    return this.isOver ? "" : host.remoteAddress(this.id);
  }

  write(bytes: Uint8Array): void {
    if (this.isOver || this.isClosing) return;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    this.pump();
  }

  /** Bytes that are there, undefined for none now, "end" when the peer has ended. */
  read(): SmallBuffer | "end" | undefined {
    if (this.isOver) return undefined;
    const room = new SmallBuffer(chunkBytes);
    const count = host.read(this.id, room);
    if (count > 0) return count === room.length ? room : SmallBuffer.from(room.subarray(0, count));
    return count < 0 ? "end" : undefined;
  }

  setReading(isWanted: boolean): void {
    if (!this.isOver) host.setReading(this.id, isWanted);
  }

  setRef(isRef: boolean): void {
    if (!this.isOver) setRef(this.id, isRef);
  }

  setKeepAlive(isWanted: boolean, afterMs: number): void {
    if (!this.isOver) host.setKeepAlive(this.id, isWanted, Math.max(1, Math.round(afterMs / 1000)));
  }

  secure(context: number, ticket: Uint8Array = noTicket): void {
    if (!this.isOver) host.secure(this.id, context, ticket);
  }

  ticket(): Uint8Array | undefined {
    return this.isOver ? undefined : (host.ticket(this.id) ?? undefined);
  }

  /** After what was written has left. */
  close(): void {
    if (this.isOver || this.isClosing) return;
    this.isClosing = true;
    this.pump();
  }

  /** At once; `onEnded` comes at the next turn. */
  destroy(): void {
    if (this.isOver) return;
    this.release();
    soon(() => this.user.onEnded(undefined));
  }

  private release(): void {
    this.last = host.connectionFacts(this.id);
    unwatch(this.id);
    host.release(this.id);
  }

  private pump(): void {
    for (let part = this.waiting[0]; part !== undefined; part = this.waiting[0]) {
      if (host.countBytes(this.id, "queued") >= hostQueueBytesMax) return;
      const some = part.subarray(0, partBytes);
      if (!host.write(this.id, some)) return;
      this.waitingBytes -= some.length;
      if (some.length === part.length) this.waiting.shift();
      else this.waiting[0] = part.subarray(some.length);
    }
    if (this.isClosing) host.closeGently(this.id);
  }

  private handle(event: number): void {
    if (this.isOver) return;
    switch (event) {
      case hostEvent.connected:
        return this.user.onConnected();
      case hostEvent.secured:
        return this.user.onSecured();
      case hostEvent.readable:
        return this.user.onReadable();
      case hostEvent.drained:
        this.pump();
        if (!this.isOver && this.queuedBytes === 0) this.user.onDrained();
        return;
      case hostEvent.flushed:
        return this.user.onFlushed();
      case hostEvent.ended: {
        this.release();
        const code = this.last?.error ?? "";
        this.user.onEnded(code === "" ? undefined : new SystemError(code, "connection"));
      }
    }
  }
}
