/** What `snapshot` and `restore` take and give. */

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
