/** Z1xx: usage and configuration. */
import type { CatalogueEntry } from "./entry.ts";

export const usageErrors = {
  Z101: {
    name: "UsageInvalid",
    message: "{problem}",
    hint: "{suggestion}",
    exit: 2,
    http: 400,
    retryable: false,
  },
  Z102: {
    name: "ValueMalformed",
    message: "{flag} does not take '{value}'",
    hint: "{suggestion}",
    exit: 2,
    http: 400,
    retryable: false,
  },
  Z103: {
    name: "RuntimeTooOld",
    message: "this is Node {found}, and zamsync needs {needed} or newer",
    hint: "install a newer Node, or run npm install in a checkout to get one",
    exit: 2,
    http: 500,
    retryable: false,
  },
  Z104: {
    name: "DataDirMissing",
    message: "no data directory was named",
    hint: "add --data-dir DIR, or set ZAMSYNC_DATA_DIR",
    exit: 2,
    http: 400,
    retryable: false,
  },
  Z105: {
    name: "InputUnreadable",
    message: "{path} cannot be read: {reason}",
    hint: "check the name and the permissions",
    exit: 2,
    http: 400,
    retryable: false,
  },
  Z106: {
    name: "HubUnnamed",
    message: "no hub is known yet",
    hint: "add --hub HOST:PORT; the next sync remembers it",
    exit: 2,
    http: 400,
    retryable: false,
  },
  Z107: {
    name: "AlarmUnknown",
    message: "there is no alarm '{id}'",
    hint: "{suggestion}",
    exit: 2,
    http: 404,
    retryable: false,
  },
  Z199: {
    name: "Internal",
    message: "a defect in zamsync: {problem}",
    hint: "nothing acknowledged is lost; try again with --verbose, and report what it prints",
    exit: 1,
    http: 500,
    retryable: false,
  },
} as const satisfies Readonly<Record<string, CatalogueEntry>>;
