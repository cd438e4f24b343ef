/**
 * The frames of the sync protocol as data. Layouts and meaning are normative
 * in docs/protocol.md; `encode-frame.ts` and `decode-frame.ts` are the pair
 * that turns them into bytes and back.
 */
import type { Hlc } from "../clock/hlc.ts";
import type { StreamId } from "../event.ts";
import type { VectorEntry } from "../vector/stream-table.ts";

/**
 * Version of the protocol that this code speaks, and the oldest that it still serves.
 * History: 1 = first version.
 */
export const protocolVersion = 1;
export const protocolVersionOldest = 1;

/** Number that stands for each frame on the wire; append-only. */
export const frameCodes = {
  hello: 0x01,
  vector: 0x02,
  needVector: 0x03,
  stream: 0x04,
  range: 0x05,
  fragment: 0x06,
  ack: 0x07,
  refused: 0x08,
  chainsQuery: 0x09,
  chains: 0x0a,
  lost: 0x0b,
  floor: 0x0c,
  prime: 0x0d,
  noWindow: 0x0e,
  done: 0x0f,
  ping: 0x10,
  pong: 0x11,
  bye: 0x12,
  error: 0x13,
  batch: 0x14,
  history: 0x15,
  codecs: 0x16,
  health: 0x17,
  quarantine: 0x18,
} as const;

/** Bytes of a chain value, of a vector digest, on the wire. */
export const chain8Bytes = 8;
/** Of a chain that tells a history apart: a wrong one would be found by the batch's own chain. */
export const chain4Bytes = 4;
export const digestBytes = 8;
export const logIdBytes = 16;

/** Names a state of a node's vector as its peer saw it (RULES 30). Ordinals count per peer, so they tell nothing about others. */
export interface VectorMark {
  /** 1, 2, 3 … */
  readonly ordinal: number;
  /** First 8 bytes of the SHA-256 of the canonical vector. */
  readonly digest: Uint8Array;
}

/** See HealthBlock of the session's interface; here as it travels. */
export interface WireHealth {
  readonly version: string;
  readonly diskFreeBytes: number;
  readonly damagedCount: number;
  readonly quarantinedCount: number;
  readonly troubles: readonly string[];
  readonly certDaysLeft: number;
}

export interface HelloFrame {
  readonly type: "hello";
  readonly version: number;
  readonly versionOldest: number;
  /** What the sender says it is; compared with its certificate, never believed. */
  readonly nodeId: string;
  readonly logId: Uint8Array;
  readonly wallMs: number;
  /** Bit n set: codec n can be read. */
  readonly codecs: number;
  /** Bytes of frames that the receiver of this HELLO may send; undefined: no limit. */
  readonly receiveBytesMax?: number;
  /** Bytes a second that the receiver may send, TLS included as far as known; undefined: no limit. */
  readonly rateBytesPerS?: number;
  readonly keepsOpen: boolean;
  readonly isPingOnly: boolean;
  /** A hub's policy: true when it also offers others' streams. */
  readonly offersAll: boolean;
  /** The sender's vector now. */
  readonly vector: VectorMark;
  /** The state of the sender's vector that the entries are relative to; undefined: to nothing (a full vector). */
  readonly base?: VectorMark;
  /** Entries that follow in VECTOR frames. */
  readonly entryCount: number;
  /** The newest state of the receiver's vector that the sender holds durably. */
  readonly held?: VectorMark;
  readonly health?: WireHealth;
}

export interface VectorFrame {
  readonly type: "vector";
  /** `hello`: part of the vector that HELLO announced. `full`: answer to NEED_VECTOR. `update`: lines that changed in this session. */
  readonly purpose: "hello" | "full" | "update";
  /** Entries still to come in later frames of the same vector. */
  readonly remaining: number;
  /** With purpose `full` only. */
  readonly mark?: VectorMark;
  readonly entries: readonly VectorEntry[];
}

/** Gives the next stream number of the sender, 0, 1, 2 …, to this stream. */
export interface StreamFrame {
  readonly type: "stream";
  readonly id: StreamId;
}

export interface RangeFrame {
  readonly type: "range";
  readonly stream: number;
  readonly from: number;
  readonly count: number;
  readonly chainBefore8: Uint8Array;
  readonly chainAfter8: Uint8Array;
  readonly codec: number;
  /** Length of the rows before compression. */
  readonly rawBytes: number;
  readonly block: Uint8Array;
}

/**
 * The first event and the chain before it; or, where the end is known and a history
 * goes with it, only the first bytes of that chain, which tell another history apart.
 */
export type BatchStart =
  | { readonly from: number; readonly chainBefore8: Uint8Array }
  | { readonly chainBefore4: Uint8Array };

/** Consecutive events of one stream, by one of the codecs 2 to 5. */
export interface BatchFrame {
  readonly type: "batch";
  readonly codec: number;
  /** Undefined: that of the BATCH or HISTORY before. */
  readonly stream?: number;
  /** Undefined: it goes on where the last BATCH or HISTORY of the stream ended. */
  readonly start?: BatchStart;
  /** The codec begins anew, from so many events of this stream that end before these; undefined: it goes on. */
  readonly history?: number;
  readonly count: number;
  /** Undefined: the last event is the head that the stream's numbered line of VECTOR told. */
  readonly chainAfter8?: Uint8Array;
  readonly block: Uint8Array;
}

/** What BATCH leans on in this direction starts anew from these events, which both sides hold (RULES 32). */
export interface HistoryFrame {
  readonly type: "history";
  readonly stream: number;
  /** The last of them, and how many; 0: from nothing. */
  readonly to: number;
  readonly count: number;
  /** The first bytes of the chain at the last. */
  readonly chain4: Uint8Array;
}

