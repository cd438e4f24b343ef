/**
 * Mark records: facts about streams and about the log, as they are stored.
 * Streams are named by alias, whose definition comes before in the same segment.
 */
import { ByteReader, type ByteWriter } from "../bytes.ts";
import type { Hlc } from "../clock/hlc.ts";
import { assertNever } from "../errors/zam-error.ts";
import { chainBytes, isNodeId } from "../event.ts";
import { readHlc, writeHlc } from "./event-fields.ts";

export interface MissingRun {
  readonly alias: number;
  readonly from: number;
  readonly to: number;
}

/** Records with `oldAlias`, seq >= `from`, in segments below `beforeSegment`, are seq - from + 1 of `newAlias`. */
export interface RehomeRule {
  readonly oldAlias: number;
  readonly newAlias: number;
  readonly from: number;
  readonly beforeSegment: number;
}

export type StoredMark =
  /** First record of a log: who writes it, and the first epoch. */
  | { readonly kind: "genesis"; readonly node: string; readonly epoch: number }
  | {
      readonly kind: "bind";
      readonly node: string;
      readonly epoch: number;
      readonly fingerprint: Uint8Array;
    }
  | {
      readonly kind: "newEpoch";
      readonly epoch: number;
      readonly reason: string;
      readonly restartMs: number | undefined;
    }
  | {
      readonly kind: "rehome";
      readonly rule: RehomeRule;
      /** Of the old stream at from - 1, where its head now is. */
      readonly oldChain: Uint8Array;
      readonly oldHlc: Hlc;
      readonly newHead: number;
      readonly newChain: Uint8Array;
      readonly newHlc: Hlc;
    }
  | {
      readonly kind: "lost";
      readonly alias: number;
      readonly from: number;
      readonly to: number;
      readonly chain: Uint8Array;
    }
  | {
      readonly kind: "floor";
      readonly alias: number;
      readonly seq: number;
      readonly chain: Uint8Array;
      readonly byOrigin: boolean;
    }
  | {
      readonly kind: "freeze";
      readonly alias: number;
      readonly peer: string;
      readonly peerHead: number;
      readonly peerChain: Uint8Array;
    }
  | { readonly kind: "dropPartial"; readonly alias: number; readonly seq: number }
  | { readonly kind: "trustedTime"; readonly ms: number }
  | { readonly kind: "alarm"; readonly id: string; readonly code: string; readonly text: string }
  | { readonly kind: "alarmAck"; readonly id: string }
  /** A range that could not be read was set aside; `missing` is what it held. */
  | {
      readonly kind: "damage";
      readonly segment: number;
      readonly fromOffset: number;
      readonly toOffset: number;
      readonly missing: readonly MissingRun[];
    }
  /** The head is known to have been at `to` (RULES 9): everything between is a hole. */
  | {
      readonly kind: "jump";
      readonly alias: number;
      readonly to: number;
      readonly chain: Uint8Array;
    }
  /** Events that are held back from readers (RULES 34). */
  | {
      readonly kind: "quarantine";
      readonly alias: number;
      readonly from: number;
      readonly to: number;
      readonly reason: string;
    }
  /** One of them is let in: it arrives with this mark's ordinal. */
  | { readonly kind: "release"; readonly alias: number; readonly seq: number };

export interface MarkFields {
  readonly ordinal: number;
  readonly atMs: number;
  readonly mark: StoredMark;
}

/** Aliases that the mark names, each once: their streams have to be defined before it in its segment. */
export function aliasesOfMark(mark: StoredMark): readonly number[] {
  switch (mark.kind) {
    case "rehome":
      return [mark.rule.oldAlias, mark.rule.newAlias];
    case "damage":
      return [...new Set(mark.missing.map((run) => run.alias))];
    case "lost":
    case "floor":
    case "freeze":
    case "dropPartial":
    case "jump":
    case "quarantine":
    case "release":
      return [mark.alias];
    case "genesis":
    case "bind":
    case "newEpoch":
    case "trustedTime":
    case "alarm":
    case "alarmAck":
      return [];
    default:
      return assertNever(mark);
  }
}

