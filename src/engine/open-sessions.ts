/**
 * The sessions that this node holds at the moment. A session may stay open for
 * days, and what `peers/` has was written when it last rested: with these,
 * `status` tells how things are and not how they were.
 */
import type { PeerRecord } from "./peer-record.ts";

export interface OpenSession {
  readonly peerId: string;
  /** The peer's record as it would be written now. */
  record(): PeerRecord;
  /** Something may have happened here that a hub should be told. */
  tellHealth(): void;
}

export class OpenSessions {
  private readonly sessions = new Set<OpenSession>();

  add(session: OpenSession): void {
    this.sessions.add(session);
  }

  remove(session: OpenSession): void {
    this.sessions.delete(session);
  }

  tellHealth(): void {
    for (const session of this.sessions) session.tellHealth();
  }

  get peerIds(): ReadonlySet<string> {
    return new Set([...this.sessions].map((session) => session.peerId));
  }

  /** Records as written, with those of peers that are connected brought up to date. */
  update(records: readonly PeerRecord[]): readonly PeerRecord[] {
    const byPeer = new Map(records.map((record) => [record.peerId, record]));
    // The newest of a node comes last: it is the one that counts (RULES 35).
    for (const session of this.sessions) byPeer.set(session.peerId, session.record());
    return [...byPeer.values()];
  }
}
