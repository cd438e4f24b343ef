/**
 * A `FileStore` in memory whose disk can fail and whose power can be cut.
 *
 * Faults that it makes, and what a log over it is claimed to do:
 * - power cut at any call: any part of what was not synced is lost, by sectors of
 *   512 or 4096 bytes, in any order, torn, or replaced by zeros, garbage or an
 *   older part of the file; unsynced creations, renames and removals are lost in
 *   any set that a directory could show. Survived: nothing acknowledged is lost.
 * - no space after n bytes, the last write done in part; refused writes, renames
 *   and removals; a read-only disk. Survived: an error, nothing lost, goes on later.
 * - a sync that fails once and forgets its data: reads show it until the power is
 *   cut, later syncs succeed without it. Survived: nothing is acknowledged on it.
 * - unreadable ranges and flipped bits. Survived: found and named, the rest is kept.
 * It never loses or changes what a successful sync covered, unless `flip` asks for
 * it. It has no notion of time.
 */
import {
  FileFault,
  type FileStore,
  type OpenMode,
  type StoreFile,
  type SyncDone,
} from "../core/ports.ts";
import { assertFolderName, assertStoreName, storeFolderOf } from "../core/store-name.ts";
import { FaultPlan, type StoreOperation } from "./fault-plan.ts";
import { drawCrashShape, MemoryContent, newCrashTally } from "./memory-content.ts";
import { type MemoryDisk, MemoryFile, type StoreCounters } from "./memory-file.ts";
import { MemoryNames } from "./memory-names.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** The power was cut: thrown by every call from then on, never caught by the code under test. */
export class SimulatedCrash extends Error {
  readonly atOperation: number;

  constructor(atOperation: number) {
    super(`power cut at operation ${atOperation}`);
    this.name = "SimulatedCrash";
    this.atOperation = atOperation;
  }
}

export interface MemoryStoreOptions {
  /** "immediate" completes a sync before the call returns; "queued" when the test calls `runSyncs`. */
  readonly syncs?: "immediate" | "queued";
  /** Bytes that all files together may have; default unlimited. */
  readonly capacityBytes?: number;
}

export class MemoryStore implements FileStore {
  readonly faults = new FaultPlan();
  readonly counters: StoreCounters = {
    reads: 0,
    bytesRead: 0,
    writes: 0,
    bytesWritten: 0,
    syncs: 0,
    directorySyncs: 0,
  };
  /** Every call that changes something or makes it durable, in order: the points where a crash can be put. */
  readonly operations: string[] = [];
  isReadOnly = false;
  capacityBytes: number;
  private readonly names: MemoryNames<MemoryContent>;
  private readonly syncMode: "immediate" | "queued";
  private readonly handles: Set<MemoryFile> = new Set();
  private queue: (() => void)[] = [];
  private crashAtOperation = Number.POSITIVE_INFINITY;
  private isDead = false;

  constructor(options: MemoryStoreOptions = {}, names = new MemoryNames<MemoryContent>()) {
    this.syncMode = options.syncs ?? "immediate";
    this.capacityBytes = options.capacityBytes ?? Number.POSITIVE_INFINITY;
    this.names = names;
  }

  /** The call with this index in `operations`, and every later one, throws `SimulatedCrash`. */
  crashAt(operation: number): void {
    this.crashAtOperation = operation;
  }

  /** Syncs that wait for `runSyncs`. */
  get pendingSyncs(): number {
    return this.queue.length;
  }

  /** Completes queued syncs, oldest first, those queued meanwhile included; at most `limit`. */
  runSyncs(limit = Number.POSITIVE_INFINITY): void {
    for (let done = 0; done < limit; done++) {
      const next = this.queue.shift();
      if (next === undefined) return;
      next();
    }
  }

