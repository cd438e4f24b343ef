/** Flags that many commands share. */
import type { FlagSpec, PositionalSpec } from "./flag.ts";

/** Every command takes these. */
export const outputFlags = {
  json: { kind: "boolean", help: "print JSON on stdout, and errors as JSON on stderr" },
  noColor: { kind: "boolean", help: "no colour and no progress bar (also NO_COLOR, TERM=dumb)" },
  verbose: { kind: "boolean", short: "v", help: "say more" },
  quiet: { kind: "boolean", help: "print errors only" },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export const dataDirFlag = {
  kind: "path",
  metavar: "DIR",
  environment: "ZAMSYNC_DATA_DIR",
  isRequired: true,
  help: "the node's directory",
} as const satisfies FlagSpec;

export const keyFileFlag = {
  kind: "path",
  environment: "ZAMSYNC_KEY_FILE",
  help: "the data key, when it is not in DIR/keys/",
} as const satisfies FlagSpec;

/** Node timers stop at 2^31-1 ms; twenty days is plenty for anything a person waits for. */
const waitMsMax = 20 * 86_400_000;

/** Commands that open a node's log. */
export const nodeFlags = {
  dataDir: dataDirFlag,
  keyFile: keyFileFlag,
  lockTimeout: {
    kind: "duration",
    min: 0,
    max: waitMsMax,
    default: "30s",
    help: "how long to wait for another process to let go",
  },
} as const satisfies Readonly<Record<string, FlagSpec>>;

/** `zamsync status DIR` is `zamsync status --data-dir DIR`. */
export const dataDirPositional = {
  name: "dataDir",
  metavar: "DIR",
  kind: "path",
  help: "the node's directory",
} as const satisfies PositionalSpec;

export const hubFlags = {
  hub: { kind: "address", help: "the hub; by default that of the last sync, port 7700" },
  hubId: { kind: "nodeId", help: "refuse a hub with another id" },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export const budgetFlags = {
  maxBytes: {
    kind: "size",
    min: 1,
    help: "stop cleanly once this many bytes went both ways",
  },
  budgetKbps: { kind: "rate", help: "at most this many kilobits per second" },
} as const satisfies Readonly<Record<string, FlagSpec>>;

export const codecFlag = {
  kind: "choice",
  choices: ["raw", "zstd", "tokens", "mix"],
  help: "send events no smaller than so; by default as the link asks for",
} as const satisfies FlagSpec;

export const schemaFlag = {
  kind: "text",
  metavar: "S",
  help: "rules for payloads: a JSON Schema file, a folder with TYPE.json files, or json+field1,field2",
} as const satisfies FlagSpec;

export const timeoutFlag = {
  kind: "duration",
  min: 1000,
  max: waitMsMax,
  help: "give up after this long",
} as const satisfies FlagSpec;
