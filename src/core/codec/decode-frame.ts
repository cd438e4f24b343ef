/**
 * Bytes to frames. Total: any bytes give a frame or a problem, nothing throws,
 * and every count is checked before memory is taken for it. Views into the
 * input are handed out for blocks only; whoever keeps one copies it.
 */
import { ByteReader } from "../bytes.ts";
import { isBatchCodec, sizesOf } from "./codecs.ts";
import { chainBytes, isNodeId, payloadBytesMax, typeMax } from "../event.ts";
import type { VectorEntry } from "../vector/stream-table.ts";
import {
  batchEndsAtLine,
  batchHasHistory,
  batchHasStart,
  batchHasStream,
  byeReasons,
  helloHasBase,
  helloHasHealth,
  helloHasRate,
  helloHasHeld,
  helloHasLimit,
  helloKeepsOpen,
  helloOffersAll,
  helloPingOnly,
  historyOfCode,
  refusedReasons,
  vectorPurposes,
} from "./encode-frame.ts";
import {
  type AckEntry,
  type BatchStart,
  type ChainPoint,
  chain4Bytes,
  chain8Bytes,
  digestBytes,
  type Ends,
  type Frame,
  type FrameProblem,
  frameCodes,
  logIdBytes,
  protocolVersion,
  protocolVersionOldest,
  type VectorMark,
  type WireHealth,
  type QuarantineNotice,
} from "./frame-types.ts";
import { decodeKnown } from "./rows.ts";
import { decodeStreamName } from "./stream-name.ts";
import { decodeVectorEntry } from "./vector-codec.ts";
import {
  ackEntriesMax,
  batchEventsMax,
  batchRawBytesMax,
  chainPointsMax,
  errorTextBytesMax,
  fragmentWireBytes,
  healthTroublesMax,
  healthVersionCharacters,
  quarantineReasonCharacters,
  quarantineRunsNamed,
  troubleCharacters,
} from "./wire-limits.ts";

function malformed(problem: string): FrameProblem {
  return { type: "problem", kind: "malformed", problem };
}

function overLimit(problem: string): FrameProblem {
  return { type: "problem", kind: "limit", problem };
}

function decodeMark(reader: ByteReader): VectorMark {
  return { ordinal: reader.varint(), digest: reader.bytes(digestBytes).slice() };
}

/** What an encoder has not cut: a longer text would not come out as it went in. */
function shortText(reader: ByteReader, charactersMax: number): string {
  const text = reader.text(3 * charactersMax);
  if (text.length > charactersMax) reader.fail();
  return text;
}

/** Z codes with a blank between them, rising. */
function decodeTroubles(reader: ByteReader): readonly string[] {
  const text = reader.text(healthTroublesMax * troubleCharacters);
  if (text === "") return [];
  const troubles = text.split(" ");
  const isInOrder = troubles.every(
    (code, at) => /^Z[1-9]\d\d$/.test(code) && (at === 0 || code > (troubles[at - 1] ?? "")),
  );
  if (!isInOrder || troubles.length > healthTroublesMax) reader.fail();
  return troubles;
}

export function decodeHealth(reader: ByteReader): WireHealth {
  return {
    version: shortText(reader, healthVersionCharacters),
    diskFreeBytes: reader.varint(),
    damagedCount: reader.varint(),
    quarantinedCount: reader.varint(),
    troubles: decodeTroubles(reader),
    certDaysLeft: reader.signedVarint(),
  };
}

