/**
 * What the peer sends: checked against policy, limits and key, handed to the
 * log, and answered item by item: ACK when durable, REFUSED when not stored.
 * The chain, the seqs and the clocks are checked by the log, which alone knows
 * what is staged (RULES 28).
 */
import type {
  FloorFrame,
  FragmentFrame,
  LostFrame,
  RangeFrame,
  RefusedReason,
} from "../codec/frame-types.ts";
import { decodeRows } from "../codec/rows.ts";
import { decodeBlock } from "../codec/window.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { EventContent, StreamId } from "../event.ts";
import type { ReceiveOutcome } from "../log/api.ts";
import { intersectRanges } from "../vector/ranges.ts";
import { noteDelivered } from "./acks.ts";
import { admit, mayNotDeliver } from "./admission.ts";
import type { StoreOperation } from "./api.ts";
import { beginSearch, freeze, sendChains, tellMoved } from "./fork.ts";
import { isGivenBack, mayGiveBack } from "./give-back.ts";
import { maxClockDriftDefaultMs } from "../clock/hybrid-clock.ts";
import { reportLost } from "./offer.ts";
import { tellQuarantine } from "./quarantine-notice.ts";
import type { SessionState } from "./state.ts";
import type { Incoming, ReceivedItem } from "./tracked-streams.ts";

/** A STREAM frame gives the peer's next number to a stream. */
export function takeStream(s: SessionState, id: StreamId): void {
  begin(s, id, s.incoming.length);
}

function begin(s: SessionState, id: StreamId, number: number): Incoming {
  const refusal = admit(s, id);
  const incoming: Incoming = {
    id,
    number,
    refusal,
    queue: [],
    ack: undefined,
    stagedHead: 0,
    floor: undefined,
  };
  s.incoming[number] = incoming;
  if (refusal !== undefined) s.effect({ kind: "report", error: refusal });
  return incoming;
}

export function findIncoming(s: SessionState, number: number): Incoming | undefined {
  const incoming = s.incoming[number];
  if (incoming !== undefined) return incoming;
  const line = s.linesHeard[number];
  if (line !== undefined) return begin(s, line.id, number);
  s.fail(new ZamError("Z506", { problem: "data of a stream without a name" }));
  return undefined;
}

/** The rows of a block, also of one that will be refused: the windows must stay alike. */
function openBlock(s: SessionState, frame: RangeFrame | FragmentFrame): Uint8Array | undefined {
  const raw = decodeBlock(s.compressor, {
    window: s.receiveWindow,
    codec: frame.codec,
    rawBytes: frame.rawBytes,
    block: frame.block,
  });
  if (raw === undefined) {
    s.fail(new ZamError("Z501", { problem: "a block that cannot be decompressed" }));
    return undefined;
  }
  const copy = raw.slice();
  s.receiveWindow.append(copy);
  return copy;
}

export function takeRange(s: SessionState, frame: RangeFrame): void {
  const incoming = findIncoming(s, frame.stream);
  if (incoming === undefined) return;
  const raw = openBlock(s, frame);
  if (raw === undefined) return;
  const events = decodeRows(raw, { from: frame.from, count: frame.count });
  if (events === undefined) {
    s.fail(
      new ZamError("Z523", {
        peer: s.options.peer.nodeId,
        problem: "rows that cannot be read, or clocks that do not rise",
      }),
    );
    return;
  }
  const { from, chainBefore8, chainAfter8 } = frame;
  takeEvents(s, incoming, { from, events, chainBefore8, chainAfter8, rawBytes: raw.length });
}

/** Consecutive events of one stream, however they came. */
export function takeEvents(
  s: SessionState,
  incoming: Incoming,
  taken: {
    readonly from: number;
    readonly events: readonly EventContent[];
    readonly chainBefore8: Uint8Array;
    readonly chainAfter8: Uint8Array;
    readonly rawBytes: number;
  },
): void {
  const { rawBytes, ...content } = taken;
  const last = content.events[content.events.length - 1];
  if (last === undefined || !prepare(s, incoming, { from: content.from, to: last.seq })) return;
  noteFuture(s, last.hlc.ms);
  const range = {
    stream: incoming.id,
    ...content,
    claimedBefore: claimedBefore(incoming, content.from),
    receivedFrom: s.options.peer.nodeId,
    receivedMs: s.nowMs,
    isClockTrusted: isClockTrusted(s, incoming),
  };
  const item = { seq: last.seq, offset: 0, rawBytes, events: content.events.length };
  storeItem(s, incoming, item, { kind: "range", range });
}

