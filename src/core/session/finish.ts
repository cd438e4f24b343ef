/**
 * The one place that decides, after every event: may data go (the peer's state
 * on disk must say so first), is a side done, is the session complete, is it
 * over and how. Invariants:
 *  1. BYE leaves after the last ACK, and only when nothing in flight is unanswered
 *     (a peer that ended, a fence and a failure excepted).
 *  2. "complete" means: all we have for the peer is durable there, it said that it
 *     has nothing more, and all it sent is durable here and acknowledged.
 *  3. `close` follows the last save of the peer's state.
 */
import { type ByeReason, chain8Bytes, logIdBytes } from "../codec/frame-types.ts";
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { ConfirmedHead } from "../log/api.ts";
import type { VectorEntry } from "../vector/stream-table.ts";
import type { SessionSummary } from "./api.ts";
import { isOverspent } from "./budget.ts";
import { closingTimeoutMs } from "./limits.ts";
import { countRemaining, hasWork } from "./offer.ts";
import { reportHeldBack } from "./quarantine-notice.ts";
import type { PeerState } from "./peer-state.ts";
import type { SessionState } from "./state.ts";

export function decide(s: SessionState): void {
  if (s.isEnding || s.phase === "new") return;
  saveUncleanFirst(s);
  if (s.phase !== "open") {
    if (s.finishing !== undefined) s.end("finished", s.finishing.error);
    return;
  }
  if (s.isPing) {
    decidePing(s);
    return;
  }
  if (s.hasVector) {
    sayDone(s);
    if (isExchanged(s)) onExchanged(s);
    else unsettle(s);
  }
  if (s.isEnding) return;
  if (s.finishing !== undefined) decideFinish(s);
  else if (s.byeReceived !== undefined) decideBye(s);
  else if (s.hasVector) decideBudget(s);
}

/** Data may go only when a crash cannot leave "clean" behind: else it would be sent again (RULES 31). */
function saveUncleanFirst(s: SessionState): void {
  if (!s.options.isInitiator || !s.cleanOnDisk || s.isSavingUnclean || !s.isPlanned || !hasWork(s))
    return;
  const before = peerStateOf(s, false) ?? firstContact(s);
  s.isSavingUnclean = true;
  s.save(before, (error) => {
    s.isSavingUnclean = false;
    // A full disk is no reason to keep events back: at worst some go twice after a crash.
    if (error !== undefined) s.effect({ kind: "report", error });
    s.cleanOnDisk = false;
  });
}

/** All answered: nothing in flight, nothing waiting for the disk, no ACK owed. */
function isQuiet(s: SessionState): boolean {
  return s.inFlightBytes === 0 && s.receivesOpen === 0 && s.ackDue.size === 0;
}

function isExchanged(s: SessionState): boolean {
  return s.doneSent === "full" && s.peerDone === "full" && isQuiet(s) && !hasWork(s);
}

function sayDone(s: SessionState): void {
  if (!hasWork(s)) {
    if (s.doneSent === "full") return;
    s.doneSent = "full";
    s.send({ type: "done", isPartial: false });
  } else if (s.isBudgetSpent && s.doneSent === "no") {
    s.doneSent = "partial";
    s.send({ type: "done", isPartial: true });
  }
}

/** Everything is exchanged: the side that called says goodbye, unless both want to stay. */
function onExchanged(s: SessionState): void {
  if (!s.isSettled) {
    s.isSettled = true;
    s.completedMs = s.nowMs;
    reportHeldBack(s);
    if (isKeptOpen(s)) {
      s.effect({ kind: "rest", isResting: true });
      // From here the connection may break at any time: the next one may speculate.
      saveNow(s, true);
    }
  }
  if (s.byeReceived !== undefined) goodbye(s, "done", "done");
  else if (s.options.isInitiator && !isKeptOpen(s) && s.finishing === undefined)
    goodbye(s, "done", "done");
}

function unsettle(s: SessionState): void {
  if (s.isSettled && isKeptOpen(s)) s.effect({ kind: "rest", isResting: false });
  s.isSettled = false;
}

export function isKeptOpen(s: SessionState): boolean {
  return s.options.keepOpen && s.peerHello?.keepsOpen === true;
}

/** The host wants to end: what was received still gets its answer. */
function decideFinish(s: SessionState): void {
  const { finishing } = s;
  if (finishing === undefined) return;
  const isLate = s.nowMs - finishing.sinceMs >= closingTimeoutMs;
  if (!isQuiet(s) && !isLate) return;
  goodbye(s, "finished", isExchanged(s) ? "done" : "finished", finishing.error);
}

/** The peer said goodbye before we were done. */
function decideBye(s: SessionState): void {
  if (s.receivesOpen > 0) return;
  const reason = s.byeReceived ?? "done";
  if (reason === "budget") goodbye(s, "budget", "budget");
  else goodbye(s, "done", "peer", new ZamError("Z513", { peer: s.options.peer.nodeId, reason }));
}

/** A limit, ours or the peer's, keeps something back: end when all that went is answered. */
function decideBudget(s: SessionState): void {
  if (isOverspent(s) && s.hasSentData && hasWork(s)) s.isBudgetSpent = true;
  const isShort = s.doneSent === "partial" || s.peerDone === "partial";
  if (!isShort || !s.options.isInitiator || !isQuiet(s)) return;
  const isSent = s.doneSent !== "no";
  const isHeard = s.peerDone !== "no" || isOverspent(s);
  if (isSent && isHeard) goodbye(s, "budget", "budget");
}

