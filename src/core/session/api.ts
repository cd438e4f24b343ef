/**
 * The sync session as its host sees it: a state machine without I/O. One
 * instance serves one authenticated connection, on either side.
 *
 * What a host owes the session, in this order, after every call of `handle`:
 *  1. drain `pollEffect` until undefined and carry each effect out;
 *  2. while the socket has room (less than about one batch queued), write what
 *     `pollTransmit` returns, until undefined; the session decides as late as
 *     possible what goes next, so urgent events overtake a backlog;
 *  3. call `handle({kind: "tick"})` at `nextDeadlineMs`;
 *  4. report each `store` effect's outcome and durability exactly once;
 *  5. after a `close` effect: flush what pollTransmit returned, then close the
 *     connection; the session answers nothing more. `close` comes when the last
 *     frame has been taken, so effects are polled again after frames were.
 *
 * What `pollTransmit` returns is written in order and whole; it may hold
 * several frames, so that small ones share a TLS record.
 */
import type { ZamError } from "../errors/zam-error.ts";
import type {
  ConfirmedHead,
  Mark,
  ReceivedFragment,
  ReceivedRange,
  ReceiveOutcome,
} from "../log/api.ts";
import type { CodecName } from "./codec-choice.ts";
import type { Handshake } from "./flight-window.ts";
import type { PeerState } from "./peer-state.ts";

export type Role = "hub" | "clinic";
export type Policy = "own" | "all";

/** Who the peer is, from its certificate, never from what it says. */
export interface PeerIdentity {
  readonly nodeId: string;
  readonly role: Role;
  /** SHA-256 of the peer's public key (SPKI), 32 bytes. */
  readonly keyFingerprint: Uint8Array;
}

export interface SessionOptions {
  /** True on the side that opened the connection: it speaks first. */
  readonly isInitiator: boolean;
  readonly self: { readonly nodeId: string; readonly role: Role };
  readonly peer: PeerIdentity;
  /** The policy of the hub; on a clinic, "own". Decides which streams are offered, accepted and named. */
  readonly policy: Policy;
  /** Durable knowledge of this peer from earlier sessions; undefined at first contact. */
  readonly peerState: PeerState | undefined;
  /** Bytes that this session may cost in both directions, TLS included; undefined: no limit. One minimal batch always goes. */
  readonly bytesMax?: number;
  /** Bytes a second that each side may send, TLS included; undefined: no limit. */
  readonly rateBytesPerS?: number;
  /** Stay connected when both sides are done, and send new events as they become durable. */
  readonly keepOpen: boolean;
  /** Only measure round trips: HELLO, PING, BYE; no events move. */
  readonly pingCount?: number;
  readonly health?: HealthBlock;
  /** Node ids with the hub role besides the two ends, as far as known: clinics may address them (RULES 33). */
  readonly knownHubs?: readonly string[];
  /** Own heads that other peers have confirmed: what they may hold is not declared lost at source. */
  readonly confirmedElsewhere?: readonly ConfirmedHead[];
  /** Of the side that called: tells a slow link before the first events go. */
  readonly handshake?: Handshake;
  /** Default 24 h, see DESIGN section 2. */
  readonly maxClockDriftMs?: number;
  /** The most that may be done to make events small, when the peer can read it; undefined: what the link asks for. */
  readonly codec?: CodecName;
  /** This node has more to do than it can: peers are asked to code in the way that is quick to read. */
  readonly isBusy?: boolean;
  /** Bits of the codecs that this node reads and writes; undefined: all. A device of some megabytes leaves the large ones out. */
  readonly codecs?: number;
}

/** RULES 41: sent when it has changed, in HELLO, and to a hub also in mid-session. */
export interface HealthBlock {
  readonly version: string;
  readonly diskFreeBytes: number;
  /** Events that cannot be read there and are not healed yet. */
  readonly damagedCount: number;
  readonly quarantinedCount: number;
  /** Z codes of what needs a person there: disk, clock, open alarms. At most 8. */
  readonly troubles: readonly string[];
  readonly certDaysLeft: number;
}

export type StoreOperation =
  | { readonly kind: "range"; readonly range: ReceivedRange }
  | { readonly kind: "fragment"; readonly fragment: ReceivedFragment }
  | { readonly kind: "mark"; readonly mark: Mark };

