/**
 * The sealed fields of event and fragment records (RULES 3 and 5), and of alias
 * and close records. Decoders are total: malformed bytes give undefined.
 */
import { ByteReader, type ByteWriter, emptyBytes } from "../bytes.ts";
import type { Hlc } from "../clock/hlc.ts";
import {
  chainBytes,
  isLane,
  isNodeId,
  knownBytesMax,
  payloadBytesMax,
  type StreamId,
} from "../event.ts";

export interface EventFields {
  readonly hlc: Hlc;
  readonly chainBefore: Uint8Array;
  readonly seq: number;
  readonly type: number;
  readonly ordinal: number;
  readonly receivedMs: number;
  readonly receivedFrom: string;
  readonly known: Uint8Array;
  /** 16 bytes, or none. */
  readonly idempotency: Uint8Array;
  /** The payload, or with `flagFragmented` a fragment list. */
  readonly body: Uint8Array;
}

export const idempotencyBytes = 16;
const nodeIdBytesMax = 63;

export function encodeEventFields(event: EventFields, out: ByteWriter): void {
  writeHlc(event.hlc, out);
  out.bytes(event.chainBefore);
  out.varint(event.seq);
  out.varint(event.type);
  out.varint(event.ordinal);
  out.u48(event.receivedMs);
  if (event.receivedFrom === "") out.u8(0);
  else out.text(event.receivedFrom);
  out.sized(event.known);
  out.sized(event.idempotency);
  out.bytes(event.body);
}

/** Byte fields are views into `bytes`. */
export function decodeEventFields(bytes: Uint8Array): EventFields | undefined {
  const reader = new ByteReader(bytes);
  const hlc = readHlc(reader);
  const chainBefore = reader.bytes(chainBytes);
  const seq = reader.varint();
  const type = reader.varint();
  const ordinal = reader.varint();
  const receivedMs = reader.u48();
  const receivedFrom = reader.text(nodeIdBytesMax);
  const known = reader.sized(knownBytesMax);
  const idempotency = reader.sized(idempotencyBytes);
  const body = reader.bytes(reader.remaining);
  const hasValidId = idempotency.length === 0 || idempotency.length === idempotencyBytes;
  if (reader.failed || seq === 0 || !hasValidId) return undefined;
  return {
    hlc,
    chainBefore,
    seq,
    type,
    ordinal,
    receivedMs,
    receivedFrom,
    known,
    idempotency,
    body,
  };
}

/** What is left of a dropped event's payload: enough to answer for its idempotency key (RULES 15). */
export interface DroppedPayload {
  readonly droppedMs: number;
  readonly payloadSize: number;
  readonly payloadSha256: Uint8Array;
}

export function encodeDroppedPayload(dropped: DroppedPayload, out: ByteWriter): void {
  out.u48(dropped.droppedMs);
  out.varint(dropped.payloadSize);
  out.bytes(dropped.payloadSha256);
}

export function decodeDroppedPayload(bytes: Uint8Array): DroppedPayload | undefined {
  const reader = new ByteReader(bytes);
  const droppedMs = reader.u48();
  const payloadSize = reader.varint();
  const payloadSha256 = reader.bytes(32);
  return reader.finished ? { droppedMs, payloadSize, payloadSha256 } : undefined;
}

