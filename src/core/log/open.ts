/**
 * Creating and opening a log. Opening finds out everything first and writes
 * nothing until it is sure that it may: a wrong key, a foreign or unknown log
 * throws with every byte as it was.
 *
 * After an unclean end the old segment is never appended to (RULES 7): what was
 * verified but not proven durable is copied into a new one, made durable, and
 * only then listed.
 */
import { showPartial } from "./apply.ts";
import { ZamError } from "../errors/zam-error.ts";
import { FileFault } from "../ports.ts";
import type { Log } from "./api.ts";
import { type CoreOptions, LogCore, orCloseFiles } from "./core.ts";
import { discover, type DiscoveredLog } from "./discover.ts";
import { diskError, syncError } from "./faults.ts";
import { checkpointBytesDefault, fileName, logIdBytes, segmentBytesDefault } from "./format.ts";
import { pump } from "./group-commit.ts";
import { OpenLog } from "./log.ts";
import { awaitLastPiece } from "./partials.ts";
import { recover } from "./recovery.ts";
import { writeManifest } from "./roll.ts";
import { createSegmentFile } from "./segment-writer.ts";
import { stageMark } from "./stage-mark.ts";

import type {
  CreateLogInput,
  OpenedBeside,
  OpenedLog,
  OpenLogInput,
  RecoveryReport,
} from "./open-input.ts";
import { Opening } from "./opening.ts";
import { writeReserve } from "./reserve.ts";

export type {
  AwaitedRoom,
  CreateLogInput,
  OpenedLog,
  OpenLogInput,
  RecoveryReport,
} from "./open-input.ts";

/** Makes a new log. Throws Z202 when there is one, else Z204 to Z208 when the disk fails. */
export function createLog(input: CreateLogInput): Log {
  const { store, crypto, nodeId, epoch, wallMs } = input;
  if (store.list().some((name) => name === fileName.manifest || name.endsWith(".seg"))) {
    throw new ZamError("Z202", { path: "log", problem: "there is a log here already" });
  }
  const core = new LogCore(toOptions(input, { logId: crypto.randomBytes(logIdBytes) }));
  core.syncs.isBlocking = true;
  try {
    createSegmentFile(store, core.seal, core.active);
    writeReserve(core);
  } catch (fault) {
    core.closeFiles();
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
  if (failure !== undefined) {
    core.closeFiles();
    throw failure;
  }
  core.stagedEpoch = core.ownEpoch;
  core.syncs.isBlocking = false;
  return new OpenLog(core);
}

/** Opens an existing log. Throws Z201, Z202, Z203, Z301, Z302 with nothing changed. */
export function openLog(input: OpenLogInput): OpenedLog {
  const { readOnly = false } = input;
  return withDiskErrors(() => {
    const found = find(input);
    if (readOnly) {
      const { log, recovery } = openToRead(input, found);
      return { log, recovery };
    }
    const written = openToWrite(input, found);
    if (!(written instanceof ZamError))
      return { log: new OpenLog(written.core), recovery: written.recovery };
    // The disk takes no writes now: the log can be read, as far as it is proven durable.
    const { log, recovery } = openToRead(input, found, written);
    if (written.code !== "Z204") return { log, recovery };
    return { log, recovery, awaitedRoom: { tryOpening: (now) => openBeside(log, input, now) } };
  });
}

/** See `AwaitedRoom`. */
function openBeside(
  log: OpenLog,
  input: OpenLogInput,
  now: Pick<OpenLogInput, "confirmed" | "wallMs">,
): OpenedBeside | undefined {
  const again = { ...input, ...now };
  let written: ReturnType<typeof openToWrite>;
  try {
    written = withDiskErrors(() => openToWrite(again, find(again)));
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    written = error;
  }
  if (written instanceof ZamError) {
    log.stayReadOnly(written);
    return undefined;
  }
  const { core, recovery } = written;
  return { recovery, takeOver: () => log.replaceCore(core) };
}

function find({ store, crypto, nodeId, dataKey }: OpenLogInput): DiscoveredLog {
  return discover({ store, crypto, nodeId, dataKey });
}

function withDiskErrors<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (fault) {
    if (fault instanceof FileFault) throw diskError(fault, "opening the log");
    throw fault;
  }
}

/** An error: why the disk takes no writes now. */
function openToWrite(
  input: OpenLogInput,
  found: DiscoveredLog,
): { readonly core: LogCore; readonly recovery: RecoveryReport } | ZamError {
  const recovered = recover(toOptions(input, found), found, false);
  const { core } = recovered;
  const recovery = orCloseFiles(core, () =>
    new Opening(core, found, recovered, input).finishWriting(),
  );
  const { readOnlyReason } = core;
  if (readOnlyReason !== undefined) {
    core.closeFiles();
    return readOnlyReason;
  }
  for (const [index, partial] of core.partials) {
    awaitLastPiece(partial);
    showPartial(core, index);
  }
  return { core, recovery };
}

function openToRead(
  input: OpenLogInput,
  found: DiscoveredLog,
  reason?: ZamError,
): { readonly log: OpenLog; readonly recovery: RecoveryReport } {
  const recovered = recover(toOptions(input, found), found, true);
  const { core } = recovered;
  const recovery = orCloseFiles(core, () =>
    new Opening(core, found, recovered, input).finishReading(reason),
  );
  return { log: new OpenLog(core), recovery };
}

function toOptions(
  input: CreateLogInput | OpenLogInput,
  log: Pick<CoreOptions, "logId" | "formerKey">,
): CoreOptions {
  return {
    store: input.store,
    crypto: input.crypto,
    nodeId: input.nodeId,
    logId: log.logId,
    dataKey: input.dataKey,
    formerKey: log.formerKey,
    segmentBytes: input.segmentBytes ?? segmentBytesDefault,
    checkpointBytes: input.checkpointBytes ?? checkpointBytesDefault,
    buildTimeMs: input.buildTimeMs ?? 0,
    wallMs: input.wallMs,
  };
}
