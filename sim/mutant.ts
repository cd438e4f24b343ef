/**
 * A deliberate bug, planted at a seam of the world: a port, the log as its
 * users see it, the session, what the host owes it. The production code itself
 * has no switches. A simulator that does not find these would not find others.
 */
import type { ConfirmedHead, Log, StreamCut } from "../src/core/log/api.ts";
import type { CryptoPort, FileStore } from "../src/core/ports.ts";
import type { Policy, Session } from "../src/core/session/api.ts";
import type { PeerState } from "../src/core/session/peer-state.ts";
import type { CommitQueue } from "../src/engine/commit-scheduler.ts";
import type { Device } from "./device.ts";

export interface Mutant {
  readonly store?: (store: FileStore) => FileStore;
  readonly crypto?: (crypto: CryptoPort) => CryptoPort;
  /** The log of the whole device. */
  readonly log?: (log: Log, device: Device) => Log;
  /** The log as sessions see it. */
  readonly sessionLog?: (log: Log) => Log;
  readonly session?: (session: Session) => Session;
  readonly commits?: (queue: CommitQueue) => CommitQueue;
  readonly policy?: (policy: Policy) => Policy;
  readonly peerState?: (state: PeerState) => PeerState;
  /** The peer's state is reported saved, and written an hour later. */
  readonly savesLater?: boolean;
  readonly neverFences?: boolean;
  readonly ignoresRevocation?: boolean;
  /** What an operator's command cuts off. */
  readonly cuts?: (cuts: readonly StreamCut[], log: Log) => readonly StreamCut[];
  readonly confirmed?: (heads: readonly ConfirmedHead[]) => readonly ConfirmedHead[];
  /** Just before the log is opened for writing. */
  readonly beforeOpen?: (device: Device, openForReading: () => Log) => void;
}
