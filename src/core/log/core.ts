/**
 * The state of an open log, shared by the files of this folder; each of them is
 * one subject over it (append, receive, marks, commit, read, damage, upkeep).
 *
 * Two views live side by side: what is durable (the table, the directory, the
 * active segment up to `end`), and what is staged ahead of it (staged heads,
 * `stagedOrdinal`, `stagedEpoch`, the waiting groups). Users see the durable
 * one. A failed group takes everything staged back (group-commit.ts).
 */
import { HybridClock } from "../clock/hybrid-clock.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { CryptoPort, FileStore } from "../ports.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { Alarm, Damage, Judge } from "./api.ts";
import { BlockingSyncs } from "./blocking-syncs.ts";
import { SegmentDirectory } from "./directory.ts";
import { FileCache } from "./file-cache.ts";
import { indexFileName, segmentFileName } from "./format.ts";
import type { Group } from "./group.ts";
import type { LoadedIndex } from "./index/index-file.ts";
import type { MissingRun, RehomeRule } from "./mark-fields.ts";
import type { PartialEvent } from "./partials.ts";
import { Quarantine } from "./quarantine.ts";
import type { SegmentCipher } from "./segment-cipher.ts";
import type { FileSeal } from "./sealed-file.ts";
import { newSegmentWriter, type SegmentWriter } from "./segment-writer.ts";
import { StreamColumns } from "./stream-columns.ts";

export interface CoreOptions {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly dataKey: Uint8Array | undefined;
  readonly formerKey?: Uint8Array | undefined;
  readonly segmentBytes: number;
  readonly checkpointBytes: number;
  readonly buildTimeMs: number;
  readonly wallMs: number;
}

/** A bad range of a segment, skipped by every reader; kept for as long as the segment. */
export interface BadRange {
  readonly segment: number;
  readonly fromOffset: number;
  readonly toOffset: number;
}

export class LogCore {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly segmentBytes: number;
  /** A checkpoint is due after this much, or four times its own size. */
  readonly checkpointBytes: number;
  readonly buildTimeMs: number;
  /** Replaced when a rekey begins and when it is over. */
  seal: FileSeal;
  readonly files: FileCache;
  readonly syncs = new BlockingSyncs();
  wallMs: number;

  readonly streams: StreamColumns;
  readonly clock = new HybridClock();
  readonly directory = new SegmentDirectory();
  /** Segments that are sealed but have no index file yet; their index is only in memory. */
  readonly unindexed: SegmentWriter[] = [];
  active: SegmentWriter;

  ownEpoch = 0;
  stagedEpoch = 0;
  trustedTimeMs = 0;
  lastOrdinal = 0;
  changeOrdinal = 0;
  stagedOrdinal = 0;
  /** Ordinal of the newest event of another node: tells push whether there is any news to name. */
  foreignOrdinal = 0;
  /** What damage marks name of streams, or beyond heads, that nothing else tells of any more; a fresh epoch settles it. */
  namelessLosses: MissingRun[] = [];
  /** Segment whose replay met the beginning of `ownEpoch`, no event of which lies before it; 0 when a checkpoint knew it. */
  ownEpochSegment = 0;
  readonly bindings = new Map<string, Uint8Array>();
  readonly alarms = new Map<string, Alarm>();
  /** Kept for as long as something of it is missing. */
  damages: Damage[] = [];
  badRanges: BadRange[] = [];
  rehomes: RehomeRule[] = [];
  readonly quarantine = new Quarantine();
  /** Says why a received event is to be held back; undefined: it is not. */
  judge: Judge | undefined;
  readonly partials = new Map<StreamIndex, PartialEvent>();
  /** By own lane: change ordinal up to which its events have named what was known. */
  readonly knownOrdinals = new Map<string, number>();

  inFlight: Group | undefined;
  waiting: Group[] = [];
  spareGroups: Group[] = [];
  isPumping = false;
  nextSegment: number;
  manifestGeneration = 0;
  checkpointGeneration = 0;
  /** Size of the newest checkpoint. */
  lastCheckpointBytes = 0;
  bytesSinceCheckpoint = 0;
  isUpkeepBusy = false;
  /** Upkeep failed for want of space; tried again after this many more bytes. */
  upkeepPauseBytes = 0;
  readOnlyReason: ZamError | undefined;
  /** Of the last call that read events. */
  readRefusal: ZamError | undefined;
  isClosed = false;
  listeners: ((lastOrdinal: number) => void)[] = [];

  /** Small caches for reading. */
  readonly ciphers = new Map<number, SegmentCipher>();
  readonly loadedIndexes = new Map<number, LoadedIndex>();
  readonly rehomedChains = new Map<StreamIndex, { seq: number; chain: Uint8Array }>();

  constructor(options: CoreOptions) {
    this.store = options.store;
    this.crypto = options.crypto;
    this.nodeId = options.nodeId;
    this.logId = options.logId;
    this.segmentBytes = options.segmentBytes;
    this.checkpointBytes = options.checkpointBytes;
    this.buildTimeMs = options.buildTimeMs;
    this.wallMs = options.wallMs;
    const { crypto, dataKey, formerKey, logId } = options;
    this.seal = { crypto, dataKey, formerKey, logId };
    this.files = new FileCache(options.store);
    this.streams = new StreamColumns(options.crypto);
    this.active = newSegmentWriter(this.seal, { number: 1 });
    this.nextSegment = 2;
  }

  segmentFile(segment: number): string {
    return segmentFileName(segment, this.generationOf(segment));
  }

  indexFile(segment: number): string {
    return indexFileName(segment, this.generationOf(segment));
  }

  /** The last segment that an opening finds may be one that was written anew, when those behind it are gone. */
  private generationOf(segment: number): number | undefined {
    const { active, directory } = this;
    return segment === active.number ? active.generation : directory.find(segment)?.generation;
  }

  get isEncrypted(): boolean {
    return this.seal.dataKey !== undefined;
  }

  closeFiles(): void {
    this.active.file?.close();
    this.active.file = undefined;
    this.files.closeAll();
  }
}

/** What an opening does with a core that nobody has yet: if it throws, nobody else would close its files. */
export function orCloseFiles<Result>(core: LogCore, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    core.closeFiles();
    throw error;
  }
}

export function bindingKey(node: string, epoch: number): string {
  return `${epoch} ${node}`;
}
