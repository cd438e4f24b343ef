/** node:net over the C host, as far as the engine uses it. */
import { host, hostEvent } from "../host-functions.ts";
import { Emitter } from "./emitter.ts";
import { setRef, soon, takeNewcomers, unwatch, watch } from "./loop.ts";
import { SystemError } from "./system-error.ts";
import { Wire, type WireUser } from "./wire.ts";

/** More than this waiting, and `write` says that a pause would be good. */
const highWaterBytes = 64 * 1024;

/** What sockets and TLS over them have in common. */
export abstract class Stream extends Emitter implements WireUser {
  protected wire: Wire | undefined;
  private readonly onWritten: (() => void)[] = [];
  private onEnd: (() => void) | undefined;
  private isDestroyed = false;
  private isPaused = false;
  private mayDestroyOnFlush = false;

  get destroyed(): boolean {
    return this.isDestroyed;
  }

  get bytesWritten(): number {
    return this.wire?.sentBytes ?? 0;
  }

  get bytesRead(): number {
    return this.wire?.receivedBytes ?? 0;
  }

  get writableLength(): number {
    return this.wire?.queuedBytes ?? 0;
  }

  get readableLength(): number {
    return this.wire?.readableBytes ?? 0;
  }

  /** `done` when the system has taken the bytes. */
  write(bytes: Uint8Array, done?: () => void): boolean {
    if (this.isDestroyed) return false;
    this.wire?.write(bytes);
    if (done !== undefined) this.onWritten.push(done);
    if (this.writableLength === 0) soon(() => this.tellWritten());
    return this.writableLength < highWaterBytes;
  }

  end(done?: () => void): void {
    this.onEnd = done;
    this.wire?.close();
  }

  destroySoon(): void {
    this.mayDestroyOnFlush = true;
    this.wire?.close();
  }

  destroy(): void {
    this.isDestroyed = true;
    this.wire?.destroy();
  }

  pause(): void {
    this.isPaused = true;
    this.wire?.setReading(false);
  }

  resume(): void {
    this.isPaused = false;
    this.wire?.setReading(true);
  }

  ref(): void {
    this.wire?.setRef(true);
  }

  unref(): void {
    this.wire?.setRef(false);
  }

  setKeepAlive(isWanted: boolean, afterMs = 0): void {
    this.wire?.setKeepAlive(isWanted, afterMs);
  }

  onConnected(): void {
    this.emit("connect");
  }

  onSecured(): void {
    // Of TLS only.
  }

  onReadable(): void {
    const found = this.wire?.read();
    this.afterRead();
    if (found === "end") {
      this.wire?.setReading(false);
      this.emit("end");
      // Nothing is left half open: who waits for the "close" gets it.
      this.destroySoon();
    } else if (found !== undefined) this.emit("data", found);
  }

  onDrained(): void {
    this.tellWritten();
    this.emit("drain");
  }

  onFlushed(): void {
    this.tellWritten();
    const done = this.onEnd;
    this.onEnd = undefined;
    done?.();
    if (this.mayDestroyOnFlush) this.destroy();
  }

  onEnded(error: SystemError | undefined): void {
    this.isDestroyed = true;
    if (error !== undefined) this.emit("error", error);
    this.emit("close");
  }

  protected afterRead(): void {
    // TLS looks for tickets here.
  }

  protected override added(name: string): void {
    if ((name === "data" || name === "readable") && !this.isPaused) this.wire?.setReading(true);
  }

  private tellWritten(): void {
    if (this.writableLength > 0) return;
    for (const done of this.onWritten.splice(0)) done();
  }
}

export class Socket extends Stream {
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  private hasTls = false;

  constructor(id: number | undefined) {
    super();
    if (id === undefined) return;
    this.wire = new Wire(id, this);
    const [, address, port] = /^\[?(.*?)\]?:(\d+)$/.exec(this.wire.remoteAddress) ?? [];
    this.remoteAddress = address;
    this.remotePort = port === undefined ? undefined : Number(port);
  }

