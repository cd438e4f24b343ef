/**
 * The hash chain of a stream: it links each event to the one before it, so that
 * a fork, a swapped event or a forged one can never pass for the original.
 * The payload goes in as its SHA-256, so a chain stays verifiable after
 * retention has dropped payloads. Byte layouts: docs/format-log.md, "Chain".
 */
import { ByteWriter, emptyBytes, textToUtf8 } from "../bytes.ts";
import type { Hlc } from "../clock/hlc.ts";
import { chainBytes, type StreamId } from "../event.ts";
import type { CryptoPort } from "../ports.ts";

/** What a link covers, with the payload already hashed. */
export interface ChainLink {
  readonly seq: number;
  readonly hlc: Hlc;
  readonly type: number;
  readonly known: Uint8Array;
  /** 32 bytes. */
  readonly payloadSha256: Uint8Array;
  readonly payloadSize: number;
}

/** An event as `nextChain` takes it. */
export interface ChainEvent {
  readonly seq: number;
  readonly hlc: Hlc;
  readonly type: number;
  readonly known: Uint8Array;
  readonly payload: Uint8Array;
}

const declarationTag = textToUtf8("zamsync stream 1");
const rehomeTag = textToUtf8("zamsync rehome 1");
const idempotencyTag = textToUtf8("zamsync id 1");
const linkFixedBytes = 72;

/**
 * Chain 0: the hash of the stream's declaration. `parent` is reserved (empty in
 * version 1: receivers must be able to derive chain 0 from the name alone).
 */
export function chainZero(crypto: CryptoPort, stream: StreamId, parent?: Uint8Array): Uint8Array {
  const writer = new ByteWriter(128);
  writer.bytes(declarationTag);
  writer.text(stream.node);
  writer.u32(stream.epoch);
  writer.text(stream.lane);
  writer.sized(parent ?? emptyBytes);
  return crypto.sha256(writer.view()).slice(0, chainBytes);
}

/** Chain at `event.seq`, from the 16-byte chain at the seq before it. */
export function nextChain(
  crypto: CryptoPort,
  before: Uint8Array,
  event: ChainEvent | ChainLink,
): Uint8Array {
  const isHashed = "payloadSha256" in event;
  const sha = isHashed ? event.payloadSha256 : crypto.sha256(event.payload);
  const size = isHashed ? event.payloadSize : event.payload.length;
  const bytes = new Uint8Array(linkFixedBytes + event.known.length);
  const view = new DataView(bytes.buffer);
  bytes.set(before.length === chainBytes ? before : before.subarray(0, chainBytes), 0);
  view.setUint32(16, Math.floor(event.seq / 0x1_0000_0000));
  view.setUint32(20, event.seq % 0x1_0000_0000);
  view.setUint16(24, Math.floor(event.hlc.ms / 0x1_0000_0000));
  view.setUint32(26, event.hlc.ms % 0x1_0000_0000);
  view.setUint16(30, event.hlc.counter);
  view.setUint32(32, event.type);
  view.setUint32(36, size);
  bytes.set(sha, 40);
  bytes.set(event.known, linkFixedBytes);
  return crypto.sha256(bytes).slice(0, chainBytes);
}

/** The epoch into which a diverged tail moves: the same on every node that computes it (RULES 23). */
export function rehomeEpoch(
  crypto: CryptoPort,
  stream: StreamId,
  firstDivergingChain: Uint8Array,
): number {
  const writer = new ByteWriter(128);
  writer.bytes(rehomeTag);
  writer.text(stream.node);
  writer.u32(stream.epoch);
  writer.text(stream.lane);
  writer.bytes(firstDivergingChain);
  const hash = crypto.sha256(writer.view());
  return new DataView(hash.buffer, hash.byteOffset, 4).getUint32(0);
}

/** 16 bytes that stand for an idempotency key in an event's own record (RULES 15). */
export function hashIdempotencyKey(crypto: CryptoPort, key: string): Uint8Array {
  const writer = new ByteWriter(64);
  writer.bytes(idempotencyTag);
  writer.text(key);
  return crypto.sha256(writer.view()).slice(0, 16);
}
