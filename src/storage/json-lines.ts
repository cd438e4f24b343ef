/**
 * Messages on the local socket: one JSON object a line (UTF-8, LF), of bounded
 * length, in both directions, with backpressure.
 *
 * It does not know what the messages mean, see `local-rpc.ts`.
 */
import type { Socket } from "node:net";

/** A payload of 16 MiB in base64 and its envelope. */
export const lineBytesMax = 24 * 1024 * 1024;
const lineFeed = 0x0a;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Cuts a byte stream into lines, whatever the chunks. */
export class LineSplitter {
  private readonly maxBytes: number;
  private parts: Buffer[] = [];
  private heldBytes = 0;

  constructor(maxBytes = lineBytesMax) {
    this.maxBytes = maxBytes;
  }

  /** The lines that this chunk completes, without their LF; or "too long", after which nothing more may be fed. */
  feed(chunk: Buffer): readonly string[] | "too long" {
    const lines: string[] = [];
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      this.hold(chunk.subarray(from, at));
      if (this.heldBytes > this.maxBytes) return "too long";
      lines.push(this.take());
      from = at + 1;
    }
    this.hold(chunk.subarray(from));
    return this.heldBytes > this.maxBytes ? "too long" : lines;
  }

  private hold(part: Buffer): void {
    if (part.length === 0) return;
    this.parts.push(part);
    this.heldBytes += part.length;
  }

  private take(): string {
    const line = Buffer.concat(this.parts, this.heldBytes).toString("utf8");
    this.parts = [];
    this.heldBytes = 0;
    return line;
  }
}

/** The object in a line, or undefined for anything else. */
export function parseObject(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

export interface JsonConnectionHandler {
  onMessage(message: JsonObject): void;
  /** The peer sent what cannot be read; the connection is closed already. */
  onMalformed(problem: string): void;
  /** Called once, also after `onMalformed`. */
  onClose(): void;
}

/** One socket that carries messages both ways. */
export class JsonConnection {
  private readonly socket: Socket;
  private readonly handler: JsonConnectionHandler;
  private readonly splitter = new LineSplitter();
  private drained: Promise<void> | undefined;
  private isMalformed = false;

  constructor(socket: Socket, handler: JsonConnectionHandler) {
    this.socket = socket;
    this.handler = handler;
    socket.on("data", (chunk: Buffer) => this.receive(chunk));
    // What matters about an error is the close that follows it.
    socket.on("error", () => undefined);
    socket.once("close", () => handler.onClose());
  }

  get isClosed(): boolean {
    return this.socket.destroyed;
  }

  /**
   * Resolves once the peer keeps up, or the connection is closed; false when the
   * message is too long for a line, and then nothing was sent.
   */
  async send(message: JsonObject): Promise<boolean> {
    const line = Buffer.from(`${JSON.stringify(message)}\n`);
    if (line.length - 1 > lineBytesMax) return false;
    if (this.socket.destroyed || this.socket.write(line)) return true;
    this.drained ??= this.untilDrained();
    await this.drained;
    return true;
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /** Sends what is buffered, then closes. */
  end(): void {
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private receive(chunk: Buffer): void {
    if (this.isMalformed) return;
    const lines = this.splitter.feed(chunk);
    if (lines === "too long") {
      this.reject(`a line of more than ${lineBytesMax} bytes`);
      return;
    }
    for (const line of lines) {
      const message = parseObject(line);
      if (message === undefined) {
        this.reject("a line that is no JSON object");
        return;
      }
      if (this.socket.destroyed) return;
      this.handler.onMessage(message);
    }
  }

  private reject(problem: string): void {
    this.isMalformed = true;
    this.handler.onMalformed(problem);
    this.socket.destroy();
  }

  private untilDrained(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        this.socket.off("drain", done);
        this.socket.off("close", done);
        this.drained = undefined;
        resolve();
      };
      this.socket.on("drain", done);
      this.socket.on("close", done);
    });
  }
}
