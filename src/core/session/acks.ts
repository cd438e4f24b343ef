/**
 * The peer's answers to what we sent, and ours to what it sent. Only an ACK
 * moves our picture of what the peer holds (`theirs`), and only for what its
 * log made durable.
 */
import {
  chain8Bytes,
  type AckEntry,
  type AckFrame,
  type Frame,
  type RefusedFrame,
} from "../codec/frame-types.ts";
import { ackEntriesMax } from "../codec/wire-limits.ts";
import { catalogue } from "../errors/catalogue.ts";
import { isZCode, ZamError } from "../errors/zam-error.ts";
import { epochToText, type StreamId } from "../event.ts";
import { addRanges, subtractRanges } from "../vector/ranges.ts";
import type { VectorEntry } from "../vector/stream-table.ts";
import { beginSearch, noteAhead } from "./fork.ts";
import { giveUp, planAgain } from "./offer.ts";
import { mayOffer } from "./policy.ts";
import type { SessionState } from "./state.ts";
import { type Outgoing, type SentItem, streamKey } from "./tracked-streams.ts";

/** One ACK frame for all that became durable since the last, or undefined. */
export function takeAcks(s: SessionState): Frame | undefined {
  if (s.ackDue.size === 0 || !s.helloSent) return undefined;
  const entries: AckEntry[] = [];
  for (const incoming of s.ackDue) {
    if (entries.length === ackEntriesMax) break;
    s.ackDue.delete(incoming);
    const { ack, number } = incoming;
    if (ack === undefined) continue;
    entries.push(
      ack.offset === 0
        ? { stream: number, seq: ack.seq }
        : { stream: number, seq: ack.seq, offset: ack.offset },
    );
    incoming.ack = undefined;
  }
  return { type: "ack", entries };
}

export function takeAckFrame(s: SessionState, frame: AckFrame): void {
  for (const entry of frame.entries) {
    const out = s.outgoingByNumber[entry.stream];
    const offset = entry.offset ?? 0;
    const at =
      out?.inFlight.findIndex((item) => item.to === entry.seq && item.offset === offset) ?? -1;
    if (out === undefined || at < 0) {
      // What was sent again after NO_WINDOW may have been answered before.
      if (s.hasForgotten) continue;
      s.fail(new ZamError("Z506", { problem: "an acknowledgement of what was not sent" }));
      return;
    }
    s.chatter.moved();
    for (const item of out.inFlight.splice(0, at + 1)) {
      s.inFlightBytes -= item.bytes;
      s.itemsInFlight--;
      s.flight.answered(item.bytes, item.sentMs, s.nowMs);
      s.eventsConfirmed += item.events;
      s.eventsInFlight -= item.events;
      advance(s, out, item);
    }
    replanWhenStale(s, out);
  }
  if (s.inFlightBytes === 0) s.flight.emptied();
  s.noteProgress();
}

/** Who delivers an event holds it: it is not offered back, also not before the next HELLO. */
export function noteDelivered(s: SessionState, id: StreamId, from: number, to: number): void {
  const index = s.hasVector && mayOffer(s.scope, id) ? s.log.findStream(id) : undefined;
  if (index === undefined) return;
  const key = streamKey(id);
  // A stream that began after the peer's HELLO is in no vector yet: its first events tell of it.
  const fresh = { id, head: 0, chain: new Uint8Array(chain8Bytes), holes: [] };
  const before: VectorEntry | undefined = s.theirs.get(key) ?? (from === 1 ? fresh : undefined);
  if (before === undefined) return;
  const chain = to > before.head ? s.log.chainAt(index, to) : before.chain;
  if (chain === undefined) return;
  s.advancedKeys.add(key);
  s.theirs.set(key, {
    ...before,
    head: Math.max(before.head, to),
    chain: chain.subarray(0, chain8Bytes),
    holes: subtractRanges(before.holes, [{ from, to }]),
  });
}

