/** Frames to bytes; the other half is decode-frame.ts, the layouts are in docs/protocol.md. */
import { ByteWriter } from "../bytes.ts";
import { assertNever } from "../errors/zam-error.ts";
import {
  type AckFrame,
  type BatchFrame,
  type ByeReason,
  type ChainsFrame,
  chain8Bytes,
  type Ends,
  type FragmentFrame,
  type Frame,
  frameCodes,
  type HelloFrame,
  type HistoryFrame,
  type RangeFrame,
  type RefusedReason,
  type VectorFrame,
  type VectorMark,
  type WireHealth,
  type QuarantineFrame,
} from "./frame-types.ts";
import { encodeKnown } from "./rows.ts";
import { encodeStreamName } from "./stream-name.ts";
import { encodeVectorEntry } from "./vector-codec.ts";
import {
  healthTroublesMax,
  healthVersionCharacters,
  quarantineReasonCharacters,
  quarantineRunsNamed,
} from "./wire-limits.ts";

/** Bits of HELLO's flag byte. */
export const helloKeepsOpen = 1;
export const helloPingOnly = 2;
export const helloOffersAll = 4;
export const helloHasLimit = 8;
export const helloHasBase = 16;
export const helloHasHeld = 32;
export const helloHasHealth = 64;
export const helloHasRate = 128;

/** Positions are the numbers on the wire. */
export const vectorPurposes = [
  "hello",
  "full",
  "update",
] as const satisfies readonly VectorFrame["purpose"][];
export const refusedReasons = ["gap", "fork", "stream"] as const satisfies readonly RefusedReason[];
export const byeReasons = [
  "done",
  "budget",
  "finished",
  "fenced",
] as const satisfies readonly ByeReason[];

function encodeMark(writer: ByteWriter, mark: VectorMark): void {
  writer.varint(mark.ordinal);
  writer.bytes(mark.digest);
}

function encodeQuarantine(writer: ByteWriter, frame: QuarantineFrame, ends: Ends): void {
  const runs = frame.runs.slice(0, quarantineRunsNamed);
  writer.varint(frame.total);
  writer.varint(runs.length);
  for (const { id, from, to, reason } of runs) {
    encodeStreamName(writer, id, ends);
    writer.varint(from);
    writer.varint(to - from);
    writer.text(reason.slice(0, quarantineReasonCharacters));
  }
}

export function encodeHealth(writer: ByteWriter, health: WireHealth): void {
  writer.text(health.version.slice(0, healthVersionCharacters));
  writer.varint(health.diskFreeBytes);
  writer.varint(health.damagedCount);
  writer.varint(health.quarantinedCount);
  const troubles = [...new Set(health.troubles)].sort().slice(0, healthTroublesMax);
  writer.text(troubles.join(" "));
  writer.signedVarint(health.certDaysLeft);
}

function encodeHello(writer: ByteWriter, frame: HelloFrame): void {
  writer.varint(frame.version);
  writer.varint(frame.versionOldest);
  let flags = 0;
  if (frame.keepsOpen) flags += helloKeepsOpen;
  if (frame.isPingOnly) flags += helloPingOnly;
  if (frame.offersAll) flags += helloOffersAll;
  if (frame.receiveBytesMax !== undefined) flags += helloHasLimit;
  if (frame.base !== undefined) flags += helloHasBase;
  if (frame.held !== undefined) flags += helloHasHeld;
  if (frame.health !== undefined) flags += helloHasHealth;
  if (frame.rateBytesPerS !== undefined) flags += helloHasRate;
  writer.u8(flags);
  writer.text(frame.nodeId);
  writer.bytes(frame.logId);
  writer.u48(frame.wallMs);
  writer.varint(frame.codecs);
  if (frame.receiveBytesMax !== undefined) writer.varint(frame.receiveBytesMax);
  encodeMark(writer, frame.vector);
  if (frame.base !== undefined) encodeMark(writer, frame.base);
  writer.varint(frame.entryCount);
  if (frame.held !== undefined) encodeMark(writer, frame.held);
  if (frame.health !== undefined) encodeHealth(writer, frame.health);
  if (frame.rateBytesPerS !== undefined) writer.varint(frame.rateBytesPerS);
}

function encodeVector(writer: ByteWriter, frame: VectorFrame, ends: Ends): void {
  writer.u8(vectorPurposes.indexOf(frame.purpose));
  writer.varint(frame.remaining);
  if (frame.mark !== undefined) encodeMark(writer, frame.mark);
  for (const entry of frame.entries) encodeVectorEntry(writer, entry, ends);
}

function encodeRange(writer: ByteWriter, frame: RangeFrame): void {
  writer.varint(frame.stream);
  writer.varint(frame.from);
  writer.varint(frame.count);
  writer.bytes(frame.chainBefore8);
  writer.bytes(frame.chainAfter8);
  writer.varint(frame.codec);
  writer.varint(frame.rawBytes);
  writer.bytes(frame.block);
}

/** Bits of BATCH's first byte above the codec. */
export const batchHasStream = 16;
export const batchHasStart = 32;
export const batchEndsAtLine = 64;
export const batchHasHistory = 128;

/** Histories of up to this many events are told exactly, longer ones in steps: most take one byte. */
const historyExactMax = 64;
const historyStep = 32;

/** The largest number of events up to `count` that a BATCH can tell. */
export function tellableHistory(count: number): number {
  return historyOfCode(historyCode(count));
}

