/**
 * The part of `doctor` that looks at the log's files themselves: sidecars,
 * leftovers, what was set aside; and, when the log did not open, the CRC of every
 * record, which needs no key.
 */
import { lstatSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { counted } from "../core/counted.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import { discover } from "../core/log/discover.ts";
import { keyFit } from "../core/log/file-header.ts";
import {
  type FileKind,
  fileName,
  formatVersion,
  indexFileName,
  segmentFileName,
  type SegmentFile,
  segmentFileOf,
} from "../core/log/format.ts";
import { checkSidecar, readSegmentHeader, scanSegment } from "../core/log/scan.ts";
import { nodeCrypto } from "../storage/node-crypto.ts";
import { NodeStore } from "../storage/node-store.ts";
import type { Findings } from "./doctor-findings.ts";

export interface LogFiles {
  readonly directory: string;
  readonly nodeId: string | undefined;
  readonly dataKey: Uint8Array | undefined;
  /** While a rekey is under way. */
  readonly formerKey: Uint8Array | undefined;
  /** A process may be writing right now. */
  readonly isRunning: boolean;
  /** The log was opened and re-read by other means. */
  readonly isOpened: boolean;
}

/** A running process finishes what it writes within this time; older than that, it is a leftover. */
const leftoverAgeMs = 60_000;

export async function examineFiles(files: LogFiles, found: Findings): Promise<void> {
  const store = found.attempt("failure", () => new NodeStore(files.directory));
  if (store === undefined) return;
  const present = store
    .list()
    .map(segmentFileOf)
    .filter((file) => file !== undefined)
    .sort((a, b) => a.number - b.number || a.generation - b.generation);
  const listed = listSegments(files, store, found);
  examineSidecars(files, store, listed, found);
  examineNames(files, store, listed, found);
  found.attempt("failure", () => examineSetAside(store, found));
  if (files.isOpened) examineHeaders(store, listed ?? present, found);
  else await scanAll(files, store, listed ?? present, found);
}

/** The live segments, as the manifest has them; undefined when nobody can say. */
function listSegments(
  files: LogFiles,
  store: NodeStore,
  found: Findings,
): readonly SegmentFile[] | undefined {
  const { nodeId, dataKey } = files;
  if (nodeId === undefined || dataKey === undefined) return undefined;
  const log = found.attempt("failure", () =>
    discover({ store, crypto: nodeCrypto, nodeId, dataKey }),
  );
  if (log === undefined) return undefined;
  for (const number of log.unreadable) {
    const path = `log/${segmentFileName(number)}`;
    found.error("failure", new ZamError("Z202", { path, problem: "its header cannot be read" }));
  }
  for (const { number, generation } of log.segments) {
    if (log.present.includes(number)) continue;
    const path = `log/${segmentFileName(number, generation)}`;
    found.error("failure", new ZamError("Z202", { path, problem: "the file is missing" }));
  }
  return log.segments;
}

/** Of a log that opened nevertheless. */
function examineHeaders(store: NodeStore, segments: readonly SegmentFile[], found: Findings): void {
  for (const segment of segments) {
    const header = found.attempt("failure", () => readSegmentHeader(store, segment));
    if (header !== "damaged") continue;
    const path = `log/${segmentFileName(segment.number, segment.generation)}`;
    const problem = "its header is damaged, and the manifest's copy of it is used";
    found.error("note", new ZamError("Z219", { path, problem }));
  }
}

function examineSidecars(
  files: LogFiles,
  store: NodeStore,
  listed: readonly SegmentFile[] | undefined,
  found: Findings,
): void {
  const { dataKey, formerKey } = files;
  const sealed = (listed ?? []).slice(0, -1);
  const sidecars: readonly (readonly [string, FileKind, boolean])[] = [
    [fileName.manifest, "manifest", true],
    [fileName.manifestCopy, "manifest", true],
    [fileName.checkpointA, "checkpoint", false],
    [fileName.checkpointB, "checkpoint", false],
    [fileName.formerKey, "formerKey", false],
    [fileName.formerKeyCopy, "formerKey", false],
    ...sealed.map(
      ({ number, generation }) => [indexFileName(number, generation), "index", true] as const,
    ),
  ];
  let goodCount = 0;
  for (const [name, kind, isExpected] of sidecars) {
    const state = found.attempt("failure", () =>
      checkSidecar({ store, crypto: nodeCrypto, dataKey, formerKey }, name, kind),
    );
    if (state === undefined) continue;
    const path = `log/${name}`;
    if (state === "good" || state === "unsealed") goodCount++;
    else if (state === "unsupported")
      found.error(
        "failure",
        new ZamError("Z203", { path, found: "another", supported: formatVersion }),
      );
    else if (state === "wrongKey") found.error("failure", new ZamError("Z301", { path }));
    else if (state === "missing" && !isExpected) continue;
    else if (!files.isRunning || state !== "missing") {
      const problem = state === "missing" ? "it is missing" : "it is damaged";
      found.error("note", new ZamError("Z219", { path, problem }));
    }
  }
  if (!store.exists(fileName.reserve))
    found.error("note", new ZamError("Z219", { path: "log/reserve", problem: "it is missing" }));
  found.checked("manifest, checkpoints, indexes", `${goodCount} good`);
}

/** Names that are not of a live file: what an interrupted change left, or somebody put there. */
function examineNames(
  files: LogFiles,
  store: NodeStore,
  listed: readonly SegmentFile[] | undefined,
  found: Findings,
): void {
  const known = new Set<string>(Object.values(fileName));
  for (const name of store.list()) {
    const file = segmentFileOf(name.replace(/\.idx$/, ".seg"));
    const isLive =
      file !== undefined &&
      (listed === undefined ||
        listed.some(
          ({ number, generation }) => number === file.number && generation === file.generation,
        ));
    if (known.has(name) || isLive) continue;
    if (files.isRunning && isYoung(join(files.directory, name))) continue;
    found.error("note", new ZamError("Z217", { path: `log/${name}` }));
  }
}

export function isYoung(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat === undefined || Date.now() - stat.mtimeMs < leftoverAgeMs;
}

function examineSetAside(store: NodeStore, found: Findings): void {
  const names = store.list(fileName.setAside);
  if (names.length === 0) return;
  let sizeBytes = 0;
  for (const name of names) {
    const path = join(store.directory, fileName.setAside, name);
    sizeBytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  const count = names.length;
  found.error("note", new ZamError("Z221", { path: "log/set-aside", count, sizeBytes }));
}

/** Of a log that did not open. */
async function scanAll(
  files: LogFiles,
  store: NodeStore,
  segments: readonly SegmentFile[],
  found: Findings,
): Promise<void> {
  let recordCount = 0;
  for (const segment of segments) {
    try {
      recordCount += await scanOne(files, store, segment, found, segment === segments.at(-1));
    } catch (error) {
      found.failed("failure", error);
    }
  }
  found.checked(
    "records, by CRC alone",
    `${recordCount} good, in ${counted(segments.length, "segment")}`,
  );
}

/** Every record's CRC; returns how many hold. A bad range at the very end of the newest segment may only be torn. */
async function scanOne(
  { dataKey, formerKey }: LogFiles,
  store: NodeStore,
  segment: SegmentFile,
  found: Findings,
  isNewest: boolean,
): Promise<number> {
  const path = `log/${segmentFileName(segment.number, segment.generation)}`;
  const header = readSegmentHeader(store, segment);
  if (typeof header === "string") {
    const problem = header === "missing" ? "the file is missing" : "its header is damaged";
    found.error("failure", new ZamError("Z202", { path, problem }));
    return 0;
  }
  const keys = { crypto: nodeCrypto, dataKey, formerKey };
  if (dataKey !== undefined && keyFit(keys, header) === "wrongKey")
    found.error("failure", new ZamError("Z301", { path }));
  const scan = scanSegment({ store, crypto: nodeCrypto }, header);
  while (scan.step()) await breathe();
  const { bad, sizeBytes, recordCount } = scan.result();
  for (const { from, to } of bad) {
    if (to === sizeBytes && isNewest) {
      const problem = `${path} ends in ${counted(to - from, "torn or damaged byte")}`;
      found.error("note", new ZamError("Z218", { problem }));
    } else {
      const problem = `${counted(to - from, "byte")} whose CRC does not hold`;
      found.error("failure", new ZamError("Z216", { path, offset: from, problem }));
    }
  }
  return recordCount;
}
