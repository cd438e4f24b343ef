/** RULES 33: a clinic may address only hubs. Before it has met one, it cannot know better. */
import type { Role } from "../core/session/api.ts";
import type { PeerRecord } from "./peer-record.ts";

/** Why this node may not address `nodeId`; undefined when it may. */
export function refuseAddressee(
  nodeId: string,
  self: {
    readonly nodeId: string;
    readonly role: Role | undefined;
    readonly peers: readonly PeerRecord[];
  },
): string | undefined {
  if (nodeId === self.nodeId) return "that is this node itself";
  if (self.role === "hub") return undefined;
  const hubs = self.peers.filter((peer) => peer.role === "hub").map((peer) => peer.peerId);
  if (hubs.length === 0 || hubs.includes(nodeId)) return undefined;
  return `'${nodeId}' is not its hub (${hubs.join(", ")})`;
}
