/**
 * May this stream be taken from this peer at all? Policy first (what may not
 * be delivered is refused whether or not it is held here, so the answer tells
 * nothing), then the author's key (RULES 26), then the limits (RULES 37).
 */
import { bytesEqual } from "../bytes.ts";
import { ZamError } from "../errors/zam-error.ts";
import { epochToText, type StreamId } from "../event.ts";
import { isGivenBack, mayBeGivenBack } from "./give-back.ts";
import {
  epochsPerNodeMax,
  lanesPerNodeMax,
  peerStreamsMaxClinic,
  peerStreamsMaxHub,
  refusedStreamsMax,
} from "./limits.ts";
import { mayAccept } from "./policy.ts";
import type { SessionState } from "./state.ts";

/** Why not, or undefined. Closes the connection on a peer that only offers what it may not. */
export function admit(s: SessionState, id: StreamId): ZamError | undefined {
  const { peer } = s.options;
  const streamsMax = peer.role === "hub" ? peerStreamsMaxHub : peerStreamsMaxClinic;
  if (s.incoming.length >= streamsMax)
    s.fail(new ZamError("Z504", { limit: `${streamsMax} streams` }));
  const isForbidden = !mayAccept(s.scope, id) || (isGivenBack(s, id) && !mayBeGivenBack(s, id));
  if (isForbidden) {
    countRefusal(s);
    return mayNotDeliver(s, id);
  }
  if (id.node !== peer.nodeId) return undefined;
  const bound = s.log.binding(id.node, id.epoch);
  if (bound !== undefined && !bytesEqual(bound, peer.keyFingerprint))
    return new ZamError("Z512", { node: id.node, epoch: epochToText(id.epoch), peer: peer.nodeId });
  if (peer.role !== "clinic") return undefined;
  return overCount(s, id);
}

/** The peer named it; saying it back in the report is for our own operator only. */
export function mayNotDeliver(s: SessionState, id: StreamId): ZamError {
  const stream = `${id.node}/${epochToText(id.epoch)}/${id.lane}`;
  return new ZamError("Z511", { peer: s.options.peer.nodeId, stream });
}

function countRefusal(s: SessionState): void {
  s.refusedStreams++;
  if (s.refusedStreams > refusedStreamsMax)
    s.fail(new ZamError("Z504", { limit: "streams that are refused" }));
}

function overCount(s: SessionState, id: StreamId): ZamError | undefined {
  if (!s.hasCountedPeer) countPeer(s);
  s.seenLanes.add(id.lane);
  s.seenEpochs.add(id.epoch);
  if (s.seenLanes.size > lanesPerNodeMax) {
    s.seenLanes.delete(id.lane);
    countRefusal(s);
    return new ZamError("Z504", { limit: `${lanesPerNodeMax} lanes of a node` });
  }
  if (s.seenEpochs.size > epochsPerNodeMax) {
    s.seenEpochs.delete(id.epoch);
    countRefusal(s);
    return new ZamError("Z504", { limit: `${epochsPerNodeMax} epochs of a node` });
  }
  return undefined;
}

function countPeer(s: SessionState): void {
  s.hasCountedPeer = true;
  for (let index = 0; index < s.log.streamCount; index++) {
    const { id } = s.log.stream(index);
    if (id.node !== s.options.peer.nodeId) continue;
    s.seenLanes.add(id.lane);
    s.seenEpochs.add(id.epoch);
  }
}
