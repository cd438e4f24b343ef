/**
 * Status: what a person needs to know about a node, computed from the log and
 * the peers' sidecars. It reads no history.
 */
import { driftReferenceMs, maxClockDriftDefaultMs } from "../core/clock/hybrid-clock.ts";
import { epochToText } from "../core/event.ts";
import type { Log, QuarantinedRun } from "../core/log/api.ts";
import type { Role } from "../core/session/api.ts";
import type { PeerState } from "../core/session/peer-state.ts";
import { nothingHeldBack } from "../core/session/quarantine-notice.ts";
import { countLacking, findUnconfirmed } from "../core/session/pending.ts";
import { countRanges } from "../core/vector/ranges.ts";
import type { NodeStatus, PeerRow } from "./api.ts";
import type { PeerRecord } from "./peer-record.ts";
import { msToIso } from "./reading.ts";
import type { ScrubState } from "./scrubber.ts";
import { pathOfSegment } from "./verifying.ts";

export interface StatusInput {
  readonly log: Log;
  readonly role: NodeStatus["role"];
  readonly peers: readonly PeerRecord[];
  readonly connectedPeers: ReadonlySet<string>;
  readonly certDaysLeft: number | null;
  /** True when the log was opened for reading only, which is no trouble of the log's. */
  readonly isReader: boolean;
  readonly isRekeyRunning: boolean;
  readonly scrub: ScrubState;
  readonly wallMs: number;
  readonly buildMs: number;
}

/** A clock this far behind a time known to have passed is wrong, not merely coarse. */
const clockSlackMs = 5 * 60 * 1000;

export function computeStatus(input: StatusInput): NodeStatus {
  const { log } = input;
  const peers = input.peers.map((peer) => toPeerRow(peer, input));
  const pending =
    input.role === "hub" ? { count: 0, sinceMs: undefined } : findPending(log, input.peers);
  const newest = [...input.peers].sort((a, b) => b.lastSyncMs - a.lastSyncMs)[0];
  return {
    nodeId: log.nodeId,
    role: input.role,
    epoch: epochToText(log.ownEpoch),
    walRecords: log.recordCount,
    walBytes: log.sizeBytes,
    encrypted: log.isEncrypted,
    pending:
      input.role === "hub" ? peers.reduce((sum, peer) => sum + peer.pendingOut, 0) : pending.count,
    pendingSince: pending.sinceMs === undefined ? null : msToIso(pending.sinceMs),
    peers,
    lastSync:
      newest === undefined || newest.lastSyncMs === 0
        ? null
        : {
            peer: newest.peerId,
            address: newest.address,
            at: msToIso(newest.lastSyncMs),
            result: newest.result,
          },
    ...streamFacts(log),
    damagedRanges: log.damages.map((damage) => ({
      path: pathOfSegment(log, damage.segment),
      from: damage.fromOffset,
      to: damage.toOffset,
      missing: damage.missing
        .map(({ stream, range }) => {
          const lane = stream.lane === "" ? "" : ` lane ${stream.lane}`;
          return `${stream.node} ${epochToText(stream.epoch)}${lane} ${range.from}-${range.to}`;
        })
        .join(", "),
    })),
    ...quarantineFacts(log, input.peers),
    clock: clockHealth(input),
    certDaysLeft: input.certDaysLeft,
    alarms: log.alarms.map((alarm) => ({
      id: alarm.id,
      code: alarm.code,
      text: alarm.text,
      at: msToIso(alarm.atMs),
    })),
    readOnly:
      input.isReader || log.readOnlyReason === undefined
        ? null
        : { code: log.readOnlyReason.code, message: log.readOnlyReason.message },
    scrub: {
      finishedAt: input.scrub.finishedMs === 0 ? null : msToIso(input.scrub.finishedMs),
      found: input.scrub.found.map(({ segment, fromOffset, toOffset }) => ({
        path: pathOfSegment(log, segment),
        from: fromOffset,
        to: toOffset,
      })),
    },
    rekey: log.isRekeying ? { isRunning: input.isRekeyRunning } : null,
  };
}

function toPeerRow(peer: PeerRecord, input: StatusInput): PeerRow {
  const hubs = input.peers.filter(({ role }) => role === "hub").map(({ peerId }) => peerId);
  const role = input.role === "hub" ? "hub" : "clinic";
  return {
    peer: peer.peerId,
    role: peer.role,
    address: peer.address,
    lastSync: peer.lastSyncMs === 0 ? null : msToIso(peer.lastSyncMs),
    result: peer.result,
    pendingOut: countLackingAt(peer, { log: input.log, role, hubs }),
    connected: input.connectedPeers.has(peer.peerId),
  };
}

