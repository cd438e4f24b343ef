/**
 * Events and the names of streams: the vocabulary that log, session and engine share.
 */
import type { Hlc } from "./clock/hlc.ts";

/** A totally ordered, contiguous sequence of events, written by one node only. */
export interface StreamId {
  /** Node id, see `isNodeId`. */
  readonly node: string;
  /** Random 32-bit number made when the node's log (or a fresh epoch of it) is created. */
  readonly epoch: number;
  /** See `isLane`; the default lane is "". */
  readonly lane: string;
}

/** An event as its author made it. The payload is bytes, at most `payloadBytesMax`. */
export interface EventContent {
  readonly seq: number;
  readonly hlc: Hlc;
  /** 0 to 2^31-1; means nothing to the engine. */
  readonly type: number;
  /** What the author had seen since its previous event in this stream (RULES 39); usually one zero byte. */
  readonly known: Uint8Array;
  readonly payload: Uint8Array;
}

/** 16 MiB. */
export const payloadBytesMax = 16 * 1024 * 1024;
/** Payloads above this travel and rest as fragments of at most this size (RULES 5). */
export const fragmentBytesMax = 16 * 1024;
export const typeMax = 0x7fffffff;
export const laneCharactersMax = 80;
/** A type's worth of room for a full `known` block; see docs/format-log.md. */
export const knownBytesMax = 8 * 1024;
/** HLCs at or after 2200-01-01 are refused (RULES 28). */
export const hlcMsMax = 7_258_118_400_000;
/** Bytes of a chain value: SHA-256, cut. */
export const chainBytes = 16;

const nodeIdPattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const lanePattern = /^[a-z0-9._/-]{0,80}$/;

export function isNodeId(text: string): boolean {
  return nodeIdPattern.test(text);
}

/** Lanes that start with `to/` must be exactly `to/<node id>` or `to/<node id>/urgent`. */
export function isLane(text: string): boolean {
  if (!lanePattern.test(text)) return false;
  if (text !== "to" && !text.startsWith("to/")) return true;
  return laneAddressee(text) !== undefined;
}

/** The node that a `to/` lane is addressed to, or undefined for every other lane. */
export function laneAddressee(lane: string): string | undefined {
  if (!lane.startsWith("to/")) return undefined;
  const rest = lane.slice(3);
  const id = rest.endsWith("/urgent") ? rest.slice(0, -7) : rest;
  return isNodeId(id) ? id : undefined;
}

/** Urgent lanes go before any backlog. */
export function isUrgentLane(lane: string): boolean {
  return lane === "urgent" || (lane.startsWith("to/") && lane.endsWith("/urgent"));
}

/** Epochs are shown as 8 hex digits. */
export function epochToText(epoch: number): string {
  return epoch.toString(16).padStart(8, "0");
}
