/** An open file of a `MemoryStore`: reads, writes and syncs, with the faults that its store plans. */
import { FileFault, type StoreFile, type SyncDone } from "../core/ports.ts";
import { type FaultPlan, type StoreOperation, toFault } from "./fault-plan.ts";
import type { MemoryContent } from "./memory-content.ts";

export interface StoreCounters {
  reads: number;
  bytesRead: number;
  writes: number;
  bytesWritten: number;
  syncs: number;
  directorySyncs: number;
}

/** What an open file may ask of the store it lives in. */
export interface MemoryDisk {
  assertAlive(): void;
  /** Records a crash point, then refuses when the disk is read-only or a fault is due. */
  change(operation: StoreOperation, text: string): void;
  /** Records a crash point, and crashes when it is the chosen one. */
  note(text: string): void;
  enqueue(work: () => void, done: SyncDone): void;
  closed(file: MemoryFile): void;
  roomBytes(): number;
  readonly counters: StoreCounters;
  readonly faults: FaultPlan;
}

export class MemoryFile implements StoreFile {
  readonly name: string;
  private readonly disk: MemoryDisk;
  private readonly content: MemoryContent;
  private readonly isWritable: boolean;
  private isClosed = false;

  constructor(
    disk: MemoryDisk,
    input: { readonly name: string; readonly content: MemoryContent; readonly isWritable: boolean },
  ) {
    this.disk = disk;
    this.name = input.name;
    this.content = input.content;
    this.isWritable = input.isWritable;
  }

  read(offset: number, out: Uint8Array): number {
    this.assertOpen("read");
    const call = { operation: "read", name: this.name, offset, sizeBytes: out.length } as const;
    this.disk.faults.enforce(call);
    const count = this.content.read(offset, out);
    this.disk.counters.reads++;
    this.disk.counters.bytesRead += count;
    return count;
  }

  write(offset: number, bytes: Uint8Array): void {
    this.assertOpen("write");
    this.assertWritable("write");
    this.disk.change("write", `write ${this.name} ${offset}+${bytes.length}`);
    const call = { operation: "write", name: this.name, offset, sizeBytes: bytes.length } as const;
    const rule = this.disk.faults.check(call);
    if (rule !== undefined) {
      this.land(offset, bytes.subarray(0, Math.min(bytes.length, rule.partialBytes ?? 0)));
      throw toFault(rule, call);
    }
    const room = Math.max(0, this.content.sizeBytes + this.disk.roomBytes() - offset);
    if (bytes.length > room) {
      this.land(offset, bytes.subarray(0, room));
      throw new FileFault("noSpace", "write", this.name);
    }
    this.land(offset, bytes);
  }

  truncate(sizeBytes: number): void {
    this.assertOpen("truncate");
    this.assertWritable("truncate");
    this.disk.change("truncate", `truncate ${this.name} ${sizeBytes}`);
    if (sizeBytes - this.content.sizeBytes > this.disk.roomBytes()) {
      throw new FileFault("noSpace", "truncate", this.name);
    }
    this.content.truncate(sizeBytes);
  }

  size(): number {
    this.assertOpen("read");
    return this.content.sizeBytes;
  }

  sync(done: SyncDone): void {
    this.assertOpen("sync");
    this.disk.note(`sync ${this.name}`);
    const changeId = this.content.changeId;
    this.disk.enqueue(() => this.settle(changeId), done);
  }

  syncNow(): void {
    this.assertOpen("sync");
    this.disk.note(`sync ${this.name}`);
    this.settle(this.content.changeId);
  }

  close(): void {
    this.isClosed = true;
    this.disk.closed(this);
  }

  private settle(changeId: number): void {
    this.disk.counters.syncs++;
    const call = { operation: "sync", name: this.name } as const;
    const rule = this.disk.faults.check(call);
    if (rule === undefined) {
      this.content.settle(changeId);
      return;
    }
    if (rule.forgets ?? true) this.content.forget(changeId);
    throw toFault(rule, call);
  }

  private land(offset: number, bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.content.write(offset, bytes);
    this.disk.counters.writes++;
    this.disk.counters.bytesWritten += bytes.length;
  }

  private assertOpen(operation: StoreOperation): void {
    this.disk.assertAlive();
    if (this.isClosed) throw new FileFault("other", operation, this.name, "the file is closed");
  }

  private assertWritable(operation: StoreOperation): void {
    if (!this.isWritable) throw new FileFault("permission", operation, this.name);
  }
}
