/** Pieces of the routes' schemas: OpenAPI 3.1 is made from them, and requests are checked by them. */
import { batchEventsMax } from "./push-body.ts";

/** In the same words wherever it occurs. */
export const parts = {
  node: { type: "string", pattern: "^[a-z0-9][a-z0-9._-]{0,62}$", description: "a node's id" },
  epoch: { type: "string", pattern: "^[0-9a-f]{8}$", description: "8 hex digits" },
  lane: { type: "string", maxLength: 80, description: "a lane; the default one is empty" },
  seq: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
  type: {
    type: "integer",
    minimum: 0,
    maximum: 0x7fffffff,
    description: "a small number that your application gives meaning",
  },
  cursor: {
    type: "string",
    maxLength: 64,
    description: "what was stored after the place that this cursor of this hub's names",
  },
  from: {
    type: "string",
    format: "date-time",
    description: "only events of this time or later, by their author's clock",
  },
  until: {
    type: "string",
    format: "date-time",
    description: "only events before this time, by their author's clock",
  },
} as const;

const place = {
  type: { ...parts.type, default: 0 },
  lane: { ...parts.lane, description: "write to this lane" },
  to: { ...parts.node, description: "address it to this node" },
  urgent: { type: "boolean", default: false, description: "send it before any backlog" },
} as const;

export const placeQuery = {
  type: "object",
  additionalProperties: false,
  properties: place,
} as const;

const batchEvent = {
  type: "object",
  additionalProperties: false,
  properties: {
    ...place,
    id: {
      type: "string",
      minLength: 1,
      maxLength: 1000,
      description: "idempotency key of this event; instead of the header's",
    },
    payload: { description: "any JSON; stored as the text that it is here" },
    payloadBase64: {
      type: "string",
      pattern: "^[A-Za-z0-9+/]*={0,2}$",
      description: "instead of payload: any bytes",
    },
  },
} as const;

export const batchBody = {
  type: "object",
  required: ["events"],
  additionalProperties: false,
  properties: {
    events: { type: "array", minItems: 1, maxItems: batchEventsMax, items: batchEvent },
  },
} as const;

export const idempotencyHeaders = {
  type: "object",
  properties: {
    "idempotency-key": {
      type: "string",
      description:
        "the same key again with the same payload is the same event; with another payload it is Z602 (409)",
    },
  },
} as const;

export const pushedSchema = {
  $id: "Pushed",
  type: "object",
  description: "Where the event is stored. It is durable.",
  required: ["node", "epoch", "lane", "seq", "hlc", "repeat"],
  properties: {
    node: parts.node,
    epoch: parts.epoch,
    lane: parts.lane,
    seq: parts.seq,
    hlc: { type: "string", pattern: "^[0-9a-f]{16}$" },
    repeat: { type: "boolean", description: "it had been stored before under this key" },
  },
} as const;

/** What every route may answer besides its own. */
export function problems(...statuses: readonly number[]): Record<number, object> {
  const content = { "application/problem+json": { schema: { $ref: "Problem#" } } };
  const headers = { "Retry-After": { type: "integer", description: "seconds" } };
  const all = [400, 401, 403, 429, 503, ...statuses].sort((a, b) => a - b);
  return Object.fromEntries(
    all.map((status) => [
      status,
      { description: describe(status), content, ...(status === 429 ? { headers } : {}) },
    ]),
  );
}

/** The same of a route that takes a body, and makes something durable. */
export function writeProblems(...statuses: readonly number[]): Record<number, object> {
  return problems(408, 413, 415, 507, ...statuses);
}

function describe(status: number): string {
  switch (status) {
    case 400:
      return "The request is malformed";
    case 401:
      return "No token, or one that is not accepted";
    case 403:
      return "The token, the Host or the Origin does not allow it";
    case 404:
      return "It is not here";
    case 408:
      return "The body did not arrive in time";
    case 409:
      return "The Idempotency-Key was used before with another payload";
    case 410:
      return "The cursor is from before the log was put back from an older copy";
    case 413:
      return "Too large";
    case 415:
      return "A content type that is not taken here";
    case 429:
      return "Too often; Retry-After says when to come back";
    case 507:
      return "The disk is full";
    default:
      return "The log cannot be read or written now, or the hub is stopping";
  }
}