function decidePing(s: SessionState): void {
  const count = s.options.pingCount ?? 0;
  if (s.byeReceived !== undefined || s.finishing !== undefined) {
    goodbye(s, "done", s.byeReceived === undefined ? "finished" : "done");
    return;
  }
  if (!s.options.isInitiator || s.pingSentMs !== undefined) return;
  if (s.pingMs.length >= count) {
    s.isComplete = true;
    goodbye(s, "done", "done");
    return;
  }
  s.pingsSent++;
  s.pingSentMs = s.nowMs;
  s.send({ type: "ping", nonce: s.pingsSent });
}

/** Says BYE, saves what was learned of the peer, and closes when both are done. */
export function goodbye(
  s: SessionState,
  reason: ByeReason,
  endedBy: SessionSummary["endedBy"],
  error?: ZamError,
): void {
  if (s.isEnding) return;
  s.isComplete = s.isPing ? s.isComplete : isExchanged(s) && countRemaining(s) === 0;
  s.send({ type: "bye", reason, heldOrdinal: s.savedOrdinal });
  s.byeSent = true;
  saveAtEnd(s);
  s.end(endedBy, error);
}

/** The connection is gone. */
export function onEof(s: SessionState, cause: ZamError | undefined): void {
  if (s.isEnding) {
    s.control.length = 0;
    return;
  }
  const isOver = s.byeReceived !== undefined || isExchanged(s);
  s.isComplete = !s.isPing && isExchanged(s) && countRemaining(s) === 0;
  if (s.phase === "open") saveAtEnd(s);
  s.control.length = 0;
  s.ackDue.clear();
  if (s.isComplete) s.end("done");
  else if (isOver && cause === undefined) s.end("peer");
  else
    s.end(
      "error",
      cause ??
        new ZamError("Z521", { phase: s.phase === "hello" ? "before HELLO" : "while syncing" }),
    );
}

function saveAtEnd(s: SessionState): void {
  // What is still on its way to our disk may be durable before the next session, and the peer has it too.
  if (!s.isPing && s.hasVector) saveNow(s, s.inFlightBytes === 0 && s.receivesOpen === 0);
}

function saveNow(s: SessionState, isClean: boolean): void {
  const state = peerStateOf(s, isClean);
  if (state === undefined) return;
  const ordinal = state.theirs[state.theirs.length - 1]?.mark.ordinal ?? 0;
  // Not only once it is durable: what is sent meanwhile must be preceded by "not clean".
  s.cleanOnDisk ||= isClean;
  s.save(state, (error) => {
    if (error === undefined) s.savedOrdinal = ordinal;
  });
}

/** Which log the peer has is not known before its HELLO; no log has this id. */
function firstContact(s: SessionState): PeerState {
  return stateFrom(s, { peerLogId: new Uint8Array(logIdBytes), isClean: false });
}

/** What is known of the peer now. */
export function peerStateOf(s: SessionState, isClean: boolean): PeerState | undefined {
  const peerLogId = s.peerHello?.logId ?? s.options.peerState?.peerLogId;
  return peerLogId === undefined ? undefined : stateFrom(s, { peerLogId, isClean });
}

function stateFrom(s: SessionState, known: Pick<PeerState, "peerLogId" | "isClean">): PeerState {
  const before = s.options.peerState;
  const healthHeard = s.peerHealth ?? before?.healthHeard;
  const clockDifferenceMs = s.clockDifferenceMs ?? before?.clockDifferenceMs;
  const advanced: VectorEntry[] = [];
  for (const key of s.advancedKeys) {
    const entry = s.theirs.get(key);
    if (entry !== undefined) advanced.push(entry);
  }
  return {
    peerId: s.options.peer.nodeId,
    ...known,
    codecs: s.peerCodecs,
    completedMs: s.completedMs,
    confirmed: s.hasVector ? confirmedHeads(s) : (before?.confirmed ?? []),
    theirs: s.theirsHeld,
    advanced: s.hasVector ? advanced : (before?.advanced ?? []),
    ours: s.ours,
    oursHeld: s.oursHeld,
    healthSent: s.healthSent,
    link: s.flight.estimate ?? before?.link ?? s.flight.guess,
    ...(s.heldBack.total === 0 ? {} : { heldBack: s.heldBack }),
    ...(s.wasToldQuarantine ? { wasToldQuarantine: true } : {}),
    ...(healthHeard === undefined ? {} : { healthHeard }),
    ...(clockDifferenceMs === undefined ? {} : { clockDifferenceMs }),
  };
}

/** Own streams as the peer holds them, where the chain is ours (RULES 9, 27). */
function confirmedHeads(s: SessionState): readonly ConfirmedHead[] {
  const confirmed: ConfirmedHead[] = [];
  for (const theirs of s.theirs.values()) {
    if (theirs.id.node !== s.options.self.nodeId || theirs.head === 0) continue;
    const index = s.log.findStream(theirs.id);
    const chain = index === undefined ? undefined : s.log.chainAt(index, theirs.head);
    if (
      chain === undefined ||
      !bytesEqual(chain.subarray(0, chain8Bytes), theirs.chain.subarray(0, chain8Bytes))
    )
      continue;
    confirmed.push({ stream: theirs.id, seq: theirs.head, chain });
  }
  return confirmed;
}

export function summaryOf(s: SessionState): SessionSummary {
  return {
    ...s.progress(),
    isComplete: s.isComplete,
    heldBackCount: s.heldBack.total,
    unansweredBytes: s.inFlightBytes,
    wasResting: s.isSettled && isKeptOpen(s),
    remaining: s.isComplete ? 0 : countRemaining(s),
    endedBy: s.endedBy ?? "error",
    pingMs: s.pingMs.slice(),
    ...(s.error === undefined ? {} : { error: s.error }),
    ...(s.clockDifferenceMs === undefined ? {} : { clockDifferenceMs: s.clockDifferenceMs }),
    ...(s.peerHealth === undefined ? {} : { peerHealth: s.peerHealth }),
  };
}
