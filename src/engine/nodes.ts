/** `nodes`: the hub's book of certificates, joined with what it knows of each node. */
import { existsSync } from "node:fs";
import type { Log } from "../core/log/api.ts";
import { listIssued, listRevoked, nodeFiles } from "../pki/index.ts";
import type { NodeRow } from "./api.ts";
import type { PeerRecord } from "./peer-record.ts";
import { msToIso } from "./reading.ts";
import { countLackingAt } from "./status.ts";

/** In the order of signing. Throws Z319, Z321. */
export function listNodes(
  hubDir: string,
  known: { readonly log: Log; readonly peers: readonly PeerRecord[] },
): readonly NodeRow[] {
  if (!existsSync(nodeFiles(hubDir).authority)) return [];
  const revoked = new Set(listRevoked(hubDir).map((row) => row.fingerprint));
  const hubs = known.peers.filter(({ role }) => role === "hub").map(({ peerId }) => peerId);
  return listIssued(hubDir).map((row) => {
    const peer = known.peers.find((record) => record.peerId === row.nodeId);
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
    };
  });
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
