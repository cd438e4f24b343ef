/**
 * The opening: who speaks, what is said, and what is believed. The identity is
 * the certificate's; the claimed one must equal it, and the answering side says
 * nothing at all before that holds (SCENARIOS 16).
 */
import { bytesEqual } from "../bytes.ts";
import { codecRaw, codecsAll } from "../codec/codecs.ts";
import { type HelloFrame, protocolVersion, protocolVersionOldest } from "../codec/frame-types.ts";
import { numberedLinesMax } from "../codec/wire-limits.ts";
import { ZamError } from "../errors/zam-error.ts";
import { hlcMsMax } from "../event.ts";
import { changedHealth, tellAgain } from "./health.ts";
import { codecsHere, codecsOffered } from "./codec-choice.ts";
import { allowance } from "./budget.ts";
import { maxClockDriftDefaultMs } from "../clock/hybrid-clock.ts";
import { numberLines } from "./outgoing-number.ts";
import { planAll } from "./offer.ts";
import { tellQuarantine } from "./quarantine-notice.ts";
import type { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";
import { beginVector, noMark, sendVector, takeOwnVector } from "./vectors.ts";

const trustedStepMs = 600_000;

export function start(s: SessionState): void {
  if (s.phase !== "new") return;
  s.phase = "hello";
  s.startedMs = s.nowMs;
  s.lastHeardMs = s.nowMs;
  s.lastProgressMs = s.nowMs;
  const { self, peer } = s.options;
  if (self.role === "clinic" && peer.role === "clinic") {
    s.fail(new ZamError("Z522", { peer: peer.nodeId }));
    return;
  }
  if (!s.options.isInitiator) return;
  if (s.options.handshake !== undefined) s.flight.connected(s.options.handshake);
  sendHello(s);
  beginSpeculation(s);
}

/** RULES 31: only from a state in which everything sent was answered; the very first contact is one. */
function beginSpeculation(s: SessionState): void {
  const state = s.options.peerState;
  const newest = state?.theirs[state.theirs.length - 1];
  const isClean = state?.isClean === true && newest !== undefined;
  if (s.isPing || !(isClean || s.isFirstContact)) return;
  s.isSpeculating = true;
  // What the hub reads is not known yet. One that cannot follow says so.
  if (s.isFirstContact) s.peerCodecs = codecsHere(s);
  for (const entry of newest?.entries ?? []) s.theirs.set(streamKey(entry.id), entry);
  for (const entry of state?.advanced ?? []) s.theirs.set(streamKey(entry.id), entry);
  planAll(s);
}

function sendHello(s: SessionState): void {
  const { options, log } = s;
  const isPingOnly = s.isPing;
  // The answering side knows from the other's HELLO what it holds; the first side from the last session.
  const held = options.isInitiator ? s.oursHeld : s.peerHello?.held;
  const own = isPingOnly ? { mark: noMark, base: undefined, entries: [] } : takeOwnVector(s, held);
  const newest = s.theirsHeld[s.theirsHeld.length - 1]?.mark;
  const receiveBytesMax = allowance(s);
  const health = changedHealth(s);
  s.send({
    type: "hello",
    version: protocolVersion,
    versionOldest: protocolVersionOldest,
    nodeId: options.self.nodeId,
    logId: log.logId,
    wallMs: Math.min(Math.max(0, Math.floor(s.nowMs)), 2 ** 48 - 1),
    codecs: codecsOffered(s),
    keepsOpen: options.keepOpen,
    isPingOnly,
    offersAll: options.self.role === "hub" && options.policy === "all",
    vector: own.mark,
    entryCount: own.entries.length,
    ...(receiveBytesMax === undefined ? {} : { receiveBytesMax }),
    ...(own.base === undefined ? {} : { base: own.base }),
    ...(newest === undefined || isPingOnly ? {} : { held: newest }),
    ...(health === undefined ? {} : { health }),
    ...(options.rateBytesPerS === undefined ? {} : { rateBytesPerS: options.rateBytesPerS }),
  });
  sendVector(s, "hello", { entries: own.entries });
  numberLines(s, own.entries);
}

export function takeHello(s: SessionState, frame: HelloFrame): void {
  const { options } = s;
  const { peer, self } = options;
  if (s.peerHello !== undefined) {
    s.fail(new ZamError("Z506", { problem: "a second HELLO" }));
    return;
  }
  if (frame.nodeId !== peer.nodeId) {
    s.fail(new ZamError("Z503", { certificate: peer.nodeId, claimed: frame.nodeId }));
    return;
  }
  s.peerHello = frame;
  s.incoming.length = Math.min(frame.entryCount, numberedLinesMax);
  s.phase = "open";
  s.peerCodecs = (frame.codecs & codecsAll) | (1 << codecRaw);
  if (self.role === "clinic") s.scope = { ...s.scope, policy: frame.offersAll ? "all" : "own" };
  const before = options.peerState;
  if (before !== undefined && !bytesEqual(before.peerLogId, frame.logId)) {
    // Another log under the same name: nothing that we knew of it holds.
    s.theirsHeld = [];
    s.oursHeld = undefined;
  }
  if (frame.held !== undefined) s.oursHeld = frame.held;
  if (frame.health !== undefined) s.peerHealth = frame.health;
  takeClock(s, frame.wallMs);
  // One that only measures fences nobody.
  if (!s.isPing) s.effect({ kind: "established" });
  if (frame.held === undefined && !s.isPing) tellAgain(s);
  s.pacer.limit(frame.rateBytesPerS, s.nowMs);
  if (options.isInitiator) s.flight.greeted(s.nowMs - s.startedMs, s.helloWriteBytes, s.nowMs);
  else sendHello(s);
  tellQuarantine(s);
  if (!s.isPing) beginVector(s);
}

/** RULES 38: a clinic believes an authenticated hub's clock, a hub never a clinic's. */
function takeClock(s: SessionState, peerWallMs: number): void {
  const { self, peer } = s.options;
  const driftMsMax = s.options.maxClockDriftMs ?? maxClockDriftDefaultMs;
  s.clockDifferenceMs = peerWallMs - s.nowMs;
  if (Math.abs(s.clockDifferenceMs) > driftMsMax)
    s.report("Z517", { peer: peer.nodeId, differenceMs: Math.round(s.clockDifferenceMs) });
  if (self.role !== "clinic" || peer.role !== "hub" || peerWallMs >= hlcMsMax || s.isPing) return;
  // Every ten minutes is enough for a bound of a day: each mark costs a record.
  if (peerWallMs > s.log.trustedTimeMs + trustedStepMs)
    s.mark({ kind: "trustedTime", ms: peerWallMs });
  const trustedMs = Math.max(peerWallMs, s.log.trustedTimeMs);
  const aheadMs = s.log.lastHlc.ms - trustedMs;
  if (aheadMs <= driftMsMax) return;
  const error = s.report("Z518", { aheadMs });
  s.mark({ kind: "newEpoch", reason: error.code, restartHlcAtMs: trustedMs });
  s.alarm(`clock ${s.log.ownEpoch}`, error);
}
