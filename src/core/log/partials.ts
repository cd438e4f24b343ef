/**
 * Events that are part-way through their fragments (RULES 5): at most one a
 * stream. Pieces are durable on their own; the event becomes visible with its
 * last one.
 */
import type { Hlc } from "../clock/hlc.ts";
import type { Sha256 } from "../ports.ts";
import type { FragmentFields, FragmentPlace } from "./event-fields.ts";

export interface PartialEvent {
  readonly seq: number;
  readonly hlc: Hlc;
  readonly type: number;
  readonly chainBefore: Uint8Array;
  readonly totalBytes: number;
  /** Durable ones first, then staged ones. */
  places: FragmentPlace[];
  durableCount: number;
  durableBytes: number;
  stagedBytes: number;
  /** Pieces that are staged and not durable yet, while somebody judges events; bounded by what may be in flight. */
  undurable: Uint8Array[];
  /** An earlier event of the stream whose last pieces are staged, and not durable yet. */
  previous: PartialEvent | undefined;
  /** Over the staged bytes; undefined when it must be made again from the pieces. */
  sha: Sha256 | undefined;
}

export function newPartial(
  fields: Pick<FragmentFields, "seq" | "hlc" | "type" | "chainBefore" | "totalBytes">,
  sha: Sha256 | undefined,
): PartialEvent {
  return {
    seq: fields.seq,
    hlc: fields.hlc,
    type: fields.type,
    chainBefore: fields.chainBefore.slice(),
    totalBytes: fields.totalBytes,
    places: [],
    durableCount: 0,
    durableBytes: 0,
    stagedBytes: 0,
    undurable: [],
    previous: undefined,
    sha,
  };
}

/** The partial event at `seq`, which may have staged ones behind it. */
export function findPartial(
  newest: PartialEvent | undefined,
  seq: number,
): PartialEvent | undefined {
  let partial = newest;
  while (partial !== undefined && partial.seq !== seq) partial = partial.previous;
  return partial;
}

/** Only the oldest can have durable pieces: they become durable in the order of staging. */
export function oldestPartial(newest: PartialEvent): PartialEvent {
  let partial = newest;
  while (partial.previous !== undefined) partial = partial.previous;
  return partial;
}

/**
 * All its pieces are durable and its record is not: torn off behind them, or rotten. Only the
 * last piece brings what the record holds besides, so it is awaited again.
 */
export function awaitLastPiece(partial: PartialEvent): void {
  const last = partial.durableBytes === partial.totalBytes ? partial.places.pop() : undefined;
  if (last === undefined) return;
  partial.durableCount--;
  partial.durableBytes -= last.sizeBytes;
  partial.stagedBytes = partial.durableBytes;
}

/** Takes back what was staged; the running hash with it. */
export function settlePartial(partial: PartialEvent): void {
  partial.places.length = partial.durableCount;
  if (partial.stagedBytes !== partial.durableBytes) partial.sha = undefined;
  partial.stagedBytes = partial.durableBytes;
  partial.undurable = [];
}
