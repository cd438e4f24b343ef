/**
 * The index file of a sealed segment (`00000001.idx`): one block with summary,
 * alias definitions and sparse index, then sorted pages of idempotency prefixes
 * that are read one at a time. It can always be made again from its segment.
 */
import { ByteReader, ByteWriter } from "../../bytes.ts";
import type { StreamId } from "../../event.ts";
import { readStreamId } from "../event-fields.ts";
import { decodeFileHeader } from "../file-header.ts";
import { fileHeaderBytes } from "../format.ts";
import { blockOverhead, type FileSeal, openBlock, sealFile } from "../sealed-file.ts";
import type { StoreFile } from "../../ports.ts";
import { type IdTable, idEntryBytes, idsPerPage, offsetsInPage, prefixHigh } from "./id-table.ts";
import { SegmentIndex } from "./segment-index.ts";

export interface IndexSummary {
  readonly segment: number;
  /** Bytes of the segment that the index covers: all that count. */
  readonly coveredBytes: number;
  readonly firstOrdinal: number;
  readonly lastOrdinal: number;
}

export interface AliasDefinition {
  readonly alias: number;
  readonly stream: StreamId;
}

export interface LoadedIndex {
  readonly summary: IndexSummary;
  readonly aliases: readonly AliasDefinition[];
  readonly index: SegmentIndex;
  /** First 4 prefix bytes of each page, and how many ids there are. */
  readonly pageHighs: Uint32Array;
  readonly idCount: number;
  /** Where page 0 begins. */
  readonly pagesOffset: number;
  readonly sizeBytes: number;
}

export function encodeIndexFile(
  seal: FileSeal,
  parts: {
    readonly summary: IndexSummary;
    readonly aliases: readonly AliasDefinition[];
    readonly index: SegmentIndex;
    readonly ids: IdTable;
  },
): Uint8Array {
  const pages = parts.ids.pages();
  const out = new ByteWriter(4096);
  out.varint(parts.summary.segment);
  out.varint(parts.summary.coveredBytes);
  out.varint(parts.summary.firstOrdinal);
  out.varint(parts.summary.lastOrdinal);
  out.varint(parts.aliases.length);
  for (const definition of parts.aliases) {
    out.varint(definition.alias);
    out.text(definition.stream.node);
    out.u32(definition.stream.epoch);
    out.text(definition.stream.lane);
  }
  parts.index.encode(out);
  out.varint(parts.ids.count);
  for (const page of pages) out.u32(prefixHigh(page));
  const file = { kind: "index", number: parts.summary.segment, generation: 0 } as const;
  return sealFile(seal, file, [out.view(), ...pages]);
}

/** Everything but the pages; undefined when anything does not verify. */
export function loadIndexFile(
  seal: FileSeal,
  file: StoreFile,
  segment: number,
): LoadedIndex | undefined {
  const headerBytes = new Uint8Array(fileHeaderBytes);
  if (file.read(0, headerBytes) < fileHeaderBytes) return undefined;
  const header = decodeFileHeader("index", headerBytes);
  if (typeof header === "string" || header.number !== segment) return undefined;
  if (header.isEncrypted !== (seal.dataKey !== undefined)) return undefined;
  const sizeBytes = file.size();
  if (header.bodyBytes > sizeBytes - fileHeaderBytes) return undefined;
  const sealed = new Uint8Array(header.bodyBytes);
  if (file.read(fileHeaderBytes, sealed) < sealed.length) return undefined;
  const body = openBlock(seal, header, sealed, fileHeaderBytes);
  if (body === undefined) return undefined;
  const reader = new ByteReader(body);
  const summary = {
    segment: reader.varint(),
    coveredBytes: reader.varint(),
    firstOrdinal: reader.varint(),
    lastOrdinal: reader.varint(),
  };
  const aliases = readAliases(reader);
  const index = SegmentIndex.decode(reader);
  const idCount = reader.varint();
  const pageCount = Math.ceil(idCount / idsPerPage);
  if (aliases === undefined || index === undefined || pageCount * 4 !== reader.remaining) {
    return undefined;
  }
  const pageHighs = new Uint32Array(pageCount);
  for (let page = 0; page < pageCount; page++) pageHighs[page] = reader.u32();
  if (!reader.finished || summary.segment !== segment) return undefined;
  const pagesOffset = fileHeaderBytes + header.bodyBytes;
  return { summary, aliases, index, pageHighs, idCount, pagesOffset, sizeBytes };
}

function readAliases(reader: ByteReader): readonly AliasDefinition[] | undefined {
  const count = reader.varint();
  if (count * 8 > reader.remaining) return undefined;
  const aliases: AliasDefinition[] = [];
  for (let i = 0; i < count; i++) {
    const alias = reader.varint();
    const stream = readStreamId(reader);
    if (stream === undefined) return undefined;
    aliases.push({ alias, stream });
  }
  return aliases;
}

/** Offsets of records that may carry `hash`; undefined when a page does not verify. */
export function lookUpId(
  seal: FileSeal,
  file: StoreFile,
  loaded: LoadedIndex,
  hash: Uint8Array,
): readonly number[] | undefined {
  const high = prefixHigh(hash);
  const { pageHighs } = loaded;
  let page = 0;
  while (page + 1 < pageHighs.length && (pageHighs[page + 1] ?? 0) < high) page++;
  const found: number[] = [];
  for (; page < pageHighs.length && (pageHighs[page] ?? 0) <= high; page++) {
    const bytes = readPage(seal, file, loaded, page);
    if (bytes === undefined) return undefined;
    for (const offset of offsetsInPage(bytes, hash)) found.push(offset);
  }
  return found;
}

function readPage(
  seal: FileSeal,
  file: StoreFile,
  loaded: LoadedIndex,
  page: number,
): Uint8Array | undefined {
  const overhead = blockOverhead(seal.dataKey !== undefined);
  const offset = loaded.pagesOffset + page * (idsPerPage * idEntryBytes + overhead);
  const entries = Math.min(idsPerPage, loaded.idCount - page * idsPerPage);
  const bytes = new Uint8Array(entries * idEntryBytes + overhead);
  const headerBytes = new Uint8Array(fileHeaderBytes);
  if (file.read(0, headerBytes) < fileHeaderBytes) return undefined;
  const header = decodeFileHeader("index", headerBytes);
  if (typeof header === "string") return undefined;
  return file.read(offset, bytes) < bytes.length
    ? undefined
    : openBlock(seal, header, bytes, offset);
}
