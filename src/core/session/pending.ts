/**
 * What peers still lack, from durable knowledge alone: for `status`, between
 * sessions. Counts, never contents.
 */
import type { Log } from "../log/api.ts";
import { findGaps, settledRanges } from "../vector/gaps.ts";
import { addRanges, countRanges, noRanges, type Ranges, subtractRanges } from "../vector/ranges.ts";
import { heldRanges } from "../vector/gaps.ts";
import type { StreamIndex, VectorEntry } from "../vector/stream-table.ts";
import type { PeerState } from "./peer-state.ts";
import { mayOffer, type PolicyScope } from "./policy.ts";
import { streamKey } from "./tracked-streams.ts";

/** The peer's vector as far as known: its last HELLO, moved on by its acknowledgements. */
export function knownLines(state: PeerState | undefined): ReadonlyMap<string, VectorEntry> {
  const lines = new Map<string, VectorEntry>();
  const newest = state?.theirs[state.theirs.length - 1];
  for (const entry of newest?.entries ?? []) lines.set(streamKey(entry.id), entry);
  for (const entry of state?.advanced ?? []) lines.set(streamKey(entry.id), entry);
  return lines;
}

/** Own events of one stream that no hub holds as far as known. */
export interface Unconfirmed {
  readonly index: StreamIndex;
  readonly ranges: Ranges;
}

/** Own events, in all lanes, that none of these hubs holds as far as known; streams without any are left out. */
export function findUnconfirmed(log: Log, hubs: readonly PeerState[]): readonly Unconfirmed[] {
  const known = hubs.map(knownLines);
  const found: Unconfirmed[] = [];
  for (let index = 0; index < log.streamCount; index++) {
    const mine = log.stream(index);
    if (mine.id.node !== log.nodeId) continue;
    let confirmed: Ranges = noRanges;
    for (const lines of known)
      confirmed = addRanges(confirmed, settledRanges(lines.get(streamKey(mine.id))));
    const ranges = subtractRanges(heldRanges(mine), confirmed);
    if (ranges.length > 0) found.push({ index, ranges });
  }
  return found;
}

export function countUnconfirmed(log: Log, hubs: readonly PeerState[]): number {
  return findUnconfirmed(log, hubs).reduce((sum, { ranges }) => sum + countRanges(ranges), 0);
}

/** Events that this peer may have and lacks, as of its last session. */
export function countLacking(log: Log, state: PeerState | undefined, scope: PolicyScope): number {
  const lines = knownLines(state);
  let count = 0;
  for (let index = 0; index < log.streamCount; index++) {
    const mine = log.stream(index);
    // A hub's own events at a clinic are given back on its word only, and are no work that waits.
    const isGivenBack = scope.self.role === "clinic" && mine.id.node !== scope.self.nodeId;
    if (mayOffer(scope, mine.id) && !isGivenBack)
      count += countRanges(findGaps(mine, lines.get(streamKey(mine.id))).send);
  }
  return count;
}