  /** From now on the TLS over it is told what happens, and tells this side of its end. */
  lend(user: WireUser): Wire | undefined {
    this.hasTls = true;
    if (this.wire !== undefined) this.wire.user = user;
    return this.wire;
  }

  /** A connection that was never made. */
  failSoon(error: SystemError): void {
    soon(() => this.onEnded(error));
  }

  /** Who asks for "readable" looks only at how much there is. */
  override onReadable(): void {
    if (!this.hasListener("readable")) return super.onReadable();
    this.wire?.setReading(false);
    this.emit("readable");
  }

  override destroy(): void {
    if (this.hasTls) this.wire?.destroy();
    else super.destroy();
  }
}

interface ConnectOptions {
  readonly host: string;
  readonly port: number;
}

export function connect(options: ConnectOptions): Socket {
  return connected(host.connect(options.host, String(options.port)), "connect", options.host);
}

export function createConnection(path: string): Socket {
  const id = host.connectLocal(path);
  const socket = connected(id, "connect", path);
  if (typeof id === "number") soon(() => socket.onConnected());
  return socket;
}

function connected(id: number | string, syscall: string, subject: string): Socket {
  const socket = new Socket(typeof id === "number" ? id : undefined);
  if (typeof id === "string") socket.failSoon(new SystemError(id, syscall, subject));
  return socket;
}

export class Server extends Emitter {
  private id: number | undefined;
  private readonly connections = new Set<Socket>();
  private onClosed: (() => void) | undefined;

  listen(where: string | ConnectOptions, onListening: () => void): this {
    const isLocal = typeof where === "string";
    const subject = isLocal ? where : `${where.host}:${where.port}`;
    const id = isLocal ? host.listenLocal(where) : host.listen(where.host, String(where.port));
    if (typeof id === "string") {
      soon(() => this.emit("error", new SystemError(id, "listen", subject)));
      return this;
    }
    this.id = id;
    watch(id, () => undefined);
    listeners.set(id, this);
    host.setReading(id, true);
    soon(onListening);
    return this;
  }

  address(): { readonly port: number } | null {
    const port = this.id === undefined ? undefined : host.localPort(this.id);
    return typeof port === "number" ? { port } : null;
  }

  unref(): this {
    if (this.id !== undefined) setRef(this.id, false);
    return this;
  }

  /** Takes no more; `done` when the last connection is gone. */
  close(done?: () => void): this {
    this.onClosed = done;
    if (this.id !== undefined) {
      listeners.delete(this.id);
      unwatch(this.id);
      host.release(this.id);
      this.id = undefined;
    }
    this.lookWhetherOver();
    return this;
  }

  accepted(socket: Socket): void {
    this.connections.add(socket);
    socket.once("close", () => {
      this.connections.delete(socket);
      this.lookWhetherOver();
    });
    this.emit("connection", socket);
  }

  private lookWhetherOver(): void {
    const done = this.onClosed;
    if (this.id !== undefined || this.connections.size > 0 || done === undefined) return;
    this.onClosed = undefined;
    soon(done);
  }
}

const listeners = new Map<number, Server>();

takeNewcomers((id, event) => {
  if (event !== hostEvent.accepted) return;
  const server = listeners.get(host.connectionFacts(id).listener);
  if (server === undefined) host.release(id);
  else server.accepted(new Socket(id));
});

export function createServer(
  first?: object | ((socket: Socket) => void),
  second?: (socket: Socket) => void,
): Server {
  const onConnection = typeof first === "function" ? (first as (socket: Socket) => void) : second;
  const server = new Server();
  if (onConnection !== undefined) server.on("connection", onConnection);
  return server;
}

const v4Pattern = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;

export function isIPv6(text: string): boolean {
  return text.includes(":") && host.isAddress(text);
}

export function isIP(text: string): 0 | 4 | 6 {
  if (v4Pattern.test(text)) return 4;
  return isIPv6(text) ? 6 : 0;
}