function decodeHello(reader: ByteReader): Frame | FrameProblem {
  const version = reader.varint();
  const versionOldest = reader.varint();
  if (reader.failed) return malformed("HELLO is cut short");
  if (version < protocolVersionOldest || versionOldest > protocolVersion) {
    const problem = versionOldest === version ? `${version}` : `${versionOldest} to ${version}`;
    return { type: "problem", kind: "version", problem };
  }
  const flags = reader.u8();
  const nodeId = reader.text(63);
  const logId = reader.bytes(logIdBytes).slice();
  const wallMs = reader.u48();
  const codecs = reader.varint();
  const receiveBytesMax = (flags & helloHasLimit) === 0 ? undefined : reader.varint();
  const vector = decodeMark(reader);
  const base = (flags & helloHasBase) === 0 ? undefined : decodeMark(reader);
  const entryCount = reader.varint();
  const held = (flags & helloHasHeld) === 0 ? undefined : decodeMark(reader);
  const health = (flags & helloHasHealth) === 0 ? undefined : decodeHealth(reader);
  const rateBytesPerS = (flags & helloHasRate) === 0 ? undefined : reader.varint();
  if (rateBytesPerS === 0 || !isNodeId(nodeId) || codecs > 0x7fffffff) reader.fail();
  return {
    type: "hello",
    version,
    versionOldest,
    nodeId,
    logId,
    wallMs,
    codecs,
    keepsOpen: (flags & helloKeepsOpen) !== 0,
    isPingOnly: (flags & helloPingOnly) !== 0,
    offersAll: (flags & helloOffersAll) !== 0,
    vector,
    entryCount,
    ...(receiveBytesMax === undefined ? {} : { receiveBytesMax }),
    ...(base === undefined ? {} : { base }),
    ...(held === undefined ? {} : { held }),
    ...(health === undefined ? {} : { health }),
    ...(rateBytesPerS === undefined ? {} : { rateBytesPerS }),
  };
}

function decodeVector(reader: ByteReader, ends: Ends): Frame | FrameProblem {
  const purpose = vectorPurposes[reader.u8()];
  const remaining = reader.varint();
  if (purpose === undefined) return malformed("VECTOR has an unknown purpose");
  const mark = purpose === "full" ? decodeMark(reader) : undefined;
  const entries: VectorEntry[] = [];
  while (reader.remaining > 0 && !reader.failed) entries.push(decodeVectorEntry(reader, ends));
  return { type: "vector", purpose, remaining, entries, ...(mark === undefined ? {} : { mark }) };
}

function decodeRange(reader: ByteReader): Frame | FrameProblem {
  const stream = reader.varint();
  const from = reader.varint();
  const count = reader.varint();
  const chainBefore8 = reader.bytes(chain8Bytes).slice();
  const chainAfter8 = reader.bytes(chain8Bytes).slice();
  const codec = reader.varint();
  const rawBytes = reader.varint();
  const block = reader.bytes(reader.remaining);
  if (reader.failed) return malformed("RANGE is cut short");
  if (count > batchEventsMax || rawBytes > batchRawBytesMax)
    return overLimit("RANGE is larger than a batch may be");
  if (count < 1 || !isSpan(from, count)) return malformed("RANGE names no events");
  return { type: "range", stream, from, count, chainBefore8, chainAfter8, codec, rawBytes, block };
}

function decodeBatch(reader: ByteReader): Frame | FrameProblem {
  const flags = reader.u8();
  const codec = flags % 16;
  const stream = (flags & batchHasStream) === 0 ? undefined : reader.varint();
  const endsAtLine = (flags & batchEndsAtLine) !== 0;
  const start = (flags & batchHasStart) === 0 ? undefined : decodeBatchStart(reader, endsAtLine);
  const history = (flags & batchHasHistory) === 0 ? undefined : historyOfCode(reader.varint());
  const count = reader.varint();
  const chainAfter8 = endsAtLine ? undefined : reader.bytes(chain8Bytes).slice();
  const block = reader.bytes(reader.remaining);
  if (reader.failed) return malformed("BATCH is cut short");
  if (!isBatchCodec(codec)) return malformed("BATCH has an unknown codec");
  if (count > sizesOf(codec).batchEventsMax) return overLimit("BATCH has too many events");
  if (count < 1 || (start !== undefined && "from" in start && !isSpan(start.from, count)))
    return malformed("BATCH names no events");
  const isShort = start !== undefined && !("from" in start);
  if (history === 0 || (isShort && history === undefined))
    return malformed("BATCH begins with no history");
  return {
    type: "batch",
    codec,
    count,
    block,
    ...(chainAfter8 === undefined ? {} : { chainAfter8 }),
    ...(stream === undefined ? {} : { stream }),
    ...(start === undefined ? {} : { start }),
    ...(history === undefined ? {} : { history }),
  };
}

