/**
 * The Unix socket of a data directory: where it is, how a server takes it over,
 * and how a client finds it (RULES 21).
 *
 * Usually it is `DIR/zamsync.sock`. A path that is too long for the kernel is
 * replaced by one in a private folder below the system's temporary directory, named in the
 * file `DIR/socket`. A socket that a dead process left is unlinked only by who
 * holds the directory's lock, so that a living one is never cut off.
 */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { errnoOf } from "./file-faults.ts";
import { replaceFileNow } from "./replace-file.ts";

const socketName = "zamsync.sock";
const pointerName = "socket";
const fallbackPrefix = "zamsync-";
/** `sun_path` without its NUL: 108 bytes on Linux, 104 on macOS and the BSDs. */
const pathBytesMax = process.platform === "linux" ? 107 : 103;
const pointerBytesMax = 4096;
/** A full accept queue is a matter of milliseconds. */
const crowdedRetries = 50;
const crowdedPauseMs = 20;

/** Errors of connect that mean: no process serves this directory. */
const nobodyCodes = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTDIR",
  "ENOTSOCK",
  "EINVAL",
]);

export interface ListeningSocket {
  readonly server: Server;
  readonly path: string;
  /** Removes what `listenSocket` made; the server must be closed before. */
  dispose(): void;
}

/** Listens on the directory's socket, 0600, after removing what a dead process left. @throws ZamError Z211 */
export async function listenSocket(
  lock: DirectoryLock,
  onConnection: (socket: Socket) => void,
): Promise<ListeningSocket> {
  const directory = lock.directory;
  removeStale(directory);
  const path = choosePath(directory);
  const server = createServer(onConnection);
  try {
    await new Promise<void>((done, fail) => {
      server.once("error", fail);
      server.listen(path, done);
    });
    chmodSync(path, 0o600);
    if (dirname(path) !== directory) {
      replaceFileNow(join(directory, pointerName), Buffer.from(`${path}\n`));
    }
  } catch (error) {
    server.close();
    removeStale(directory);
    throw unusable(path, error);
  }
  server.on("error", () => undefined);
  return { server, path, dispose: () => removeStale(directory) };
}

/** A connection to the process that serves `directory`, or undefined when none does. @throws ZamError Z211 */
export async function connectSocket(directory: string): Promise<Socket | undefined> {
  const path = findPath(directory);
  if (path === undefined) return undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(path);
    } catch (error) {
      const errno = errnoOf(error);
      if (nobodyCodes.has(errno)) return undefined;
      if (errno !== "EAGAIN" || attempt === crowdedRetries) throw unusable(path, error);
      await sleep(crowdedPauseMs);
    }
  }
}

function connect(path: string): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = createConnection(path);
    socket.once("error", fail);
    socket.once("connect", () => {
      socket.off("error", fail);
      done(socket);
    });
  });
}

function choosePath(directory: string): string {
  const usual = join(directory, socketName);
  if (Buffer.byteLength(usual) <= pathBytesMax) return usual;
  for (const parent of [tmpdir(), "/tmp"]) {
    // mkdtemp makes it 0700 and adds six characters.
    const name = join(parent, `${fallbackPrefix}XXXXXX`, socketName);
    if (Buffer.byteLength(name) > pathBytesMax) continue;
    return join(mkdtempSync(join(parent, fallbackPrefix)), socketName);
  }
  throw new ZamError("Z211", { path: directory, problem: "its path is too long for a socket" });
}

function findPath(named: string): string | undefined {
  let directory: string;
  try {
    directory = realpathSync(named);
  } catch {
    return undefined;
  }
  const fallback = readPointer(directory);
  if (fallback !== undefined) return isPrivate(fallback, directory) ? fallback : undefined;
  const usual = join(directory, socketName);
  return Buffer.byteLength(usual) <= pathBytesMax ? usual : undefined;
}

/** The path in `DIR/socket`, or undefined when there is none that we could have written. */
function readPointer(directory: string): string | undefined {
  const pointer = join(directory, pointerName);
  try {
    if (statSync(pointer).size > pointerBytesMax) return undefined;
    const path = readFileSync(pointer, "utf8").trimEnd();
    const isOurs =
      isAbsolute(path) &&
      basename(path) === socketName &&
      basename(dirname(path)).startsWith(fallbackPrefix) &&
      Buffer.byteLength(path) <= pathBytesMax;
    return isOurs ? path : undefined;
  } catch {
    return undefined;
  }
}

/** In a shared temporary directory anybody can make a folder of that name: it must belong to the pointer's owner. */
function isPrivate(path: string, directory: string): boolean {
  try {
    const folder = lstatSync(dirname(path));
    const owner = statSync(join(directory, pointerName)).uid;
    return folder.isDirectory() && folder.uid === owner && (folder.mode & 0o077) === 0;
  } catch {
    return false;
  }
}

function removeStale(directory: string): void {
  const fallback = readPointer(directory);
  if (fallback !== undefined && isPrivate(fallback, directory)) {
    rmSync(fallback, { force: true });
    try {
      rmdirSync(dirname(fallback));
    } catch {
      // Something else is in it; the folder is of no use to anybody.
    }
  }
  rmSync(join(directory, pointerName), { force: true });
  const usual = join(directory, socketName);
  const stats = lstatSync(usual, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isDirectory()) rmSync(usual, { force: true });
}

function unusable(path: string, cause: unknown): ZamError {
  if (cause instanceof ZamError) return cause;
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new ZamError("Z211", { path, problem }, cause);
}
