/**
 * The sessions that this node holds at the moment. A session may stay open for
 * days, and what `peers/` has was written when it last rested: with these,
 * `status` tells how things are and not how they were.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import type { PeerRecord } from "./peer-record.ts";

export interface OpenSession {
  readonly peerId: string;
  /** The peer's record as it would be written now. */
  record(): PeerRecord;
  /** Something may have happened here that a hub should be told. */
  tellHealth(): void;
}

/** Also one that has not said HELLO yet. */
interface RunningSession {
  cutOff(error: ZamError): void;
}

export class OpenSessions {
  private readonly sessions = new Set<OpenSession>();
  private readonly running = new Map<RunningSession, Promise<unknown>>();

  /** From its start until `ended`, which never rejects but for a defect. */
  run(session: RunningSession, ended: Promise<unknown>): void {
    this.running.set(session, ended);
    const forget = (): boolean => this.running.delete(session);
    ended.then(forget, forget);
  }

  /** Resolves at a moment when there is none, those that began meanwhile included. */
  async cutAll(): Promise<void> {
    while (this.running.size > 0) {
      const error = new ZamError("Z407", {
        address: "peer",
        reason: "this node's log was opened anew",
      });
      for (const session of this.running.keys()) session.cutOff(error);
      await Promise.allSettled(this.running.values());
    }
  }

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