  /**
   * The disk after a power cut now. This store is dead afterwards, but may be asked
   * again for other outcomes of the same moment. Faults are not inherited. What the
   * power cut did is added to `tally`.
   */
  crash(random: SeededRandom, tally = newCrashTally()): MemoryStore {
    this.isDead = true;
    this.queue = [];
    const shape = drawCrashShape(random);
    const after = new Map<MemoryContent, MemoryContent>();
    const table = this.names.afterCrash(random, tally);
    for (const [name, content] of table.files) {
      let survivor = after.get(content);
      if (survivor === undefined) {
        survivor = MemoryContent.fromBytes(content.bytesAfterCrash(random, shape, tally));
        after.set(content, survivor);
      }
      table.files.set(name, survivor);
    }
    return new MemoryStore(this.inherited(), new MemoryNames(table));
  }

  /**
   * What the next process finds after this one was killed: everything written is
   * there, but what was not synced is still at risk. This store is dead afterwards.
   */
  kill(): MemoryStore {
    this.isDead = true;
    this.queue = [];
    return new MemoryStore(this.inherited(), this.names);
  }

  /** A second store with the same files, all durable: an image of the card. */
  copy(): MemoryStore {
    const files = new Map<string, MemoryContent>();
    for (const [name, content] of this.names.now.files) {
      files.set(name, MemoryContent.fromBytes(content.copyBytes()));
    }
    const folders = new Set(this.names.now.folders);
    return new MemoryStore(this.inherited(), new MemoryNames({ files, folders }));
  }

  /** All files with their bytes, without counting as reads. */
  dump(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>();
    for (const [name, content] of this.names.now.files) files.set(name, content.copyBytes());
    return files;
  }

  /** Names of the files that were opened and not closed, once for each time. */
  get openFiles(): readonly string[] {
    return [...this.handles].map(({ name }) => name).sort();
  }

  /** Flips the bits of `mask` in one byte, durably. */
  flip(name: string, offset: number, mask = 1): void {
    this.content(name, "write").flip(offset, mask);
  }

  /** A store of these files, all durable. */
  static fromFiles(
    files: ReadonlyMap<string, Uint8Array>,
    options: MemoryStoreOptions = {},
  ): MemoryStore {
    const contents = new Map<string, MemoryContent>();
    for (const [name, bytes] of files) contents.set(name, MemoryContent.fromBytes(bytes));
    return new MemoryStore(options, new MemoryNames({ files: contents, folders: new Set() }));
  }

  /** Replaces the bytes of a file, durably, as an outsider would. */
  overwrite(name: string, bytes: Uint8Array): void {
    this.names.create(name, MemoryContent.fromBytes(bytes));
    this.names.settle(this.names.changeId);
  }

  get usedBytes(): number {
    let used = 0;
    for (const content of this.names.now.files.values()) used += content.sizeBytes;
    return used;
  }

  list(folder?: string): readonly string[] {
    this.assertAlive();
    if (folder !== undefined) assertFolderName(folder);
    const names: string[] = [];
    for (const name of this.names.now.files.keys()) {
      if (storeFolderOf(name) !== folder) continue;
      names.push(folder === undefined ? name : name.slice(folder.length + 1));
    }
    return names;
  }

  exists(name: string): boolean {
    this.assertAlive();
    assertStoreName(name);
    return this.names.now.files.has(name);
  }

  open(name: string, mode: OpenMode): StoreFile {
    this.assertAlive();
    assertStoreName(name);
    this.faults.enforce({ operation: "open", name });
    const found = this.names.now.files.get(name);
    if (mode === "read" || mode === "write") {
      if (mode === "write") this.assertWritable("open", name);
      return this.handle(name, this.content(name, "open"), mode === "write");
    }
    if (mode === "create" && found !== undefined) throw new FileFault("exists", "open", name);
    this.assertWritable("open", name);
    this.assertFolder(name, "open");
    this.note(found === undefined ? `create ${name}` : `empty ${name}`);
    if (found !== undefined) {
      found.truncate(0);
      return this.handle(name, found, true);
    }
    const content = new MemoryContent();
    this.names.create(name, content);
    return this.handle(name, content, true);
  }

