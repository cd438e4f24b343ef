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
 *
 * A clinic gives what the hub wants and nothing else: holes are named in the hub's
 * vector; of an epoch that it was restored in, the hub asks for chains.
 */
import { epochToText, type StreamId } from "../event.ts";
import type { StreamState } from "../log/api.ts";
import { restoredAlarmId } from "../log/restored.ts";
import { findGaps, type Gaps } from "../vector/gaps.ts";
import { intersectRanges } from "../vector/ranges.ts";
import type { VectorEntry } from "../vector/stream-table.ts";
import type { SessionState } from "./state.ts";
import { streamKey } from "./tracked-streams.ts";

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

/** What of this stream to offer: of the peer's own only what it wants back. */
export function offeredGaps(
  s: SessionState,
  mine: StreamState,
  theirs: VectorEntry | undefined,
): Gaps {
  const gaps = findGaps(mine, theirs);
  const isGiving = s.options.self.role === "clinic" && mine.id.node !== s.options.self.nodeId;
  if (!isGiving) return gaps;
  const isWanted = s.wantedBack.has(streamKey(mine.id));
  const send = isWanted ? gaps.send : intersectRanges(gaps.send, theirs?.holes ?? []);
  return { ...gaps, send, belowFloor: [], lostHere: [] };
}

/** Asks a clinic that holds more of what we addressed to it than we do, in the epoch of a restore. */
export function askBack(s: SessionState, theirs: VectorEntry): void {
  if (!isGivenBack(s, theirs.id) || !isRestored(s, theirs.id)) return;
  const index = s.log.findStream(theirs.id);
  const ours = index === undefined ? 0 : s.log.streamHead(index);
  if (theirs.head > ours) s.send({ type: "chainsQuery", id: theirs.id, low: 0, high: 0 });
}
