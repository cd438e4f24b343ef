/**
 * Idempotency (RULES 15): from a hash to the event that carries it, staged ones
 * included. A prefix match is only a hint; the record itself decides.
 */
import { bytesEqual } from "../bytes.ts";
import type { Hlc } from "../clock/hlc.ts";
import type { StreamId } from "../event.ts";
import { FileFault } from "../ports.ts";
import { diskError } from "./faults.ts";
import type { LogCore } from "./core.ts";
import {
  decodeDroppedPayload,
  decodeEventFields,
  decodeFragmentList,
  type EventFields,
} from "./event-fields.ts";
import { flagFragmented, recordKind } from "./format.ts";
import type { Group } from "./group.ts";
import { lookUpId } from "./index/index-file.ts";
import { locationOf } from "./locate.ts";
import { newRecordHeader } from "./segment-cipher.ts";
import { loadedIndexOf, openReader, rebuildIndex } from "./segment-access.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export interface FoundId {
  readonly stream: StreamId;
  readonly seq: number;
  readonly hlc: Hlc;
  readonly isStaged: boolean;
  /** Of the whole payload. */
  readonly payloadSize: number;
  /** Undefined when the event is small: compare `payload`. */
  readonly payloadSha256: Uint8Array | undefined;
  readonly payload: Uint8Array;
}

/**
 * The event that carries `hash`, durable or staged. @throws ZamError Z206 when the
 * disk will not say now: a key that cannot be looked up is not a new one.
 */
export function findId(core: LogCore, hash: Uint8Array): FoundId | undefined {
  try {
    return findAnywhere(core, hash);
  } catch (fault) {
    if (fault instanceof FileFault) throw diskError(fault, "looking up an idempotency key");
    throw fault;
  }
}

function findAnywhere(core: LogCore, hash: Uint8Array): FoundId | undefined {
  let found: FoundId | undefined;
  for (let at = core.waiting.length - 1; at >= 0 && found === undefined; at--) {
    found = findInWriter(core, core.waiting[at]?.segment, hash);
  }
  found ??= findInWriter(core, core.inFlight?.segment, hash);
  found ??= findInWriter(core, core.active, hash);
  for (let at = core.unindexed.length - 1; at >= 0 && found === undefined; at--) {
    found = findInWriter(core, core.unindexed[at], hash);
  }
  const { segments } = core.directory;
  for (let at = segments.length - 1; at >= 0 && found === undefined; at--) {
    found = findInSealed(core, segments[at]?.number ?? 0, hash);
  }
  return found;
}

function findInWriter(
  core: LogCore,
  writer: SegmentWriter | undefined,
  hash: Uint8Array,
): FoundId | undefined {
  if (writer === undefined) return undefined;
  let found: FoundId | undefined;
  writer.ids.find(hash, (offset) => {
    found = readCandidate(core, writer.number, offset, hash, writer);
    return found !== undefined;
  });
  return found;
}

function findInSealed(core: LogCore, segment: number, hash: Uint8Array): FoundId | undefined {
  if (core.unindexed.some((writer) => writer.number === segment)) return undefined;
  const loaded = loadedIndexOf(core, segment);
  let offsets: readonly number[] | undefined;
  if (loaded !== undefined) {
    if (loaded.idCount === 0) return undefined;
    try {
      offsets = lookUpId(core.seal, core.files.get(core.indexFile(segment)), loaded, hash);
    } catch (fault) {
      if (!(fault instanceof FileFault)) throw fault;
    }
  }
  if (offsets === undefined) {
    core.loadedIndexes.delete(segment);
    return findInWriter(core, rebuildIndex(core, segment), hash);
  }
  for (const offset of offsets) {
    const found = readCandidate(core, segment, offset, hash);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readCandidate(
  core: LogCore,
  segment: number,
  offset: number,
  hash: Uint8Array,
  writer?: SegmentWriter,
): FoundId | undefined {
  const group = groupHolding(core, segment, offset);
  const record =
    group === undefined || writer === undefined
      ? readDurable(core, segment, offset)
      : readStaged(core, group, writer, offset);
  if (record === undefined || !bytesEqual(record.fields.idempotency, hash)) return undefined;
  const { fields, alias, flags } = record;
  const place = locationOf(core, alias, fields.seq, segment);
  if (place === undefined) return undefined;
  const list = record.isDropped
    ? decodeDroppedPayload(fields.body)
    : (flags & flagFragmented) === 0
      ? undefined
      : decodeFragmentList(fields.body);
  return {
    stream: core.streams.table.id(place.index),
    seq: place.seq,
    hlc: fields.hlc,
    isStaged: group !== undefined,
    payloadSize: list?.payloadSize ?? fields.body.length,
    payloadSha256: list?.payloadSha256,
    payload: list === undefined ? fields.body : noBody,
  };
}

const noBody = new Uint8Array(0);

interface ReadRecord {
  readonly alias: number;
  readonly flags: number;
  readonly isDropped: boolean;
  readonly fields: EventFields;
}

function groupHolding(core: LogCore, segment: number, offset: number): Group | undefined {
  const isIn = (group: Group | undefined): boolean =>
    group?.segment?.number === segment && offset >= group.start && offset < group.end;
  if (isIn(core.inFlight)) return core.inFlight;
  return core.waiting.find(isIn);
}

function readDurable(core: LogCore, segment: number, offset: number): ReadRecord | undefined {
  const reader = openReader(core, segment);
  if (reader?.readAt(offset) !== "record") return undefined;
  const { kind } = reader.header;
  if (kind !== recordKind.event && kind !== recordKind.dropped) return undefined;
  const isDropped = kind === recordKind.dropped;
  const node = nodeOf(core, reader.header.alias);
  const plain = node === undefined ? undefined : reader.open(node);
  const fields = plain === undefined ? undefined : decodeEventFields(plain.slice());
  if (fields === undefined) return undefined;
  return { alias: reader.header.alias, flags: reader.header.flags, isDropped, fields };
}

/** From the group's buffer, or from the file where a large group was written out in pieces. */
function readStaged(
  core: LogCore,
  group: Group,
  writer: SegmentWriter,
  offset: number,
): ReadRecord | undefined {
  const header = newRecordHeader();
  let bytes = group.bytes.subarray(0, group.used);
  let at = offset - group.bytesFrom;
  if (at < 0) {
    const piece = new Uint8Array(Math.min(64 * 1024, group.bytesFrom - offset));
    const count = writer.file?.read(offset, piece) ?? 0;
    bytes = piece.subarray(0, count);
    at = 0;
  }
  if (!writer.cipher.parseHeader(bytes, at, offset, header)) return undefined;
  const node = nodeOf(core, header.alias);
  if (node === undefined || at + header.totalBytes > bytes.length) return undefined;
  const plain = writer.cipher.open(bytes, at, header, { offset, node });
  const fields = plain === undefined ? undefined : decodeEventFields(plain.slice());
  if (fields === undefined) return undefined;
  return { alias: header.alias, flags: header.flags, isDropped: false, fields };
}

function nodeOf(core: LogCore, alias: number): string | undefined {
  const index = core.streams.indexOfAlias(alias);
  return index === undefined ? undefined : core.streams.table.id(index).node;
}

export function isSamePayload(core: LogCore, found: FoundId, payload: Uint8Array): boolean {
  if (found.payloadSize !== payload.length) return false;
  if (found.payloadSha256 === undefined) return bytesEqual(found.payload, payload);
  return bytesEqual(found.payloadSha256, core.crypto.sha256(payload));
}
