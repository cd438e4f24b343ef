/**
 * `FileStore` on Node: one directory, read and written synchronously at given
 * offsets, made durable by fdatasync off the main thread.
 *
 * Invariants: files are 0600 and folders 0700 whatever the umask; a descriptor is
 * closed only when no sync of it is under way (its number could belong to another
 * file by then); a directory sync covers every folder in which names changed.
 *
 * It keeps no cache and retries nothing: after a failed sync the pages may be
 * marked clean, so that a second try could succeed without the data (RULES 16).
 */
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  FileFault,
  type FileStore,
  type OpenMode,
  type StoreFile,
  type SyncDone,
} from "../core/ports.ts";
import { assertFolderName, assertStoreName, storeFolderOf } from "../core/store-name.ts";
import { errnoOf, toFileFault, withFileFaults } from "./file-faults.ts";

const fileMode = 0o600;
const folderMode = 0o700;

const flagsByMode: Readonly<Record<OpenMode, number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
  replace: constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC,
};

/** What went through a store since it was opened; for tests and `bench`. */
export interface NodeStoreCounters {
  bytesRead: number;
  bytesWritten: number;
  syncs: number;
  directorySyncs: number;
}

export class NodeStore implements FileStore {
  readonly directory: string;
  readonly counters: NodeStoreCounters = {
    bytesRead: 0,
    bytesWritten: 0,
    syncs: 0,
    directorySyncs: 0,
  };
  /** Folders whose names may not be durable; at first all, since a former process may have died before its sync. */
  private readonly unsyncedFolders: Set<string>;

  /** `directory` must exist; see `makeDirectory`. */
  constructor(directory: string) {
    this.directory = resolve(directory);
    this.unsyncedFolders = new Set(this.entries(undefined, "folder"));
  }

  list(folder?: string): readonly string[] {
    if (folder !== undefined) assertFolderName(folder);
    return this.entries(folder, "file");
  }

  open(name: string, mode: OpenMode): StoreFile {
    const path = this.path(name);
    const fd = withFileFaults("open", path, () => openSync(path, flagsByMode[mode], fileMode));
    if (mode === "create" || mode === "replace") {
      withFileFaults("open", path, () => fchmodSync(fd, fileMode));
      this.noteChange(name);
    }
    return new NodeFile({ fd, path, counters: this.counters });
  }

  exists(name: string): boolean {
    const path = this.path(name);
    return withFileFaults(
      "stat",
      path,
      () => statSync(path, { throwIfNoEntry: false }) !== undefined,
    );
  }

  rename(from: string, to: string): void {
    const fromPath = this.path(from);
    const toPath = this.path(to);
    withFileFaults("rename", fromPath, () => renameSync(fromPath, toPath));
    this.noteChange(from);
    this.noteChange(to);
  }

  remove(name: string): void {
    const path = this.path(name);
    withFileFaults("remove", path, () => unlinkSync(path));
    this.noteChange(name);
  }

  makeFolder(name: string): void {
    assertFolderName(name);
    makeFolderAt(join(this.directory, name));
    this.unsyncedFolders.add(name);
  }

  sync(done: SyncDone): void {
    const folders = this.takeUnsyncedFolders();
    const paths = this.pathsToSync(folders);
    const next = (): void => {
      const path = paths.shift();
      if (path === undefined) {
        this.counters.directorySyncs++;
        done();
        return;
      }
      syncDirectory(path, (fault) => {
        if (fault === undefined) {
          next();
          return;
        }
        for (const folder of folders) this.unsyncedFolders.add(folder);
        done(fault);
      });
    };
    next();
  }

  syncNow(): void {
    for (const path of this.pathsToSync([...this.unsyncedFolders])) syncDirectoryNow(path);
    this.unsyncedFolders.clear();
    this.counters.directorySyncs++;
  }

  freeBytes(): number {
    const stats = withFileFaults("statfs", this.directory, () => statfsSync(this.directory));
    return stats.bavail * stats.bsize;
  }

  private path(name: string): string {
    assertStoreName(name);
    return join(this.directory, name);
  }

  private entries(folder: string | undefined, kind: "file" | "folder"): string[] {
    const path = folder === undefined ? this.directory : join(this.directory, folder);
    try {
      return readdirSync(path, { withFileTypes: true })
        .filter((entry) => (kind === "file" ? entry.isFile() : entry.isDirectory()))
        .map((entry) => entry.name);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return [];
      throw toFileFault(error, "list", path);
    }
  }

