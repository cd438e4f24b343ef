/** A folder of a snapshot as a store, so that a log can be opened and checked inside the file. Every write throws. */
import { FileFault, type FileStore, type StoreFile } from "../core/ports.ts";
import { storeFolderOf } from "../core/store-name.ts";
import type { SnapshotReader } from "./snapshot-file.ts";

export class SnapshotStore implements FileStore {
  private readonly reader: SnapshotReader;
  private readonly folder: string;

  constructor(reader: SnapshotReader, folder: string) {
    this.reader = reader;
    this.folder = folder;
  }

  list(folder?: string): readonly string[] {
    if (folder !== undefined) return [];
    return this.reader.header.entries
      .filter(({ name }) => storeFolderOf(name) === this.folder)
      .map(({ name }) => name.slice(this.folder.length + 1));
  }

  exists(name: string): boolean {
    return this.reader.find(`${this.folder}/${name}`) !== undefined;
  }

  open(name: string, mode: string): StoreFile {
    const found = this.reader.find(`${this.folder}/${name}`);
    if (found === undefined) throw new FileFault("notFound", "open", name);
    if (mode !== "read") throw readOnly("open", name);
    const { offset, entry } = found;
    return {
      read: (at, out) => {
        const count = Math.max(0, Math.min(out.length, entry.sizeBytes - at));
        return this.reader.readPart(offset + at, out.subarray(0, count));
      },
      size: () => entry.sizeBytes,
      close: () => undefined,
      write: () => {
        throw readOnly("write", name);
      },
      truncate: () => {
        throw readOnly("truncate", name);
      },
      sync: (done) => done(readOnly("sync", name)),
      syncNow: () => {
        throw readOnly("sync", name);
      },
    };
  }

  rename(from: string): void {
    throw readOnly("rename", from);
  }

  remove(name: string): void {
    throw readOnly("remove", name);
  }

  makeFolder(name: string): void {
    throw readOnly("makeFolder", name);
  }

  sync(done: (fault?: FileFault) => void): void {
    done(readOnly("sync", this.folder));
  }

  syncNow(): void {
    throw readOnly("sync", this.folder);
  }

  freeBytes(): number {
    return 0;
  }
}

function readOnly(operation: string, name: string): FileFault {
  return new FileFault("readOnly", operation, name);
}
