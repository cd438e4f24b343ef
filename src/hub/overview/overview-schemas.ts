/** JSON Schemas of the overview's answers, for the API's description. */

const count = { type: "integer", minimum: 0 } as const;
const orNull = (type: string) => ({ type: [type, "null"] }) as const;
const time = { type: "string", format: "date-time" } as const;

const today = {
  type: "object",
  description: "since local midnight of the hub; bytes both ways, TLS included",
  properties: { syncs: count, failures: count, events: count, bytes: count },
} as const;

const attention = {
  type: "object",
  properties: {
    level: {
      type: "string",
      enum: ["urgent", "soon", "note"],
      description: "urgent: data is at risk, or a clinic cannot work on; soon: act within days",
    },
    node: { type: "string", description: "the clinic; empty: the hub itself" },
    kind: { type: "string" },
    code: { type: "string", description: "Z code of docs/errors.md, or empty" },
    text: { type: "string", description: "what is the matter" },
    todo: { type: "string", description: "what to do about it" },
  },
} as const;

const clinic = {
  type: "object",
  properties: {
    node: { type: "string" },
    role: { type: "string" },
    state: { type: "string", enum: ["syncing", "live", "away", "quiet", "never", "revoked"] },
    level: { ...orNull("string"), description: "the worst of what needs a person here" },
    lastSeen: orNull("string"),
    lastResult: { type: "string" },
    behindSince: {
      ...orNull("string"),
      description: "since when the hub may lack news; null while everything is exchanged",
    },
    pendingIn: orNull("integer"),
    pendingOut: orNull("integer"),
    events: count,
    today,
    clockDifferenceMs: { ...orNull("integer"), description: "its clock less the hub's" },
    certDaysLeft: { type: "integer" },
    damagedThere: count,
    quarantinedThere: count,
    quarantinedHere: count,
    quarantineReason: { type: "string" },
    damagedHere: count,
    isForked: { type: "boolean" },
    diskFreeBytes: orNull("integer"),
    version: { type: "string" },
    troubles: { type: "array", items: { type: "string" } },
    hours: {
      type: "array",
      description: "the last 24 hours, oldest first: syncs, of them failed, events received",
      items: { type: "array", items: count },
    },
    transfer: {
      ...orNull("object"),
      properties: { eventsReceived: count, eventsSent: count, eventsToSend: count },
    },
  },
} as const;

export const overviewSchema = {
  type: "object",
  properties: {
    at: time,
    hub: {
      type: "object",
      properties: {
        node: { type: "string" },
        version: { type: "string" },
        records: count,
        written: { ...count, description: "events ever written at the hub itself" },
        logBytes: count,
        isEncrypted: { type: "boolean" },
        diskFreeBytes: orNull("integer"),
        certDaysLeft: orNull("integer"),
        isReadOnly: { type: "boolean" },
        damaged: count,
        quarantined: count,
        alarms: count,
        scrubFinishedAt: orNull("string"),
      },
    },
    quietAfterMs: count,
    today,
    counts: {
      type: "object",
      properties: { clinics: count, connected: count, quiet: count, urgent: count, soon: count },
    },
    attention: { type: "array", items: attention },
    attentionLeft: count,
    clinics: { type: "array", items: clinic },
  },
} as const;

const node = {
  type: "string",
  pattern: "^[a-z0-9][a-z0-9._-]{0,62}$",
  description: "only this clinic",
} as const;

export const historyQuerySchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    range: { type: "string", enum: ["day", "month"], description: "absent: day" },
    node,
  },
} as const;

export const historySchema = {
  type: "object",
  properties: {
    range: { type: "string" },
    widthMs: { ...count, description: "of one stretch" },
    since: { ...time, description: "when counting began" },
    now: time,
    buckets: {
      type: "array",
      items: {
        type: "object",
        properties: {
          fromMs: { ...count, description: "Unix ms at which the stretch begins" },
          syncs: count,
          failures: count,
          eventsReceived: count,
          eventsSent: count,
          bytesReceived: count,
          bytesSent: count,
          durationMs: { ...count, description: "of all syncs together" },
          durationMaxMs: count,
        },
      },
    },
  },
} as const;

export const syncsQuerySchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    node,
    limit: { type: "integer", minimum: 1, maximum: 500, description: "absent: 100" },
  },
} as const;

export const syncsSchema = {
  type: "object",
  properties: {
    syncs: {
      type: "array",
      items: {
        type: "object",
        properties: {
          endedAt: time,
          peer: { type: "string" },
          durationMs: count,
          eventsReceived: count,
          eventsSent: count,
          bytesReceived: count,
          bytesSent: count,
          endedBy: {
            type: "string",
            description: "done or rest: everything was exchanged; error: see code",
          },
          code: { type: "string" },
        },
      },
    },
  },
} as const;
