/** What the hub knows of its clinics, in one piece: for the dashboard, for programs, and for metrics. */

/**
 * "urgent": data is at risk, or a clinic cannot work on; "soon": a person should act
 * within days; "note": good to know.
 */
export type Level = "urgent" | "soon" | "note";

/** One thing that needs a person, most pressing first. */
export interface Attention {
  readonly level: Level;
  /** The clinic, or "" for the hub itself. */
  readonly node: string;
  /** What kind of thing it is; stays the same for programs. */
  readonly kind: string;
  /** Z code of docs/errors.md, or "". */
  readonly code: string;
  /** What is the matter, in plain words. */
  readonly text: string;
  /** What to do about it. */
  readonly todo: string;
}

/** A sum for each of the last 24 hours by the clock: syncs, of them failed, events received. */
export type Hour = readonly [syncs: number, failures: number, events: number];

/** "syncing": something is on its way; "live": connected, everything exchanged; "away": not connected. */
export type ClinicState = "syncing" | "live" | "away" | "quiet" | "never" | "revoked";

/** Says nothing that changes by the mere passing of a second, so that it can be compared. */
export interface ClinicRow {
  readonly node: string;
  readonly role: string;
  readonly state: ClinicState;
  /** The worst of what needs a person here; null when all is well. */
  readonly level: Level | null;
  /** ISO 8601 UTC; null: never. While connected: when it was last heard with everything exchanged. */
  readonly lastSeen: string | null;
  /** How its last session ended: "complete", a Z code, or why. */
  readonly lastResult: string;
  /** Since when the hub may lack news of it; null while everything is exchanged. */
  readonly behindSince: string | null;
  /** Its own events that it named and that are not here; null when unknown. */
  readonly pendingIn: number | null;
  /** Events for it that it lacks; null when unknown. */
  readonly pendingOut: number | null;
  /** Of its events, those that are here. */
  readonly events: number;
  /** Since local midnight of the hub. */
  readonly today: {
    readonly syncs: number;
    readonly failures: number;
    readonly events: number;
    readonly bytes: number;
  };
  /** Its wall clock less the hub's at its last HELLO, ms. */
  readonly clockDifferenceMs: number | null;
  readonly certDaysLeft: number;
  /** As it told: events that it cannot read; events in quarantine there. */
  readonly damagedThere: number;
  readonly quarantinedThere: number;
  /** Of its events: those that the hub's schema holds back, and why the first of them is. */
  readonly quarantinedHere: number;
  readonly quarantineReason: string;
  /** Of its events: those that cannot be read here. */
  readonly damagedHere: number;
  /** Two branches of its history were found, here or there. */
  readonly isForked: boolean;
  readonly diskFreeBytes: number | null;
  readonly version: string;
  /** Z codes of what needs a person there, as it told. */
  readonly troubles: readonly string[];
  /** The last 24 hours by the clock, the present one last. */
  readonly hours: readonly Hour[];
  /** What moves right now. */
  readonly transfer: {
    readonly eventsReceived: number;
    readonly eventsSent: number;
    readonly eventsToSend: number;
  } | null;
}

export interface HubFacts {
  readonly node: string;
  readonly version: string;
  readonly records: number;
  /** Events ever written at the hub itself. */
  readonly written: number;
  readonly logBytes: number;
  readonly isEncrypted: boolean;
  readonly diskFreeBytes: number | null;
  readonly certDaysLeft: number | null;
  readonly isReadOnly: boolean;
  readonly damaged: number;
  readonly quarantined: number;
  readonly alarms: number;
  readonly scrubFinishedAt: string | null;
}

export interface OverviewHead {
  readonly hub: HubFacts;
  /** Silence that is longer counts as quiet, ms. */
  readonly quietAfterMs: number;
  readonly today: ClinicRow["today"];
  readonly counts: {
    readonly clinics: number;
    readonly connected: number;
    readonly quiet: number;
    readonly urgent: number;
    readonly soon: number;
  };
  /** Most pressing first; at most 200. */
  readonly attention: readonly Attention[];
  /** What was left out of `attention`. */
  readonly attentionLeft: number;
}

export interface Overview extends OverviewHead {
  /** The hub's wall clock when this was made, ISO 8601 UTC. */
  readonly at: string;
  readonly clinics: readonly ClinicRow[];
}
