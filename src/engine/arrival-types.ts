/** The log in order of arrival, a batch at a time (`NodeApi.arrivals`). */

/** For whatever copies the log elsewhere: a batch from a place on, asked for again and again. */
export interface ArrivalQuery {
  /** Arrival of the last event that the asker has; 0 for all. */
  readonly after: number;
  /** Default and at most 4,096. */
  readonly eventsMax?: number;
  /** When nothing is there yet, wait so long for it; default 0, at most 60,000. */
  readonly waitMs?: number;
  /** Also say what will never arrive, once there is nothing more to read. */
  readonly absent?: boolean;
  readonly signal?: AbortSignal;
}

export interface ArrivedEvent {
  /** Place in this node's order of arrival: rises, with gaps. */
  readonly arrival: number;
  readonly node: string;
  /** 8 hex digits. */
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  /** 16 hex digits. */
  readonly hlc: string;
  /** 32 hex digits. */
  readonly chain: string;
  readonly type: number;
  /** Unix ms of the HLC. */
  readonly tsMs: number;
  /** Unix ms: when this node stored it. */
  readonly receivedMs: number;
  readonly payload: Uint8Array;
}

/** Seqs of one stream that no reader of this log will get any more. */
export interface AbsentRanges {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  /** Everything up to here was compacted or expired; 0: nothing. */
  readonly floor: number;
  /** Declared lost at source, inclusive. */
  readonly lost: readonly (readonly [number, number])[];
}

export interface ArrivalBatch {
  readonly nodeId: string;
  /** 32 hex digits: another log of the same node has another one. */
  readonly logId: string;
  readonly events: readonly ArrivedEvent[];
  /** There was nothing behind the last of `events`. */
  readonly isCaughtUp: boolean;
  /** Only of a query for it that has caught up. */
  readonly absent?: readonly AbsentRanges[];
}
