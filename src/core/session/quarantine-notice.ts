/**
 * A hub tells a clinic which of its events it holds back, and why (RULES 34): at the beginning of
 * a session when there is or was something, and whenever that changes. It travels before the
 * acknowledgement of what it is about. Where nothing is held back nothing is sent.
 */
import type { Frame, QuarantineFrame, QuarantineNotice } from "../codec/frame-types.ts";
import { quarantineRunsNamed } from "../codec/wire-limits.ts";
import { ZamError } from "../errors/zam-error.ts";
import { countRanges } from "../vector/ranges.ts";
import type { SessionState } from "./state.ts";

/** What a hub said that it holds back of this node's events. */
export interface HeldBack {
  readonly total: number;
  readonly runs: readonly QuarantineNotice[];
}

export const nothingHeldBack: HeldBack = { total: 0, runs: [] };

/** The author is told what has changed since it was told last. */
export function tellQuarantine(s: SessionState): void {
  const { self, peer } = s.options;
  const { quarantineVersion } = s.log;
  if (self.role !== "hub" || s.isPing || s.phase !== "open") return;
  if (s.quarantineVersion === quarantineVersion) return;
  s.quarantineVersion = quarantineVersion;
  const runs = s.log.quarantined(peer.nodeId);
  const total = countRanges(runs);
  const text = JSON.stringify(runs.slice(0, quarantineRunsNamed));
  if (total === s.quarantineTold && text === s.quarantineToldText) return;
  if (total === 0 && s.quarantineTold === 0) return;
  s.quarantineTold = total;
  s.quarantineToldText = text;
  // Who has said that nothing is left to say may not be heard any more: next time it is said again.
  s.isQuarantineToldLate ||= s.doneSent === "full";
  const named = runs.slice(0, quarantineRunsNamed);
  s.quarantineDue = {
    type: "quarantine",
    total,
    runs: named.map(({ stream, from, to, reason }) => ({ id: stream, from, to, reason })),
  };
}

/** The notice that is to leave, before any ACK: what is acknowledged and not said to be held back may be dropped there. */
export function takeQuarantineDue(s: SessionState): Frame | undefined {
  const due = s.helloSent ? s.quarantineDue : undefined;
  if (due !== undefined) s.quarantineDue = undefined;
  return due;
}

/** What the next session is to believe that the author was told: as long as it may not have heard of less, the more. */
export function quarantineToldSurely(s: SessionState): number {
  const before = s.options.peerState?.quarantineTold ?? 0;
  return s.isComplete && !s.isQuarantineToldLate
    ? s.quarantineTold
    : Math.max(s.quarantineTold, before);
}

export function takeQuarantine(s: SessionState, frame: QuarantineFrame): void {
  const { self, peer } = s.options;
  const isOurs = frame.runs.every(({ id }) => id.node === self.nodeId);
  if (peer.role !== "hub" || !isOurs) {
    const problem = "a quarantine of events that this node did not write";
    s.fail(new ZamError("Z523", { peer: peer.nodeId, problem }));
    return;
  }
  s.heldBack = { total: frame.total, runs: frame.runs };
}

/** Said once a session for each state of things, when all is exchanged. */
export function reportHeldBack(s: SessionState): void {
  const { total, runs } = s.heldBack;
  const [first] = runs;
  if (total === 0 || total === s.heldBackReported) return;
  s.heldBackReported = total;
  const lane = first === undefined || first.id.lane === "" ? "" : ` of lane ${first.id.lane}`;
  const example = first === undefined ? "" : `: seq ${first.from}${lane}, ${first.reason}`;
  s.report("Z524", { count: total, peer: s.options.peer.nodeId, example });
}
