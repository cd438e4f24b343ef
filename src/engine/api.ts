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
  /** Bytes are stored as they are. */
  readonly payload: Uint8Array;
  /** 0 to 2^31-1, default 0. */
  readonly type?: number;
  /** Default "": see lanes in docs/ARCHITECTURE.md. */
  readonly lane?: string;
  /** Idempotency key: the same key twice is one event. */
  readonly id?: string;
}

export interface PushResult {
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  /** 16 hex digits. */
  readonly hlc: string;
  /** True when the id had been used before with the same payload. */
  readonly isRepeat: boolean;
}

export interface PullQuery {
  /** Opaque; events after it. */
  readonly since?: string;
  readonly node?: string;
  readonly type?: number;
  /** Default 1,000 a call. */
  readonly limit?: number;
  /** Default "arrival". "hlc" lists the global order and takes no cursor. */
  readonly order?: "arrival" | "hlc";
}

export interface PulledEvent {
  readonly cursor: string;
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly hlc: string;
  /** ISO 8601 UTC, of the HLC. */
  readonly ts: string;
  readonly type: number;
  readonly payload: Uint8Array;
}

export interface AuditQuery {
  readonly since?: string;
  readonly until?: string;
  readonly node?: string;
  readonly head?: number;
  readonly tail?: number;
}

export interface AuditRow {
  readonly ts: string;
  readonly hlc: string;
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly type: number;
  readonly size: number;
  /** 64 hex digits. */
  readonly sha256: string;
  /** 32 hex digits. */
  readonly chain: string;
  /** ISO 8601 UTC: when this node stored it. */
  readonly received: string;
  /** Only of one that is stored and kept from readers: why. */
  readonly quarantined?: string;
}

export interface VerifyReport {
  readonly checked: number;
  readonly problems: readonly {
    readonly problem: string;
    readonly path: string;
    readonly offset: number;
    readonly node?: string;
    readonly seq?: number;
  }[];
}

export interface SyncInput {
  /** HOST, HOST:PORT, [V6]:PORT; default: the hub of the last sync. */
  readonly hub?: string;
  /** Refuse a hub with another id. */
  readonly hubId?: string;
  readonly maxBytes?: number;
  readonly budgetKbps?: number;
  /** Send events no smaller than this codec makes them; by default as the link asks for. */
  readonly codec?: CodecName;
  /** Default 600,000. */
  readonly timeoutMs?: number;
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: SyncProgress) => void;
  readonly signal?: AbortSignal;
}

export interface SyncProgress {
  readonly phase: "connecting" | "handshake" | "transferring" | "waiting";
  readonly attempt: number;
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
  readonly complete: boolean;
  /** Events that the hub still lacks. */
  readonly remaining: number;
  /** Own events that the hub has and holds back from its readers, because its schema refuses them. */
  readonly quarantined: number;
  readonly endedBy: string;
  /** Z codes met on the way that did not end the sync (rollback found, fork, refused stream). */
  readonly reports: readonly { readonly code: string; readonly message: string }[];
  /** For `--dry-run`. */
  readonly estimate?: { readonly events: number; readonly bytes: number; readonly seconds: number };
}

export interface PingInput {
  readonly hub?: string;
  readonly hubId?: string;
  readonly count?: number;
  readonly timeoutMs?: number;
}

export interface PingSummary {
  readonly peer: string;
  readonly address: string;
  readonly tcpMs: number;
  readonly tlsMs: number;
  readonly isResumed: boolean;
  readonly roundTripsMs: readonly number[];
  readonly certDaysLeft: number;
  readonly hubCertDaysLeft: number;
  readonly clockDifferenceMs: number;
}

/** Everything that works both in the owning process and through its socket. */
export interface NodeApi {
  /** Resolves when all are durable. Rejects with a ZamError; then `error.context.durable` says how many of them are. */
  push(events: readonly PushInput[]): Promise<readonly PushResult[]>;
  pull(query: PullQuery): Promise<readonly PulledEvent[]>;
  /** Never ends by itself when `follow` is true. */
  events(
    query: PullQuery & { readonly follow?: boolean; readonly signal?: AbortSignal },
  ): AsyncIterable<PulledEvent>;
  /** The next events in order of arrival, at most 2 MiB of payloads but for a single one. */
  arrivals(query: ArrivalQuery): Promise<ArrivalBatch>;
  audit(query: AuditQuery): AsyncIterable<AuditRow>;
  verify(): Promise<VerifyReport>;
  status(): Promise<NodeStatus>;
  /** At a hub: everyone whom its CA has issued a certificate to. */
  nodes(): Promise<readonly NodeRow[]>;
  sync(input: SyncInput): Promise<SyncSummary>;
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
  readonly onReport?: (error: ZamError, peer: string) => void;
}

export interface ServedSession {
  readonly peer: string;
  readonly address: string;
  readonly eventsSent: number;
  readonly eventsReceived: number;
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
