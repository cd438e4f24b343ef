/**
 * Creating and opening a log. Opening finds out everything first and writes
 * nothing until it is sure that it may: a wrong key, a foreign or unknown log
 * throws with every byte as it was.
 *
 * After an unclean end the old segment is never appended to (RULES 7): what was
 * verified but not proven durable is copied into a new one, made durable, and
 * only then listed.
 */
import { ZamError } from "../errors/zam-error.ts";
import { type CryptoPort, FileFault, type FileStore } from "../ports.ts";
import type { ConfirmedHead, Log } from "./api.ts";
import { copyTail } from "./copy-tail.ts";
import { type CoreOptions, LogCore } from "./core.ts";
import { applyMark } from "./apply.ts";
import { recordDamage, reportDamage, setAside } from "./damage.ts";
import { discover, type DiscoveredLog } from "./discover.ts";
import { diskError, syncError } from "./faults.ts";
import {
  checkpointBytesDefault,
  fileHeaderBytes,
  fileName,
  logIdBytes,
  openCheckBytes,
  reserveBytes,
  segmentBytesDefault,
  segmentFileName,
} from "./format.ts";
import { pump } from "./group-commit.ts";
import { createOpenLog } from "./log.ts";
import type { StoredMark } from "./mark-fields.ts";
import { randomEpoch } from "./random-epoch.ts";
import { recover, type Recovered } from "./recovery.ts";
import { writeManifest } from "./roll.ts";
import { indexOf, openReader } from "./segment-access.ts";
import { createSegmentFile } from "./segment-writer.ts";
import { stageMark } from "./stage-mark.ts";
import { startUpkeep } from "./upkeep.ts";

export interface CreateLogInput {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly epoch: number;
  /** 32 bytes; undefined makes a plaintext log. */
  readonly dataKey?: Uint8Array;
  readonly wallMs: number;
  readonly buildTimeMs?: number;
  /** Default 16 MiB. */
  readonly segmentBytes?: number;
  /** Bytes between checkpoints; default 1 MiB. */
  readonly checkpointBytes?: number;
}

export interface OpenLogInput {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
  readonly nodeId: string;
  readonly dataKey?: Uint8Array;
  readonly wallMs: number;
  readonly buildTimeMs?: number;
  /** Heads of own streams that peers have confirmed, from durable peer state (RULES 9). */
  readonly confirmed: readonly ConfirmedHead[];
  readonly segmentBytes?: number;
  /** Bytes between checkpoints; default 1 MiB. */
  readonly checkpointBytes?: number;
  /** Writes nothing, needs no lock, and lists only what is proven durable. */
  readonly readOnly?: boolean;
}

export interface RecoveryReport {
  /** The last close was clean and nothing had to be repaired. */
  readonly isClean: boolean;
  /** Only of a read-only opening: something waits for an opening that may write. */
  readonly needsWriter: boolean;
  /** Bytes of a torn tail, never acknowledged, that were set aside. */
  readonly tornBytes: number;
  /** Bytes verified but not proven durable, that were copied to a new segment. */
  readonly copiedBytes: number;
  /** One for each thing that an operator should know. */
  readonly reports: readonly ZamError[];
}

/** Makes a new log. Throws Z202 when there is one, else Z204 to Z208 when the disk fails. */
export function createLog(input: CreateLogInput): Log {
  const { store, crypto, nodeId, epoch, wallMs } = input;
  if (store.list().some((name) => name === fileName.manifest || name.endsWith(".seg"))) {
    throw new ZamError("Z202", { path: "log", problem: "there is a log here already" });
  }
  const core = new LogCore(toOptions(input, crypto.randomBytes(logIdBytes)));
  core.syncs.isBlocking = true;
  try {
    createSegmentFile(store, core.seal, core.active);
    writeReserve(core);
  } catch (fault) {
    if (fault instanceof FileFault) throw diskError(fault, "a new log");
    throw fault;
  }
  let failure: ZamError | undefined;
  const note = (error?: ZamError): void => {
    failure ??= error;
  };
  stageMark(core, { kind: "genesis", node: nodeId, epoch }, wallMs).callbacks.push(note);
  pump(core);
  if (failure === undefined) {
    core.syncs.run(store, (fault) => note(fault === undefined ? undefined : syncError(fault)));
  }
  if (failure === undefined) writeManifest(core, core.active, note);
  if (failure !== undefined) throw failure;
  core.stagedEpoch = core.ownEpoch;
  core.syncs.isBlocking = false;
  return createOpenLog(core);
}