export interface Pending {
  readonly count: number;
  /** When the oldest of them was stored; undefined when there is none. */
  readonly sinceMs: number | undefined;
}

/** Own events, in all lanes and epochs, that no hub has confirmed as durable. Reads one event a stream. */
export function findPending(log: Log, peers: readonly PeerRecord[]): Pending {
  let count = 0;
  let sinceMs: number | undefined;
  for (const { index, ranges } of findUnconfirmed(log, hubStates(peers))) {
    count += countRanges(ranges);
    const first = ranges[0]?.from ?? 1;
    const oldest = log.readStream(index, first, { events: 1, bytes: 1 })[0];
    if (oldest !== undefined) sinceMs = Math.min(sinceMs ?? oldest.receivedMs, oldest.receivedMs);
  }
  return { count, sinceMs };
}

function hubStates(peers: readonly PeerRecord[]): readonly PeerState[] {
  return peers.flatMap(({ role, state }) => (role === "hub" && state !== undefined ? [state] : []));
}

/** Events that this peer may have and lacks, as of its last session. */
export function countLackingAt(
  peer: PeerRecord,
  self: { readonly log: Log; readonly role: Role; readonly hubs: readonly string[] },
): number {
  return countLacking(self.log, peer.state, {
    self: { nodeId: self.log.nodeId, role: self.role },
    peer: { nodeId: peer.peerId, role: peer.role },
    policy: peer.policy,
    knownHubs: self.hubs,
  });
}

function streamFacts(log: Log): Pick<NodeStatus, "damaged" | "vector" | "lostAtSource"> {
  const vector: NodeStatus["vector"][number][] = [];
  const lostAtSource: NodeStatus["lostAtSource"][number][] = [];
  let damaged = 0;
  for (let index = 0; index < log.streamCount; index++) {
    const { id, head, holes, lost, floor } = log.stream(index);
    const name = { node: id.node, epoch: epochToText(id.epoch), lane: id.lane };
    vector.push({
      ...name,
      seq: head,
      holes: holes.map((hole) => [hole.from, hole.to] as const),
      ...(floor === undefined ? {} : { floor: floor.seq, floorByOrigin: floor.byOrigin }),
    });
    for (const range of lost) lostAtSource.push({ ...name, from: range.from, to: range.to });
    damaged += countRanges(holes);
  }
  return { damaged, vector, lostAtSource };
}

/** So many are named; all are counted. */
const quarantinedNamed = 32;

/** What is held back here, and what hubs said that they hold back of this node's events. */
function quarantineFacts(
  log: Log,
  peers: readonly PeerRecord[],
): Pick<NodeStatus, "quarantined" | "quarantinedEvents"> {
  let quarantined = log.quarantinedCount;
  const named: NodeStatus["quarantinedEvents"][number][] = [];
  const name = (run: QuarantinedRun, at: string): void => {
    const { stream, from, to, reason } = run;
    const { node, lane } = stream;
    if (named.length < quarantinedNamed)
      named.push({ node, epoch: epochToText(stream.epoch), lane, from, to, reason, at });
  };
  for (const run of log.quarantined()) name(run, log.nodeId);
  for (const { peerId, state } of peers) {
    const { total, runs } = state?.heldBack ?? nothingHeldBack;
    quarantined += total;
    for (const { id, ...run } of runs) name({ stream: id, ...run }, peerId);
  }
  return { quarantined, quarantinedEvents: named };
}

/** RULES 38: a wall clock is wrong when it is behind a time known to have passed, or far behind the log's own HLC. */
export function clockHealth(
  input: Pick<StatusInput, "log" | "wallMs" | "buildMs">,
): NodeStatus["clock"] {
  const { log, wallMs, buildMs } = input;
  const knownMs = driftReferenceMs({ wallMs: 0, buildMs, trustedMs: log.trustedTimeMs });
  if (wallMs + clockSlackMs < knownMs)
    return {
      ok: false,
      reason: `the clock says ${msToIso(wallMs)}, but it is at least ${msToIso(knownMs)}; set the clock (timedatectl)`,
    };
  const referenceMs = driftReferenceMs({ wallMs, buildMs, trustedMs: log.trustedTimeMs });
  if (log.lastHlc.ms > referenceMs + maxClockDriftDefaultMs)
    return {
      ok: false,
      reason: `the newest event is dated ${msToIso(log.lastHlc.ms)}, more than a day ahead of ${msToIso(referenceMs)}; the clock was wrong when it was written`,
    };
  return { ok: true, reason: "" };
}
