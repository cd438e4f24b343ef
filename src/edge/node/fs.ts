/** node:fs over the C host, as far as the engine uses it. Everything blocks. */
import { type FileFacts, host } from "../host-functions.ts";
import { SmallBuffer } from "./buffer.ts";
import { soon } from "./loop.ts";
import { answered, SystemError } from "./system-error.ts";

/** What `openSync` is called with; the host knows the system's own numbers. */
export const constants = {
  O_RDONLY: 0,
  O_RDWR: 2,
  O_CREAT: 64,
  O_EXCL: 128,
  O_TRUNC: 512,
} as const;

const fileModeDefault = 0o666;
const folderModeDefault = 0o777;

const textByFlags: Readonly<Record<number, string>> = {
  [constants.O_RDONLY]: "r",
  [constants.O_RDWR]: "r+",
  [constants.O_RDWR | constants.O_CREAT | constants.O_EXCL]: "wx",
  [constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC]: "w",
};
const textByName: Readonly<Record<string, string>> = { "wx+": "wx" };

export class Stats {
  readonly size: number;
  readonly mode: number;
  readonly uid: number;
  readonly mtimeMs: number;
  readonly ino: string;
  readonly mtimeNs: string;
  readonly ctimeNs: string;
  private readonly kind: FileFacts["kind"];

  constructor(facts: FileFacts) {
    this.size = facts.size;
    this.mode = facts.mode;
    this.uid = facts.uid;
    this.mtimeMs = facts.mtimeMs;
    this.ino = facts.ino;
    this.mtimeNs = facts.mtimeNs;
    this.ctimeNs = facts.ctimeNs;
    this.kind = facts.kind;
  }

  isFile(): boolean {
    return this.kind === "file";
  }

  isDirectory(): boolean {
    return this.kind === "folder";
  }

  isSymbolicLink(): boolean {
    return this.kind === "link";
  }
}

interface StatOptions {
  readonly throwIfNoEntry?: boolean;
  /** `ino`, `mtimeNs` and `ctimeNs` are exact, as digits. */
  readonly bigint?: boolean;
}

function statOf(path: string, isFollowed: boolean, options: StatOptions): Stats | undefined {
  const facts = host.pathStat(path, isFollowed);
  const isAbsent = facts === "ENOENT" || facts === "ENOTDIR";
  if (isAbsent && options.throwIfNoEntry === false) return undefined;
  return new Stats(answered(facts, isFollowed ? "stat" : "lstat", path));
}

export function statSync(path: string, options: StatOptions = {}): Stats | undefined {
  return statOf(path, true, options);
}

export function lstatSync(path: string, options: StatOptions = {}): Stats | undefined {
  return statOf(path, false, options);
}

export function fstatSync(fd: number): Stats {
  return new Stats(answered(host.fileStat(fd), "fstat"));
}

export function existsSync(path: string): boolean {
  return typeof host.pathStat(path, true) !== "string";
}

export function openSync(
  path: string,
  flags: string | number = "r",
  mode: number = fileModeDefault,
): number {
  const text = typeof flags === "number" ? textByFlags[flags] : (textByName[flags] ?? flags);
  return answered(host.fileOpen(path, text ?? "", mode), "open", path);
}

export function closeSync(fd: number): void {
  host.fileClose(fd);
}

export function readSync(
  fd: number,
  out: Uint8Array,
  start: number,
  sizeBytes: number,
  position: number,
): number {
  return answered(host.fileRead(fd, position, out.subarray(start, start + sizeBytes)), "read");
}

/** Without a position it goes where it stands in `bytes`: who writes so writes a file from its start. */
export function writeSync(
  fd: number,
  bytes: Uint8Array,
  start = 0,
  sizeBytes: number = bytes.length - start,
  position?: number | null,
): number {
  const part = bytes.subarray(start, start + sizeBytes);
  const at = position ?? start;
  answered(host.fileWrite(fd, at, part), "write");
  return part.length;
}

export function fsyncSync(fd: number): void {
  answered(host.fileSync(fd, false), "fsync");
}

export function fdatasyncSync(fd: number): void {
  answered(host.fileSync(fd, true), "fdatasync");
}

type Done = (error: SystemError | null) => void;

function syncSoon(fd: number, isDataOnly: boolean, done: Done): void {
  const failed = host.fileSync(fd, isDataOnly);
  soon(() => done(failed === undefined ? null : new SystemError(failed, "fsync")));
}

/** The disk is waited for; `done` comes later, as a caller of Node's may count on. */
export function fdatasync(fd: number, done: Done): void {
  syncSoon(fd, true, done);
}