/** The peer now holds this too. */
function advance(s: SessionState, out: Outgoing, item: SentItem): void {
  const key = streamKey(out.id);
  const before: VectorEntry = s.theirs.get(key) ?? {
    id: out.id,
    head: 0,
    chain: new Uint8Array(chain8Bytes),
    holes: [],
  };
  s.advancedKeys.add(key);
  s.theirs.set(key, after(s, out, before, item));
}

function after(s: SessionState, out: Outgoing, before: VectorEntry, item: SentItem): VectorEntry {
  if (item.kind === "fragment" && item.events === 0) {
    return item.from === before.head + 1 ? { ...before, partialBytes: item.offset } : before;
  }
  const { partialBytes: _partial, ...rest } = before;
  const isAhead = item.to > before.head;
  const chain = isAhead ? (s.log.chainAt(out.index, item.to) ?? before.chain) : before.chain;
  const range = { from: item.from, to: item.to };
  const held = {
    ...rest,
    head: Math.max(before.head, item.to),
    chain: chain.subarray(0, chain8Bytes),
    holes: subtractRanges(before.holes, [range]),
  };
  if (item.kind === "lost") return { ...held, lost: addRanges(before.lost ?? [], [range]) };
  const { floor } = s.log.stream(out.index);
  return item.kind === "floor" && floor !== undefined ? { ...held, floor } : held;
}

export function takeRefused(s: SessionState, frame: RefusedFrame): void {
  const out = s.outgoingByNumber[frame.stream];
  const item = out?.inFlight.find(({ to }) => to === frame.seq);
  if (out === undefined || item === undefined) {
    if (s.hasForgotten) return;
    s.fail(new ZamError("Z506", { problem: "a refusal of what was not sent" }));
    return;
  }
  out.inFlight.splice(out.inFlight.indexOf(item), 1);
  s.inFlightBytes -= item.bytes;
  s.itemsInFlight--;
  s.eventsSent -= item.events;
  s.eventsInFlight -= item.events;
  s.chatter.moved();
  s.noteProgress();
  if (frame.reason === "stream") {
    onStreamRefused(s, out, frame);
    return;
  }
  if (frame.reason === "fork") onForkRefused(s, out);
  else if (out.state === "open") onGap(s, out, frame);
  replanWhenStale(s, out);
}

function onStreamRefused(s: SessionState, out: Outgoing, frame: RefusedFrame): void {
  if (out.state === "refused") return;
  giveUp(out);
  const code = `Z${frame.code}`;
  const reason = isZCode(code) ? catalogue[code].name : "";
  s.report("Z510", {
    peer: s.options.peer.nodeId,
    lane: out.id.lane,
    epoch: epochToText(out.id.epoch),
    code,
    reason,
  });
}

/** The origin looks for the fork point; whoever is not waits for it, or leaves the stream alone. */
function onForkRefused(s: SessionState, out: Outgoing): void {
  if (out.state !== "open") return;
  out.work = [];
  out.state = "checking";
  if (out.id.node === s.options.self.nodeId) beginSearch(s, out.index);
  else if (out.id.node === s.options.peer.nodeId) s.waiting.add(streamKey(out.id));
  else giveUp(out);
}

/** The peer holds less, or more, than we thought: believe it, and go on from there when all is answered. */
function onGap(s: SessionState, out: Outgoing, frame: RefusedFrame): void {
  const key = streamKey(out.id);
  const before = s.theirs.get(key);
  const chain =
    s.log.chainAt(out.index, frame.head) ?? before?.chain ?? new Uint8Array(chain8Bytes);
  const holes = (before?.holes ?? []).filter((hole) => hole.to <= frame.head);
  const theirs: VectorEntry = {
    id: out.id,
    head: frame.head,
    chain: chain.subarray(0, chain8Bytes),
    holes,
  };
  s.theirs.set(key, theirs);
  s.advancedKeys.add(key);
  noteAhead(s, theirs);
  out.work = [];
  out.isStale = true;
}

function replanWhenStale(s: SessionState, out: Outgoing): void {
  if (out.isStale && out.inFlight.length === 0 && out.state === "open") planAgain(s, out);
}
