/**
 * Events that both sides hold, to prime a direction with (RULES 32): which to
 * name, and how to read back exactly those that the peer named.
 *
 * Only streams that the peer may have are named, and only up to what it has
 * confirmed; so its bytes never depend on what the peer may not read.
 */
import { bytesEqual } from "../bytes.ts";
import { chain8Bytes } from "../codec/frame-types.ts";
import type { StreamId } from "../event.ts";
import type { StoredEvent } from "../log/api.ts";
import type { StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import { mayOffer } from "./policy.ts";
import type { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";

/** With fewer the frame costs more than it saves. */
export const historyEventsMin = 4;

/** With as many of its own, a stream needs no other's. */
const ownHistoryMin = 100;

export interface HistoryLimit {
  readonly events: number;
  readonly bytes: number;
  /** What an event counts for. */
  readonly bytesOf: (event: StoredEvent) => number;
}

export interface History {
  readonly index: StreamIndex;
  /** At least `historyEventsMin`, whole ones, the last at the head that the peer confirmed. */
  readonly events: readonly StoredEvent[];
  readonly to: number;
  readonly chain8: Uint8Array;
}

/**
 * The newest events of a stream that both hold: of the one whose events are to follow
 * when enough of it is held, else of the one of which most is held. Undefined when there are too few.
 */
export function chooseHistory(
  s: SessionState,
  limit: HistoryLimit,
  next?: StreamId,
): History | undefined {
  const best = pickStream(s, next);
  if (best === undefined) return undefined;
  const { index, theirs } = best;
  const to = theirs.head;
  const chain = s.log.chainAt(index, to);
  if (
    chain === undefined ||
    !bytesEqual(chain.subarray(0, chain8Bytes), theirs.chain.subarray(0, chain8Bytes))
  )
    return undefined;
  const from = lowest(s, index, theirs, limit.events);
  const events = newest(readSpan(s, index, { from, to }, limit.bytes) ?? [], limit);
  if (events.length < historyEventsMin) return undefined;
  return { index, events, to, chain8: chain.slice(0, chain8Bytes) };
}

interface Candidate {
  readonly index: StreamIndex;
  readonly theirs: VectorEntry;
}

function pickStream(s: SessionState, next: StreamId | undefined): Candidate | undefined {
  const own = next === undefined ? undefined : usable(s, s.theirs.get(streamKey(next)));
  if (own !== undefined && own.theirs.head >= ownHistoryMin) return own;
  let best: Candidate | undefined;
  for (const theirs of s.theirs.values())
    if (theirs.head > (best?.theirs.head ?? 0)) best = usable(s, theirs) ?? best;
  return best;
}

/** The peer may have it, and all that it confirmed is here. */
function usable(s: SessionState, theirs: VectorEntry | undefined): Candidate | undefined {
  if (theirs === undefined || theirs.head < historyEventsMin || !mayOffer(s.scope, theirs.id))
    return undefined;
  const index = s.log.findStream(theirs.id);
  const isHeld = index !== undefined && s.log.streamHead(index) >= theirs.head;
  return isHeld ? { index, theirs } : undefined;
}

/** Above both floors, and above every hole and loss of either side. */
function lowest(
  s: SessionState,
  index: StreamIndex,
  theirs: VectorEntry,
  eventsMax: number,
): number {
  const mine = s.log.stream(index);
  let from = Math.max(1, theirs.head - eventsMax + 1);
  for (const line of [mine, theirs]) {
    from = Math.max(from, (line.floor?.seq ?? 0) + 1);
    for (const range of [...line.holes, ...(line.lost ?? [])])
      if (range.from <= theirs.head) from = Math.max(from, range.to + 1);
  }
  return from;
}

/** The newest whole events, within the bound of bytes. */
function newest(events: readonly StoredEvent[], limit: HistoryLimit): readonly StoredEvent[] {
  let start = events.length;
  let bytes = 0;
  for (; start > 0; start--) {
    const event = events[start - 1];
    if (event === undefined || event.isFragmented) break;
    bytes += limit.bytesOf(event);
    if (bytes > limit.bytes) break;
  }
  return events.slice(start);
}

/** All events of a span, or undefined when one cannot be read. */
function readSpan(
  s: SessionState,
  index: StreamIndex,
  span: { readonly from: number; readonly to: number },
  bytes: number,
): readonly StoredEvent[] | undefined {
  const events: StoredEvent[] = [];
  for (let seq = span.from; seq <= span.to; ) {
    const part = s.log.readStream(index, seq, { events: span.to - seq + 1, bytes });
    if (part.length === 0 || part[0]?.seq !== seq) return undefined;
    for (const event of part) events.push(event);
    seq += part.length;
  }
  return events;
}

/** The events that the peer named, if all are held here, whole, and the chain agrees. */
export function recallHistory(
  s: SessionState,
  index: StreamIndex | undefined,
  named: {
    readonly from: number;
    readonly to: number;
    /** The first bytes of the chain at `to`. */
    readonly chain: Uint8Array;
  },
  limit: HistoryLimit,
): readonly StoredEvent[] | undefined {
  const { from, to } = named;
  if (index === undefined || from < 1 || from > to || to - from >= limit.events) return undefined;
  if (s.log.streamHead(index) < to) return undefined;
  const chain = s.log.chainAt(index, to);
  if (chain === undefined || !bytesEqual(chain.subarray(0, named.chain.length), named.chain))
    return undefined;
  const events = readSpan(s, index, { from, to }, limit.bytes);
  if (events === undefined || events.some((event) => event.isFragmented)) return undefined;
  let bytes = 0;
  for (const event of events) bytes += limit.bytesOf(event);
  return bytes <= limit.bytes ? events : undefined;
}
