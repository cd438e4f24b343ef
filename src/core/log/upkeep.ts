/**
 * Work that follows commits, one step at a time and never in their way: the
 * index of a sealed segment, then a checkpoint when one is due. A full disk
 * postpones it; nothing that was acknowledged depends on it.
 */
import type { ZamError } from "../errors/zam-error.ts";
import { FileFault, type StoreFile } from "../ports.ts";
import { encodeCheckpoint } from "./checkpoint.ts";
import type { LogCore } from "./core.ts";
import { fileName, indexFileName } from "./format.ts";
import { syncError } from "./faults.ts";
import { type AliasDefinition, encodeIndexFile } from "./index/index-file.ts";
import { replaceFile, writeNewFile } from "./replace-file.ts";
import { sealFile } from "./sealed-file.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** "later": no space now. An error: the disk failed to sync, so the log must take no more writes. */
type StepResult = "done" | "later" | ZamError;

/** `onFatal` makes the log read-only. */
export function startUpkeep(
  core: LogCore,
  onFatal: (core: LogCore, error: ZamError) => void,
): void {
  if (core.isUpkeepBusy || core.readOnlyReason !== undefined || core.isClosed) return;
  if (core.bytesSinceCheckpoint < core.upkeepPauseBytes) return;
  const endStep = (result: StepResult): void => {
    core.isUpkeepBusy = false;
    const isLater = result === "later";
    core.upkeepPauseBytes = isLater ? core.bytesSinceCheckpoint + core.checkpointBytes : 0;
    if (typeof result === "string") startUpkeep(core, onFatal);
    else onFatal(core, result);
  };
  const segment = core.unindexed[0];
  if (segment !== undefined) {
    core.isUpkeepBusy = true;
    writeIndex(core, segment, endStep);
  } else if (isCheckpointDue(core)) {
    core.isUpkeepBusy = true;
    writeCheckpoint(core, endStep);
  }
}

function isCheckpointDue(core: LogCore): boolean {
  return core.bytesSinceCheckpoint >= Math.max(core.checkpointBytes, 4 * core.lastCheckpointBytes);
}

export function writeIndex(
  core: LogCore,
  segment: SegmentWriter,
  done: (result: StepResult) => void,
): void {
  const bytes = encodeIndexFile(core.seal, {
    summary: {
      segment: segment.number,
      coveredBytes: segment.end,
      firstOrdinal: segment.firstOrdinal,
      lastOrdinal: segment.lastOrdinal,
    },
    aliases: aliasesOf(core, segment),
    index: segment.index,
    ids: segment.ids,
  });
  replaceFile(core, indexFileName(segment.number, segment.generation), bytes, (failure) => {
    if (failure !== undefined) return done(failure.isFatal ? syncError(failure.fault) : "later");
    const sealed = core.directory.find(segment.number);
    if (sealed !== undefined) sealed.indexBytes = bytes.length;
    const at = core.unindexed.indexOf(segment);
    if (at >= 0) core.unindexed.splice(at, 1);
    done("done");
  });
}

function aliasesOf(core: LogCore, segment: SegmentWriter): readonly AliasDefinition[] {
  const aliases: AliasDefinition[] = [];
  segment.index.spans((alias) => {
    const index = core.streams.indexOfAlias(alias);
    if (index !== undefined) aliases.push({ alias, stream: core.streams.table.id(index) });
  });
  return aliases;
}

/** Two files in turn: the other one stays valid while this one is written. */
export function writeCheckpoint(core: LogCore, done: (result: StepResult) => void): void {
  const generation = core.checkpointGeneration + 1;
  const name = generation % 2 === 1 ? fileName.checkpointA : fileName.checkpointB;
  const covered = core.bytesSinceCheckpoint;
  let bytes: Uint8Array;
  let file: StoreFile;
  try {
    const body = encodeCheckpoint(core, generation);
    bytes = sealFile(core.seal, { kind: "checkpoint", number: 0, generation }, [body]);
    file = writeNewFile(core.store, name, bytes);
  } catch (fault) {
    if (!(fault instanceof FileFault)) throw fault;
    return done("later");
  }
  core.syncs.run(file, (fault) => {
    file.close();
    if (fault !== undefined) return done(syncError(fault));
    core.syncs.run(core.store, (storeFault) => {
      if (storeFault !== undefined) return done(syncError(storeFault));
      core.checkpointGeneration = generation;
      core.lastCheckpointBytes = bytes.length;
      core.bytesSinceCheckpoint -= covered;
      done("done");
    });
  });
}
