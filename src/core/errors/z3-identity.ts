/** Z3xx: keys, certificates and identity. */
import type { CatalogueEntry } from "./entry.ts";

export const identityErrors = {
  Z301: {
    name: "WrongKey",
    message: "the data key does not fit this log",
    hint: "use the key that the log was made with (--key-file, or DIR/keys/data.key); nothing was changed",
    exit: 4,
    http: 503,
    retryable: false,
  },
  Z302: {
    name: "KeyMissing",
    message: "no data key at {path}",
    hint: "name it with --key-file or ZAMSYNC_KEY_FILE; nothing was changed",
    exit: 4,
    http: 503,
    retryable: false,
  },
  Z303: {
    name: "KeyMalformed",
    message: "{path} is no data key: {problem}",
    hint: "copy the key file again, whole; it is one line with a checksum; nothing was changed",
    exit: 4,
    http: 503,
    retryable: false,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
