/**
 * Which events `compact` and `expire` may drop, and why the others stay. It reads
 * what may go, so it works in steps, and whoever runs it lets others work in between.
 *
 * Invariant: an event that this node is the keeper of goes only when a hub has
 * confirmed it, still holds it as far as known, and the grace period since the
 * confirmation is over. At a hub others' events go by the operator's retention.
 */
import { laneAddressee } from "../core/event.ts";
import type { Log, StreamCut, StreamState } from "../core/log/api.ts";
import { knownLines } from "../core/session/pending.ts";
import { nothingHeldBack } from "../core/session/quarantine-notice.ts";
import { heldRanges, settledRanges } from "../core/vector/gaps.ts";
import { countRanges, intersectRanges, rangeBetween } from "../core/vector/ranges.ts";
import type { VectorEntry } from "../core/vector/stream-table.ts";
import type { CareSummary, ExpireInput } from "./api.ts";
import { buildMs } from "./build.ts";
import { confirmedBy } from "./confirmations.ts";
import type { PeerRecord } from "./peer-record.ts";

const graceMsDefault = 7 * 86_400_000;
const eventsPerStep = 256;

export interface CareNode {
  readonly log: Log;
  readonly role: "hub" | "clinic" | "unsigned";
  readonly peers: readonly PeerRecord[];
  readonly wallMs: number;
  /** How long this machine has been up. */
  readonly uptimeMs: number;
  /** Now, for the question whether something is so old, where that is kept track of (aging-clock.ts). */
  readonly nowFor?: (ageMs: number) => number;
}

/** Work with pauses; its result comes at the end. */
export type Steps<Result> = Generator<void, Result, void>;

/** What hubs have confirmed; at a hub nothing. */
export function planCompact(node: CareNode, input: { readonly graceMs?: number }): Steps<Plan> {
  return planCuts(node, { graceMs: input.graceMs ?? graceMsDefault, isExpiring: false });
}

/** What is old by when it was received, as far as `compact` could drop it too. */
export function planExpire(node: CareNode, input: ExpireInput): Steps<Plan> {
  const { beforeMs, olderThanMs, minKeep = 0 } = input;
  const cutoffMs =
    beforeMs ?? (olderThanMs === undefined ? 0 : nowFor(node, olderThanMs) - olderThanMs);
  return planCuts(node, { graceMs: graceMsDefault, isExpiring: true, cutoffMs, minKeep });
}

/**
 * A hub's operator's word that its last copy may go: what was received longer ago, but for
 * what is addressed to a node that has not confirmed it.
 */
export function planRetention(node: CareNode, retainMs: number): Steps<Plan> {
  const cutoffMs = nowFor(node, retainMs) - retainMs;
  return planCuts(node, { graceMs: 0, isExpiring: true, isLastWord: true, cutoffMs });
}

function nowFor(node: CareNode, ageMs: number): number {
  return node.nowFor?.(ageMs) ?? trustedNow(node);
}

/**
 * The time by which things age (RULES 38): the wall clock, but never beyond the newest
 * time that is known to have been, plus how long this machine has been up.
 */
function trustedNow({ log, wallMs, uptimeMs }: CareNode): number {
  const newest = log.readArrivals(log.lastOrdinal - 1, { events: 1, bytes: 1 })[0];
  const knownMs = Math.max(buildMs, log.trustedTimeMs, newest?.receivedMs ?? 0);
  return Math.min(wallMs, knownMs + Math.floor(uptimeMs));
}

interface CareRules {
  readonly graceMs: number;
  readonly isExpiring: boolean;
  /** Only what was received before. */
  readonly cutoffMs?: number;
  /** The hub's own events go as well, though no other hub has them. */
  readonly isLastWord?: boolean;
  /** So many of each stream stay. */
  readonly minKeep?: number;
}

export interface Plan {
  readonly cuts: readonly StreamCut[];
  readonly summary: CareSummary;
}

function* planCuts(node: CareNode, rules: CareRules): Steps<Plan> {
  const { log } = node;
  const nowMs = nowFor(node, rules.graceMs);
  const cuts: StreamCut[] = [];
  const kept = { unconfirmed: 0, inGrace: 0, tooYoung: 0, toKeep: 0, unsettled: 0 };
  let dropped = 0;
  const hubs = hubsOf(node, rules, nowMs);
  for (let index = 0; index < log.streamCount; index++) {
    const state = log.stream(index);
    const held = heldRanges(state);
    if (held.length === 0) continue;
    const count = (from: number, to: number): number =>
      countRanges(intersectRanges(held, rangeBetween(from, to)));
    const isOwn = state.id.node === log.nodeId;
    const addressee = laneAddressee(state.id.lane);
    const isLastWord = rules.isLastWord === true;
    const isKeeper = node.role !== "hub" || (isOwn && !(isLastWord && addressee === undefined));
    if (node.role === "hub" && !rules.isExpiring) {
      continue;
    }
    const holders = isLastWord ? [...hubs, ...peerNamed(node, addressee)] : hubs;
    const when = isOwn && !isLastWord ? "grace" : "now";
    const confirmed = isKeeper ? confirmedUpTo(state, holders, "now") : state.head;
    const settled = isKeeper ? confirmedUpTo(state, holders, when) : state.head;
    // What a fork or a hole may still need stays, with all that follows.
    const firstHole = state.holes[0]?.from ?? Number.POSITIVE_INFINITY;
    const firstHeldBack = isOwn ? heldBackFrom(node, state) : Number.POSITIVE_INFINITY;
    const sound = state.isFrozen ? 0 : Math.min(state.head, firstHole - 1, firstHeldBack - 1);
    const keepFrom = nthFromEnd(held, rules.minKeep ?? 0);
    const limit = Math.min(settled, sound, keepFrom - 1);
    const aged = yield* agedUpTo(log, index, state, limit, {
      ...rules,
      nowMs,
      // Others' events came from a hub, so it had them when they were received.
      graceMs: isKeeper && !isOwn ? rules.graceMs : 0,
    });
    const seq = aged.seq;
    if (seq > (state.floor?.seq ?? 0)) {
      cuts.push({ index, seq, byOrigin: isOwn });
      dropped += count(1, seq);
    }
    kept.unconfirmed += count(Math.max(seq, confirmed) + 1, state.head);
    const rest = Math.max(seq, settled);
    kept.inGrace += count(rest + 1, Math.max(rest, confirmed));
    const left = count(seq + 1, settled);
    if (sound < settled && sound <= keepFrom - 1 && seq === sound) kept.unsettled += left;
    else if (aged.isInGrace) kept.inGrace += left;
    else {
      const young = count(seq + 1, Math.min(settled, keepFrom - 1));
      kept.tooYoung += young;
      kept.toKeep += left - young;
    }
  }
  return { cuts, summary: { dropped, kept, freedBytes: 0, skippedSegments: 0 } };
}