  private noteChange(name: string): void {
    const folder = storeFolderOf(name);
    if (folder !== undefined) this.unsyncedFolders.add(folder);
  }

  private takeUnsyncedFolders(): string[] {
    const folders = [...this.unsyncedFolders];
    this.unsyncedFolders.clear();
    return folders;
  }

  /** The folders, then the directory itself, so that no name in it leads to an unsynced folder. */
  private pathsToSync(folders: readonly string[]): string[] {
    const paths = folders.map((name) => join(this.directory, name));
    return [...paths.filter((path) => existsSync(path)), this.directory];
  }
}

class NodeFile implements StoreFile {
  private readonly fd: number;
  private readonly path: string;
  private readonly counters: NodeStoreCounters;
  private syncsUnderWay = 0;
  private isClosed = false;

  constructor(input: {
    readonly fd: number;
    readonly path: string;
    readonly counters: NodeStoreCounters;
  }) {
    this.fd = input.fd;
    this.path = input.path;
    this.counters = input.counters;
  }

  read(offset: number, out: Uint8Array): number {
    this.assertOpen("read");
    let done = 0;
    try {
      while (done < out.length) {
        const count = readSync(this.fd, out, done, out.length - done, offset + done);
        if (count === 0) break;
        done += count;
      }
    } catch (error) {
      throw toFileFault(error, "read", this.path);
    }
    this.counters.bytesRead += done;
    return done;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.assertOpen("write");
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = writeSync(this.fd, bytes, done, bytes.length - done, offset + done);
        if (count === 0) throw new FileFault("io", "write", this.path, "nothing was written");
        done += count;
        this.counters.bytesWritten += count;
      }
    } catch (error) {
      throw toFileFault(error, "write", this.path);
    }
  }

  truncate(sizeBytes: number): void {
    this.assertOpen("truncate");
    withFileFaults("truncate", this.path, () => ftruncateSync(this.fd, sizeBytes));
  }

  size(): number {
    this.assertOpen("size");
    return withFileFaults("size", this.path, () => fstatSync(this.fd).size);
  }

  sync(done: SyncDone): void {
    this.assertOpen("sync");
    this.syncsUnderWay++;
    fdatasync(this.fd, (error) => {
      this.syncsUnderWay--;
      this.counters.syncs++;
      if (this.isClosed && this.syncsUnderWay === 0) closeQuietly(this.fd);
      if (error === null) done();
      else done(toFileFault(error, "sync", this.path));
    });
  }

  syncNow(): void {
    this.assertOpen("sync");
    this.counters.syncs++;
    withFileFaults("sync", this.path, () => fdatasyncSync(this.fd));
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.syncsUnderWay === 0) closeQuietly(this.fd);
  }

  private assertOpen(operation: string): void {
    if (this.isClosed) throw new FileFault("other", operation, this.path, "the file is closed");
  }
}

/** Makes a directory (0700) with its parents, each durable before this returns. Existing ones are left as they are. */
export function makeDirectory(directory: string): void {
  const path = resolve(directory);
  if (existsSync(path)) return;
  const parent = dirname(path);
  makeDirectory(parent);
  makeFolderAt(path);
  syncDirectoryNow(parent);
}

/** The same in a directory that must be there: where a card was pulled out, nothing is put in its place. */
export function makeDirectoryInside(directory: string): void {
  const path = resolve(directory);
  if (existsSync(path)) return;
  makeFolderAt(path);
  syncDirectoryNow(dirname(path));
}

function makeFolderAt(path: string): void {
  try {
    mkdirSync(path, { mode: folderMode });
    chmodSync(path, folderMode);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw toFileFault(error, "makeFolder", path);
  }
}

/** Blocking fsync of a directory: its names are durable when this returns. */
export function syncDirectoryNow(path: string): void {
  withFileFaults("syncDirectory", path, () => {
    const fd = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(fd);
    } finally {
      closeQuietly(fd);
    }
  });
}

function syncDirectory(path: string, done: SyncDone): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY);
  } catch (error) {
    done(toFileFault(error, "syncDirectory", path));
    return;
  }
  fsync(fd, (error) => {
    closeQuietly(fd);
    if (error === null) done();
    else done(toFileFault(error, "syncDirectory", path));
  });
}

/** What close reports is nothing that a sync did not report before. */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is gone either way.
  }
}
