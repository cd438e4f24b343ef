/**
 * Which streams one side may be told of, sent, or take from (DESIGN section 4,
 * RULES 33). Everything that leaves a session about a stream passes through
 * here, so nothing of another clinic is named in any kind of frame.
 *
 * How does a clinic know that a `to/` lane's author is a hub? It takes others'
 * streams from a peer with the hub role only, and such a peer took them either
 * from a hub or, of a clinic, only when addressed to a hub. So a lane addressed
 * to a clinic that a hub delivers was written by a hub.
 */
import { laneAddressee, type StreamId } from "../event.ts";
import type { Policy, Role } from "./api.ts";

export interface PolicyScope {
  readonly self: { readonly nodeId: string; readonly role: Role };
  readonly peer: { readonly nodeId: string; readonly role: Role };
  /** The hub's policy: ours at a hub, the peer's announced one at a clinic. */
  readonly policy: Policy;
  /** Node ids with the hub role, besides the two ends. */
  readonly knownHubs: readonly string[];
}

function isHub(scope: PolicyScope, nodeId: string): boolean {
  if (nodeId === scope.self.nodeId) return scope.self.role === "hub";
  if (nodeId === scope.peer.nodeId) return scope.peer.role === "hub";
  return scope.knownHubs.includes(nodeId);
}

/** What a hub may pass between itself and a clinic: the clinic's own, hubs' to it, and with policy all whatever is not addressed to another. */
function isBetweenHubAndClinic(id: StreamId, clinic: string, policy: Policy): boolean {
  if (id.node === clinic) return true;
  const addressee = laneAddressee(id.lane);
  if (addressee !== undefined) return addressee === clinic;
  return policy === "all";
}

/** A hub's events that it addressed to this clinic: the clinic may give them back to that hub; see give-back.ts. */
function isToClinic(id: StreamId, hub: string, clinic: string): boolean {
  return id.node === hub && laneAddressee(id.lane) === clinic;
}

/** May our copy of this stream be sent to the peer? */
export function mayOffer(scope: PolicyScope, id: StreamId): boolean {
  const { self, peer } = scope;
  if (self.role === "clinic")
    return (
      peer.role === "hub" && (id.node === self.nodeId || isToClinic(id, peer.nodeId, self.nodeId))
    );
  if (peer.role === "hub") return true;
  return isBetweenHubAndClinic(id, peer.nodeId, scope.policy);
}

/** May the peer deliver events of this stream to us? */
export function mayAccept(scope: PolicyScope, id: StreamId): boolean {
  const { self, peer } = scope;
  if (self.role === "clinic")
    return peer.role === "hub" && isBetweenHubAndClinic(id, self.nodeId, scope.policy);
  if (peer.role === "hub" || isToClinic(id, self.nodeId, peer.nodeId)) return true;
  if (id.node !== peer.nodeId) return false;
  const addressee = laneAddressee(id.lane);
  return addressee === undefined || isHub(scope, addressee);
}

/**
 * May the peer be told that this stream exists, and how far we hold it? A
 * clinic tells a hub of all that hubs gave it, else it would be sent again.
 */
export function mayName(scope: PolicyScope, id: StreamId): boolean {
  const { self, peer } = scope;
  if (self.role === "clinic")
    return peer.role === "hub" && isBetweenHubAndClinic(id, self.nodeId, "all");
  return mayOffer(scope, id) || mayAccept(scope, id);
}
