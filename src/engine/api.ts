/**
 * What a node can do, as the command line, the socket protocol and embedders
 * see it. `openNode` gives one that owns the log; `connectNode` one that
 * speaks to the process that owns it. Both satisfy `NodeApi`.
 */
import type { CodecName } from "../core/session/codec-choice.ts";
import type { Judge } from "../core/log/api.ts";
import type { ZamError } from "../core/errors/zam-error.ts";
import type { ArrivalQuery, ArrivalBatch } from "./arrival-types.ts";
import type {
  CareSummary,
  CompactInput,
  ExpireInput,
  RekeyInput,
  RekeySummary,
} from "./care-types.ts";
import type { SnapshotInput, SnapshotSummary } from "./snapshot-types.ts";
import type { AcknowledgedAlarm, NodeRow, NodeStatus } from "./status-types.ts";

export type * from "./arrival-types.ts";
export type * from "./care-types.ts";
export type * from "./snapshot-types.ts";
export type * from "./status-types.ts";
export type { Judge } from "../core/log/api.ts";

export interface PushInput {
  /** Bytes are stored as they are; at most 16 MiB (Z601). They may not change before the push has resolved. */
  readonly payload: Uint8Array;
  /** What the event is, to its readers: 0 to 2^31-1 (Z607), default 0. */
  readonly type?: number;
  /**
   * The stream within this node, default "". "urgent" goes before all others; "to/NODE" and
   * "to/NODE/urgent" go to that node alone. Z603 for no lane, Z606 for one that this node may not use.
   */
  readonly lane?: string;
  /** Idempotency key, 1 to 1,024 characters (Z608): the same key twice is one event; with another payload it is Z602. */
  readonly id?: string;
}

export interface PushResult {
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  /** In its stream, from 1. */
  readonly seq: number;
  /** 16 hex digits: 12 of Unix milliseconds, 4 of the counter. */
  readonly hlc: string;
  /** True when the id had been used before with the same payload. */
  readonly isRepeat: boolean;
}

/** Conditions are joined by "and"; an absent one holds for every event. */
export interface PullQuery {
  /** Opaque, the `cursor` of an event: those after it. Default: from the beginning. Z605, Z615, Z621 for one that is of no use here. */
  readonly since?: string;
  /** Only events that this node wrote. */
  readonly node?: string;
  /** Only events of this type. */
  readonly type?: number;
  /** Events at the most. Default: 1,000 a call of `pull`; none for `events`. */
  readonly limit?: number;
  /** Default "arrival". "hlc" lists the global order and takes no cursor. */
  readonly order?: "arrival" | "hlc";
}

