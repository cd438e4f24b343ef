/**
 * The first look at a directory: which log is this, does the key fit, and which
 * segments belong to it. Only reads, and decides about the key before anything
 * else (RULES 10 to 12).
 */
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { FileStore } from "../ports.ts";
import { type DataKeys, type FileHeader, keyFit } from "./file-header.ts";
import {
  fileHeaderBytes,
  fileName,
  type SegmentFile,
  segmentFileName,
  segmentFileOf,
} from "./format.ts";
import { findFormerKey } from "./former-key.ts";
import { decodeManifest, type Manifest, type ManifestSegment } from "./manifest.ts";
import { openBlock } from "./sealed-file.ts";
import { decodeHeader, readQuietly, readWhole } from "./whole-file.ts";

export interface DiscoverInput extends DataKeys {
  readonly store: FileStore;
  readonly nodeId: string;
}

export interface DiscoveredLog {
  readonly logId: Uint8Array;
  /** While the log is being rekeyed: the key of what is not yet sealed anew. */
  readonly formerKey: Uint8Array | undefined;
  readonly generation: number;
  /** Ascending; the last is the active one. */
  readonly segments: readonly ManifestSegment[];
  /** How the list of segments was had. */
  readonly source: "manifest" | "copy" | "segments";
  /** Segments of this log whose own header cannot be read and that no manifest describes. */
  readonly unreadable: readonly number[];
  /** Numbers of segment files in the directory. */
  readonly present: readonly number[];
  readonly isCopyStale: boolean;
}

/** Throws Z201, Z202, Z203, Z301 or Z302. */
export function discover(search: DiscoverInput): DiscoveredLog {
  const formerKey = findFormerKey(search);
  const input = { ...search, formerKey };
  const log = { ...findSegments(input), formerKey };
  if (log.source !== "segments") checkSegmentKeys(input, log);
  return log;
}

/** Segments whose key is not at hand are not damaged: the former key of a rekey is missing. */
function checkSegmentKeys(input: DiscoverInput, log: DiscoveredLog): void {
  const isEncrypted = input.dataKey !== undefined;
  for (const { number, generation, salt, keyId } of log.segments) {
    if (!log.present.includes(number)) continue;
    if (keyFit(input, { isEncrypted, salt, keyId }) === "fits") continue;
    throw new ZamError("Z301", { path: segmentFileName(number, generation) });
  }
}

type FoundSegments = Omit<DiscoveredLog, "formerKey">;

function findSegments(input: DiscoverInput): FoundSegments {
  const { store } = input;
  const files: SegmentFile[] = [];
  for (const name of store.list()) {
    const file = segmentFileOf(name);
    if (file !== undefined) files.push(file);
  }
  files.sort((a, b) => a.number - b.number || a.generation - b.generation);
  const first = readManifest(input, fileName.manifest);
  const second = readManifest(input, fileName.manifestCopy);
  if (files.length === 0 && first.isMissing && second.isMissing) {
    throw new ZamError("Z201", { path: "log" });
  }
  if (first.manifest !== undefined) {
    const isCopyStale = second.manifest?.generation !== first.manifest.generation;
    const present = presentFor(first.manifest.segments, files);
    return fromManifest(first, first.manifest, { source: "manifest", present, isCopyStale });
  }
  const headers = readSegmentHeaders(input, files);
  checkKey(input, [first, second], headers);
  if (second.manifest !== undefined) {
    return withNewer(second, second.manifest, headers, files);
  }
  return fromHeaders(headers, files);
}

interface ReadManifest {
  readonly isMissing: boolean;
  readonly header: FileHeader | undefined;
  readonly manifest: Manifest | undefined;
}

function readManifest(input: DiscoverInput, name: string): ReadManifest {
  const bytes = readWhole(input.store, name);
  if (bytes === undefined) return { isMissing: true, header: undefined, manifest: undefined };
  const header = decodeHeader("manifest", name, bytes);
  if (header === undefined || keyFit(input, header) !== "fits") {
    return { isMissing: false, header, manifest: undefined };
  }
  const end = fileHeaderBytes + header.bodyBytes;
  const seal = { ...input, logId: header.logId };
  const body =
    end > bytes.length
      ? undefined
      : openBlock(seal, header, bytes.subarray(fileHeaderBytes, end), fileHeaderBytes);
  const manifest = body === undefined ? undefined : decodeManifest(body);
  if (manifest !== undefined && manifest.nodeId !== input.nodeId) {
    throw new ZamError("Z202", {
      path: name,
      problem: `the log belongs to node ${manifest.nodeId}, not to ${input.nodeId}`,
    });
  }
  return { isMissing: false, header, manifest };
}

interface SegmentHeader extends SegmentFile {
  readonly header: FileHeader;
  readonly sizeBytes: number;
}

/** Numbers of listed segments whose file is there, and of all files that no list names. */
function presentFor(
  segments: readonly ManifestSegment[],
  files: readonly SegmentFile[],
): readonly number[] {
  const generations = new Map(segments.map(({ number, generation }) => [number, generation]));
  const present = files
    .filter(({ number, generation }) => (generations.get(number) ?? generation) === generation)
    .map(({ number }) => number);
  return [...new Set(present)];
}