/** Where one piece of a payload lies. */
export interface FragmentPlace {
  readonly segment: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

export interface FragmentList {
  readonly payloadSize: number;
  readonly payloadSha256: Uint8Array;
  readonly places: readonly FragmentPlace[];
}

/** A list of so many places still fits into one record. */
export const fragmentPlacesMax = 4096;

export function encodeFragmentList(list: FragmentList, out: ByteWriter): void {
  out.varint(list.payloadSize);
  out.bytes(list.payloadSha256);
  out.varint(list.places.length);
  let segment = 0;
  for (const place of list.places) {
    out.varint(place.segment - segment);
    out.varint(place.offset);
    out.varint(place.sizeBytes);
    segment = place.segment;
  }
}

export function decodeFragmentList(bytes: Uint8Array): FragmentList | undefined {
  const reader = new ByteReader(bytes);
  const payloadSize = reader.varint();
  const payloadSha256 = reader.bytes(32);
  const count = reader.varint();
  if (reader.failed || count > fragmentPlacesMax || payloadSize > payloadBytesMax) return undefined;
  const places: FragmentPlace[] = [];
  let segment = 0;
  let total = 0;
  for (let i = 0; i < count && !reader.failed; i++) {
    segment += reader.varint();
    const offset = reader.varint();
    const sizeBytes = reader.varint();
    total += sizeBytes;
    places.push({ segment, offset, sizeBytes });
  }
  return reader.finished && total === payloadSize
    ? { payloadSize, payloadSha256, places }
    : undefined;
}

/** One durable piece of an event that is not complete yet. */
export interface FragmentFields {
  readonly hlc: Hlc;
  readonly chainBefore: Uint8Array;
  readonly seq: number;
  readonly type: number;
  readonly ordinal: number;
  readonly totalBytes: number;
  readonly at: number;
  readonly bytes: Uint8Array;
}

export function encodeFragmentFields(fragment: FragmentFields, out: ByteWriter): void {
  writeHlc(fragment.hlc, out);
  out.bytes(fragment.chainBefore);
  out.varint(fragment.seq);
  out.varint(fragment.type);
  out.varint(fragment.ordinal);
  out.varint(fragment.totalBytes);
  out.varint(fragment.at);
  out.bytes(fragment.bytes);
}

export function decodeFragmentFields(bytes: Uint8Array): FragmentFields | undefined {
  const reader = new ByteReader(bytes);
  const hlc = readHlc(reader);
  const chainBefore = reader.bytes(chainBytes);
  const seq = reader.varint();
  const type = reader.varint();
  const ordinal = reader.varint();
  const totalBytes = reader.varint();
  const at = reader.varint();
  const piece = reader.bytes(reader.remaining);
  if (reader.failed || seq === 0 || at + piece.length > totalBytes) return undefined;
  if (totalBytes > payloadBytesMax) return undefined;
  return { hlc, chainBefore, seq, type, ordinal, totalBytes, at, bytes: piece };
}

/** What a record's alias stands for; the header of an alias record holds the alias itself. */
export function encodeAliasFields(stream: StreamId, out: ByteWriter): void {
  out.text(stream.node);
  out.u32(stream.epoch);
  out.text(stream.lane);
}

export function decodeAliasFields(bytes: Uint8Array): StreamId | undefined {
  const reader = new ByteReader(bytes);
  const stream = readStreamId(reader);
  return reader.finished && stream !== undefined ? stream : undefined;
}

export function readStreamId(reader: ByteReader): StreamId | undefined {
  const node = reader.text(nodeIdBytesMax);
  const epoch = reader.u32();
  const lane = reader.text(255);
  if (reader.failed || !isNodeId(node) || !isLane(lane)) return undefined;
  return { node, epoch, lane };
}

/** A clean close: nothing was in flight, and these are the heads of the own streams (RULES 9). */
export interface CloseFields {
  readonly changeOrdinal: number;
  readonly lastHlc: Hlc;
  readonly heads: readonly CloseHead[];
}

export interface CloseHead {
  readonly alias: number;
  readonly seq: number;
  readonly chain: Uint8Array;
}

const closeHeadsMax = 1024;

export function encodeCloseFields(close: CloseFields, out: ByteWriter): void {
  out.varint(close.changeOrdinal);
  writeHlc(close.lastHlc, out);
  const heads = close.heads.slice(0, closeHeadsMax);
  out.varint(heads.length);
  for (const head of heads) {
    out.varint(head.alias);
    out.varint(head.seq);
    out.bytes(head.chain);
  }
}

export function decodeCloseFields(bytes: Uint8Array): CloseFields | undefined {
  const reader = new ByteReader(bytes);
  const changeOrdinal = reader.varint();
  const lastHlc = readHlc(reader);
  const count = reader.varint();
  const heads: CloseHead[] = [];
  if (count > closeHeadsMax) reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) {
    heads.push({
      alias: reader.varint(),
      seq: reader.varint(),
      chain: reader.bytes(chainBytes).slice(),
    });
  }
  return reader.finished ? { changeOrdinal, lastHlc, heads } : undefined;
}

export function writeHlc(hlc: Hlc, out: ByteWriter): void {
  out.u48(hlc.ms);
  out.u16(hlc.counter);
}

export function readHlc(reader: ByteReader): Hlc {
  return { ms: reader.u48(), counter: reader.u16() };
}

export const noIdempotency = emptyBytes;
