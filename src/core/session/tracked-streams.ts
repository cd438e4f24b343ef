/** What a session keeps track of, stream by stream and item by item. */
import type { VectorMark } from "../codec/frame-types.ts";
import type { ZamError } from "../errors/zam-error.ts";
import type { StreamId } from "../event.ts";
import type { Floor, SeqRange, StreamIndex, VectorEntry } from "../vector/stream-table.ts";

/** Something sent that the peer will answer, with ACK or REFUSED. */
export interface SentItem {
  readonly kind: "range" | "fragment" | "lost" | "floor";
  readonly from: number;
  readonly to: number;
  /** Fragments: end of the fragment in the event; else 0. */
  readonly offset: number;
  /** Events that are confirmed when this is. */
  readonly events: number;
  /** Bytes on the wire. */
  readonly bytes: number;
  readonly sentMs: number;
}

/** Something to be sent, ascending within a stream. */
export interface Work {
  readonly kind: "events" | "lost" | "floor";
  readonly from: number;
  readonly to: number;
}

/** A stream that has something to send, or had. */
export interface Outgoing {
  readonly index: StreamIndex;
  readonly id: StreamId;
  readonly isUrgent: boolean;
  /** Our number for it on the wire; -1 before its STREAM frame. */
  number: number;
  work: readonly Work[];
  readonly inFlight: SentItem[];
  /** `checking`: chains disagree, nothing is sent until that is settled. `refused`: not in this session. */
  state: "open" | "checking" | "refused";
  /** The fragmented event that is part-way sent. */
  fragment: { readonly seq: number; offset: number } | undefined;
  /** A gap was answered: nothing goes until all in flight is answered, then the work is listed anew. */
  isStale: boolean;
  /** Gaps, forks and unreadable ranges met here; bounds how often we try again. */
  retries: number;
}

/** A received item that waits for the log. */
export interface ReceivedItem {
  readonly incoming: Incoming;
  readonly seq: number;
  readonly offset: number;
  readonly rawBytes: number;
  events: number;
  /** So many of `events` were here before. */
  heldCount: number;
  isDurable: boolean;
}

/** A stream to which the peer gave a number. */
export interface Incoming {
  readonly id: StreamId;
  readonly number: number;
  /** Why nothing of it is taken, or undefined. */
  refusal: ZamError | undefined;
  /** Oldest first; answered from the front. */
  readonly queue: ReceivedItem[];
  /** Set when ACK is due: the newest durable item. */
  ack: { readonly seq: number; readonly offset: number } | undefined;
  /** Highest seq handed to the log. */
  stagedHead: number;
  /** What the peer said of its own floor in this session. */
  floor: Pick<Floor, "seq" | "chain"> | undefined;
}

/** An origin's search for the seq at which two branches part (RULES 24). */
export interface ForkSearch {
  readonly index: StreamIndex;
  readonly id: StreamId;
  /** Greatest seq known to agree, least known to differ. */
  low: number;
  high: number;
  hasMismatch: boolean;
  rounds: number;
  isSettling: boolean;
}

/** The peer's vector while its frames come in. */
export interface VectorInput {
  readonly base: readonly VectorEntry[];
  mark: VectorMark;
  readonly isRelative: boolean;
  expected: number;
  readonly entries: VectorEntry[];
  /** Holes and lost ranges so far. */
  ranges: number;
}

export function streamKey(id: StreamId): string {
  return `${id.node} ${id.epoch} ${id.lane}`;
}

export function countWork(work: readonly Work[]): number {
  let count = 0;
  for (const item of work) if (item.kind === "events") count += item.to - item.from + 1;
  return count;
}

/** Seqs that are wholly on their way: an event of which only some fragments are is not. */
export function flightRanges(items: readonly SentItem[]): readonly SeqRange[] {
  const ranges: SeqRange[] = [];
  for (const item of items)
    if (item.kind !== "fragment" || item.events === 1)
      ranges.push({ from: item.from, to: item.to });
  return ranges;
}