/** Which codecs the sender can read from now on, in place of what its HELLO said. */
export interface CodecsFrame {
  readonly type: "codecs";
  readonly codecs: number;
}

/** What needs a person at the sender has changed in mid-session (RULES 41). Goes to hubs only. */
export interface HealthFrame {
  readonly type: "health";
  readonly health: WireHealth;
}

/** Events that the receiver wrote and the sender holds back from its readers, for one reason (RULES 34). */
export interface QuarantineNotice {
  readonly id: StreamId;
  readonly from: number;
  readonly to: number;
  /** At most 200 characters. */
  readonly reason: string;
}

/** All that the sender, a hub, holds back of what the receiver wrote, in place of what it said before. */
export interface QuarantineFrame {
  readonly type: "quarantine";
  /** Events; `runs` names the first of them. */
  readonly total: number;
  readonly runs: readonly QuarantineNotice[];
}

export interface FragmentFrame {
  readonly type: "fragment";
  readonly stream: number;
  readonly seq: number;
  readonly hlc: Hlc;
  readonly eventType: number;
  readonly known: Uint8Array;
  readonly totalBytes: number;
  readonly offset: number;
  readonly chainBefore8: Uint8Array;
  readonly chainAfter8: Uint8Array;
  readonly codec: number;
  readonly rawBytes: number;
  readonly block: Uint8Array;
}

/** Durable at the sender of the ACK: the item of this stream that ends at `seq` (and `offset`), and all sent before it. */
export interface AckEntry {
  readonly stream: number;
  readonly seq: number;
  /** Set for fragments: bytes of the event at `seq` that are durable. */
  readonly offset?: number;
}

export interface AckFrame {
  readonly type: "ack";
  readonly entries: readonly AckEntry[];
}

export type RefusedReason = "gap" | "fork" | "stream";

/** Answers one item (range, fragment, lost, floor) that was not stored. */
export interface RefusedFrame {
  readonly type: "refused";
  readonly stream: number;
  /** `gap`: chain before is unknown, go on after `head`. `fork`: two branches. `stream`: nothing more of this stream is taken. */
  readonly reason: RefusedReason;
  /** Last seq of the item that is answered. */
  readonly seq: number;
  /** Highest seq that the sender of REFUSED holds. */
  readonly head: number;
  /** Number of the Z code that says why, 0 when the reason says it all. */
  readonly code: number;
}

/** Asks for chains of the receiver's copy. `low` and `high` 0: at its head, head-1, head-2, head-4 …; else spread over low..high. */
export interface ChainsQueryFrame {
  readonly type: "chainsQuery";
  readonly id: StreamId;
  readonly low: number;
  readonly high: number;
}

export interface ChainPoint {
  readonly seq: number;
  readonly chain8: Uint8Array;
}

export interface ChainsFrame {
  readonly type: "chains";
  readonly id: StreamId;
  /** The sender's head in this stream. */
  readonly head: number;
  /** Descending by seq. */
  readonly points: readonly ChainPoint[];
}

export interface LostFrame {
  readonly type: "lost";
  readonly stream: number;
  readonly from: number;
  readonly to: number;
  /** 16 bytes: the chain at `to`. */
  readonly chain: Uint8Array;
}

export interface FloorFrame {
  readonly type: "floor";
  readonly stream: number;
  readonly seq: number;
  readonly chain: Uint8Array;
  readonly byOrigin: boolean;
}

/** Fills the window of this direction with events that both sides hold (RULES 32); `to` 0 empties it. */
export interface PrimeFrame {
  readonly type: "prime";
  readonly id: StreamId;
  readonly from: number;
  readonly to: number;
  readonly chain8: Uint8Array;
}

export interface NoWindowFrame {
  readonly type: "noWindow";
}

export interface NeedVectorFrame {
  readonly type: "needVector";
}

/** Nothing more to send at present. `isPartial`: because of a budget, not because the receiver has everything. */
export interface DoneFrame {
  readonly type: "done";
  readonly isPartial: boolean;
}

export interface PingFrame {
  readonly type: "ping" | "pong";
  readonly nonce: number;
}

export type ByeReason = "done" | "budget" | "finished" | "fenced";

export interface ByeFrame {
  readonly type: "bye";
  readonly reason: ByeReason;
  /** Ordinal of the receiver's vector that the sender holds durably; 0: none. */
  readonly heldOrdinal: number;
}

export interface ErrorFrame {
  readonly type: "error";
  /** Number of the Z code: 501 for Z501. */
  readonly code: number;
  /** At most 200 bytes; names no third party. */
  readonly text: string;
}

export type Frame =
  | HelloFrame
  | VectorFrame
  | NeedVectorFrame
  | StreamFrame
  | RangeFrame
  | BatchFrame
  | HistoryFrame
  | CodecsFrame
  | FragmentFrame
  | AckFrame
  | RefusedFrame
  | ChainsQueryFrame
  | ChainsFrame
  | LostFrame
  | FloorFrame
  | PrimeFrame
  | NoWindowFrame
  | DoneFrame
  | PingFrame
  | HealthFrame
  | QuarantineFrame
  | ByeFrame
  | ErrorFrame;

/** Why bytes are no frame. A decoder returns a value or this, and never throws. */
export interface FrameProblem {
  readonly type: "problem";
  readonly problem: string;
  /** Set when the frame parses but is over a limit, or of a version that is not served. */
  readonly kind: "malformed" | "limit" | "version";
}

/** Both ends of one direction, from the certificates: names on the wire are relative to them. */
export interface Ends {
  readonly sender: string;
  readonly receiver: string;
}