export function takeFragment(s: SessionState, frame: FragmentFrame): void {
  const incoming = findIncoming(s, frame.stream);
  if (incoming === undefined) return;
  const raw = openBlock(s, frame);
  const span = { from: frame.seq, to: frame.seq };
  if (raw === undefined || !prepare(s, incoming, span)) return;
  noteFuture(s, frame.hlc.ms);
  const { seq, hlc, known, totalBytes, offset, chainBefore8, chainAfter8 } = frame;
  const end = offset + raw.length;
  const fragment = {
    stream: incoming.id,
    seq,
    hlc,
    type: frame.eventType,
    known,
    totalBytes,
    offset,
    bytes: raw,
    chainBefore8,
    chainAfter8,
    claimedBefore: claimedBefore(incoming, seq),
    receivedFrom: s.options.peer.nodeId,
    receivedMs: s.nowMs,
    isClockTrusted: isClockTrusted(s, incoming),
  };
  const item = { seq, offset: end, rawBytes: raw.length, events: end === totalBytes ? 1 : 0 };
  storeItem(s, incoming, item, { kind: "fragment", fragment });
}

function claimedBefore({ floor }: Incoming, seq: number): Uint8Array | undefined {
  return floor?.seq === seq - 1 ? floor.chain : undefined;
}

/** A clinic follows its hub's clock without bound, a hub never a clinic's (RULES 38). */
function isClockTrusted(s: SessionState, incoming: Incoming): boolean {
  const { self, peer } = s.options;
  return self.role === "clinic" && incoming.id.node === peer.nodeId;
}

/**
 * Answers at once for a stream that is refused; else binds the author's key before its
 * first event. `from` is there when events come, not what is said of events that do not.
 */
function prepare(
  s: SessionState,
  incoming: Incoming,
  span: { readonly from?: number; readonly to: number },
): boolean {
  const { from, to: seq } = span;
  if (incoming.refusal === undefined && isGivenBack(s, incoming.id)) {
    const isTaken = from !== undefined && mayGiveBack(s, incoming.id, { from, to: seq });
    if (!isTaken) incoming.refusal = mayNotDeliver(s, incoming.id);
  }
  if (incoming.refusal !== undefined) {
    refuse(s, incoming, { reason: "stream", seq, head: 0, error: incoming.refusal });
    return false;
  }
  const { id } = incoming;
  const { peer } = s.options;
  const key = `${id.node} ${id.epoch}`;
  if (id.node !== peer.nodeId || s.boundEpochs.has(key)) return true;
  s.boundEpochs.add(key);
  if (s.log.binding(id.node, id.epoch) === undefined)
    s.mark({ kind: "bind", node: id.node, epoch: id.epoch, fingerprint: peer.keyFingerprint });
  return true;
}

/** RULES 38, DESIGN section 2: stored as it is, and said once. */
function noteFuture(s: SessionState, ms: number): void {
  const referenceMs = Math.max(s.nowMs, s.log.trustedTimeMs);
  const aheadMs = ms - referenceMs;
  if (s.hasReportedFuture || aheadMs <= (s.options.maxClockDriftMs ?? maxClockDriftDefaultMs))
    return;
  s.hasReportedFuture = true;
  s.report("Z519", { peer: s.options.peer.nodeId, aheadMs });
}

function storeItem(
  s: SessionState,
  incoming: Incoming,
  input: {
    readonly seq: number;
    readonly offset: number;
    readonly rawBytes: number;
    readonly events: number;
  },
  operation: StoreOperation,
): void {
  const item: ReceivedItem = { ...input, incoming, heldCount: 0, isDurable: false };
  incoming.queue.push(item);
  // A part of an event is not the event.
  const isWhole = input.offset === 0 || input.events > 0;
  if (isWhole) incoming.stagedHead = Math.max(incoming.stagedHead, input.seq);
  s.receivesOpen++;
  s.pendingStoreBytes += input.rawBytes;
  s.store(operation, {
    outcome: (outcome) => onOutcome(s, item, outcome),
    durable: (error) => onDurable(s, item, error),
  });
}

function onDurable(s: SessionState, item: ReceivedItem, error: ZamError | undefined): void {
  s.receivesOpen--;
  s.pendingStoreBytes -= item.rawBytes;
  if (error !== undefined) {
    s.fail(error);
    return;
  }
  item.isDurable = true;
  tellQuarantine(s);
  s.eventsReceived += item.events - item.heldCount;
  if (item.events > 0) {
    s.chatter.moved();
    noteDelivered(s, item.incoming.id, item.seq - item.events + 1, item.seq);
  }
  s.noteProgress();
  answerDurable(s, item.incoming);
}

/** ACK covers what is durable from the front of the queue on: a contiguous prefix of what was sent. */
function answerDurable(s: SessionState, incoming: Incoming): void {
  const { queue } = incoming;
  for (let front = queue[0]; front?.isDurable === true; front = queue[0]) {
    incoming.ack = { seq: front.seq, offset: front.offset };
    s.ackDue.add(incoming);
    queue.shift();
  }
}

function drop(s: SessionState, item: ReceivedItem): void {
  const { queue } = item.incoming;
  queue.splice(queue.indexOf(item), 1);
  s.receivesOpen--;
  s.pendingStoreBytes -= item.rawBytes;
  answerDurable(s, item.incoming);
}

