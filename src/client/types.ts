/** What the hub's API takes and gives, as docs/http-api.md and /v1/openapi.json describe it. */

/** An event as the hub shows it. */
export interface HubEvent {
  /** Reading on from here gives what was stored after this event. */
  readonly cursor: string;
  /** Id of the node that wrote it. */
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  /** 16 hex digits. */
  readonly hlc: string;
  /** ISO 8601 UTC, by the author's clock. */
  readonly ts: string;
  readonly type: number;
  /** ISO 8601 UTC: when the hub stored it. */
  readonly received: string;
  /** Absent where the payload is no JSON. */
  readonly payload?: unknown;
  /** Instead of `payload`, where it is no JSON. */
  readonly payloadBase64?: string | undefined;
}

/** Conditions are joined by "and". */
export interface EventFilter {
  readonly node?: string | undefined;
  readonly type?: number | undefined;
  /** By the author's clock, ISO 8601: at or after `from`, before `until`. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
}

export interface PullQuery extends EventFilter {
  /** Events after this cursor; absent: from the beginning. */
  readonly since?: string | undefined;
  /** 1 to 10,000; default 1,000. */
  readonly limit?: number | undefined;
}

export interface EventPage {
  /** May be fewer than the limit, or none, before the end is reached. */
  readonly events: readonly HubEvent[];
  /** Goes on behind what was looked at. */
  readonly cursor: string;
  readonly isEnd: boolean;
}

export interface PushOptions {
  /** 0 to 2^31-1; default 0. */
  readonly type?: number | undefined;
  /** Excludes `to` and `urgent`. */
  readonly lane?: string | undefined;
  /** Addresses it to this node. */
  readonly to?: string | undefined;
  /** Sends it before any backlog. */
  readonly urgent?: boolean | undefined;
  /** Idempotency key, 1 to 1,000 characters: the same key again is the same event. Default: a random one. */
  readonly id?: string | undefined;
}

export interface PushItem extends PushOptions {
  /** A `Uint8Array` is stored as it is, anything else as its JSON. */
  readonly payload: unknown;
}

/** Where an event is stored. It is durable. */
export interface PushedEvent {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly hlc: string;
  /** It had been stored before under this key. */
  readonly repeat: boolean;
}

export interface PushedMany {
  readonly count: number;
  readonly repeats: number;
  /** In the order of the request. */
  readonly events: readonly PushedEvent[];
}

export interface HubNode {
  readonly node: string;
  readonly role: string;
  readonly isRevoked: boolean;
  /** ISO 8601 UTC. */
  readonly notAfter: string;
  readonly lastSync: string | null;
  /** Since its last session ended; null when it was never seen, 0 while connected. */
  readonly lagMs: number | null;
  readonly connected: boolean;
  /** Events there and not here; null when unknown. */
  readonly pendingIn: number | null;
  /** Events here that it lacks; null when unknown. */
  readonly pendingOut: number | null;
}

export interface VectorLine {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  /** The highest seq held. */
  readonly seq: number;
  /** Missing ranges below it, first and last seq. */
  readonly holes: readonly (readonly [number, number])[];
}

export interface Health {
  readonly status: "ok" | "degraded" | "failing";
  /** Z codes. */
  readonly codes: readonly string[];
}