const markNumber = {
  genesis: 1,
  bind: 2,
  newEpoch: 3,
  rehome: 4,
  lost: 5,
  floor: 6,
  freeze: 7,
  dropPartial: 8,
  trustedTime: 9,
  alarm: 10,
  alarmAck: 11,
  damage: 12,
  jump: 13,
  quarantine: 14,
  release: 15,
} as const satisfies Record<StoredMark["kind"], number>;

/** Longer lists are split over several marks. */
export const missingRunsMax = 1000;
const textBytesMax = 1024;
const nodeIdBytesMax = 63;
const fingerprintBytes = 32;

export function encodeMarkFields(fields: MarkFields, out: ByteWriter): void {
  out.u8(markNumber[fields.mark.kind]);
  out.varint(fields.ordinal);
  out.u48(fields.atMs);
  encodeMark(fields.mark, out);
}

function encodeMark(mark: StoredMark, out: ByteWriter): void {
  switch (mark.kind) {
    case "genesis":
      out.text(mark.node);
      out.u32(mark.epoch);
      return;
    case "bind":
      out.text(mark.node);
      out.u32(mark.epoch);
      out.bytes(mark.fingerprint);
      return;
    case "newEpoch":
      out.u32(mark.epoch);
      out.text(mark.reason);
      out.u8(mark.restartMs === undefined ? 0 : 1);
      if (mark.restartMs !== undefined) out.u48(mark.restartMs);
      return;
    case "rehome":
      encodeRehomeRule(mark.rule, out);
      out.bytes(mark.oldChain);
      writeHlc(mark.oldHlc, out);
      out.varint(mark.newHead);
      out.bytes(mark.newChain);
      writeHlc(mark.newHlc, out);
      return;
    case "lost":
      writeRun(mark, out);
      out.bytes(mark.chain);
      return;
    case "floor":
      out.varint(mark.alias);
      out.varint(mark.seq);
      out.bytes(mark.chain);
      out.u8(mark.byOrigin ? 1 : 0);
      return;
    case "freeze":
      out.varint(mark.alias);
      out.text(mark.peer);
      out.varint(mark.peerHead);
      out.sized(mark.peerChain);
      return;
    case "dropPartial":
      out.varint(mark.alias);
      out.varint(mark.seq);
      return;
    case "trustedTime":
      out.u48(mark.ms);
      return;
    case "alarm":
      out.text(mark.id);
      out.text(mark.code);
      out.text(mark.text);
      return;
    case "alarmAck":
      out.text(mark.id);
      return;
    case "damage":
      out.varint(mark.segment);
      out.varint(mark.fromOffset);
      out.varint(mark.toOffset);
      out.varint(mark.missing.length);
      for (const run of mark.missing) writeRun(run, out);
      return;
    case "jump":
      out.varint(mark.alias);
      out.varint(mark.to);
      out.bytes(mark.chain);
      return;
    case "quarantine":
      writeRun(mark, out);
      out.text(mark.reason);
      return;
    case "release":
      out.varint(mark.alias);
      out.varint(mark.seq);
      return;
    default:
      assertNever(mark);
  }
}

/** Bytes in the result are copies. */
export function decodeMarkFields(bytes: Uint8Array): MarkFields | undefined {
  const reader = new ByteReader(bytes);
  const number = reader.u8();
  const ordinal = reader.varint();
  const atMs = reader.u48();
  const mark = decodeMark(number, reader);
  if (mark === undefined || !reader.finished) return undefined;
  return { ordinal, atMs, mark };
}

