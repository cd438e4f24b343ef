/** What `compact`, `expire` and `rekey` take and give. */

export interface CompactInput {
  /** How long after a hub's confirmation copies stay. Default 7 days. */
  readonly graceMs?: number;
}

/** One of `beforeMs` and `olderThanMs`. */
export interface ExpireInput {
  /** What was received before this time, Unix milliseconds. */
  readonly beforeMs?: number;
  readonly olderThanMs?: number;
  /** So many of each stream stay whatever their age. Default 0. */
  readonly minKeep?: number;
  /** Only says what would go. */
  readonly dryRun?: boolean;
}

export interface CareSummary {
  /** Events that are gone here; heads, chains and idempotency keys stay. */
  readonly dropped: number;
  /** Events that stay, each counted once, by the reason. */
  readonly kept: {
    /** No hub is known to hold them. */
    readonly unconfirmed: number;
    /** A hub holds them, and the grace period is not over. */
    readonly inGrace: number;
    /** Received too lately. */
    readonly tooYoung: number;
    /** Among the newest that were asked to stay. */
    readonly toKeep: number;
    /** Behind a hole that may still heal, or in a stream with a fork. */
    readonly unsettled: number;
  };
  /** Of files; negative when new ones are larger. */
  readonly freedBytes: number;
  /** Segments whose room cannot be given back now: damaged, or needed by events elsewhere. */
  readonly skippedSegments: number;
}

export interface RekeyInput {
  /** Where the new data key is, or is put. Default: it takes the place of the present one. */
  readonly newKeyFile?: string | undefined;
}

export interface RekeySummary {
  /** The file with the key that is in force now. */
  readonly keyPath: string;
  /** Segments of the log that were sealed anew. */
  readonly segments: number;
  /** It went on with a rekey that had been interrupted. */
  readonly resumed: boolean;
}
