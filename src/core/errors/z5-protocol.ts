/** Z5xx: protocol and sync. */
import type { CatalogueEntry } from "./entry.ts";

export const protocolErrors = {
  Z501: {
    name: "FrameMalformed",
    message: "the peer sent a frame that cannot be read: {problem}",
    hint: "the connection was closed and nothing was stored; if it repeats, compare the versions on both sides",
    exit: 6,
    http: 502,
    retryable: false,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
