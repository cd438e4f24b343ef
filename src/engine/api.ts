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

export type * from "./arrival-types.ts";
export type * from "./care-types.ts";
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

/** Events that are stored and kept from readers, because a schema refuses them. */
export interface QuarantinedEvents {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly from: number;
  readonly to: number;
  readonly reason: string;
  /** The hub that holds them back; this node's own id when it does. */
  readonly at: string;
}

export interface NodeStatus {
  readonly nodeId: string;
  readonly role: "hub" | "clinic" | "unsigned";
  readonly epoch: string;
  readonly walRecords: number;
  readonly walBytes: number;
  readonly encrypted: boolean;
  readonly pending: number;
  /** When the oldest pending event was stored (ISO 8601 UTC); null when nothing is pending. */
  readonly pendingSince?: string | null;
  /** At a hub: what each peer lacked after its last session. */
  readonly peers: readonly PeerRow[];
  readonly lastSync: {
    readonly peer: string;
    readonly address: string;
    readonly at: string;
    readonly result: string;
  } | null;
  /** Records in damaged ranges that are still missing. */
  readonly damaged: number;
  readonly damagedRanges: readonly {
    readonly path: string;
    readonly from: number;
    readonly to: number;
    readonly missing: string;
  }[];
  /** Events held back here, and own ones that hubs said they hold back. */
  readonly quarantined: number;
  /** The first of them. */
  readonly quarantinedEvents: readonly QuarantinedEvents[];
  readonly lostAtSource: readonly {
    readonly node: string;
    readonly epoch: string;
    readonly lane: string;
    readonly from: number;
    readonly to: number;
  }[];
  readonly vector: readonly {
    readonly node: string;
    readonly epoch: string;
    readonly lane: string;
    readonly seq: number;
    readonly holes: readonly (readonly [number, number])[];
    /** Events up to here are absent: compacted or expired. Missing when nothing was cut. */
    readonly floor?: number;
    /** Whether their origin says so, or only this node or a relay. */
    readonly floorByOrigin?: boolean;
  }[];
  readonly clock: { readonly ok: boolean; readonly reason: string };
  /** Null when there is no certificate yet. */
  readonly certDaysLeft: number | null;
  /** What needs a person: code, text, id for `doctor --ack`. */
  readonly alarms: readonly {
    readonly id: string;
    readonly code: string;
    readonly text: string;
    readonly at: string;
  }[];
  /** Z code and text when the log takes no writes now. */
  readonly readOnly: { readonly code: string; readonly message: string } | null;
  /** The background check of the whole log by a running `serve` or `daemon`. */
  readonly scrub: {
    /** When it last reached the end, ISO 8601 UTC; null: never. */
    readonly finishedAt: string | null;
    /** What it found in that pass, and in one that is under way. */
    readonly found: readonly {
      readonly path: string;
      readonly from: number;
      readonly to: number;
    }[];
  };
  /** Free room where the node's directory is; missing when another process answered that cannot tell. */
  readonly diskFreeBytes?: number;
  /** A rekey that is not over; `isRunning` false when it was interrupted and must be run again. */
  readonly rekey: { readonly isRunning: boolean } | null;
}

export interface AcknowledgedAlarm {
  readonly id: string;
  readonly code: string;
  readonly text: string;
  /** Alarms that are still open. */
  readonly alarmsLeft: number;
}

export interface SnapshotInput {
  /** The file to be made; refused when it exists. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

export interface SnapshotSummary {
  readonly path: string;
  readonly nodeId: string;
  /** ISO 8601 UTC: the moment that it shows. */
  readonly createdAt: string;
  readonly sizeBytes: number;
  readonly files: number;
  /** Readable events in it. */
  readonly events: number;
  /** What re-reading it found wrong: damage that the log itself has. */
  readonly problems: number;
}

/** What `restore` made. */
export interface RestoredNode {
  readonly nodeId: string;
  readonly isHub: boolean;
  readonly dir: string;
  /** Where the data key is that it was opened with; it is not copied. */
  readonly keyPath: string;
  /** The fresh epoch, 8 hex digits. */
  readonly epoch: string;
  /** ISO 8601 UTC: the moment that the snapshot shows. */
  readonly createdAt: string;
  readonly events: number;
  /** Damage that was in the log when the snapshot was taken. */
  readonly problems: number;
  readonly reports: readonly { readonly code: string; readonly message: string }[];
}

/**
 * One thing that `doctor` found. "failure": data cannot be read, or the log cannot
 * be opened; "attention": a person should act; "note": nothing to do.
 */
export interface DoctorFinding {
  readonly level: "failure" | "attention" | "note";
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

export interface DoctorReport {
  /** Null when `node.json` cannot be read. */
  readonly nodeId: string | null;
  /** True when a process has the node open; the log was then read by that process. */
  readonly isRunning: boolean;
  /** What was looked at, with how much of it. */
  readonly checked: readonly { readonly check: string; readonly result: string }[];
  readonly findings: readonly DoctorFinding[];
  /** 0, 3, 4 or 8. */
  readonly exit: number;
}

export interface PeerRow {
  readonly peer: string;
  readonly role: string;
  readonly address: string;
  readonly lastSync: string | null;
  readonly result: string;
  /** Events that this peer may have and lacks, by what its last session told. */
  readonly pendingOut: number;
  readonly connected: boolean;
}

/** A node that the hub's CA has issued a certificate to. */
export interface NodeRow {
  readonly node: string;
  readonly role: string;
  readonly serial: string;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
  readonly isRevoked: boolean;
  readonly lastSync: string | null;
  /** Events that it may have and lacks, by what its last session told; null when it was never seen. */
  readonly pendingOut: number | null;
  /** Own events that it named in its last session and that are not here; null when it was never seen. */
  readonly pendingIn: number | null;
  readonly connected: boolean;
  /** HOST:PORT that it last came from; "" when it was never seen. */
  readonly address: string;
  /** How its last session ended: "complete", a Z code, or why; "" when it was never seen. */
  readonly result: string;
  /** What it told of itself last; null when it told nothing yet. */
  readonly health: NodeHealth | null;
  /** Its wall clock less ours at its last HELLO, half a round trip included; null when unknown. */
  readonly clockDifferenceMs: number | null;
  /** Of its events, those that are here. */
  readonly events: number;
  /** Of its events, those that cannot be read here and are not healed yet. */
  readonly damaged: number;
  /** Its epochs that are known here: more than one tells of restored images, forks or new logs. */
  readonly epochs: number;
  /** Its streams in which two branches met that are not settled. */
  readonly forked: number;
  /** Of its events, those that are here and held back, because a schema refuses them. */
  readonly quarantined: number;
}

/** RULES 41: how a node said that it is. */
export interface NodeHealth {
  readonly version: string;
  readonly diskFreeBytes: number;
  readonly damaged: number;
  readonly quarantined: number;
  /** Z codes of what needs a person there. */
  readonly troubles: readonly string[];
  readonly certDaysLeft: number;
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
