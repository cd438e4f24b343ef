/**
 * Group commit: what is staged while a group is being synced becomes the next
 * group (RULES 6). The first writer starts at once; a synchronous host makes
 * every group durable before the call returns.
 *
 * Invariants: group N+1 is written only after N's fdatasync returned; a group
 * never spans segments; callbacks run in the order of staging, after the state
 * that users see has moved on. A failed group fails all that was staged after
 * it, and the file is cut back to the last durable byte. A failed fsync is final
 * (RULES 16).
 */
import { assert, type ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import { applyGroup } from "./apply.ts";
import type { LogCore } from "./core.ts";
import { diskError, syncError } from "./faults.ts";
import { groupPieceBytes, segmentFileName } from "./format.ts";
import { Group } from "./group.ts";
import { settlePartial } from "./partials.ts";
import { removeQuietly } from "./replace-file.ts";
import { finishRoll, startRoll } from "./roll.ts";
import { newSegmentWriter } from "./segment-writer.ts";
import { startUpkeep } from "./upkeep.ts";

/** The group that takes the next record. */
export function openGroup(core: LogCore): Group {
  const last = core.waiting[core.waiting.length - 1];
  if (last !== undefined && !last.isSealed) return last;
  const before = last ?? core.inFlight;
  const segment = before?.segment ?? core.active;
  const end = before?.end ?? core.active.end;
  const group = core.spareGroups.pop() ?? new Group();
  if (segment.mustEnd || end >= core.segmentBytes) {
    const next = newSegmentWriter(core.seal, { number: core.nextSegment++ });
    group.begin(next, next.end);
  } else {
    group.begin(segment, end);
  }
  core.waiting.push(group);
  return group;
}

/** What is staged from now on goes into a new group, in a new segment. */
export function endSegment(core: LogCore): void {
  const last = core.waiting[core.waiting.length - 1];
  const before = last ?? core.inFlight;
  assert(last?.isEmpty !== true, "a waiting group holds something");
  if (last !== undefined) last.isSealed = true;
  (before?.segment ?? core.active).mustEnd = true;
}

export interface RecordInput {
  readonly kind: number;
  readonly flags: number;
  readonly alias: number;
  /** Whose key seals it: the origin of an event, "" for the log's own records. */
  readonly node: string;
  readonly plain: Uint8Array;
}

/** Encodes a record into the group and returns its file offset. */
export function stageRecord(core: LogCore, group: Group, record: RecordInput): number {
  const { segment } = group;
  assert(segment !== undefined, "a group has a segment");
  const offset = group.end;
  if (group.fault !== undefined) return offset;
  const at = group.reserve(segment.cipher.recordBytes(record.plain.length));
  segment.cipher.write({ ...record, offset, groupStart: group.start }, group.bytes, group.view, at);
  if (group.used >= groupPieceBytes) writePiece(core, group);
  return offset;
}

/** Writes out what a large group has gathered, unless an earlier group is still in flight. */
function writePiece(core: LogCore, group: Group): void {
  if (core.inFlight !== undefined || core.waiting[0] !== group || group.segment !== core.active) {
    return;
  }
  try {
    writeBytes(group);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    group.fault = diskError(fault, "a push");
  }
}

function writeBytes(group: Group): void {
  const file = group.segment?.file;
  assert(file !== undefined, "a group's segment is open");
  if (group.used > 0) file.write(group.bytesFrom, group.bytes.subarray(0, group.used));
  group.bytesFrom += group.used;
  group.used = 0;
}

/** Starts the next group unless one is in flight. Returns once nothing more can be done now. */
export function pump(core: LogCore): void {
  if (core.isPumping) return;
  core.isPumping = true;
  try {
    while (core.inFlight === undefined && core.readOnlyReason === undefined) {
      const group = core.waiting[0];
      if (group === undefined || group.isEmpty) break;
      core.waiting.shift();
      group.isSealed = true;
      core.inFlight = group;
      writeGroup(core, group);
    }
  } finally {
    core.isPumping = false;
  }
}

function writeGroup(core: LogCore, group: Group): void {
  const { segment } = group;
  assert(segment !== undefined, "a group has a segment");
  if (group.fault !== undefined) return failGroups(core, group.fault);
  const isRoll = segment !== core.active;
  try {
    if (isRoll) startRoll(core, segment);
    writeBytes(group);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    return failGroups(core, diskError(fault, "a push"));
  }
  const { file } = segment;
  assert(file !== undefined, "a group's segment is open");
  core.syncs.run(file, (fault) => {
    if (core.inFlight !== group) return;
    if (fault !== undefined) return failForGood(core, fault);
    if (!isRoll) return commit(core, group);
    finishRoll(core, group, (error) => {
      if (core.inFlight !== group) return;
      if (error === undefined) commit(core, group);
      else if (error.code === "Z205") makeReadOnly(core, error);
      else failGroups(core, error);
    });
  });
}

function commit(core: LogCore, group: Group): void {
  const { segment } = group;
  assert(segment !== undefined, "a group has a segment");
  core.bytesSinceCheckpoint += group.end - group.start;
  segment.end = group.end;
  applyGroup(core, group);
  core.inFlight = undefined;
  const { callbacks } = group;
  group.reset();
  core.spareGroups.push(group);
  const wasPumping = core.isPumping;
  core.isPumping = true;
  for (const durable of callbacks) durable();
  for (const listener of core.listeners) listener(core.lastOrdinal);
  core.isPumping = wasPumping;
  startUpkeep(core, makeReadOnly);
  pump(core);
}

/** Nothing is in flight while `work` runs, and all that it starts is over when it returns. */
export function quiesce(core: LogCore, work: () => void): void {
  const wasBlocking = core.syncs.isBlocking;
  core.syncs.isBlocking = true;
  try {
    core.syncs.finish();
    pump(core);
    work();
  } finally {
    core.syncs.isBlocking = wasBlocking;
  }
}

/** Everything staged is taken back; the log goes on. */
function failGroups(core: LogCore, error: ZamError): void {
  const groups = takeBackStaged(core);
  cutBack(core);
  reportFailure(core, groups, error);
}

/** A failed fsync: what the disk holds is unknown, so nothing more is written until the log is opened again. */
function failForGood(core: LogCore, fault: FileFault): void {
  makeReadOnly(core, syncError(fault));
}

export function makeReadOnly(core: LogCore, error: ZamError): void {
  core.readOnlyReason ??= error;
  reportFailure(core, takeBackStaged(core), error);
}

function takeBackStaged(core: LogCore): readonly Group[] {
  const isFinal = core.readOnlyReason !== undefined;
  const groups = core.inFlight === undefined ? core.waiting : [core.inFlight, ...core.waiting];
  core.inFlight = undefined;
  core.waiting = [];
  for (let at = groups.length - 1; at >= 0; at--) {
    const undo = groups[at]?.undo ?? [];
    for (let step = undo.length - 1; step >= 0; step--) undo[step]?.();
  }
  for (const group of groups) {
    if (group.segment !== undefined && group.segment !== core.active) {
      group.segment.file?.close();
      if (!isFinal && group.segment.file !== undefined)
        removeQuietly(core, segmentFileName(group.segment.number));
      group.segment.file = undefined;
    }
    for (let row = 0; row < group.rowCount; row++) {
      const index = group.streams[row] ?? 0;
      if (index < core.streams.table.count) core.streams.settle(index);
    }
  }
  for (const partial of core.partials.values()) settlePartial(partial);
  core.active.ids.removeFrom(core.active.end);
  core.stagedOrdinal = core.changeOrdinal;
  core.stagedEpoch = core.ownEpoch;
  // What the lost events had named must be named again; to name it twice is harmless.
  core.knownOrdinals.clear();
  return groups;
}

/** If the file cannot be cut, later groups go elsewhere: what lies beyond the end was never acknowledged. */
function cutBack(core: LogCore): void {
  try {
    core.active.file?.truncate(core.active.end);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    core.active.mustEnd = true;
  }
}

function reportFailure(core: LogCore, groups: readonly Group[], error: ZamError): void {
  const callbacks: Group["callbacks"] = [];
  for (const group of groups) {
    for (const durable of group.callbacks) callbacks.push(durable);
    group.reset();
    core.spareGroups.push(group);
  }
  const wasPumping = core.isPumping;
  core.isPumping = true;
  for (const durable of callbacks) durable(error);
  core.isPumping = wasPumping;
  pump(core);
}
