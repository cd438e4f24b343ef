/**
 * What to send: for each stream that the peer may have, what it lacks of what
 * is held here, as an ascending list of work. Healing, backlog and a peer that
 * lost its own events are all the same question; chains that disagree are not,
 * and are handed to fork.ts.
 */
import { bytesEqual } from "../bytes.ts";
import { chain8Bytes } from "../codec/frame-types.ts";
import { epochToText, isUrgentLane, type StreamId } from "../event.ts";
import type { StreamState } from "../log/api.ts";
import { addRanges, countRanges, type Ranges, subtractRanges } from "../vector/ranges.ts";
import type { SeqRange, StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import { disagree, noteAhead } from "./fork.ts";
import { askBack, offeredGaps } from "./give-back.ts";
import { retriesMax } from "./limits.ts";
import { mayOffer } from "./policy.ts";
import type { SessionState } from "./state.ts";
import { flightRanges, type Outgoing, streamKey, type Work } from "./tracked-streams.ts";

/** Goes through all streams: at the start, and when the peer's vector arrives. */
export function planAll(s: SessionState): void {
  scanStreams(s);
  for (const index of s.offerable) planStream(s, index);
  s.isPlanned = true;
  s.isPlanStale = false;
}

/** Takes up what became durable since. Costs a number per stream when nothing did. */
export function planNews(s: SessionState): void {
  scanStreams(s);
  for (let at = 0; at < s.offerable.length; at++) {
    const index = s.offerable[at] ?? 0;
    if (s.log.streamHead(index) > (s.plannedHeads[index] ?? 0)) planStream(s, index);
  }
}

function scanStreams(s: SessionState): void {
  for (let index = s.scannedStreams; index < s.log.streamCount; index++) {
    s.plannedHeads[index] = 0;
    if (mayOffer(s.scope, s.log.stream(index).id)) s.offerable.push(index);
  }
  s.scannedStreams = s.log.streamCount;
}

/** Works out anew what to send of one stream. */
export function planStream(s: SessionState, index: StreamIndex): void {
  const mine = s.log.stream(index);
  // Nobody can hold what is of the epoch that this log has begun, and was never sent.
  if (s.isSpeculating && s.isFirstContact && mine.id.epoch !== s.log.ownEpoch) return;
  const theirs = s.theirs.get(streamKey(mine.id));
  s.plannedHeads[index] = mine.head;
  const out = s.outgoing.get(index);
  if (out !== undefined && (out.state === "refused" || out.isStale)) return;
  if (theirs !== undefined && !agrees(s, mine, theirs)) {
    if (s.isSpeculating) return;
    const waiting = out ?? createOutgoing(s, mine);
    waiting.state = "checking";
    waiting.work = [];
    disagree(s, mine, theirs);
    return;
  }
  if (out?.state === "checking") return;
  const work = listWork(s, mine, theirs, out);
  if (work.length === 0) {
    if (out !== undefined) out.work = [];
    return;
  }
  const target = out ?? createOutgoing(s, mine);
  target.work = work;
  s.active.add(target);
  if (work[0]?.from !== target.fragment?.seq) target.fragment = undefined;
}

export function createOutgoing(s: SessionState, mine: StreamState): Outgoing {
  const out: Outgoing = {
    index: mine.index,
    id: mine.id,
    isUrgent: isUrgentLane(mine.id.lane),
    number: -1,
    work: [],
    inFlight: [],
    state: "open",
    fragment: undefined,
    isStale: false,
    retries: 0,
  };
  s.outgoing.set(mine.index, out);
  return out;
}

/** Do the chains agree where both sides know them? Only the side with the greater head can tell. */
function agrees(s: SessionState, mine: StreamState, theirs: VectorEntry): boolean {
  if (theirs.head === 0 || theirs.head > mine.head) return true;
  const chain = s.log.chainAt(mine.index, theirs.head);
  return (
    chain === undefined ||
    bytesEqual(chain.subarray(0, chain8Bytes), theirs.chain.subarray(0, chain8Bytes))
  );
}

function listWork(
  s: SessionState,
  mine: StreamState,
  theirs: VectorEntry | undefined,
  out: Outgoing | undefined,
): readonly Work[] {
  const flying = out === undefined ? [] : flightRanges(out.inFlight);
  const gaps = offeredGaps(s, mine, theirs);
  const isOrigin = mine.id.node === s.options.self.nodeId;
  if (isOrigin && gaps.missingHere.length > 0 && s.hasVector) {
    // What was sent before it was damaged here may be durable there by now.
    declareLost(s, mine, subtractRanges(gaps.missingHere, sorted(flying)));
  }
  const work: Work[] = [];
  add(work, "floor", gaps.belowFloor.length === 0 ? [] : floorRange(mine), flying);
  add(work, "events", gaps.send, flying);
  add(work, "lost", gaps.lostHere, flying);
  work.sort((a, b) => a.from - b.from);
  return deliverable(work, theirs, flying);
}

function floorRange(mine: StreamState): Ranges {
  return mine.floor === undefined ? [] : [{ from: 1, to: mine.floor.seq }];
}

function add(work: Work[], kind: Work["kind"], ranges: Ranges, flying: readonly SeqRange[]): void {
  const rest =
    kind === "floor"
      ? ranges.filter((range) => !flying.some((f) => f.to === range.to))
      : subtractRanges(ranges, sorted(flying));
  for (const range of rest) work.push({ kind, from: range.from, to: range.to });
}

function sorted(flying: readonly SeqRange[]): Ranges {
  let out: Ranges = [];
  for (const range of flying) out = addRanges(out, [range]);
  return out;
}

/** Beyond the peer's head everything must follow without a gap; below it, holes are healed one by one. */
function deliverable(
  work: readonly Work[],
  theirs: VectorEntry | undefined,
  flying: readonly SeqRange[],
): readonly Work[] {
  const out: Work[] = [];
  let expected = Math.max(theirs?.head ?? 0, theirs?.floor?.seq ?? 0) + 1;
  const bridge = addRanges(sorted(flying), theirs?.lost ?? []);
  for (const item of work) {
    for (const range of bridge)
      if (range.from <= expected && range.to >= expected) expected = range.to + 1;
    if (item.from > expected && item.kind !== "floor") break;
    out.push(item);
    expected = Math.max(expected, item.to + 1);
  }
  return out;
}

/**
 * RULES 40: neither the origin nor the peer holds it, and no other peer is
 * known to. The declaration is durable here before the peer hears of it.
 */
function declareLost(s: SessionState, mine: StreamState, ranges: Ranges): void {
  const elsewhere = s.options.confirmedElsewhere?.find(
    (head) => streamKey(head.stream) === streamKey(mine.id),
  );
  for (const missing of ranges) {
    if (elsewhere !== undefined && missing.from <= elsewhere.seq) continue;
    // Between a hole and a loss behind it no chain is known: they are declared as one.
    const behind = mine.lost.find((lost) => lost.from === missing.to + 1);
    const range = { from: missing.from, to: behind?.to ?? missing.to };
    const key = `${streamKey(mine.id)} ${range.from}`;
    const chain = s.log.chainAt(mine.index, range.to);
    if (chain === undefined || s.declaredLost.has(key)) continue;
    s.declaredLost.add(key);
    reportLost(s, mine.id, range);
    s.mark({ kind: "lost", stream: mine.id, from: range.from, to: range.to, chain }, () =>
      planStream(s, mine.index),
    );
  }
}

/** RULES 40: nobody has these events any more. */
export function reportLost(s: SessionState, id: StreamId, { from, to }: SeqRange): void {
  const { node, epoch, lane } = id;
  const error = s.report("Z516", { from, to, node, epoch: epochToText(epoch), lane });
  s.alarm(`lost ${streamKey(id)} ${from}`, error);
}

/** Compares the peer's whole vector with ours, then plans. */
export function planAgainstVector(s: SessionState): void {
  for (const theirs of s.theirs.values()) {
    noteAhead(s, theirs);
    compareUnoffered(s, theirs);
    askBack(s, theirs);
  }
  planAll(s);
}

/** Streams that we may hold but not deliver (a hub's, at a clinic) are compared as well: only so does their origin learn of a fork. */
function compareUnoffered(s: SessionState, theirs: VectorEntry): void {
  if (mayOffer(s.scope, theirs.id)) return;
  const index = s.log.findStream(theirs.id);
  if (index === undefined) return;
  const mine = s.log.stream(index);
  if (!agrees(s, mine, theirs)) disagree(s, mine, theirs);
}

/** One line of the peer's vector changed. */
export function planAgainstLine(s: SessionState, theirs: VectorEntry): void {
  noteAhead(s, theirs);
  compareUnoffered(s, theirs);
  const index = s.log.findStream(theirs.id);
  if (index === undefined) return;
  scanStreams(s);
  const out = s.outgoing.get(index);
  if (out !== undefined) {
    if (++out.retries > retriesMax) {
      giveUp(out);
      return;
    }
    if (out.state === "checking") out.state = "open";
    out.fragment = undefined;
    out.isStale = false;
  }
  if (mayOffer(s.scope, theirs.id)) planStream(s, index);
}

export function giveUp(out: Outgoing): void {
  out.state = "refused";
  out.work = [];
  out.fragment = undefined;
}

/** A range could not be read, or was answered with a gap: look again, a few times. */
export function planAgain(s: SessionState, out: Outgoing): void {
  out.fragment = undefined;
  out.isStale = false;
  if (++out.retries > retriesMax) giveUp(out);
  else planStream(s, out.index);
}

/** Is there, or may there come, something to send without news from the log? */
export function hasWork(s: SessionState): boolean {
  if (s.searches.size > 0 || s.waiting.size > 0 || s.marksOpen > 0) return true;
  for (const out of s.active) if (out.state === "open" && out.work.length > 0) return true;
  return false;
}

function isOwnOfPeer(s: SessionState, mine: StreamState): boolean {
  return mine.id.node === s.options.peer.nodeId;
}

/** Events that are held here and that the peer may have, but lacks as far as known. */
export function countRemaining(s: SessionState): number {
  let count = 0;
  for (const index of s.offerable) {
    const mine = s.log.stream(index);
    // What a hub does not take back stays where it is: that is no work left undone.
    const isDeclined = isOwnOfPeer(s, mine) && s.outgoing.get(index)?.state === "refused";
    if (isDeclined) continue;
    count += countRanges(offeredGaps(s, mine, s.theirs.get(streamKey(mine.id))).send);
  }
  return count;
}