function readSegmentHeaders(
  input: DiscoverInput,
  files: readonly SegmentFile[],
): readonly SegmentHeader[] {
  const found = [];
  for (const { number, generation } of files) {
    const name = segmentFileName(number, generation);
    const file = input.store.open(name, "read");
    const bytes = new Uint8Array(fileHeaderBytes);
    const count = readQuietly(file, bytes);
    const sizeBytes = file.size();
    file.close();
    const header = count < fileHeaderBytes ? undefined : decodeHeader("segment", name, bytes);
    const isNamed = header?.number === number && header.generation === generation;
    if (isNamed) found.push({ number, generation, header, sizeBytes });
  }
  return found;
}

/** CRC good and key id other is a wrong key; unless the key fits other files of the same directory. */
function checkKey(
  input: DiscoverInput,
  manifests: readonly ReadManifest[],
  segments: ReturnType<typeof readSegmentHeaders>,
): void {
  const headers: FileHeader[] = [];
  for (const { header } of manifests) if (header !== undefined) headers.push(header);
  for (const { header } of segments) headers.push(header);
  const fits = headers.map((header) => keyFit(input, header));
  if (fits.includes("fits")) return;
  if (fits.includes("needsKey")) throw new ZamError("Z302", { path: "keys/data.key" });
  if (fits.includes("wrongKey")) throw new ZamError("Z301");
  const problem =
    headers.length === 0
      ? "no header of the log can be read"
      : "the log is not encrypted, but a key was given";
  throw new ZamError("Z202", { path: "log", problem });
}

function fromManifest(
  read: ReadManifest,
  manifest: Manifest,
  rest: Pick<DiscoveredLog, "source" | "present" | "isCopyStale">,
): FoundSegments {
  return {
    logId: read.header?.logId ?? new Uint8Array(16),
    generation: manifest.generation,
    segments: manifest.segments,
    unreadable: [],
    ...rest,
  };
}

/** The copy may be one generation old: segments of this log beyond its last one belong to it too. */
function withNewer(
  read: ReadManifest,
  manifest: Manifest,
  headers: ReturnType<typeof readSegmentHeaders>,
  files: readonly SegmentFile[],
): FoundSegments {
  const logId = read.header?.logId ?? new Uint8Array(16);
  const last = manifest.segments[manifest.segments.length - 1]?.number ?? 0;
  const newer = headers.filter(
    ({ number, header }) => number > last && bytesEqual(header.logId, logId),
  );
  const listed = manifest.segments.map((segment) => rewritten(segment, headers, files));
  const segments: ManifestSegment[] = listed.map((segment) => {
    if (segment.number !== last || newer.length === 0) return segment;
    const size = headers.find(({ number }) => number === last)?.sizeBytes ?? 0;
    return { ...segment, sizeBytes: size };
  });
  newer.forEach(({ number, header, sizeBytes }, at) => {
    const isLast = at === newer.length - 1;
    segments.push({
      number,
      generation: 0,
      sizeBytes: isLast ? 0 : sizeBytes,
      salt: header.salt,
      keyId: header.keyId,
    });
  });
  const present = presentFor(segments, files);
  const rest = { source: "copy", present, isCopyStale: true } as const;
  return { ...fromManifest(read, manifest, rest), segments };
}

/** The copy may name a file that has been written anew since, and is gone. */
function rewritten(
  segment: ManifestSegment,
  headers: readonly SegmentHeader[],
  files: readonly SegmentFile[],
): ManifestSegment {
  const { number, generation } = segment;
  const isThere = files.some((file) => file.number === number && file.generation === generation);
  if (isThere) return segment;
  const newer = headers.filter((file) => file.number === number).pop();
  if (newer === undefined) return segment;
  const { header, sizeBytes } = newer;
  return {
    number,
    generation: newer.generation,
    sizeBytes,
    salt: header.salt,
    keyId: header.keyId,
  };
}

function fromHeaders(
  headers: ReturnType<typeof readSegmentHeaders>,
  files: readonly SegmentFile[],
): FoundSegments {
  const logId = headers[headers.length - 1]?.header.logId;
  if (logId === undefined) {
    throw new ZamError("Z202", { path: "log", problem: "no header of the log can be read" });
  }
  // Of a segment that was being written anew the old file is whole; it goes only when the new one is listed.
  const ours = headers.filter(
    ({ number, header }, at) =>
      bytesEqual(header.logId, logId) && headers[at - 1]?.number !== number,
  );
  const segments = ours.map(({ number, generation, header, sizeBytes }, at) => ({
    number,
    generation,
    sizeBytes: at === ours.length - 1 ? 0 : sizeBytes,
    salt: header.salt,
    keyId: header.keyId,
  }));
  const present = [...new Set(files.map(({ number }) => number))];
  const unreadable = present.filter(
    (number) => !headers.some((header) => header.number === number),
  );
  return {
    logId,
    generation: 0,
    segments,
    source: "segments",
    unreadable,
    present,
    isCopyStale: true,
  };
}
