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
  Z605: {
    name: "CursorForeign",
    message: "'{cursor}' is no cursor of this log",
    hint: "use a cursor that this node printed, or leave --since out to start from the beginning",
    exit: 7,
    http: 400,
    retryable: false,
  },
  Z606: {
    name: "LaneForbidden",
    message: "a node cannot write into lane '{lane}': {reason}",
    hint: "a clinic may address only its hub; a hub may address any clinic",
    exit: 7,
    http: 400,
    retryable: false,
  },
  Z607: {
    name: "TypeInvalid",
    message: "{type} is no event type",
    hint: "use a whole number from 0 to 2147483647",
    exit: 7,
    http: 400,
    retryable: false,
  },
  Z608: {
    name: "IdempotencyKeyInvalid",
    message: "an id has 1 to {maxCharacters} characters",
    hint: "use the record's own identifier, or leave the id out",
    exit: 7,
    http: 400,
    retryable: false,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