/** Opens an existing log. Throws Z201, Z202, Z203, Z301, Z302 with nothing changed. */
export function openLog(input: OpenLogInput): {
  readonly log: Log;
  readonly recovery: RecoveryReport;
} {
  const { store, crypto, nodeId, dataKey, readOnly = false } = input;
  let found: DiscoveredLog;
  let recovered: Recovered;
  try {
    found = discover({ store, crypto, nodeId, dataKey });
    recovered = recover(toOptions(input, found.logId), found, readOnly);
  } catch (fault) {
    if (fault instanceof FileFault) throw diskError(fault, "opening the log");
    throw fault;
  }
  const { core } = recovered;
  const opening = new Opening(core, found, recovered, input);
  if (readOnly) return { log: createOpenLog(core), recovery: opening.finishReading() };
  const recovery = opening.finishWriting();
  if (core.readOnlyReason === undefined) return { log: createOpenLog(core), recovery };
  return openWithoutWriting(input, found, core.readOnlyReason);
}

/** The disk takes no writes now: the log can be read, as far as it is proven durable. */
function openWithoutWriting(
  input: OpenLogInput,
  found: DiscoveredLog,
  reason: ZamError,
): { readonly log: Log; readonly recovery: RecoveryReport } {
  const recovered = recover(toOptions(input, found.logId), found, true);
  const recovery = new Opening(recovered.core, found, recovered, input).finishReading(reason);
  return { log: createOpenLog(recovered.core), recovery };
}

function toOptions(input: CreateLogInput | OpenLogInput, logId: Uint8Array): CoreOptions {
  return {
    store: input.store,
    crypto: input.crypto,
    nodeId: input.nodeId,
    logId,
    dataKey: input.dataKey,
    segmentBytes: input.segmentBytes ?? segmentBytesDefault,
    checkpointBytes: input.checkpointBytes ?? checkpointBytesDefault,
    buildTimeMs: input.buildTimeMs ?? 0,
    wallMs: input.wallMs,
  };
}

function writeReserve(core: LogCore): void {
  const file = core.store.open(fileName.reserve, "replace");
  try {
    file.write(0, new Uint8Array(reserveBytes));
  } finally {
    file.close();
  }
}

/** The second half of an opening: acts on what recovery found. */
class Opening {
  private readonly core: LogCore;
  private readonly found: DiscoveredLog;
  private readonly recovered: Recovered;
  private readonly confirmed: readonly ConfirmedHead[];
  private readonly reports: ZamError[] = [];

  constructor(core: LogCore, found: DiscoveredLog, recovered: Recovered, input: OpenLogInput) {
    this.core = core;
    this.found = found;
    this.recovered = recovered;
    this.confirmed = [...input.confirmed, ...recovered.oldHeads, ...this.closeHeads()];
  }

  finishReading(reason?: ZamError): RecoveryReport {
    const { core, recovered } = this;
    core.readOnlyReason =
      reason ?? new ZamError("Z208", { reason: "it was opened for reading only" });
    this.checkRecent();
    this.noteDamages();
    const isClean = this.isClean();
    const needsWriter = !isClean || this.reports.length > 0 || this.jumps().length > 0;
    for (const jump of this.jumps()) this.applyOnly(jump);
    core.streams.settleAll();
    const tornBytes = Math.max(0, recovered.lastFileBytes - recovered.last.verifiedEnd);
    return {
      isClean: isClean && !needsWriter,
      needsWriter,
      tornBytes,
      copiedBytes: 0,
      reports: this.reports,
    };
  }

  finishWriting(): RecoveryReport {
    const { core, recovered } = this;
    const { last, lastFileBytes } = recovered;
    const isClean = this.isClean();
    const tornBytes = Math.max(0, lastFileBytes - last.verifiedEnd);
    const copiedBytes = Math.max(0, last.verifiedEnd - last.durableEnd);
    core.syncs.isBlocking = true;
    try {
      if (isClean) this.openActive();
      else this.leaveOldSegment(tornBytes);
      if (core.readOnlyReason === undefined) {
        this.checkRecent();
        this.noteDamages();
        this.noteHeads();
        this.noteUnexplained();
        this.repairSidecars();
        startUpkeep(core);
      }
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
      core.readOnlyReason ??= diskError(fault, "opening the log");
    }
    core.syncs.isBlocking = false;
    core.isUpkeepBusy = false;
    const hasReports = this.reports.length > 0;
    return {
      isClean: isClean && !hasReports,
      needsWriter: false,
      tornBytes,
      copiedBytes,
      reports: this.reports,
    };
  }

  /** Everything is proven durable, and the file ends there. */
  private isClean(): boolean {
    const { last, lastFileBytes, short, missingSegments } = this.recovered;
    const isWhole = last.durableEnd === lastFileBytes && last.verifiedEnd === lastFileBytes;
    return (
      isWhole &&
      short === undefined &&
      missingSegments.length === 0 &&
      this.found.source === "manifest"
    );
  }

