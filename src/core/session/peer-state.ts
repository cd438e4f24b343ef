/**
 * What a node durably knows about one peer between sessions: what the peer has
 * confirmed, the peer's vector as of the last session (RULES 30), and whether
 * the last session ended cleanly (RULES 31). Kept by the host in one sealed
 * sidecar per peer, encoded here. (contract skeleton)
 */
import type { ConfirmedHead } from "../log/api.ts";

export interface PeerState {
  readonly peerId: string;
  /** The peer's log id (incarnation), 16 bytes. */
  readonly peerLogId: Uint8Array;
  /** Streams of ours (own events) that the peer has confirmed durable, as of the last report. */
  readonly confirmed: readonly ConfirmedHead[];
}
