/**
 * Rollback and forks (RULES 22 to 25). The origin of a stream settles it: it
 * finds the last common seq by asking for chains, moves its diverged tail to
 * the derived epoch, and goes on in a fresh one; then both branches flow both
 * ways as ordinary streams. Whoever is not the origin sends nothing of the
 * stream meanwhile, and freezes it when the origin is not at the other end.
 */
import { bytesEqual } from "../bytes.ts";
import {
  type ChainPoint,
  chain8Bytes,
  type ChainsFrame,
  type ChainsQueryFrame,
} from "../codec/frame-types.ts";
import { ZamError } from "../errors/zam-error.ts";
import { epochToText, type StreamId } from "../event.ts";
import type { MovedBranch, StreamState } from "../log/api.ts";
import type { StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import { chainRoundsMax, claimedRollbacksMax, queriesMax, retriesMax } from "./limits.ts";
import { mayName } from "./policy.ts";
import type { SessionState } from "./state.ts";
import { type ForkSearch, streamKey } from "./tracked-streams.ts";
import { sendUpdate } from "./vectors.ts";

/** Chains of one answer when a span is divided: 64 fit, and a few are left for its ends. */
const spreadPoints = 60;
const rollbackAlarm = "rollback ";

function isOwn(s: SessionState, id: StreamId): boolean {
  return id.node === s.options.self.nodeId;
}

/** RULES 22: a peer that is ahead of us on the stream that we write now. */
export function noteAhead(s: SessionState, theirs: VectorEntry): void {
  if (!isOwn(s, theirs.id) || theirs.id.epoch !== s.log.ownEpoch) return;
  const index = s.log.findStream(theirs.id);
  const ours = index === undefined ? 0 : s.log.streamHead(index);
  if (theirs.head <= ours) return;
  const heads = { ours, theirs: theirs.head };
  if (isWornClaim(s)) reportRollback(s, theirs.id, heads);
  else leaveEpoch(s, theirs.id, heads);
}

/**
 * A clinic's claim costs nothing, and others take 64 epochs of a node: once so many
 * are not acknowledged by its operator, a hub only reports a clinic's claims.
 */
function isWornClaim(s: SessionState): boolean {
  const { self, peer } = s.options;
  if (self.role !== "hub" || peer.role !== "clinic") return false;
  const open = s.log.alarms.filter(({ id }) => id.startsWith(rollbackAlarm));
  return open.length >= claimedRollbacksMax;
}

function reportRollback(
  s: SessionState,
  id: StreamId,
  { ours, theirs }: { readonly ours: number; readonly theirs: number },
): ZamError {
  const epoch = epochToText(id.epoch);
  return s.report("Z507", { peer: s.options.peer.nodeId, epoch, lane: id.lane, theirs, ours });
}

/** Ends the present own epoch for ever, once, and says so. */
function leaveEpoch(
  s: SessionState,
  id: StreamId,
  heads: { readonly ours: number; readonly theirs: number },
): void {
  if (s.renewedEpochs.has(id.epoch) || s.log.ownEpoch !== id.epoch) return;
  s.renewedEpochs.add(id.epoch);
  const error = reportRollback(s, id, heads);
  s.mark({ kind: "newEpoch", reason: error.code });
  s.alarm(`${rollbackAlarm}${epochToText(id.epoch)}`, error);
}

/** Chains at the peer's head differ from ours. */
export function disagree(s: SessionState, mine: StreamState, theirs: VectorEntry): void {
  const key = streamKey(mine.id);
  const count = (s.disagreements.get(key) ?? 0) + 1;
  s.disagreements.set(key, count);
  if (count > retriesMax) return;
  if (isOwn(s, mine.id)) {
    beginSearch(s, mine.index);
    return;
  }
  if (mine.id.node === s.options.peer.nodeId) {
    s.waiting.add(key);
    sendChains(s, mine.id, { low: 0, high: 0 });
    return;
  }
  freeze(s, mine, { head: theirs.head, chain8: theirs.chain });
}

/** RULES 25: two branches and no origin here to settle them. */
export function freeze(
  s: SessionState,
  mine: StreamState,
  peer: { readonly head: number; readonly chain8: Uint8Array },
): void {
  if (mine.isFrozen) return;
  const { node, epoch, lane } = mine.id;
  const error = s.report("Z509", {
    peer: s.options.peer.nodeId,
    node,
    epoch: epochToText(epoch),
    lane,
    theirs: peer.head,
    ours: mine.head,
  });
  const peerChain = new Uint8Array(16);
  peerChain.set(peer.chain8.subarray(0, chain8Bytes));
  s.mark({
    kind: "freeze",
    stream: mine.id,
    peer: s.options.peer.nodeId,
    peerHead: peer.head,
    peerChain,
  });
  s.alarm(`fork ${streamKey(mine.id)}`, error);
}

/** Starts to look for the last seq on which both sides agree. */
export function beginSearch(s: SessionState, index: StreamIndex): void {
  const { id, head } = s.log.stream(index);
  const key = streamKey(id);
  if (s.searches.has(key)) return;
  s.searches.set(key, {
    index,
    id,
    low: 0,
    high: head + 1,
    hasMismatch: false,
    rounds: 0,
    isSettling: false,
  });
  s.send({ type: "chainsQuery", id, low: 0, high: 0 });
}

/** Answers a query, or tells the origin unasked. Names nothing that the peer may not know. */
export function sendChains(
  s: SessionState,
  id: StreamId,
  span: { readonly low: number; readonly high: number },
): void {
  const index = mayName(s.scope, id) ? s.log.findStream(id) : undefined;
  if (index === undefined) {
    s.send({ type: "chains", id, head: 0, points: [] });
    return;
  }
  const head = s.log.streamHead(index);
  const points: ChainPoint[] = [];
  for (const seq of span.high === 0
    ? steppingSeqs(head)
    : spreadSeqs(span.low, Math.min(span.high, head))) {
    const chain = s.log.chainAt(index, seq);
    if (chain !== undefined) points.push({ seq, chain8: chain.subarray(0, chain8Bytes) });
  }
  s.send({ type: "chains", id, head, points });
}

export function answerQuery(s: SessionState, frame: ChainsQueryFrame): void {
  if (++s.queriesAnswered > queriesMax) {
    s.fail(new ZamError("Z504", { limit: "questions about chains" }));
    return;
  }
  if (frame.id.node === s.options.peer.nodeId) {
    s.wantedBack.add(streamKey(frame.id));
    s.isPlanStale = true;
  }
  sendChains(s, frame.id, frame);
}

/** Head, head-1, head-2, head-4 … down to 1. */
function steppingSeqs(head: number): readonly number[] {
  const seqs: number[] = [];
  if (head > 0) seqs.push(head);
  for (let step = 1; step < head; step *= 2) seqs.push(head - step);
  return seqs;
}

function spreadSeqs(low: number, high: number): readonly number[] {
  const seqs: number[] = [];
  if (low < 1) return seqs;
  const step = Math.ceil((high - low + 1) / spreadPoints);
  for (let seq = high; seq >= low; seq -= step) seqs.push(seq);
  return seqs;
}

/** CHAINS arrived: an answer to us as origin, or the peer noticing first. */
export function takeChains(s: SessionState, frame: ChainsFrame): void {
  const index =
    isOwn(s, frame.id) && mayName(s.scope, frame.id) ? s.log.findStream(frame.id) : undefined;
  if (index === undefined) return;
  const key = streamKey(frame.id);
  const mine = s.log.stream(index);
  let search = s.searches.get(key);
  if (search === undefined) {
    search = {
      index,
      id: frame.id,
      low: 0,
      high: mine.head + 1,
      hasMismatch: false,
      rounds: 0,
      isSettling: false,
    };
    s.searches.set(key, search);
  }
  if (search.isSettling) return;
  for (const point of frame.points) compare(s, search, point);
  if (search.low >= search.high) {
    s.fail(new ZamError("Z506", { problem: "chains that contradict each other" }));
    return;
  }
  const out = s.outgoing.get(index);
  if (out !== undefined) out.state = "checking";
  narrow(s, search, frame);
}

function compare(s: SessionState, search: ForkSearch, point: ChainPoint): void {
  const chain = s.log.chainAt(search.index, point.seq);
  if (chain === undefined) return;
  if (bytesEqual(chain.subarray(0, chain8Bytes), point.chain8)) {
    search.low = Math.max(search.low, point.seq);
  } else {
    search.high = Math.min(search.high, point.seq);
    search.hasMismatch = true;
  }
}

function narrow(s: SessionState, search: ForkSearch, frame: ChainsFrame): void {
  search.rounds++;
  const ours = s.log.streamHead(search.index);
  // The peer's copy ends where ours goes on, or the other way round: no fork.
  const isPrefix =
    !search.hasMismatch && (search.low >= Math.min(frame.head, ours) || frame.head === 0);
  if (isPrefix) {
    settle(s, search, ours);
    return;
  }
  const isOpen = search.high - search.low > 1 && search.rounds < chainRoundsMax;
  const hasAnswers = frame.points.length > 0 || search.rounds === 1;
  if (isOpen && hasAnswers) {
    s.send({
      type: "chainsQuery",
      id: search.id,
      low: search.low + 1,
      high: Math.min(search.high - 1, frame.head),
    });
    return;
  }
  // What cannot be compared (below the peer's floor) counts as diverged (RULES 24).
  settle(s, search, search.hasMismatch ? search.low : ours);
}

/** The last common seq is known: leave the epoch, move the tail, tell the peer. */
function settle(s: SessionState, search: ForkSearch, common: number): void {
  search.isSettling = true;
  const mine = s.log.stream(search.index);
  const { id } = mine;
  const finish = (): void => {
    s.searches.delete(streamKey(id));
    const out = s.outgoing.get(search.index);
    if (out !== undefined) {
      out.state = "open";
      out.isStale = false;
      out.work = [];
      out.fragment = undefined;
      if (++out.retries > retriesMax) out.state = "refused";
    }
    sendUpdate(s, search.index);
    s.isPlanStale = true;
  };
  if (common >= mine.head) {
    finish();
    return;
  }
  leaveEpoch(s, id, { ours: mine.head, theirs: common });
  s.mark({ kind: "rehome", stream: id, from: common + 1 }, finish);
  sayMoved(s, { stream: id, from: common + 1, to: mine.head });
}

function sayMoved(s: SessionState, { stream, from, to }: MovedBranch): void {
  const { epoch, lane } = stream;
  const error = s.report("Z508", { from, to, epoch: epochToText(epoch), lane });
  s.alarm(`branch ${streamKey(stream)} ${from}`, error);
}

/** What the peer gave us is where a branch that we held has gone as well: it learns how we hold the old stream now. */
export function tellMoved(s: SessionState, moved: MovedBranch): void {
  const index = s.log.findStream(moved.stream);
  if (index === undefined) return;
  if (isOwn(s, moved.stream)) sayMoved(s, moved);
  s.waiting.delete(streamKey(moved.stream));
  if (mayName(s.scope, moved.stream)) sendUpdate(s, index);
  s.isPlanStale = true;
}
