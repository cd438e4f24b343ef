/**
 * A hub that lost events of its own may take those that it addressed to a clinic
 * back from that clinic. A chain proves how events follow on one another, not who
 * wrote them, so this is bounded by what the hub knows from elsewhere:
 *
 * - a hole is filled by what links to the chains on both of its sides;
 * - beyond its head a hub takes events only in the epoch in which its operator
 *   restored it from a snapshot, until the operator acknowledges that alarm.
 *
 * A peer's mere claim that it holds more opens nothing: that ends the epoch
 * (RULES 22), and what only the clinic holds stays there.
 */
import { epochToText, type StreamId } from "../event.ts";
import { restoredAlarmId } from "../log/restored.ts";
import type { SessionState } from "./state.ts";

export function isGivenBack(s: SessionState, id: StreamId): boolean {
  const { self, peer } = s.options;
  return self.role === "hub" && peer.role === "clinic" && id.node === self.nodeId;
}

/** Anything of it at all. */
export function mayBeGivenBack(s: SessionState, id: StreamId): boolean {
  const index = s.log.findStream(id);
  const hasHole = index !== undefined && s.log.stream(index).holes.length > 0;
  return hasHole || isRestored(s, id);
}

/** These events of it. */
export function mayGiveBack(
  s: SessionState,
  id: StreamId,
  range: { readonly from: number; readonly to: number },
): boolean {
  if (isRestored(s, id)) return true;
  const index = s.log.findStream(id);
  const holes = index === undefined ? [] : s.log.stream(index).holes;
  return holes.some(({ from, to }) => range.from >= from && range.to === to);
}

function isRestored(s: SessionState, id: StreamId): boolean {
  const wanted = restoredAlarmId(epochToText(id.epoch));
  return s.log.alarms.some((alarm) => alarm.id === wanted);
}
