/** Z6xx: data and schema. */
import type { CatalogueEntry } from "./entry.ts";

export const dataErrors = {
  Z601: {
    name: "PayloadTooLarge",
    message: "the payload has {sizeBytes} bytes, and {maxBytes} is the limit",
    hint: "split it, or keep it elsewhere and push a reference",
    exit: 7,
    http: 413,
    retryable: false,
  },
  Z602: {
    name: "IdempotencyMismatch",
    message: "the id '{id}' was used before with another payload",
    hint: "use a new id for a new event; the first event stays as it was",
    exit: 7,
    http: 409,
    retryable: false,
  },
  Z603: {
    name: "LaneInvalid",
    message: "'{lane}' is no lane",
    hint: "use at most 80 of a-z 0-9 . _ / -, and to/ only as to/NODE or to/NODE/urgent",
    exit: 7,
    http: 400,
    retryable: false,
  },
  Z604: {
    name: "PayloadInvalid",
    message: "the payload is not JSON: {problem}",
    hint: "check the quotes; one JSON value an event",
    exit: 7,
    http: 400,
    retryable: false,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
