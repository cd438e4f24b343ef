/** What is kept of a webhook, in one sealed sidecar: configuration, position, dead letters. */

/** An event that its receiver did not take. The event itself stays in the log, where a replay reads it. */
export interface DeadLetter {
  /** The `webhook-id` that it was sent under, and will be again. */
  readonly delivery: string;
  readonly cursor: string;
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly attempts: number;
  /** What came back last. */
  readonly error: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  /** To be sent again before anything else. */
  readonly isQueued: boolean;
}

export interface WebhookState {
  /** 12 hex digits. */
  readonly id: string;
  readonly label: string;
  readonly url: string;
  /** `whsec_` and 32 random bytes in base64: the key of the signatures. */
  readonly secret: string;
  readonly node: string | null;
  readonly type: number | null;
  /** ISO 8601 UTC. */
  readonly createdAt: string;
  /** Everything up to here was taken, or is a dead letter; null: nothing was looked at yet. */
  readonly cursor: string | null;
  readonly delivered: number;
  readonly dead: readonly DeadLetter[];
}

const version = 1;

export function encodeWebhooks(hooks: readonly WebhookState[]): Uint8Array {
  return Buffer.from(JSON.stringify({ version, hooks }));
}

/** Undefined when the bytes are of another version. They are sealed, so nobody else wrote them. */
export function decodeWebhooks(bytes: Uint8Array): readonly WebhookState[] | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const found = JSON.parse(text) as {
    readonly version: number;
    readonly hooks: readonly WebhookState[];
  };
  return found.version === version ? found.hooks : undefined;
}