function historyCode(count: number): number {
  if (count <= historyExactMax) return count;
  return historyExactMax + Math.floor((count - historyExactMax) / historyStep);
}

export function historyOfCode(code: number): number {
  if (code <= historyExactMax) return code;
  return historyExactMax + (code - historyExactMax) * historyStep;
}

function encodeBatch(writer: ByteWriter, frame: BatchFrame): void {
  const { stream, start, history, chainAfter8 } = frame;
  let flags = frame.codec;
  if (stream !== undefined) flags += batchHasStream;
  if (start !== undefined) flags += batchHasStart;
  if (chainAfter8 === undefined) flags += batchEndsAtLine;
  if (history !== undefined) flags += batchHasHistory;
  writer.u8(flags);
  if (stream !== undefined) writer.varint(stream);
  if (start !== undefined && "from" in start) {
    writer.varint(start.from);
    writer.bytes(start.chainBefore8);
  } else if (start !== undefined) writer.bytes(start.chainBefore4);
  if (history !== undefined) writer.varint(historyCode(history));
  writer.varint(frame.count);
  if (chainAfter8 !== undefined) writer.bytes(chainAfter8);
  writer.bytes(frame.block);
}

function encodeHistory(writer: ByteWriter, frame: HistoryFrame): void {
  writer.varint(frame.stream);
  writer.varint(frame.to);
  writer.varint(frame.count);
  writer.bytes(frame.chain4);
}

function encodeFragment(writer: ByteWriter, frame: FragmentFrame): void {
  writer.varint(frame.stream);
  writer.varint(frame.seq);
  writer.varint(frame.hlc.ms);
  writer.varint(frame.hlc.counter);
  writer.varint(frame.eventType);
  encodeKnown(writer, frame.known);
  writer.varint(frame.totalBytes);
  writer.varint(frame.offset);
  writer.bytes(frame.chainBefore8);
  writer.bytes(frame.chainAfter8);
  writer.varint(frame.codec);
  writer.varint(frame.rawBytes);
  writer.bytes(frame.block);
}

function encodeAck(writer: ByteWriter, frame: AckFrame): void {
  for (const entry of frame.entries) {
    writer.varint(entry.stream * 2 + (entry.offset === undefined ? 0 : 1));
    writer.varint(entry.seq);
    if (entry.offset !== undefined) writer.varint(entry.offset);
  }
}

function encodeChains(writer: ByteWriter, frame: ChainsFrame, ends: Ends): void {
  encodeStreamName(writer, frame.id, ends);
  writer.varint(frame.head);
  for (const point of frame.points) {
    writer.varint(point.seq);
    writer.bytes(point.chain8.subarray(0, chain8Bytes));
  }
}

function encodeBody(writer: ByteWriter, frame: Frame, ends: Ends): void {
  switch (frame.type) {
    case "hello":
      return encodeHello(writer, frame);
    case "vector":
      return encodeVector(writer, frame, ends);
    case "stream":
      return encodeStreamName(writer, frame.id, ends);
    case "range":
      return encodeRange(writer, frame);
    case "batch":
      return encodeBatch(writer, frame);
    case "history":
      return encodeHistory(writer, frame);
    case "codecs":
      return writer.varint(frame.codecs);
    case "fragment":
      return encodeFragment(writer, frame);
    case "ack":
      return encodeAck(writer, frame);
    case "refused":
      writer.varint(frame.stream);
      writer.u8(refusedReasons.indexOf(frame.reason));
      writer.varint(frame.seq);
      writer.varint(frame.head);
      writer.varint(frame.code);
      return;
    case "health":
      return encodeHealth(writer, frame.health);
    case "quarantine":
      return encodeQuarantine(writer, frame, ends);
    case "chainsQuery":
      encodeStreamName(writer, frame.id, ends);
      writer.varint(frame.low);
      writer.varint(frame.high);
      return;
    case "chains":
      return encodeChains(writer, frame, ends);
    case "lost":
      writer.varint(frame.stream);
      writer.varint(frame.from);
      writer.varint(frame.to);
      writer.bytes(frame.chain);
      return;
    case "floor":
      writer.varint(frame.stream);
      writer.varint(frame.seq);
      writer.bytes(frame.chain);
      writer.u8(frame.byOrigin ? 1 : 0);
      return;
    case "prime":
      encodeStreamName(writer, frame.id, ends);
      writer.varint(frame.from);
      writer.varint(frame.to);
      writer.bytes(frame.chain8);
      return;
    case "noWindow":
    case "needVector":
      return;
    case "done":
      if (frame.isPartial) writer.u8(1);
      return;
    case "ping":
    case "pong":
      writer.varint(frame.nonce);
      return;
    case "bye":
      writer.u8(byeReasons.indexOf(frame.reason));
      writer.varint(frame.heldOrdinal);
      return;
    case "error":
      writer.varint(frame.code);
      writer.text(frame.text);
      return;
    default:
      assertNever(frame);
  }
}

/** Length, type byte and body: what goes on the wire. */
export function encodeFrame(frame: Frame, ends: Ends): Uint8Array {
  const body = new ByteWriter(128);
  body.u8(frameCodes[frame.type]);
  encodeBody(body, frame, ends);
  const whole = new ByteWriter(body.length + 4);
  whole.sized(body.view());
  return whole.take();
}
