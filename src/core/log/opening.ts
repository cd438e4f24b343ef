/**
 * The second half of an opening: acts on what recovery found. Makes the tail
 * durable in a new segment where the end was not clean, names damage, heads that
 * are known to be further on, and records that cannot be told apart.
 */
import { ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import type { ConfirmedHead } from "./api.ts";
import { copyTail } from "./copy-tail.ts";
import type { LogCore } from "./core.ts";
import { applyMark } from "./apply.ts";
import {
  missingWithSegment,
  recordDamage,
  reportDamage,
  setAside,
  withoutStoredAnew,
} from "./damage.ts";
import type { DiscoveredLog } from "./discover.ts";
import { diskError } from "./faults.ts";
import { fileHeaderBytes, fileName, openCheckBytes, segmentFileName } from "./format.ts";
import { makeReadOnly, pump } from "./group-commit.ts";
import type { StoredMark } from "./mark-fields.ts";
import { mayHoldHeads, newlyMissing } from "./missing-segments.ts";
import { randomEpoch } from "./random-epoch.ts";
import type { Recovered } from "./recovery.ts";
import { writeManifest } from "./roll.ts";
import { indexOf, openReader } from "./segment-access.ts";
import { stageMark } from "./stage-mark.ts";
import { writeReserve } from "./reserve.ts";
import { startUpkeep } from "./upkeep.ts";

import type { OpenLogInput, RecoveryReport } from "./open-input.ts";

export class Opening {
  private readonly core: LogCore;
  private readonly found: DiscoveredLog;
  private readonly recovered: Recovered;
  private readonly confirmed: readonly ConfirmedHead[];
  /** Segments whose file is gone since the last opening. */
  private readonly newlyMissing: readonly number[];
  private readonly reports: ZamError[] = [];

  constructor(core: LogCore, found: DiscoveredLog, recovered: Recovered, input: OpenLogInput) {
    this.core = core;
    this.found = found;
    this.recovered = recovered;
    this.confirmed = [...input.confirmed, ...recovered.oldHeads, ...this.closeHeads()];
    this.newlyMissing = newlyMissing(core, recovered.missingSegments);
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
      else this.leaveOldSegment();
      if (core.readOnlyReason === undefined) {
        this.checkRecent();
        this.noteDamages();
        this.noteHeads();
        this.noteUnexplained();
        this.repairSidecars();
        startUpkeep(core, makeReadOnly);
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
    const { last, lastFileBytes, short } = this.recovered;
    const isWhole = last.durableEnd === lastFileBytes && last.verifiedEnd === lastFileBytes;
    return (
      isWhole &&
      short === undefined &&
      this.newlyMissing.length === 0 &&
      this.found.source === "manifest"
    );
  }

  private openActive(): void {
    const { core } = this;
    core.active.file = core.store.open(segmentFileName(core.active.number), "write");
  }

  /** A new segment takes over, with a copy of what was not proven durable. */
  private leaveOldSegment(): void {
    const { core, recovered } = this;
    const { last, lastFileBytes } = recovered;
    const old = core.active;
    const isKept = setAside(core, old.number, last.verifiedEnd, lastFileBytes, true);
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
    // Without its copy the torn end stays in the old file, which is not read beyond its listed end.
    if (isKept && lastFileBytes > old.end) this.cutOld(old.number, old.end);
  }

  /** Only tidiness: the manifest says where the segment ends. */
  private cutOld(segment: number, end: number): void {
    try {
      const name = this.core.segmentFile(segment);
      this.core.files.forget(name);
      const file = this.core.store.open(name, "write");
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
    for (const { range, missing } of recovered.report.damages) {
      const lost = { segment: range.segment, stop: range.toOffset };
      const runs = withoutStoredAnew(core, missing, lost);
      this.explained += recordDamage(core, { ...range, missing: runs });
    }
    const { short } = recovered;
    if (short !== undefined) {
      const start = indexOf(core, short.segment)?.recordStartBefore(short.sizeBytes);
      reportDamage(core, short.segment, this.firstBad(short.segment, start ?? fileHeaderBytes));
    }
    for (const segment of this.newlyMissing) this.noteMissingSegment(segment);
    const ranges = recovered.report.damages.map(({ range }) => range);
    for (const range of core.badRanges) if (this.isFresh(range)) ranges.push(range);
    for (const range of ranges) {
      const { segment, fromOffset } = range;
      const known = core.damages.find(
        (damage) => damage.segment === segment && damage.fromOffset === fromOffset,
      );
      this.report(range, countMissing(known));
    }
  }

  private readonly fresh = new Set<string>();
  /** Lost records that are accounted for: seqs by marks of this opening, pieces by the event that names them. */
  private explained = 0;

  private isFresh(range: { readonly segment: number; readonly fromOffset: number }): boolean {
    return this.fresh.has(`${range.segment}-${range.fromOffset}`);
  }

  private report(range: LogCore["badRanges"][number], count: number): void {
    const { core } = this;
    const { segment, fromOffset: from, toOffset: to } = range;
    this.reports.push(new ZamError("Z209", { path: core.segmentFile(segment), from, to, count }));
  }

  private firstBad(segment: number, start: number): number {
    const reader = openReader(this.core, segment);
    let offset = start;
    while (reader?.readAt(offset) === "record") offset = reader.nextOffset;
    return offset;
  }

  private noteMissingSegment(segment: number): void {
    const { core } = this;
    const missing = missingWithSegment(core, segment);
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
      stageMark(core, jump, core.wallMs).callbacks.push(this.mustBeStored);
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
    // No epoch is 0: then the records that told it are gone.
    const isEpochKnown = core.ownEpoch !== 0;
    let unexplained = countNameless(core) - this.explained;
    for (const damage of report.damages) {
      unexplained += damage.lostRecords;
      for (const { from, to } of damage.missing) unexplained -= to - from + 1;
    }
    // How many records the last segment held is not written anywhere else.
    const active = this.found.segments[this.found.segments.length - 1]?.number ?? 0;
    const isTailGone =
      recovered.missingSegments.includes(active) ||
      recovered.missingSegments.some((segment) => mayHoldHeads(core, recovered, segment)) ||
      report.damages.some((damage) => !damage.isBounded);
    const isUncertain = unexplained > 0 || isTailGone || this.found.unreadable.length > 0;
    if (!isUncertain && isEpochKnown) return;
    const epoch = randomEpoch(core);
    const reason = "Z214";
    const fresh: StoredMark = { kind: "newEpoch", epoch, reason, restartMs: undefined };
    stageMark(core, fresh, core.wallMs).callbacks.push(this.mustBeStored);
    core.stagedEpoch = epoch;
    const error = new ZamError("Z214", {
      count: Math.max(1, unexplained),
    });
    const id = `lost-${core.changeOrdinal}`;
    stageMark(core, { kind: "alarm", id, code: "Z214", text: error.message }, core.wallMs);
    pump(core);
    this.reports.push(error);
  }

  /** Without these marks a seq could be used twice: a log that cannot keep them takes no writes. */
  private readonly mustBeStored = (error?: ZamError): void => {
    this.core.readOnlyReason ??= error;
  };

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

/** Events that nothing but a damage mark tells of: an event written since may have shown the hole after all. */
function countNameless(core: LogCore): number {
  let count = 0;
  for (const { alias, from, to } of core.namelessLosses) {
    const index = core.streams.indexOfAlias(alias);
    const head = index === undefined ? 0 : core.streams.table.head(index);
    count += Math.max(0, to - Math.max(from - 1, head));
  }
  return count;
}

function countMissing(damage: LogCore["damages"][number] | undefined): number {
  let count = 0;
  for (const { range } of damage?.missing ?? []) count += range.to - range.from + 1;
  return count;
}