  private openActive(): void {
    const { core } = this;
    core.active.file = core.store.open(segmentFileName(core.active.number), "write");
  }

  /** A new segment takes over, with a copy of what was not proven durable. */
  private leaveOldSegment(tornBytes: number): void {
    const { core, recovered } = this;
    const { last, lastFileBytes } = recovered;
    const old = core.active;
    if (tornBytes > 0) setAside(core, old.number, last.verifiedEnd, lastFileBytes);
    old.end = last.durableEnd;
    old.mustEnd = true;
    let failure: ZamError | undefined;
    const group = copyTail(core, old, last.durableEnd, last.verifiedEnd);
    group.callbacks.push((error) => {
      failure = error;
    });
    pump(core);
    if (failure !== undefined) {
      core.readOnlyReason ??= failure;
      return;
    }
    if (lastFileBytes > old.end) this.cutOld(old.number, old.end);
  }

  /** Only tidiness: the manifest says where the segment ends. */
  private cutOld(segment: number, end: number): void {
    try {
      this.core.files.forget(segmentFileName(segment));
      const file = this.core.store.open(segmentFileName(segment), "write");
      try {
        file.truncate(end);
      } finally {
        file.close();
      }
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
    }
  }

  private noteDamages(): void {
    const { core, recovered } = this;
    for (const { range, missing } of recovered.report.damages)
      recordDamage(core, { ...range, missing });
    const { short } = recovered;
    if (short !== undefined) {
      const start = indexOf(core, short.segment)?.recordStartBefore(short.sizeBytes);
      reportDamage(core, short.segment, this.firstBad(short.segment, start ?? fileHeaderBytes));
    }
    for (const segment of recovered.missingSegments) this.noteMissingSegment(segment);
    for (const range of core.badRanges) {
      const known = core.damages.find(
        (damage) => damage.segment === range.segment && damage.fromOffset === range.fromOffset,
      );
      const isNew =
        recovered.report.damages.some((damage) => damage.range === range) || this.isFresh(range);
      if (isNew) this.report(range, countMissing(known));
    }
  }

  private readonly fresh = new Set<string>();
  /** Seqs of own streams that are missing and accounted for by marks of this opening. */
  private explained = 0;

  private isFresh(range: { readonly segment: number; readonly fromOffset: number }): boolean {
    return this.fresh.has(`${range.segment}-${range.fromOffset}`);
  }

  private report(range: LogCore["badRanges"][number], count: number): void {
    const { segment, fromOffset: from, toOffset: to } = range;
    this.reports.push(new ZamError("Z209", { path: segmentFileName(segment), from, to, count }));
  }

  private firstBad(segment: number, start: number): number {
    const reader = openReader(this.core, segment);
    let offset = start;
    while (reader?.readAt(offset) === "record") offset = reader.nextOffset;
    return offset;
  }

  private noteMissingSegment(segment: number): void {
    const { core } = this;
    const missing: { alias: number; from: number; to: number }[] = [];
    const index = indexOf(core, segment);
    if (index !== undefined) {
      for (let at = 0; at < index.entryCount; at++) {
        const { alias, firstSeq, count } = index.entry(at);
        missing.push({ alias, from: firstSeq, to: firstSeq + count - 1 });
      }
    }
    const toOffset = core.directory.find(segment)?.sizeBytes ?? fileHeaderBytes;
    this.fresh.add(`${segment}-${fileHeaderBytes}`);
    recordDamage(core, { segment, fromOffset: fileHeaderBytes, toOffset, missing });
  }

  /** CRC of the last MiB before the replayed tail; of everything when the log is small (RULES 18). */
  private checkRecent(): void {
    const { core, recovered } = this;
    const { replayFrom } = recovered;
    const sizes = this.found.segments.map(({ number, sizeBytes }) =>
      number === replayFrom.segment
        ? Math.max(replayFrom.offset, 0)
        : number < replayFrom.segment
          ? sizeBytes
          : 0,
    );
    const before = sizes.reduce((sum, size) => sum + size, 0);
    const tail = core.bytesSinceCheckpoint;
    const isSmall = before + tail < 2 * openCheckBytes;
    let left = isSmall ? before : Math.max(0, openCheckBytes - tail);
    for (let at = sizes.length - 1; at >= 0 && left > 0; at--) {
      const size = sizes[at] ?? 0;
      const segment = this.found.segments[at]?.number ?? 0;
      if (size === 0 || recovered.missingSegments.includes(segment)) continue;
      const from =
        size <= left ? fileHeaderBytes : indexOf(core, segment)?.recordStartBefore(size - left);
      this.checkSegment(segment, from ?? fileHeaderBytes, size);
      left -= size;
    }
  }

