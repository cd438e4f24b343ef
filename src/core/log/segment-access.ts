/**
 * Reading access to any live segment: its cipher, its readable end, and its
 * sparse index, loaded from the index file on demand, or made again by a scan
 * when that file is missing or damaged.
 */
import type { LogCore } from "./core.ts";
import { decodeEventFields } from "./event-fields.ts";
import { keyOf } from "./file-header.ts";
import { FileFault } from "../ports.ts";
import { recordKind } from "./format.ts";
import { type LoadedIndex, loadIndexFile } from "./index/index-file.ts";
import type { IdTable } from "./index/id-table.ts";
import type { SegmentIndex } from "./index/segment-index.ts";
import { SegmentCipher } from "./segment-cipher.ts";
import { SegmentReader } from "./segment-reader.ts";
import { newSegmentWriter, type SegmentWriter } from "./segment-writer.ts";

/** Loaded indexes kept at hand. */
const loadedIndexesMax = 4;
const ciphersMax = 16;

/** A reader over the durable part of a segment; undefined when there is no such segment or file. */
export function openReader(core: LogCore, segment: number): SegmentReader | undefined {
  const writer = writerOf(core, segment);
  const sealed = core.directory.find(segment);
  const end = writer?.end ?? sealed?.sizeBytes;
  const cipher = writer?.cipher ?? sealedCipher(core, segment);
  if (end === undefined || cipher === undefined) return undefined;
  try {
    return new SegmentReader(core, { segment, cipher, end });
  } catch (fault) {
    if (fault instanceof FileFault && fault.kind === "notFound") return undefined;
    throw fault;
  }
}

function writerOf(core: LogCore, segment: number): SegmentWriter | undefined {
  if (core.active.number === segment) return core.active;
  return core.unindexed.find((writer) => writer.number === segment);
}

export function sealedCipher(core: LogCore, segment: number): SegmentCipher | undefined {
  const known = core.ciphers.get(segment);
  if (known !== undefined) return known;
  const sealed = core.directory.find(segment);
  if (sealed === undefined) return undefined;
  const { crypto, logId } = core.seal;
  const { salt } = sealed;
  const dataKey = keyOf(core.seal, sealed);
  const cipher = new SegmentCipher({ crypto, dataKey, logId, segment, salt });
  if (core.ciphers.size >= ciphersMax) core.ciphers.clear();
  core.ciphers.set(segment, cipher);
  return cipher;
}

/** The segment's sparse index; undefined when the segment is unknown or gone. */
export function indexOf(core: LogCore, segment: number): SegmentIndex | undefined {
  const writer = writerOf(core, segment);
  if (writer !== undefined) return writer.index;
  const loaded = loadedIndexOf(core, segment);
  if (loaded !== undefined) return loaded.index;
  return rebuildIndex(core, segment)?.index;
}

/** From the index file; undefined when there is none that verifies. */
export function loadedIndexOf(core: LogCore, segment: number): LoadedIndex | undefined {
  const known = core.loadedIndexes.get(segment);
  if (known !== undefined) {
    core.loadedIndexes.delete(segment);
    core.loadedIndexes.set(segment, known);
    return known;
  }
  const sealed = core.directory.find(segment);
  if (sealed === undefined) return undefined;
  const loaded = loadFresh(core, segment);
  if (loaded === undefined || loaded.summary.coveredBytes !== sealed.sizeBytes) return undefined;
  if (core.loadedIndexes.size >= loadedIndexesMax) {
    for (const oldest of core.loadedIndexes.keys()) {
      core.loadedIndexes.delete(oldest);
      break;
    }
  }
  core.loadedIndexes.set(segment, loaded);
  return loaded;
}

function loadFresh(core: LogCore, segment: number): LoadedIndex | undefined {
  try {
    return loadIndexFile(core.seal, core.files.get(core.indexFile(segment)), segment);
  } catch (fault) {
    if (fault instanceof FileFault) return undefined;
    throw fault;
  }
}

/**
 * Scans a sealed segment whose index is missing or damaged. The result waits in
 * memory until upkeep has written it beside the segment.
 */
export function rebuildIndex(core: LogCore, segment: number): SegmentWriter | undefined {
  const sealed = core.directory.find(segment);
  const reader = openReader(core, segment);
  if (sealed === undefined || reader === undefined) return undefined;
  const writer = newSegmentWriter(core.seal, {
    number: segment,
    generation: sealed.generation,
    salt: sealed.salt,
    keyId: sealed.keyId,
  });
  writer.end = sealed.sizeBytes;
  writer.firstOrdinal = sealed.firstOrdinal;
  writer.lastOrdinal = sealed.lastOrdinal;
  scanIntoIndex(core, reader, writer.index, writer.ids);
  core.unindexed.push(writer);
  return writer;
}

function scanIntoIndex(
  core: LogCore,
  reader: SegmentReader,
  index: SegmentIndex,
  ids: IdTable,
): void {
  const { streams } = core;
  for (let offset = reader.skipBad(firstRecord); ; ) {
    const found = reader.readAt(offset);
    if (found === "end") return;
    if (found === "bad") {
      offset = reader.skipBad(reader.resync(offset + 1));
      continue;
    }
    const { kind, alias } = reader.header;
    const stream = streams.indexOfAlias(alias);
    const isEvent = kind === recordKind.event;
    if ((isEvent || kind === recordKind.dropped) && stream !== undefined) {
      const plain = reader.open(streams.table.id(stream).node);
      const event = plain === undefined ? undefined : decodeEventFields(plain);
      if (event !== undefined) {
        index.addRecord(offset, event.ordinal);
        if (isEvent) index.addEvent(alias, event.seq, offset);
        if (event.idempotency.length > 0) ids.add(event.idempotency, offset);
      }
    }
    offset = reader.skipBad(reader.nextOffset);
  }
}

const firstRecord = 64;
