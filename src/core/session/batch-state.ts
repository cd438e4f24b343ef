/**
 * What a session keeps for BATCH in each direction, and when it lets go: codecs are
 * large, and exist only while events flow. The sender rests first and begins anew
 * with HISTORY; a receiver that had to let go earlier answers NO_WINDOW.
 */
import type { BatchCodec } from "../codec/batch-codec.ts";
import type { CodecMemoryOwner } from "../codec/codec-memory.ts";
import type { EventContent } from "../event.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { SessionState } from "./state.ts";

/** Idle time after which the sender lets its codec go, and begins anew when data flows again. */
export const sendingRestMs = 5_000;

/** Longer than the sender's rest and any delay on the way, so that it lets go first. */
const receivingRestMs = 60_000;

/** Where a stream's last BATCH or HISTORY ended. */
export interface BatchEnd {
  readonly to: number;
  readonly chain8: Uint8Array;
}

/** A history that the codec was primed with. */
export interface LearnedHistory {
  readonly index: StreamIndex;
  /** The stream's number. */
  readonly stream: number;
  readonly to: number;
  readonly count: number;
  readonly chain8: Uint8Array;
  /** The receiver knows where it ends: the last BATCH of the stream ended there. */
  readonly isEndKnown: boolean;
}

/** The sending side's part of a session's state. */
export class SendBatches {
  codec: BatchCodec | undefined;
  /** The stream of the last BATCH or HISTORY; 0 before the first. */
  lastStream = 0;
  /** The chain at the end of each stream's last BATCH or HISTORY, by its number: no other place has the same. */
  readonly ends = new Map<number, Uint8Array>();
  /** A codec was in use before: the receiver must be told to begin anew. */
  hasBegun = false;
  /** The peer could not follow a history: no more of them in this session. */
  isUnprimed = false;
  /** Tokens held the link up: rows by zstd, until the direction rests. */
  isTooSlow = false;
  /** What the codec has learned, until a BATCH or HISTORY tells of it. */
  learned: LearnedHistory | undefined;
}

/** The receiving side's part of a session's state. */
export class ReceiveBatches {
  codec: BatchCodec | undefined;
  /** Named by HISTORY, not learned yet: the next BATCH says by which codec. */
  history: { readonly stream: number; readonly events: readonly EventContent[] } | undefined;
  lastStream = 0;
  /** Where each stream's last BATCH or HISTORY ended, by its number. */
  readonly ends = new Map<number, BatchEnd>();
  /** The codec was let go: only HISTORY makes sense of what follows. */
  hasRested = false;
  /** The peer used a codec that is not read here, and was told which are. */
  hasToldCodecs = false;
  /** Bits of the codecs that took most of the time here, of which the peer was told. */
  askedQuicker = 0;
  lastTakenMs = 0;
}

/** Lets the codec go; the next data begins anew. */
export function restSending(s: SessionState): void {
  s.sendBatches.codec = undefined;
  s.sendBatches.learned = undefined;
  s.memory?.give(s.sendOwner);
}

/** When the codec will have rested long enough to go, or undefined. */
export function sendingRestsAtMs(s: SessionState): number | undefined {
  const { codec } = s.sendBatches;
  const isIdle = codec !== undefined && s.doneSent === "full" && s.inFlightBytes === 0;
  return isIdle ? s.lastDataMs + sendingRestMs : undefined;
}

/** Lets the codec go. */
export function restReceiving(s: SessionState): void {
  const batches = s.receiveBatches;
  batches.hasRested = true;
  batches.codec = undefined;
  batches.history = undefined;
  s.memory?.give(s.receiveOwner);
}

/** When the codec will have rested long enough to go, or undefined. */
export function receivingRestsAtMs(s: SessionState): number | undefined {
  const { codec, lastTakenMs } = s.receiveBatches;
  return codec === undefined || s.peerDone === "no" ? undefined : lastTakenMs + receivingRestMs;
}

/** How the process's codec memory sees the two directions. */
export function sendOwner(s: SessionState): CodecMemoryOwner {
  return {
    restingSinceMs: () => (sendingRestsAtMs(s) === undefined ? undefined : s.lastDataMs),
    release: () => restSending(s),
  };
}

export function receiveOwner(s: SessionState): CodecMemoryOwner {
  return {
    restingSinceMs: () =>
      receivingRestsAtMs(s) === undefined ? undefined : s.receiveBatches.lastTakenMs,
    release: () => restReceiving(s),
  };
}