export function fsync(fd: number, done: Done): void {
  syncSoon(fd, false, done);
}

export function ftruncateSync(fd: number, sizeBytes: number): void {
  answered(host.fileTruncate(fd, sizeBytes), "ftruncate");
}

export function truncateSync(path: string, sizeBytes: number): void {
  const fd = openSync(path, "r+");
  try {
    ftruncateSync(fd, sizeBytes);
  } finally {
    closeSync(fd);
  }
}

export function fchmodSync(fd: number, mode: number): void {
  answered(host.fileMode(fd, mode), "fchmod");
}

export function chmodSync(path: string, mode: number): void {
  answered(host.pathMode(path, mode), "chmod", path);
}

export function renameSync(from: string, to: string): void {
  answered(host.pathRename(from, to), "rename", from);
}

export function unlinkSync(path: string): void {
  answered(host.pathRemove(path, false), "unlink", path);
}

export function rmdirSync(path: string): void {
  answered(host.pathRemove(path, true), "rmdir", path);
}

interface RemoveOptions {
  readonly force?: boolean;
  readonly recursive?: boolean;
}

export function rmSync(path: string, options: RemoveOptions = {}): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    if (options.force !== true) throw new SystemError("ENOENT", "rm", path);
    return;
  }
  if (!found.isDirectory()) {
    unlinkSync(path);
    return;
  }
  if (options.recursive !== true) throw new SystemError("EISDIR", "rm", path);
  for (const name of readdirSync(path)) rmSync(`${path}/${name}`, options);
  rmdirSync(path);
}

export function readdirSync(path: string): string[];
export function readdirSync(path: string, options: { readonly withFileTypes: true }): Entry[];
export function readdirSync(
  path: string,
  options?: { readonly withFileTypes: true },
): string[] | Entry[] {
  const names = [...answered(host.folderList(path), "scandir", path)].sort();
  if (options === undefined) return names;
  return names.flatMap((name) => {
    const facts = host.pathStat(`${path}/${name}`, false);
    return typeof facts === "string" ? [] : [new Entry(name, facts)];
  });
}

class Entry extends Stats {
  readonly name: string;

  constructor(name: string, facts: FileFacts) {
    super(facts);
    this.name = name;
  }
}

interface MakeOptions {
  readonly recursive?: boolean;
  readonly mode?: number;
}

export function mkdirSync(path: string, options: MakeOptions = {}): void {
  const { recursive = false, mode = folderModeDefault } = options;
  const failed = host.folderMake(path, mode);
  if (failed === undefined) return;
  if (recursive && failed === "ENOENT") {
    const parent = path.replace(/\/+[^/]*\/*$/, "");
    if (parent !== "" && parent !== path) {
      mkdirSync(parent, options);
      mkdirSync(path, options);
      return;
    }
  }
  if (recursive && failed === "EEXIST" && statSync(path)?.isDirectory() === true) return;
  throw new SystemError(failed, "mkdir", path);
}

export function mkdtempSync(prefix: string): string {
  const path = host.folderMakeTemporary(prefix);
  if (!path.includes("/")) throw new SystemError(path, "mkdtemp", prefix);
  return path;
}

export function realpathSync(path: string): string {
  const real = host.pathReal(path);
  if (!real.startsWith("/")) throw new SystemError(real, "realpath", path);
  return real;
}

export function statfsSync(path: string): { readonly bsize: number; readonly bavail: number } {
  return answered(host.folderSpace(path), "statfs", path);
}

const chunkBytes = 64 * 1024;

/** Also of files whose size the system does not tell, as below /proc. */
function readWhole(path: string): SmallBuffer {
  const fd = openSync(path, "r");
  try {
    const facts = fstatSync(fd);
    if (facts.isDirectory()) throw new SystemError("EISDIR", "read");
    const parts: Uint8Array[] = [];
    let done = 0;
    for (;;) {
      const room = new Uint8Array(
        facts.size > done ? facts.size - done : parts.length === 0 ? 4096 : chunkBytes,
      );
      const count = readSync(fd, room, 0, room.length, done);
      parts.push(room.subarray(0, count));
      done += count;
      if (count < room.length) break;
    }
    return SmallBuffer.concat(parts, done);
  } finally {
    closeSync(fd);
  }
}

export function readFileSync(path: string): SmallBuffer;
export function readFileSync(path: string, encoding: "utf8"): string;
export function readFileSync(path: string, encoding?: "utf8"): SmallBuffer | string {
  const bytes = readWhole(path);
  return encoding === undefined ? bytes : bytes.toString();
}