function decodeBatchStart(reader: ByteReader, isShort: boolean): BatchStart {
  if (isShort) return { chainBefore4: reader.bytes(chain4Bytes).slice() };
  return { from: reader.varint(), chainBefore8: reader.bytes(chain8Bytes).slice() };
}

export function isSpan(from: number, count: number): boolean {
  return from >= 1 && from <= Number.MAX_SAFE_INTEGER - count;
}

function decodeHistory(reader: ByteReader): Frame | FrameProblem {
  const stream = reader.varint();
  const to = reader.varint();
  const count = reader.varint();
  const chain4 = reader.bytes(chain4Bytes).slice();
  if (count > to) reader.fail();
  return { type: "history", stream, to, count, chain4 };
}

function decodeCodecs(reader: ByteReader): Frame | FrameProblem {
  const codecs = reader.varint();
  if (codecs > 0x7fffffff) reader.fail();
  return { type: "codecs", codecs };
}

function decodeQuarantine(reader: ByteReader, ends: Ends): Frame | FrameProblem {
  const total = reader.varint();
  const count = reader.varint();
  if (count > quarantineRunsNamed || count > total) reader.fail();
  const runs: QuarantineNotice[] = [];
  for (let i = 0; i < count && !reader.failed; i++) {
    const id = decodeStreamName(reader, ends);
    const from = reader.varint();
    const to = from + reader.varint();
    const reason = reader.text(quarantineReasonCharacters * 4);
    if (from < 1 || to > Number.MAX_SAFE_INTEGER || reason.length > quarantineReasonCharacters)
      reader.fail();
    runs.push({ id, from, to, reason });
  }
  return { type: "quarantine", total, runs };
}

function decodeFragment(reader: ByteReader): Frame | FrameProblem {
  const stream = reader.varint();
  const seq = reader.varint();
  const hlc = { ms: reader.varint(), counter: reader.varint() };
  const eventType = reader.varint();
  const known = decodeKnown(reader);
  const totalBytes = reader.varint();
  const offset = reader.varint();
  const chainBefore8 = reader.bytes(chain8Bytes).slice();
  const chainAfter8 = reader.bytes(chain8Bytes).slice();
  const codec = reader.varint();
  const rawBytes = reader.varint();
  const block = reader.bytes(reader.remaining);
  if (reader.failed) return malformed("FRAGMENT is cut short");
  if (rawBytes > fragmentWireBytes || totalBytes > payloadBytesMax)
    return overLimit("FRAGMENT is too large");
  const isInside = rawBytes > 0 && offset + rawBytes <= totalBytes;
  if (seq < 1 || !isInside || hlc.counter > 0xffff || eventType > typeMax)
    return malformed("FRAGMENT is no part of an event");
  return {
    type: "fragment",
    stream,
    seq,
    hlc,
    eventType,
    known,
    totalBytes,
    offset,
    chainBefore8,
    chainAfter8,
    codec,
    rawBytes,
    block,
  };
}

function decodeAck(reader: ByteReader): Frame | FrameProblem {
  const entries: AckEntry[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (entries.length === ackEntriesMax) return overLimit("ACK has too many entries");
    const tagged = reader.varint();
    const stream = Math.floor(tagged / 2);
    const seq = reader.varint();
    entries.push(tagged % 2 === 0 ? { stream, seq } : { stream, seq, offset: reader.varint() });
  }
  return { type: "ack", entries };
}

function decodeRefused(reader: ByteReader): Frame | FrameProblem {
  const stream = reader.varint();
  const reason = refusedReasons[reader.u8()];
  if (reason === undefined) return malformed("REFUSED has an unknown reason");
  return {
    type: "refused",
    stream,
    reason,
    seq: reader.varint(),
    head: reader.varint(),
    code: reader.varint(),
  };
}