function decodeMark(number: number, reader: ByteReader): StoredMark | undefined {
  switch (number) {
    case markNumber.genesis:
      return { kind: "genesis", node: nodeId(reader), epoch: reader.u32() };
    case markNumber.bind:
      return {
        kind: "bind",
        node: nodeId(reader),
        epoch: reader.u32(),
        fingerprint: reader.bytes(fingerprintBytes).slice(),
      };
    case markNumber.newEpoch: {
      const epoch = reader.u32();
      const reason = reader.text(textBytesMax);
      const restartMs = reader.u8() === 0 ? undefined : reader.u48();
      return { kind: "newEpoch", epoch, reason, restartMs };
    }
    case markNumber.rehome:
      return {
        kind: "rehome",
        rule: decodeRehomeRule(reader),
        oldChain: chain(reader),
        oldHlc: readHlc(reader),
        newHead: reader.varint(),
        newChain: chain(reader),
        newHlc: readHlc(reader),
      };
    case markNumber.lost:
      return { kind: "lost", ...readRun(reader), chain: chain(reader) };
    case markNumber.floor:
      return {
        kind: "floor",
        alias: reader.varint(),
        seq: reader.varint(),
        chain: chain(reader),
        byOrigin: reader.u8() === 1,
      };
    case markNumber.freeze:
      return {
        kind: "freeze",
        alias: reader.varint(),
        peer: reader.text(nodeIdBytesMax),
        peerHead: reader.varint(),
        peerChain: reader.sized(chainBytes).slice(),
      };
    case markNumber.dropPartial:
      return { kind: "dropPartial", alias: reader.varint(), seq: reader.varint() };
    case markNumber.trustedTime:
      return { kind: "trustedTime", ms: reader.u48() };
    case markNumber.alarm:
      return {
        kind: "alarm",
        id: reader.text(textBytesMax),
        code: reader.text(textBytesMax),
        text: reader.text(textBytesMax),
      };
    case markNumber.alarmAck:
      return { kind: "alarmAck", id: reader.text(textBytesMax) };
    case markNumber.damage:
      return decodeDamage(reader);
    case markNumber.jump:
      return { kind: "jump", alias: reader.varint(), to: reader.varint(), chain: chain(reader) };
    case markNumber.quarantine:
      return { kind: "quarantine", ...readRun(reader), reason: reader.text(textBytesMax) };
    case markNumber.release:
      return { kind: "release", alias: reader.varint(), seq: reader.varint() };
    default:
      return undefined;
  }
}

function decodeDamage(reader: ByteReader): StoredMark | undefined {
  const segment = reader.varint();
  const fromOffset = reader.varint();
  const toOffset = reader.varint();
  const count = reader.varint();
  if (count > missingRunsMax) return undefined;
  const missing: MissingRun[] = [];
  for (let i = 0; i < count && !reader.failed; i++) missing.push(readRun(reader));
  return { kind: "damage", segment, fromOffset, toOffset, missing };
}

export function encodeRehomeRule(rule: RehomeRule, out: ByteWriter): void {
  out.varint(rule.oldAlias);
  out.varint(rule.newAlias);
  out.varint(rule.from);
  out.varint(rule.beforeSegment);
}

export function decodeRehomeRule(reader: ByteReader): RehomeRule {
  return {
    oldAlias: reader.varint(),
    newAlias: reader.varint(),
    from: reader.varint(),
    beforeSegment: reader.varint(),
  };
}

function writeRun(run: MissingRun, out: ByteWriter): void {
  out.varint(run.alias);
  out.varint(run.from);
  out.varint(run.to - run.from);
}

function readRun(reader: ByteReader): MissingRun {
  const alias = reader.varint();
  const from = reader.varint();
  const to = from + reader.varint();
  if (from < 1 || to > Number.MAX_SAFE_INTEGER) reader.fail();
  return { alias, from, to };
}

function chain(reader: ByteReader): Uint8Array {
  return reader.bytes(chainBytes).slice();
}

function nodeId(reader: ByteReader): string {
  const node = reader.text(nodeIdBytesMax);
  if (!isNodeId(node)) reader.fail();
  return node;
}