export type SessionEvent =
  | { readonly kind: "start" }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** The peer closed its side, or the connection broke. */
  | { readonly kind: "eof"; readonly error?: ZamError }
  /** What the log said at once about a store effect. Marks always answer `stored`. */
  | { readonly kind: "storeOutcome"; readonly token: number; readonly outcome: ReceiveOutcome }
  /** The store effect's data is durable, or will never be. */
  | { readonly kind: "storeDurable"; readonly token: number; readonly error?: ZamError }
  | { readonly kind: "peerStateSaved"; readonly token: number; readonly error?: ZamError }
  /** New durable events may be in the log. */
  | { readonly kind: "logChanged" }
  /** Our own health now; told to a hub when what needs a person has changed. */
  | { readonly kind: "health"; readonly health: HealthBlock }
  /** Bytes on the TCP socket so far in both directions, TLS included (for budgets). */
  | { readonly kind: "wire"; readonly sentBytes: number; readonly receivedBytes: number }
  /** End gracefully: finish the record in hand, say goodbye. */
  | { readonly kind: "finish"; readonly error?: ZamError }
  /** A newer session of the same node took over: stop before the next commit (RULES 35). */
  | { readonly kind: "fence" }
  /** Asks the peer for a sign of life now; a kept-open session would do so after two minutes. */
  | { readonly kind: "probe" }
  | { readonly kind: "tick" };

export type SessionEffect =
  /** Hand to the log, in order per session; the host may interleave sessions fairly. */
  | { readonly kind: "store"; readonly token: number; readonly operation: StoreOperation }
  /** Make durable, then answer `peerStateSaved`. Until then the session sends nothing that depends on it. */
  | { readonly kind: "savePeerState"; readonly token: number; readonly state: PeerState }
  /** For the operator: events with Z codes (rollback found, fork, refused stream, drift). */
  | { readonly kind: "report"; readonly error: ZamError }
  | { readonly kind: "progress"; readonly progress: SessionProgress }
  /** The peer's HELLO was accepted. The hub fences older sessions of this peer now. */
  | { readonly kind: "established" }
  /** Of a session that both sides keep open: everything was exchanged, or there is something to do again. */
  | { readonly kind: "rest"; readonly isResting: boolean }
  | { readonly kind: "close"; readonly error?: ZamError };

export interface SessionProgress {
  /** Events offered to the peer that it lacks, as far as known; and how many of them it has confirmed durable. */
  readonly eventsToSend: number;
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly eventsReceived: number;
}

export interface SessionSummary extends SessionProgress {
  /** Both sides said that nothing is left, and everything is durable. */
  readonly isComplete: boolean;
  /** A session that was kept open had nothing left to do when it ended, in whatever way. */
  readonly wasResting: boolean;
  /** Of data frames that the peer has not answered: whether they crossed is not known. */
  readonly unansweredBytes: number;
  /** Own events that the peer, a hub, has and holds back from its readers. */
  readonly heldBackCount: number;
  /** Own or relayed events that the peer still lacks. */
  readonly remaining: number;
  readonly endedBy: "done" | "budget" | "peer" | "error" | "fenced" | "finished";
  readonly error?: ZamError;
  /** Peer's wall clock minus ours at HELLO, when known. */
  readonly clockDifferenceMs?: number;
  readonly peerHealth?: HealthBlock;
  readonly pingMs: readonly number[];
}

export interface Session {
  /** Feeds one event. Never throws on peer input. */
  handle(event: SessionEvent, nowMs: number): void;
  /** Next effect to carry out, or undefined once drained. */
  pollEffect(): SessionEffect | undefined;
  /** Next frames to write, or undefined when there is nothing to send now. */
  pollTransmit(nowMs: number): Uint8Array | undefined;
  /** When to tick, or undefined when no timer is armed. Same clock as `nowMs`: wall milliseconds. */
  nextDeadlineMs(): number | undefined;
  summary(): SessionSummary;
  /** What is known of the peer now, as the next `savePeerState` would have it; undefined before its HELLO at first contact. */
  peerState(): PeerState | undefined;
}
