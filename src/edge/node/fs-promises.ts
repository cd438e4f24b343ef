/** node:fs/promises over the blocking calls. */
import {
  closeSync,
  fchmodSync,
  fdatasyncSync,
  fsyncSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statfsSync,
  statSync,
  writeSync,
} from "./fs.ts";
import type { SmallBuffer } from "./buffer.ts";
import { host } from "../host-functions.ts";

export class FileHandle {
  private readonly fd: number;
  /** Where a write goes that does not say it. */
  private at = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  async chmod(mode: number): Promise<void> {
    fchmodSync(this.fd, mode);
  }

  async writeFile(content: string | Uint8Array): Promise<void> {
    writeSync(this.fd, typeof content === "string" ? host.textToUtf8(content) : content);
  }

  async write(
    bytes: Uint8Array,
    start = 0,
    sizeBytes = bytes.length - start,
    position?: number,
  ): Promise<{ readonly bytesWritten: number }> {
    const bytesWritten = writeSync(this.fd, bytes, start, sizeBytes, position ?? this.at);
    if (position === undefined) this.at += bytesWritten;
    return { bytesWritten };
  }

  async read(
    out: Uint8Array,
    start: number,
    sizeBytes: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }> {
    return { bytesRead: readSync(this.fd, out, start, sizeBytes, position) };
  }

  async stat(): Promise<Stats> {
    return fstatSync(this.fd);
  }

  async sync(): Promise<void> {
    fsyncSync(this.fd);
  }

  async datasync(): Promise<void> {
    fdatasyncSync(this.fd);
  }

  async close(): Promise<void> {
    closeSync(this.fd);
  }
}

export async function open(path: string, flags?: string, mode?: number): Promise<FileHandle> {
  return new FileHandle(openSync(path, flags, mode));
}

export async function rename(from: string, to: string): Promise<void> {
  renameSync(from, to);
}

export async function rm(path: string, options?: Parameters<typeof rmSync>[1]): Promise<void> {
  rmSync(path, options);
}

export async function mkdir(
  path: string,
  options?: Parameters<typeof mkdirSync>[1],
): Promise<void> {
  mkdirSync(path, options);
}

export async function readFile(path: string): Promise<SmallBuffer> {
  return readFileSync(path);
}

export async function stat(path: string): Promise<Stats | undefined> {
  return statSync(path);
}

export async function mkdtemp(prefix: string): Promise<string> {
  return mkdtempSync(prefix);
}

export async function readdir(path: string): Promise<string[]> {
  return readdirSync(path);
}

export async function statfs(path: string): Promise<ReturnType<typeof statfsSync>> {
  return statfsSync(path);
}
