/**
 * The process's streams, wrapped: a reader that goes away (`pull | head`) ends
 * output quietly, and a slow one is waited for.
 */
import type { Readable, Writable } from "node:stream";

export interface Io {
  /** Called only by commands that read it: opening stdin can keep a process alive. */
  readonly stdin: () => Readable;
  /** Bytes on stdin when it is a file, else undefined. */
  readonly stdinBytes: () => number | undefined;
  readonly isOutTty: boolean;
  readonly isErrTty: boolean;
  /** Of the terminal on stdout, or undefined. */
  readonly columns: number | undefined;
  /** Writes to stdout; a returned promise must be awaited before more is written. */
  readonly out: (text: string) => Promise<void> | undefined;
  readonly err: (text: string) => void;
  /** True once the reader of stdout has gone. */
  readonly isOutClosed: () => boolean;
  /** Resolves when everything is written. */
  readonly flush: () => Promise<void>;
  readonly nowMs: () => number;
}

export interface Streams {
  readonly stdin: () => Readable;
  readonly stdinBytes: () => number | undefined;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly nowMs: () => number;
}

export function createIo(streams: Streams): Io {
  const { stdout, stderr } = streams;
  let isClosed = false;
  const onFault = (error: NodeJS.ErrnoException): void => {
    // EPIPE: the reader has gone; EIO: the terminal has. Anything else would be a defect.
    if (error.code !== "EPIPE" && error.code !== "EIO" && error.code !== "ERR_STREAM_DESTROYED")
      throw error;
    isClosed = true;
    stdout.emit("drain");
  };
  stdout.on("error", onFault);
  stderr.on("error", () => undefined);
  return {
    stdin: streams.stdin,
    stdinBytes: streams.stdinBytes,
    isOutTty: stdout.isTTY === true,
    isErrTty: stderr.isTTY === true,
    // Some terminals (a serial console, a script) do not know their width and say 0.
    columns: stdout.isTTY === true ? stdout.columns || columnsDefault : undefined,
    out: (text) => {
      if (isClosed || stdout.write(text)) return undefined;
      return new Promise((resolve) => stdout.once("drain", resolve));
    },
    err: (text) => {
      stderr.write(text);
    },
    isOutClosed: () => isClosed,
    flush: () =>
      new Promise((resolve) => {
        if (isClosed) resolve();
        else stdout.write("", () => stderr.write("", () => resolve()));
        stdout.once("drain", () => isClosed && resolve());
      }),
    nowMs: streams.nowMs,
  };
}

const columnsDefault = 80;

/** Gathers short lines into fewer writes; what is left goes out when the process is idle. */
export class LineWriter {
  private readonly io: Io;
  private gathered = "";
  private isScheduled = false;

  constructor(io: Io) {
    this.io = io;
  }

  /** A returned promise must be awaited before more is written. */
  write(text: string): Promise<void> | undefined {
    this.gathered += text;
    if (this.gathered.length >= gatherCharactersMax) return this.flush();
    if (!this.isScheduled) {
      this.isScheduled = true;
      setImmediate(() => {
        this.isScheduled = false;
        void this.flush();
      });
    }
    return undefined;
  }

  flush(): Promise<void> | undefined {
    if (this.gathered === "") return undefined;
    const text = this.gathered;
    this.gathered = "";
    return this.io.out(text);
  }
}

const gatherCharactersMax = 64 * 1024;
