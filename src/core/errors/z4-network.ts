/** Z4xx: network: names, connections and time limits. */
import type { CatalogueEntry } from "./entry.ts";

export const networkErrors = {
  Z401: {
    name: "Unreachable",
    message: "no connection to {address}: {reason}",
    hint: "check the link and the address, then try again",
    exit: 5,
    http: 502,
    retryable: true,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
