/** A few files open for reading, least recently used closed first; and reads that survive bad sectors. */
import { FileFault, type FileStore, type StoreFile } from "../ports.ts";

const openFilesMax = 8;
/** Unreadable ranges are narrowed down to this much. */
const sectorBytes = 4096;

export class FileCache {
  private readonly store: FileStore;
  private readonly files = new Map<string, StoreFile>();

  constructor(store: FileStore) {
    this.store = store;
  }

  /** Throws FileFault. */
  get(name: string): StoreFile {
    const known = this.files.get(name);
    if (known !== undefined) {
      this.files.delete(name);
      this.files.set(name, known);
      return known;
    }
    const file = this.store.open(name, "read");
    if (this.files.size >= openFilesMax) {
      for (const [oldest, old] of this.files) {
        old.close();
        this.files.delete(oldest);
        break;
      }
    }
    this.files.set(name, file);
    return file;
  }

  forget(name: string): void {
    this.files.get(name)?.close();
    this.files.delete(name);
  }

  closeAll(): void {
    for (const file of this.files.values()) file.close();
    this.files.clear();
  }
}

/**
 * Like `file.read`, but a sector that the disk refuses reads as zeros: the
 * record in it will not verify, and is treated as any other damage.
 */
export function readThroughFaults(file: StoreFile, offset: number, out: Uint8Array): number {
  try {
    return file.read(offset, out);
  } catch (fault) {
    if (!(fault instanceof FileFault) || fault.kind !== "io") throw fault;
  }
  const count = Math.max(0, Math.min(out.length, file.size() - offset));
  for (let at = 0; at < count; at += sectorBytes) {
    const part = out.subarray(at, Math.min(count, at + sectorBytes));
    try {
      file.read(offset + at, part);
    } catch (fault) {
      if (!(fault instanceof FileFault) || fault.kind !== "io") throw fault;
      part.fill(0);
    }
  }
  return count;
}
