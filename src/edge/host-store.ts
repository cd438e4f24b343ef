/**
 * `FileStore` over the C host: one directory, everything blocking, so that a
 * `sync` has called back before it returns. As on Node, files are 0600 and folders
 * 0700 whatever the umask, a directory sync covers every folder in which names
 * changed, and nothing is cached or retried (RULES 16).
 */
import {
  FileFault,
  type FileFaultKind,
  type FileStore,
  type OpenMode,
  type StoreFile,
  type SyncDone,
} from "../core/ports.ts";
import { assertFolderName, assertStoreName, storeFolderOf } from "../core/store-name.ts";
import { host } from "./host-functions.ts";

/** The host's answer, or the fault that it names. */
export function answerOf<T>(answer: T | string, operation: string, path: string): T {
  if (typeof answer === "string") throw new FileFault(answer as FileFaultKind, operation, path);
  return answer;
}

export class HostStore implements FileStore {
  readonly directory: string;
  /** Folders whose names may not be durable; at first all, since a former process may have died before its sync. */
  private readonly unsyncedFolders: Set<string>;

  /** `directory` must exist. */
  constructor(directory: string) {
    this.directory = directory;
    this.unsyncedFolders = new Set(this.names(directory, "folder"));
  }

  list(folder?: string): readonly string[] {
    if (folder === undefined) return this.names(this.directory, "file");
    assertFolderName(folder);
    return this.names(`${this.directory}/${folder}`, "file");
  }

  open(name: string, mode: OpenMode): StoreFile {
    const path = this.path(name);
    const fd = answerOf(host.fileOpen(path, mode), "open", path);
    if (mode === "create" || mode === "replace") this.noteChange(name);
    return new HostFile(fd, path);
  }

  exists(name: string): boolean {
    return host.pathKind(this.path(name)) !== "none";
  }

  rename(from: string, to: string): void {
    const fromPath = this.path(from);
    answerOf(host.pathRename(fromPath, this.path(to)), "rename", fromPath);
    this.noteChange(from);
    this.noteChange(to);
  }

  remove(name: string): void {
    const path = this.path(name);
    answerOf(host.pathRemove(path), "remove", path);
    this.noteChange(name);
  }

  makeFolder(name: string): void {
    assertFolderName(name);
    const path = `${this.directory}/${name}`;
    answerOf(host.folderMake(path), "makeFolder", path);
    this.unsyncedFolders.add(name);
  }

  sync(done: SyncDone): void {
    try {
      this.syncNow();
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      done(fault);
      return;
    }
    done();
  }

  /** The folders, then the directory itself, so that no name in it leads to an unsynced folder. */
  syncNow(): void {
    for (const folder of [...this.unsyncedFolders]) {
      const path = `${this.directory}/${folder}`;
      if (host.pathKind(path) === "folder") answerOf(host.folderSync(path), "syncDirectory", path);
      this.unsyncedFolders.delete(folder);
    }
    answerOf(host.folderSync(this.directory), "syncDirectory", this.directory);
  }

  freeBytes(): number {
    return answerOf(host.folderFreeBytes(this.directory), "statfs", this.directory);
  }

  private path(name: string): string {
    assertStoreName(name);
    return `${this.directory}/${name}`;
  }

  private names(path: string, wanted: "file" | "folder"): readonly string[] {
    return answerOf(host.folderList(path, wanted), "list", path);
  }

  private noteChange(name: string): void {
    const folder = storeFolderOf(name);
    if (folder !== undefined) this.unsyncedFolders.add(folder);
  }
}

class HostFile implements StoreFile {
  private fd: number;
  private readonly path: string;

  constructor(fd: number, path: string) {
    this.fd = fd;
    this.path = path;
  }

  read(offset: number, out: Uint8Array): number {
    return answerOf(host.fileRead(this.open("read"), offset, out), "read", this.path);
  }

  write(offset: number, bytes: Uint8Array): void {
    answerOf(host.fileWrite(this.open("write"), offset, bytes), "write", this.path);
  }

  truncate(sizeBytes: number): void {
    answerOf(host.fileTruncate(this.open("truncate"), sizeBytes), "truncate", this.path);
  }

  size(): number {
    return answerOf(host.fileSize(this.open("size")), "size", this.path);
  }

  sync(done: SyncDone): void {
    const answer = host.fileSync(this.open("sync"));
    if (answer === undefined) done();
    else done(new FileFault(answer as FileFaultKind, "sync", this.path));
  }

  syncNow(): void {
    answerOf(host.fileSync(this.open("sync")), "sync", this.path);
  }

  close(): void {
    if (this.fd < 0) return;
    host.fileClose(this.fd);
    this.fd = -1;
  }

  private open(operation: string): number {
    if (this.fd < 0) throw new FileFault("other", operation, this.path, "the file is closed");
    return this.fd;
  }
}