  private checkSegment(segment: number, from: number, to: number): void {
    const { core } = this;
    const reader = openReader(core, segment);
    if (reader === undefined) return;
    for (let offset = reader.skipBad(from); offset < to; ) {
      const found = reader.readAt(offset);
      if (found === "end") return;
      if (found === "bad") {
        this.fresh.add(`${segment}-${offset}`);
        reportDamage(core, segment, offset);
        const next = reader.skipBad(offset);
        offset = next > offset ? next : reader.resync(offset + 1);
      } else offset = reader.skipBad(reader.nextOffset);
    }
  }

  private closeHeads(): readonly ConfirmedHead[] {
    const { core, report } = this.recovered;
    const heads: ConfirmedHead[] = [];
    for (const { alias, seq, chain } of report.closeHeads) {
      const index = core.streams.indexOfAlias(alias);
      if (index !== undefined) heads.push({ stream: core.streams.table.id(index), seq, chain });
    }
    return heads;
  }

  /** Heads beyond our own (RULES 9), as marks. */
  private jumps(): readonly StoredMark[] {
    const { core } = this;
    const { streams } = core;
    const best = new Map<number, ConfirmedHead>();
    for (const head of this.confirmed) {
      if (head.chain.length !== 16) continue;
      const index = streams.add(head.stream);
      const known = Math.max(streams.table.head(index), best.get(index)?.seq ?? 0);
      if (head.seq > known) best.set(index, head);
    }
    const marks: StoredMark[] = [];
    for (const [index, head] of best) {
      if (streams.alias(index) === 0) streams.setAlias(index, streams.nextAlias);
      marks.push({ kind: "jump", alias: streams.alias(index), to: head.seq, chain: head.chain });
    }
    return marks;
  }

  private noteHeads(): void {
    const { core } = this;
    for (const jump of this.jumps()) {
      if (jump.kind !== "jump") continue;
      const index = core.streams.indexOfAlias(jump.alias) ?? 0;
      const head = core.streams.table.head(index);
      const { node, lane } = core.streams.table.id(index);
      stageMark(core, jump, core.wallMs, [index]);
      pump(core);
      this.explained += jump.to - head;
      this.nameJump(jump.alias, head + 1, jump.to);
      this.reports.push(
        new ZamError("Z213", {
          stream: lane === "" ? node : `${node}/${lane}`,
          from: head + 1,
          to: jump.to,
        }),
      );
    }
  }

  /** Heads of a clean close tell what a damaged range behind the last checkpoint held. */
  private nameJump(alias: number, from: number, to: number): void {
    const { damages } = this.recovered.report;
    const last = damages[damages.length - 1];
    if (last !== undefined)
      recordDamage(this.core, { ...last.range, missing: [{ alias, from, to }] });
  }

  /**
   * Records are gone, and nothing says which: they may have been own ones, whose
   * seqs must never be issued again. A fresh epoch cannot collide with anything.
   */
  private noteUnexplained(): void {
    const { core, recovered } = this;
    const { report } = recovered;
    const isEpochKnown = core.ownEpoch !== 0 || core.changeOrdinal > 0;
    let unexplained = -this.explained;
    for (const damage of report.damages) {
      unexplained += damage.lostRecords;
      for (const { from, to } of damage.missing) unexplained -= to - from + 1;
    }
    // How many records the last segment held is not written anywhere else.
    const active = this.found.segments[this.found.segments.length - 1]?.number ?? 0;
    const isTailGone = recovered.missingSegments.includes(active);
    const isUncertain = unexplained > 0 || isTailGone || this.found.unreadable.length > 0;
    if (!isUncertain && isEpochKnown) return;
    const epoch = randomEpoch(core);
    const reason = "Z214";
    stageMark(core, { kind: "newEpoch", epoch, reason, restartMs: undefined }, core.wallMs);
    core.stagedEpoch = epoch;
    const error = new ZamError("Z214", {
      count: Math.max(1, unexplained),
    });
    const id = `lost-${core.changeOrdinal}`;
    stageMark(core, { kind: "alarm", id, code: "Z214", text: error.message }, core.wallMs);
    pump(core);
    this.reports.push(error);
  }

  private repairSidecars(): void {
    const { core } = this;
    if (this.found.isCopyStale && this.isClean()) writeManifest(core, core.active, () => undefined);
    try {
      if (!core.store.exists(fileName.reserve)) writeReserve(core);
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
    }
  }

  private applyOnly(mark: StoredMark): void {
    applyMark(this.core, { mark, atMs: this.core.wallMs }, this.core.changeOrdinal);
  }
}

function countMissing(damage: LogCore["damages"][number] | undefined): number {
  let count = 0;
  for (const { range } of damage?.missing ?? []) count += range.to - range.from + 1;
  return count;
}
