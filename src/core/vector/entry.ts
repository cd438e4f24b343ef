/**
 * The plain-data vocabulary of version vectors: ranges, floors, and one
 * stream's line. The compact form is in `stream-table.ts`.
 */
import type { StreamId } from "../event.ts";

/** Inclusive on both ends, 1 <= from <= to. */
export interface SeqRange {
  readonly from: number;
  readonly to: number;
}

/** Below and at `seq` the events are gone; `chain` (16 bytes) is the chain at `seq`. */
export interface Floor {
  readonly seq: number;
  readonly chain: Uint8Array;
  /** True when the stream's origin itself expired them; false when they are merely not available here. */
  readonly byOrigin: boolean;
}

/** One stream's line of a version vector, as plain data. */
export interface VectorEntry {
  readonly id: StreamId;
  /** Highest seq held; 0 when none. */
  readonly head: number;
  /** Chain at `head`: 16 bytes from a log, its first 8 from the wire. */
  readonly chain: Uint8Array;
  readonly floor?: Floor;
  /** Ranges missing below `head` and above the floor, ascending, disjoint, not touching. */
  readonly holes: readonly SeqRange[];
  /** Ranges declared lost at source (RULES 40), in the same form; neither held nor missing. */
  readonly lost?: readonly SeqRange[];
  /** Durable bytes of the event at head+1, when that event is part-way through its fragments. */
  readonly partialBytes?: number;
}

/** Dense index of a stream in a StreamTable: 0, 1, 2 … in order of first mention; never changes. */
export type StreamIndex = number;
