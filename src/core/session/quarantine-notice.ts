/**
 * A hub tells a clinic which of its events it holds back, and why (RULES 34): at the beginning of
 * a session when there is or ever was something, and whenever that changes. It travels before the
 * acknowledgement of what it is about. Where nothing is held back nothing is sent.
 */
import type { Frame, QuarantineFrame, QuarantineNotice } from "../codec/frame-types.ts";
import { quarantineRunsNamed } from "../codec/wire-limits.ts";
import { ZamError } from "../errors/zam-error.ts";
import { countRanges } from "../vector/ranges.ts";
import { sameMark } from "./peer-state.ts";
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
  const held = s.log.quarantined(peer.nodeId);
  const total = countRanges(held);
  // Also when it is nothing by now: a copy of the author, or one that died, may not have heard of that.
  s.wasToldQuarantine ||= total > 0 || isForgotten(s);
  const runs = held
    .slice(0, quarantineRunsNamed)
    .map(({ stream, from, to, reason }) => ({ id: stream, from, to, reason }));
  const notice = { type: "quarantine", total, runs } as const;
  const text = JSON.stringify(notice);
  if (!s.wasToldQuarantine || text === s.quarantineToldText) return;
  s.quarantineToldText = text;
  s.quarantineDue = notice;
}

/** The author holds a vector that nobody here remembers sending: what else it was told is not known either. */
function isForgotten(s: SessionState): boolean {
  const held = s.peerHello?.held;
  const sent = s.options.peerState?.ours ?? [];
  return held !== undefined && !sent.some(({ mark }) => sameMark(mark, held));
}

/** The notice that is to leave, before any ACK: what is acknowledged and not said to be held back may be dropped there. */
export function takeQuarantineDue(s: SessionState): Frame | undefined {
  if (!s.helloSent) return undefined;
  const due = s.quarantineDue;
  s.quarantineDue = undefined;
  return due;
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