interface KnownHub {
  readonly lines: ReadonlyMap<string, VectorEntry>;
  readonly inGrace: ReadonlyMap<string, number>;
}

function hubsOf(node: CareNode, rules: CareRules, nowMs: number): readonly KnownHub[] {
  const known: KnownHub[] = [];
  const byMs = nowMs - rules.graceMs;
  for (const { role, state, confirmations = [] } of node.peers) {
    if (role !== "hub" || state === undefined) continue;
    const heads = rules.graceMs === 0 ? state.confirmed : confirmedBy(confirmations, state, byMs);
    known.push({
      lines: new Map([...knownLines(state).values()].map((line) => [nameOf(line.id), line])),
      inGrace: new Map(heads.map(({ stream, seq }) => [nameOf(stream), seq])),
    });
  }
  return known;
}

/**
 * The first event of a stream that a hub holds back from its readers: it stays here, with all that
 * follows (RULES 34). A hub that holds back more than it names may mean any.
 */
function heldBackFrom(node: CareNode, { id }: StreamState): number {
  let first = Number.POSITIVE_INFINITY;
  for (const { state } of node.peers) {
    const { total, runs } = state?.heldBack ?? nothingHeldBack;
    const named = runs.filter((run) => nameOf(run.id) === nameOf(id)).map(({ from }) => from);
    const isToldInPart = total > countRanges(runs);
    first = Math.min(first, ...named, isToldInPart && named.length === 0 ? 1 : first);
  }
  return first;
}

/** Whom a lane is addressed to, as one who may hold it. */
function peerNamed(node: CareNode, peerId: string | undefined): readonly KnownHub[] {
  const state = node.peers.find((peer) => peer.peerId === peerId)?.state;
  if (state === undefined) return [];
  const lines = new Map([...knownLines(state).values()].map((line) => [nameOf(line.id), line]));
  return [{ lines, inGrace: new Map() }];
}

function nameOf({ node, epoch, lane }: StreamState["id"]): string {
  return `${node} ${epoch} ${lane}`;
}

/** Every held event up to it is at one and the same hub, or at several. */
function confirmedUpTo(
  state: StreamState,
  hubs: readonly KnownHub[],
  when: "now" | "grace",
): number {
  let best = 0;
  for (const { lines, inGrace } of hubs) {
    const settled = settledRanges(lines.get(nameOf(state.id)))[0];
    const upTo = settled?.from === 1 ? settled.to : 0;
    const limit = when === "now" ? upTo : Math.min(upTo, inGrace.get(nameOf(state.id)) ?? 0);
    best = Math.max(best, limit);
  }
  return Math.min(best, state.head);
}

/** Where the newest `count` held events begin. */
function nthFromEnd(held: ReturnType<typeof heldRanges>, count: number): number {
  let left = count;
  for (let at = held.length - 1; at >= 0; at--) {
    const range = held[at];
    if (range === undefined) continue;
    const size = range.to - range.from + 1;
    if (left === 0) return range.to + 1;
    if (size >= left) return range.to - left + 1;
    left -= size;
  }
  return left === 0 ? Number.POSITIVE_INFINITY : 1;
}

/** The last seq up to `limit` that age allows to go; reads what goes, in steps. */
function* agedUpTo(
  log: Log,
  index: number,
  state: StreamState,
  limit: number,
  rules: CareRules & { readonly nowMs: number },
): Steps<{ readonly seq: number; readonly isInGrace: boolean }> {
  const graceEndMs = rules.graceMs === 0 ? Number.POSITIVE_INFINITY : rules.nowMs - rules.graceMs;
  const cutoffMs = Math.min(rules.cutoffMs ?? Number.POSITIVE_INFINITY, graceEndMs + 1);
  if (cutoffMs === Number.POSITIVE_INFINITY) return { seq: limit, isInGrace: false };
  let seq = state.floor?.seq ?? 0;
  while (seq < limit) {
    const lost = state.lost.find(({ from, to }) => from <= seq + 1 && to >= seq + 1);
    if (lost !== undefined) {
      seq = Math.min(limit, lost.to);
      continue;
    }
    const bounds = { events: Math.min(eventsPerStep, limit - seq), bytes: 1024 * 1024 };
    const events = log.readStream(index, seq + 1, bounds);
    for (const event of events) {
      if (event.receivedMs >= cutoffMs) return { seq, isInGrace: event.receivedMs > graceEndMs };
      seq = event.seq;
    }
    if (events.length === 0) break;
    yield;
  }
  return { seq, isInGrace: false };
}
