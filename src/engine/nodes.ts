/** `nodes`: the hub's book of certificates, joined with what it knows of each node. */
import { existsSync } from "node:fs";
import type { Log } from "../core/log/api.ts";
import type { HealthBlock } from "../core/session/api.ts";
import { countRanges } from "../core/vector/ranges.ts";
import { listIssued, listRevoked, nodeFiles } from "../pki/index.ts";
import type { NodeHealth, NodeRow } from "./api.ts";
import type { PeerRecord } from "./peer-record.ts";
import { msToIso } from "./reading.ts";
import { countLackingAt } from "./status.ts";

/** In the order of signing. Throws Z319, Z321. */
export function listNodes(
  hubDir: string,
  known: {
    readonly log: Log;
    readonly peers: readonly PeerRecord[];
    readonly connected: ReadonlySet<string>;
  },
): readonly NodeRow[] {
  if (!existsSync(nodeFiles(hubDir).authority)) return [];
  const revoked = new Set(listRevoked(hubDir).map((row) => row.fingerprint));
  const hubs = known.peers.filter(({ role }) => role === "hub").map(({ peerId }) => peerId);
  const peers = new Map(known.peers.map((record) => [record.peerId, record]));
  const streams = countStreams(known.log);
  return listIssued(hubDir).map((row) => {
    const peer = peers.get(row.nodeId);
    return {
      node: row.nodeId,
      role: row.role,
      serial: row.serial,
      notAfter: row.notAfter,
      isRevoked: revoked.has(row.fingerprint),
      lastSync: peer === undefined || peer.lastSyncMs === 0 ? null : msToIso(peer.lastSyncMs),
      pendingOut:
        peer === undefined ? null : countLackingAt(peer, { log: known.log, role: "hub", hubs }),
      pendingIn: peer === undefined ? null : pendingFrom(peer, known.log),
      connected: known.connected.has(row.nodeId),
      address: peer?.address ?? "",
      result: peer?.result ?? "",
      health: toHealth(peer?.state?.healthHeard),
      clockDifferenceMs: peer?.state?.clockDifferenceMs ?? null,
      ...(streams.get(row.nodeId) ?? noStreams),
    };
  });
}

function toHealth(block: HealthBlock | undefined): NodeHealth | null {
  if (block === undefined) return null;
  const { version, diskFreeBytes, troubles, certDaysLeft } = block;
  const { damagedCount: damaged, quarantinedCount: quarantined } = block;
  return { version, diskFreeBytes, damaged, quarantined, troubles, certDaysLeft };
}

type StreamCounts = Pick<NodeRow, "events" | "damaged" | "epochs" | "forked" | "quarantined">;

const noStreams: StreamCounts = {
  events: 0,
  damaged: 0,
  epochs: 0,
  forked: 0,
  quarantined: 0,
};

/** What is here of each node, in one pass over the vector. */
function countStreams(log: Log): ReadonlyMap<string, StreamCounts> {
  const counts = new Map<string, StreamCounts>();
  const epochs = new Set<string>();
  for (let index = 0; index < log.streamCount; index++) {
    const { id, head, holes, lost, floor, isFrozen } = log.stream(index);
    const before = counts.get(id.node) ?? noStreams;
    const epoch = `${id.node} ${id.epoch}`;
    const damaged = countRanges(holes);
    const events = head - (floor?.seq ?? 0) - damaged - countRanges(lost);
    counts.set(id.node, {
      events: before.events + Math.max(0, events),
      damaged: before.damaged + damaged,
      epochs: before.epochs + (epochs.has(epoch) ? 0 : 1),
      forked: before.forked + (isFrozen ? 1 : 0),
      quarantined: 0,
    });
    epochs.add(epoch);
  }
  for (const { stream, from, to } of log.quarantined()) {
    const before = counts.get(stream.node) ?? noStreams;
    const quarantined = before.quarantined + to - from + 1;
    counts.set(stream.node, { ...before, quarantined });
  }
  return counts;
}

/** Of the peer's own streams, as it named them last: how far they were ahead of what is here now. */
function pendingFrom(peer: PeerRecord, log: Log): number {
  const entries = peer.state?.theirs.at(-1)?.entries ?? [];
  let pending = 0;
  for (const { id, head } of entries) {
    if (id.node !== peer.peerId) continue;
    const index = log.findStream(id);
    pending += Math.max(0, head - (index === undefined ? 0 : log.streamHead(index)));
  }
  return pending;
}