  rename(from: string, to: string): void {
    this.assertAlive();
    assertStoreName(from);
    assertStoreName(to);
    const content = this.content(from, "rename");
    this.assertFolder(to, "rename");
    this.change("rename", from, `rename ${from} ${to}`);
    this.names.rename(from, to, content);
  }

  remove(name: string): void {
    this.assertAlive();
    assertStoreName(name);
    this.content(name, "remove");
    this.change("remove", name, `remove ${name}`);
    this.names.remove(name);
  }

  makeFolder(name: string): void {
    this.assertAlive();
    assertFolderName(name);
    if (this.names.now.folders.has(name)) return;
    this.change("makeFolder", name, `makeFolder ${name}`);
    this.names.makeFolder(name);
  }

  sync(done: SyncDone): void {
    this.note("syncDirectory");
    const changeId = this.names.changeId;
    this.enqueue(() => this.syncDirectory(changeId), done);
  }

  syncNow(): void {
    this.note("syncDirectory");
    this.syncDirectory(this.names.changeId);
  }

  freeBytes(): number {
    this.assertAlive();
    const free = this.capacityBytes - this.usedBytes;
    return Math.max(0, Math.min(free, Number.MAX_SAFE_INTEGER));
  }

  private syncDirectory(changeId: number): void {
    this.counters.directorySyncs++;
    this.faults.enforce({ operation: "syncDirectory", name: "" });
    this.names.settle(changeId);
  }

  private handle(name: string, content: MemoryContent, isWritable: boolean): StoreFile {
    const file = new MemoryFile(this.diskFor(name), { name, content, isWritable });
    this.handles.add(file);
    return file;
  }

  /** What a handle may do to the store. */
  private diskFor(name: string): MemoryDisk {
    return {
      assertAlive: () => this.assertAlive(),
      change: (operation, text) => this.change(operation, name, text),
      note: (text) => this.note(text),
      enqueue: (work, done) => this.enqueue(work, done),
      closed: (file) => this.handles.delete(file),
      roomBytes: () => this.capacityBytes - this.usedBytes,
      counters: this.counters,
      faults: this.faults,
    };
  }

  private enqueue(work: () => void, done: SyncDone): void {
    const run = () => {
      this.assertAlive();
      try {
        work();
      } catch (error) {
        if (!(error instanceof FileFault)) throw error;
        done(error);
        return;
      }
      done();
    };
    if (this.syncMode === "immediate") run();
    else this.queue.push(run);
  }

  private content(name: string, operation: StoreOperation): MemoryContent {
    const content = this.names.now.files.get(name);
    if (content === undefined) throw new FileFault("notFound", operation, name);
    return content;
  }

  private assertFolder(name: string, operation: StoreOperation): void {
    const folder = storeFolderOf(name);
    const isThere = folder === undefined || this.names.now.folders.has(folder);
    if (!isThere) throw new FileFault("notFound", operation, name);
  }

  private assertAlive(): void {
    if (this.isDead) throw new SimulatedCrash(this.operations.length);
  }

  private assertWritable(operation: StoreOperation, name: string): void {
    if (this.isReadOnly) throw new FileFault("readOnly", operation, name);
  }

  private change(operation: StoreOperation, name: string, text: string): void {
    this.note(text);
    this.assertWritable(operation, name);
    // Writes ask the plan themselves: they may land in part.
    if (operation !== "write") this.faults.enforce({ operation, name });
  }

  /** Records a crash point, and crashes when it is the chosen one. */
  private note(text: string): void {
    this.assertAlive();
    if (this.operations.length >= this.crashAtOperation) {
      this.isDead = true;
      throw new SimulatedCrash(this.operations.length);
    }
    this.operations.push(text);
  }

  private inherited(): MemoryStoreOptions {
    return { syncs: this.syncMode, capacityBytes: this.capacityBytes };
  }
}
