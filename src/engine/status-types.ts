/** What a node tells of itself and of others: `status`, `nodes` and `doctor`. */

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
  /** In which this node writes now, 8 hex digits. */
  readonly epoch: string;
  /** Readable events. */
  readonly walRecords: number;
  /** Of all segments and their indexes. */
  readonly walBytes: number;
  readonly encrypted: boolean;
  /** Own events that no hub has confirmed; at a hub, what its peers lack together. */
  readonly pending: number;
  /** When the oldest pending event was stored (ISO 8601 UTC); null when nothing is pending. */
  readonly pendingSince?: string | null;
  /** Whom it has met, and what each lacked after its last session. */
  readonly peers: readonly PeerRow[];
  readonly lastSync: {
    readonly peer: string;
    /** HOST:PORT. */
    readonly address: string;
    /** ISO 8601 UTC. */
    readonly at: string;
    /** "complete", a Z code, or why it ended. */
    readonly result: string;
  } | null;
  /** Events that are known to exist, cannot be read here and are not healed yet. */
  readonly damaged: number;
  readonly damagedRanges: readonly {
    /** Of the file, from the node's directory on. */
    readonly path: string;
    /** Bytes of it: the first, and the first behind. */
    readonly from: number;
    readonly to: number;
    /** For people: which events it held; "" when nothing tells. */
    readonly missing: string;
  }[];
  /** Events held back here, and own ones that hubs said they hold back. */
  readonly quarantined: number;
  /** The first of them, at most 32 runs. */
  readonly quarantinedEvents: readonly QuarantinedEvents[];
  /** Ranges that their origin cannot read and nobody holds; `to` is the last of them. */
  readonly lostAtSource: readonly {
    readonly node: string;
    readonly epoch: string;
    readonly lane: string;
    readonly from: number;
    readonly to: number;
  }[];
  /** The version vector: a line for each stream that is known. */
  readonly vector: readonly {
    readonly node: string;
    readonly epoch: string;
    readonly lane: string;
    /** The head: the highest seq that is held. */
    readonly seq: number;
    /** What is missing below it: first and last seq of each. */
    readonly holes: readonly (readonly [number, number])[];
    /** Events up to here are absent: compacted or expired. Missing when nothing was cut. */
    readonly floor?: number;
    /** Whether their origin says so, or only this node or a relay. */
    readonly floorByOrigin?: boolean;
  }[];
  /** `reason`: why the wall clock, or that of the newest event, cannot be right; "" when both may be. */
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
  /** Bytes. Free room where the node's directory is; missing when another process answered that cannot tell. */
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