function decodeChains(reader: ByteReader, ends: Ends): Frame | FrameProblem {
  const id = decodeStreamName(reader, ends);
  const head = reader.varint();
  const points: ChainPoint[] = [];
  while (reader.remaining > 0 && !reader.failed) {
    if (points.length === chainPointsMax) return overLimit("CHAINS has too many points");
    points.push({ seq: reader.varint(), chain8: reader.bytes(chain8Bytes).slice() });
  }
  return { type: "chains", id, head, points };
}

function decodeBye(reader: ByteReader): Frame | FrameProblem {
  const reason = byeReasons[reader.u8()];
  if (reason === undefined) return malformed("BYE has an unknown reason");
  return { type: "bye", reason, heldOrdinal: reader.varint() };
}

function decodeFlag(reader: ByteReader): boolean {
  const flag = reader.u8();
  if (flag > 1) reader.fail();
  return flag === 1;
}

/** Nothing is the usual; a zero that is there says no more than it. */
function decodePartial(reader: ByteReader): boolean {
  if (reader.remaining === 0) return false;
  if (reader.u8() !== 1) reader.fail();
  return true;
}

function decodeBody(code: number, reader: ByteReader, ends: Ends): Frame | FrameProblem {
  switch (code) {
    case frameCodes.hello:
      return decodeHello(reader);
    case frameCodes.vector:
      return decodeVector(reader, ends);
    case frameCodes.needVector:
      return { type: "needVector" };
    case frameCodes.stream:
      return { type: "stream", id: decodeStreamName(reader, ends) };
    case frameCodes.range:
      return decodeRange(reader);
    case frameCodes.batch:
      return decodeBatch(reader);
    case frameCodes.history:
      return decodeHistory(reader);
    case frameCodes.codecs:
      return decodeCodecs(reader);
    case frameCodes.fragment:
      return decodeFragment(reader);
    case frameCodes.ack:
      return decodeAck(reader);
    case frameCodes.refused:
      return decodeRefused(reader);
    case frameCodes.health:
      return { type: "health", health: decodeHealth(reader) };
    case frameCodes.quarantine:
      return decodeQuarantine(reader, ends);
    case frameCodes.chainsQuery:
      return {
        type: "chainsQuery",
        id: decodeStreamName(reader, ends),
        low: reader.varint(),
        high: reader.varint(),
      };
    case frameCodes.chains:
      return decodeChains(reader, ends);
    case frameCodes.lost:
      return {
        type: "lost",
        stream: reader.varint(),
        from: reader.varint(),
        to: reader.varint(),
        chain: reader.bytes(chainBytes).slice(),
      };
    case frameCodes.floor:
      return {
        type: "floor",
        stream: reader.varint(),
        seq: reader.varint(),
        chain: reader.bytes(chainBytes).slice(),
        byOrigin: decodeFlag(reader),
      };
    case frameCodes.prime:
      return {
        type: "prime",
        id: decodeStreamName(reader, ends),
        from: reader.varint(),
        to: reader.varint(),
        chain8: reader.bytes(chain8Bytes).slice(),
      };
    case frameCodes.noWindow:
      return { type: "noWindow" };
    case frameCodes.done:
      return { type: "done", isPartial: decodePartial(reader) };
    case frameCodes.ping:
      return { type: "ping", nonce: reader.varint() };
    case frameCodes.pong:
      return { type: "pong", nonce: reader.varint() };
    case frameCodes.bye:
      return decodeBye(reader);
    case frameCodes.error:
      return { type: "error", code: reader.varint(), text: reader.text(errorTextBytesMax) };
    default:
      return malformed(`type ${code} is unknown`);
  }
}

/** Decodes a frame's type byte and body, as cut by FrameReader. */
export function decodeFrame(bytes: Uint8Array, ends: Ends): Frame | FrameProblem {
  const reader = new ByteReader(bytes);
  const code = reader.u8();
  const frame = decodeBody(code, reader, ends);
  if (frame.type === "problem") return frame;
  return reader.finished ? frame : malformed(`${frame.type} does not fill its frame`);
}