export interface PulledEvent {
  /** Of the place behind this event, for `since`. Good for this log alone. */
  readonly cursor: string;
  /** The node that wrote it. */
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  /** In its stream, from 1. */
  readonly seq: number;
  /** 16 hex digits. */
  readonly hlc: string;
  /** ISO 8601 UTC, of the HLC: when its author wrote it, by the author's clock. */
  readonly ts: string;
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Conditions are joined by "and"; an absent one holds for every event. */
export interface AuditQuery {
  /** ISO 8601, of the HLC, inclusive. */
  readonly since?: string;
  /** ISO 8601, of the HLC, inclusive. */
  readonly until?: string;
  /** Only events that this node wrote. */
  readonly node?: string;
  /** So many of the first, or of the last. */
  readonly head?: number;
  readonly tail?: number;
}

export interface AuditRow {
  /** ISO 8601 UTC, of the HLC. */
  readonly ts: string;
  /** 16 hex digits. */
  readonly hlc: string;
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly type: number;
  /** Bytes of the payload. */
  readonly size: number;
  /** Of the payload, 64 hex digits; "" when part of it cannot be read. */
  readonly sha256: string;
  /** The stream's chain at this event, 32 hex digits. */
  readonly chain: string;
  /** ISO 8601 UTC: when this node stored it. */
  readonly received: string;
  /** Only of one that is stored and kept from readers: why. */
  readonly quarantined?: string;
}

export interface VerifyReport {
  /** Readable events when it began. */
  readonly checked: number;
  readonly problems: readonly {
    readonly problem: string;
    /** Of the file, from the node's directory on; "log" for an event that is in no file. */
    readonly path: string;
    /** In bytes. */
    readonly offset: number;
    /** Of the event, where that can be told. */
    readonly node?: string;
    readonly seq?: number;
  }[];
}

export interface SyncInput {
  /** HOST, HOST:PORT, [V6]:PORT; default: the hub of the last sync. */
  readonly hub?: string;
  /** Refuse a hub with another id (Z318). */
  readonly hubId?: string;
  /** Both directions and all attempts together, TLS included: ends soon after with `endedBy` "budget". Default: no limit. */
  readonly maxBytes?: number;
  /** The most that this node sends, and asks the hub to send, in kilobits (1,000 bits) a second. Default: what the link takes. */
  readonly budgetKbps?: number;
  /** Send events no smaller than this codec makes them; by default as the link asks for. */
  readonly codec?: CodecName;
  /** For all attempts together. Default 600,000. */
  readonly timeoutMs?: number;
  /** Asks nobody and sends nothing: the summary's `estimate` says what a sync would take, by what the last ones told. */
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: SyncProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SyncProgress {
  readonly phase: "connecting" | "handshake" | "transferring" | "waiting";
  /** From 1. */
  readonly attempt: number;
  /** Confirmed ones included. */
  readonly eventsToSend: number;
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly eventsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Why the last attempt ended, when phase is "waiting". */
  readonly lastError?: { readonly code: string; readonly message: string };
}

export interface SyncSummary {
  readonly peer: string;
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly eventsReceived: number;
  /** On the TCP socket, TLS included, over all attempts; sent is what the system took. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Of `bytesSent`, in connections that broke: nobody knows how much of this crossed. Missing when there was none. */
  readonly bytesUnanswered?: number;
  readonly durationMs: number;
  readonly attempts: number;
  /** Both sides had nothing left to send, and everything was acknowledged. */
  readonly complete: boolean;
  /** Events that the hub still lacks. */
  readonly remaining: number;
  /** Own events that the hub has and holds back from its readers, because its schema refuses them. */
  readonly quarantined: number;
  /** "done", "budget", "peer", "error", "fenced" or "finished"; "dryRun" of a dry run. */
  readonly endedBy: string;
  /** Z codes met on the way that did not end the sync (rollback found, fork, refused stream). */
  readonly reports: readonly { readonly code: string; readonly message: string }[];
  /** For `--dry-run`. */
  readonly estimate?: { readonly events: number; readonly bytes: number; readonly seconds: number };
}

export interface PingInput {
  /** As in SyncInput. */
  readonly hub?: string;
  /** Refuse a hub with another id (Z318). */
  readonly hubId?: string;
  /** Round trips. Default 4. */
  readonly count?: number;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

export interface PingSummary {
  readonly peer: string;
  /** HOST:PORT. */
  readonly address: string;
  /** Name lookup and TCP. */
  readonly tcpMs: number;
  readonly tlsMs: number;
  /** The TLS handshake was shortened by a ticket. */
  readonly isResumed: boolean;
  readonly roundTripsMs: readonly number[];
  /** Of this node's certificate; negative when it has expired. */
  readonly certDaysLeft: number;
  readonly hubCertDaysLeft: number;
  /** The hub's wall clock less ours, half a round trip included. */
  readonly clockDifferenceMs: number;
}

/** Everything that works both in the owning process and through its socket. */
export interface NodeApi {
  /**
   * Resolves when all are durable, in the order given. Rejects with Z601, Z603, Z606, Z607, Z608, Z620 before
   * anything is stored, and with Z602, Z210, or what the disk does (Z204, Z205, Z206, Z208); then `error.context.durable` says
   * how many of them are.
   */
  push(events: readonly PushInput[]): Promise<readonly PushResult[]>;
  /** Durable events, those that are held back left out. Rejects with Z101, Z605, Z615, Z621, and Z206 or Z208 while the disk does not let them be read. */
  pull(query: PullQuery): Promise<readonly PulledEvent[]>;
  /** The same as a stream; never ends by itself when `follow` is true. */
  events(
    query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<PulledEvent>;
  /** The next events in order of arrival, at most 2 MiB of payloads but for a single one. */
  arrivals(query: ArrivalQuery): Promise<ArrivalBatch>;
  /** Every stored event in order of arrival, without its payload, those that are held back included. */
  audit(query: AuditQuery): AsyncIterable<AuditRow>;
  /** Re-reads the whole log: CRC, seal and chain. Changes nothing. */
  verify(): Promise<VerifyReport>;
  status(): Promise<NodeStatus>;
  /** At a hub: everyone whom its CA has issued a certificate to. */
  nodes(): Promise<readonly NodeRow[]>;
  /**
   * Exchanges events with the hub, over as many connections as it takes. Resolves when all is exchanged, and
   * with `complete` false when the time or the budget is used up. Rejects with Z106 when no hub is known, and
   * with a Z3xx, Z4xx or Z5xx when no session could be held, or trying again cannot mend it.
   */
  sync(input: SyncInput): Promise<SyncSummary>;
  /** Measures the way to the hub, and moves no event. Rejects as `sync` does. */
  ping(input: PingInput): Promise<PingSummary>;
  /** Clears an alarm that a person has dealt with. Rejects with Z107 when there is none of this id. */
  acknowledge(alarmId: string): Promise<AcknowledgedAlarm>;
  /** A consistent copy of the node as of now, in one file, checked by re-reading. Rejects with Z204, Z206, Z211, Z223. */
  snapshot(input: SnapshotInput): Promise<SnapshotSummary>;
  /** Drops copies that a hub has confirmed; at a hub it merges segments and drops nothing. */
  compact(input: CompactInput): Promise<CareSummary>;
  /** Drops old events, by when they were received. */
  expire(input: ExpireInput): Promise<CareSummary>;
  /** A new data key for everything, segment by segment; goes on with one that was interrupted. */
  rekey(input: RekeyInput): Promise<RekeySummary>;
  /** Of `openNode`: closes the log cleanly. Of `connectNode`: closes the connection only. */
  close(): Promise<void>;
}

export interface ServeInput {
  /** Default 0.0.0.0:7700; port 0 picks one. */
  readonly bind?: string;
  /** What clinics get: their own streams and what is addressed to them, or also all that is addressed to nobody. Default "own". */
  readonly policy?: "own" | "all";
  /** Sessions that transfer at the same time; the rest wait. Default 64. */
  readonly maxPeers?: number;
  /** What was received longer ago may go, the hub's last copy included (`--retain`). Default: nothing goes. */
  readonly retainMs?: number;
  /** After each run of the retention. */
  readonly onRetained?: (summary: CareSummary) => void;
  /** Received events of which it says why are stored and held back; own ones are refused. */
  readonly judge?: Judge;
  /** Held back events that the judge lets in now were released. */
  readonly onReleased?: (count: number) => void;
  /** As in SyncInput, for what is sent to clinics. */
  readonly codec?: CodecName;
  readonly onSession?: (session: ServedSession) => void;
  /** What a person should know; `peer` is a node id, the address of one that had not shown its own, or "" for what no peer did. */
  readonly onReport?: (error: ZamError, peer: string) => void;
}

/** A session that is over. */
export interface ServedSession {
  readonly peer: string;
  /** HOST:PORT that it came from. */
  readonly address: string;
  /** Those that the peer confirmed. */
  readonly eventsSent: number;
  readonly eventsReceived: number;
  /** On the TCP socket, TLS included. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly endedBy: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RunningServer {
  /** "ADDR:PORT". */
  readonly address: string;
  readonly port: number;
  /** From now on this judge decides; what it lets in of what is held back is released. */
  useJudge(judge: Judge): void;
  /** Says goodbye to peers, then stops listening. The node stays open. */
  close(): Promise<void>;
}