function onOutcome(s: SessionState, item: ReceivedItem, outcome: ReceiveOutcome): void {
  const { incoming } = item;
  if (outcome.moved !== undefined) tellMoved(s, outcome.moved);
  switch (outcome.kind) {
    case "stored":
      item.heldCount = outcome.heldCount ?? 0;
      return;
    case "duplicate":
      item.events = 0;
      return;
    case "gap":
      drop(s, item);
      incoming.stagedHead = outcome.head;
      refuse(s, incoming, { reason: "gap", seq: item.seq, head: outcome.head });
      return;
    case "fork":
      drop(s, item);
      onFork(s, incoming, item.seq);
      return;
    case "malformed":
      drop(s, item);
      s.fail(new ZamError("Z523", { peer: s.options.peer.nodeId, problem: outcome.problem }));
      return;
    case "refused":
      drop(s, item);
      if (incoming.refusal === undefined) s.effect({ kind: "report", error: outcome.error });
      incoming.refusal = outcome.error;
      refuse(s, incoming, {
        reason: "stream",
        seq: item.seq,
        head: headOf(s, incoming),
        error: outcome.error,
      });
  }
}

function headOf(s: SessionState, incoming: Incoming): number {
  const index = s.log.findStream(incoming.id);
  return index === undefined ? 0 : s.log.streamHead(index);
}

/** Two branches: the origin settles it, whichever side it is on; without it the stream is frozen. */
function onFork(s: SessionState, incoming: Incoming, seq: number): void {
  const { id } = incoming;
  refuse(s, incoming, { reason: "fork", seq, head: headOf(s, incoming) });
  const index = s.log.findStream(id);
  if (index === undefined) return;
  if (id.node === s.options.self.nodeId) beginSearch(s, index);
  else if (id.node === s.options.peer.nodeId) sendChains(s, id, { low: 0, high: 0 });
  else freeze(s, s.log.stream(index), { head: seq, chain8: new Uint8Array(8) });
}

function refuse(
  s: SessionState,
  incoming: Incoming,
  answer: {
    readonly reason: RefusedReason;
    readonly seq: number;
    readonly head: number;
    readonly error?: ZamError;
  },
): void {
  const { reason, seq, head, error } = answer;
  const code = error === undefined ? 0 : Number(error.code.slice(1));
  s.send({ type: "refused", stream: incoming.number, reason, seq, head, code });
}

/** RULES 40: the next seqs, or ones in a hole here, will never come. */
export function takeLost(s: SessionState, frame: LostFrame): void {
  const incoming = findIncoming(s, frame.stream);
  if (incoming === undefined || !prepare(s, incoming, { to: frame.to })) return;
  const { from, to, chain } = frame;
  const { id } = incoming;
  const index = s.log.findStream(id);
  const head = Math.max(incoming.stagedHead, index === undefined ? 0 : s.log.streamHead(index));
  if (from < 1 || to < from || from > head + 1) {
    refuse(s, incoming, { reason: "gap", seq: to, head });
    return;
  }
  const holes = index === undefined ? [] : s.log.stream(index).holes;
  const isNews = to > head || intersectRanges(holes, [{ from, to }]).length > 0;
  if (isNews) reportLost(s, id, { from, to });
  storeFact(
    s,
    incoming,
    to,
    isNews ? { kind: "mark", mark: { kind: "lost", stream: id, from, to, chain } } : undefined,
  );
}

/** RULES 29: what lies below is gone at the peer. */
export function takeFloor(s: SessionState, frame: FloorFrame): void {
  const incoming = findIncoming(s, frame.stream);
  if (incoming === undefined || !prepare(s, incoming, { to: frame.seq })) return;
  const { id } = incoming;
  const index = s.log.findStream(id);
  const head = index === undefined ? 0 : s.log.streamHead(index);
  const holes = index === undefined ? [] : s.log.stream(index).holes;
  const isNews =
    frame.seq > head || intersectRanges(holes, [{ from: 1, to: frame.seq }]).length > 0;
  const floor = { seq: frame.seq, chain: frame.chain.slice(), byOrigin: frame.byOrigin };
  incoming.floor = floor;
  storeFact(
    s,
    incoming,
    frame.seq,
    isNews
      ? { kind: "mark", mark: { kind: "floor", stream: id, floor, isPeers: true } }
      : undefined,
  );
}

function storeFact(
  s: SessionState,
  incoming: Incoming,
  seq: number,
  operation: StoreOperation | undefined,
): void {
  if (operation !== undefined) {
    storeItem(s, incoming, { seq, offset: 0, rawBytes: 0, events: 0 }, operation);
    return;
  }
  incoming.queue.push({
    incoming,
    seq,
    offset: 0,
    rawBytes: 0,
    events: 0,
    heldCount: 0,
    isDurable: true,
  });
  answerDurable(s, incoming);
}
