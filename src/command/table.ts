/**
 * The commands of `zamsync`: one table of data. Scripts depend on the names:
 * they are added to, never renamed. What is not built yet is not in here, so
 * that it is refused instead of half obeyed.
 */
import {
  budgetFlags,
  codecFlag,
  dataDirFlag,
  dataDirPositional,
  hubFlags,
  keyFileFlag,
  nodeFlags,
  outputFlags,
  timeoutFlag,
} from "./common-flags.ts";
import { deviceCommands } from "./device-commands.ts";
import { rewriteCommands } from "./rewrite-commands.ts";
import type { CommandSpec, CommandValues } from "./flag.ts";

const typeFlag = { kind: "integer", min: 0, max: 0x7fffffff, metavar: "N" } as const;

const identityCommands = {
  keygen: {
    group: "Identity",
    summary: "make a node: identity, keys, certificate request, empty log",
    description:
      "Makes DIR with node.json, tls/node.key, tls/node.csr, keys/data.key and an empty log. " +
      "With --hub it also makes the certificate authority and signs the node's own certificate. " +
      "Refuses a directory that already has an identity.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      dataDir: dataDirFlag,
      keyFile: { ...keyFileFlag, help: "put the data key here instead of DIR/keys/data.key" },
      nodeId: { kind: "nodeId", help: "the node's id; by default the directory's name" },
      hub: { kind: "boolean", help: "make a hub: also the certificate authority" },
    },
    examples: ["zamsync keygen /var/lib/zamsync/clinic_a", "zamsync keygen hub --hub"],
  },
  sign: {
    group: "Identity",
    summary: "sign a clinic's certificate request with the hub's CA",
    description:
      "Checks the request's signature and id, then writes node.crt and ca.crt beside it, " +
      "or both into one bundle at --out for the clinic to install.",
    positionals: [
      {
        name: "csr",
        metavar: "CSR",
        kind: "path",
        isRequired: true,
        help: "the request, tls/node.csr",
      },
    ],
    flags: {
      ...outputFlags,
      ca: { kind: "path", metavar: "HUBDIR", isRequired: true, help: "the hub's directory" },
      out: { kind: "path", help: "write one bundle here instead of two files beside the CSR" },
      days: {
        kind: "integer",
        min: 1,
        max: 36_500,
        default: "3650",
        help: "days the certificate is valid",
      },
      replace: {
        kind: "boolean",
        help: "replace a certificate issued to this id under another key",
      },
    },
    examples: [
      "zamsync sign clinic_a/tls/node.csr --ca hub",
      "zamsync sign node.csr --ca hub --out clinic_a.bundle",
    ],
  },
  install: {
    group: "Identity",
    summary: "install a signed bundle on the clinic's own machine",
    description:
      "Checks that the bundle fits the node's key and id, then installs it. The key never leaves the machine.",
    positionals: [
      {
        name: "bundle",
        metavar: "BUNDLE",
        kind: "path",
        isRequired: true,
        help: "the bundle from sign --out",
      },
    ],
    flags: { ...outputFlags, dataDir: dataDirFlag },
    examples: ["zamsync install clinic_a.bundle --data-dir /var/lib/zamsync/clinic_a"],
  },
  revoke: {
    group: "Identity",
    summary: "stop accepting a node's certificates, in a running hub too",
    description:
      "Enters every key that the id was issued to into ca/revoked.jsonl. A running hub refuses the node " +
      "at once and ends its sessions within a second. Nobody else needs a new certificate.",
    positionals: [
      {
        name: "id",
        metavar: "ID",
        kind: "nodeId",
        isRequired: true,
        help: "the node's id",
      },
    ],
    flags: {
      ...outputFlags,
      ca: { kind: "path", metavar: "HUBDIR", isRequired: true, help: "the hub's directory" },
    },
    examples: ["zamsync revoke clinic_a --ca hub"],
  },
  nodes: {
    group: "Identity",
    summary: "list the nodes this hub has issued certificates to",
    positionals: [dataDirPositional],
    flags: { ...outputFlags, ...nodeFlags },
    examples: ["zamsync nodes --data-dir hub"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

const eventCommands = {
  push: {
    group: "Events",
    summary: "store one event, or many from stdin; durable on return",
    description:
      "With --stdin each line is one event's JSON. Payloads are stored as the bytes given. " +
      "At a hub with --policy own, an event without --to reaches no clinic.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      payload: { kind: "text", metavar: "JSON", help: "the event, as JSON" },
      payloadFile: { kind: "path", help: "the event is this file's bytes, JSON or not" },
      stdin: { kind: "boolean", help: "read events from stdin, one JSON value a line" },
      type: {
        ...typeFlag,
        default: "0",
        help: "a small number that your application gives meaning",
      },
      id: {
        kind: "text",
        metavar: "KEY",
        help: "idempotency key: the same key twice is one event",
      },
      idField: { kind: "pointer", help: "take each line's idempotency key from here, such as /id" },
      urgent: { kind: "boolean", help: "send it before any backlog" },
      to: { kind: "nodeId", metavar: "NODE", help: "address it to one node" },
      lane: { kind: "lane", help: "the lane to write to" },
    },
    oneOf: ["payload", "payloadFile", "stdin"],
    conflicts: [
      ["id", "stdin"],
      ["lane", "to"],
      ["lane", "urgent"],
    ],
    needs: [["idField", "stdin"]],
    examples: [
      `zamsync push --data-dir clinic_a --payload '{"patient_id":"BT-0042"}'`,
      "zamsync push --data-dir clinic_a --stdin --id-field /id < visits.ndjson",
      `zamsync push --data-dir hub --to clinic_a --urgent --payload '{"lab":"ok"}'`,
    ],
  },
  pull: {
    group: "Events",
    summary: "read events in arrival order, from a cursor on",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      since: {
        kind: "text",
        metavar: "CURSOR",
        help: "events after this cursor, which --json prints",
      },
      node: { kind: "nodeId", help: "only this node's events" },
      type: { ...typeFlag, help: "only events of this type" },
      follow: { kind: "boolean", help: "go on as events arrive, until interrupted" },
      limit: { kind: "integer", min: 1, help: "at most this many events" },
      order: {
        kind: "choice",
        choices: ["arrival", "hlc"],
        default: "arrival",
        help: "hlc is the global order; it takes no cursor",
      },
    },
    conflicts: [
      ["order=hlc", "since"],
      ["order=hlc", "follow"],
    ],
    examples: [
      "zamsync pull --data-dir hub --json --limit 100",
      "zamsync pull --data-dir hub --follow",
    ],
  },
  audit: {
    group: "Events",
    summary: "list what happened: time, node, seq, type, size, SHA-256",
    description:
      "With --verify it re-reads everything instead (CRC, AEAD, chain), and fails when anything is wrong.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      format: {
        kind: "choice",
        choices: ["text", "json", "csv"],
        help: "how to print the rows (text)",
      },
      since: { kind: "time", help: "only events at or after this time, such as 2026-03-01" },
      until: { kind: "time", help: "only events up to this time" },
      node: { kind: "nodeId", help: "only this node's events" },
      head: { kind: "integer", min: 1, help: "only the first N" },
      tail: { kind: "integer", min: 1, help: "only the last N" },
      verify: { kind: "boolean", help: "re-read and check everything" },
    },
    conflicts: [
      ["head", "tail"],
      ["json", "format=text"],
      ["json", "format=csv"],
      ["verify", "format=csv"],
      ["verify", "head"],
      ["verify", "tail"],
      ["verify", "since"],
      ["verify", "until"],
      ["verify", "node"],
    ],
    examples: ["zamsync audit --data-dir hub --tail 20", "zamsync audit --data-dir hub --verify"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

const syncCommands = {
  serve: {
    group: "Sync",
    summary: "run the hub: accept syncs over mutual TLS",
    description:
      "Says `listening on ADDR:PORT` once it accepts connections, then a line a session. " +
      "A node that was never signed becomes a hub when it is first served.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      bind: { kind: "bind", default: "0.0.0.0:7700", help: "listen here; port 0 picks a free one" },
      policy: {
        kind: "choice",
        choices: ["own", "all"],
        default: "own",
        help: "own: each clinic sees only its own events; all: also others'",
      },
      maxPeers: {
        kind: "integer",
        min: 1,
        max: 10_000,
        default: "64",
        help: "sessions at a time; the rest wait",
      },
      retain: {
        kind: "duration",
        min: 1000,
        help: "drop what was received longer ago, though it may be the last copy",
      },
      codec: codecFlag,
    },
    examples: ["zamsync serve --data-dir hub --bind 0.0.0.0:7700 --policy own"],
  },
  sync: {
    group: "Sync",
    summary: "exchange events with the hub once",
    description:
      "Done means the hub has it on disk. Retries until --timeout. Exits 8 when a budget ended it early.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      ...hubFlags,
      ...budgetFlags,
      codec: codecFlag,
      timeout: { ...timeoutFlag, default: "10m" },
      dryRun: { kind: "boolean", help: "only say what would move, and how long it may take" },
    },
    examples: [
      "zamsync sync --data-dir clinic_a --hub 192.168.1.10:7700",
      "zamsync sync --data-dir clinic_a --max-bytes 512K",
    ],
  },
  daemon: {
    group: "Sync",
    summary: "keep in sync, over a connection that stays open",
    description:
      "What is pushed goes out at once, and what the hub addresses to this node comes down at once. An idle " +
      "connection costs less than 2 KB an hour. When it is lost it is made again, with backoff. With --json a " +
      "line each time that something has moved and everything is exchanged.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      ...hubFlags,
      ...budgetFlags,
      codec: codecFlag,
      interval: {
        kind: "duration",
        min: 1000,
        max: 20 * 86_400_000,
        default: "15m",
        help: "time between syncs where the connection does not stay open",
      },
      dailyBudget: {
        kind: "size",
        min: 16 * 1024,
        help: "at most this many bytes a day, both ways, TLS included",
      },
      window: { kind: "window", help: "use the link only in this part of the day, local time" },
    },
    examples: [
      "zamsync daemon --data-dir clinic_a --hub 192.168.1.10:7700 --interval 5m",
      "zamsync daemon --data-dir clinic_a --window 22:00-05:00 --daily-budget 5M",
    ],
  },
  ping: {
    group: "Sync",
    summary: "measure the link to the hub, certificates and clocks",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      ...hubFlags,
      count: { kind: "integer", min: 1, max: 1000, default: "4", help: "protocol round trips" },
      timeout: { ...timeoutFlag, default: "1m" },
    },
    examples: ["zamsync ping --data-dir clinic_a --hub 192.168.1.10:7700"],
  },
  peers: {
    group: "Sync",
    summary: "list known peers, and how far each is",
    positionals: [dataDirPositional],
    flags: { ...outputFlags, ...nodeFlags },
    examples: ["zamsync peers --data-dir hub"],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

const careCommands = {
  status: {
    group: "Care",
    summary: "say how the node is; exit 8 when it needs a person",
    positionals: [dataDirPositional],
    flags: { ...outputFlags, ...nodeFlags },
    examples: ["zamsync status --data-dir clinic_a"],
  },
  ...rewriteCommands,
  snapshot: {
    group: "Care",
    summary: "copy the node as it is now into one file, also while it runs",
    description:
      "Consistent also beside a running serve or daemon, and checked by re-reading before the file gets its " +
      "name. Refuses a FILE that exists. It holds everything but the data key, sealed under that key: keep a " +
      "copy of the key elsewhere.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      out: { kind: "path", isRequired: true, help: "the file to make" },
    },
    examples: ["zamsync snapshot --data-dir hub --out hub-2026-03-01.zsnap"],
  },
  restore: {
    group: "Care",
    summary: "make a node again from a snapshot",
    description:
      "Into a new or empty directory, or into one that has its identity and lost its log. Nothing is placed " +
      "before all of the snapshot is verified, and nothing that is there is replaced. The data key must be at " +
      "hand: in DIR/keys/data.key, or by --key-file. New events go into a fresh epoch; the next sync fetches " +
      "back what the hub holds.",
    positionals: [
      {
        name: "file",
        metavar: "FILE",
        kind: "path",
        isRequired: true,
        help: "the snapshot",
      },
    ],
    flags: { ...outputFlags, ...nodeFlags },
    examples: ["zamsync restore clinic_a.zsnap --data-dir clinic_a --key-file data.key"],
  },
  doctor: {
    group: "Care",
    summary: "read everything, say what is wrong and what to do about it",
    description:
      "Checks the log (CRC, AEAD, chain), its sidecars, keys, certificates, clock, disk and lock, also " +
      "beside a running serve, and as far as it goes without the key. Exits 0 when all is well, 8 when " +
      "something needs a person, 3 when data cannot be read or the log cannot be opened, 4 when the key or " +
      "the identity is what stops it.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      ack: {
        kind: "text",
        metavar: "ID",
        help: "clear this alarm, which a person has dealt with, instead of checking",
      },
    },
    examples: ["zamsync doctor --data-dir clinic_a", "zamsync doctor clinic_a --ack lost-17"],
  },
  ...deviceCommands,
  version: {
    group: "Care",
    summary: "print versions: zamsync, Node, log format, protocol",
    positionals: [],
    flags: { ...outputFlags },
    examples: ["zamsync version --json"],
  },
  help: {
    group: "Care",
    summary: "explain zamsync, or one command",
    positionals: [
      { name: "topic", metavar: "COMMAND", kind: "text", help: "the command to explain" },
    ],
    flags: { ...outputFlags },
    examples: ["zamsync help push"],
  },
  completion: {
    group: "Care",
    summary: "print a completion script for your shell",
    positionals: [
      {
        name: "shell",
        metavar: "bash|zsh|fish",
        kind: "choice",
        choices: ["bash", "zsh", "fish"],
        isRequired: true,
        help: "the shell",
      },
    ],
    flags: { ...outputFlags },
    examples: [
      'eval "$(zamsync completion bash)"',
      "zamsync completion fish > ~/.config/fish/completions/zamsync.fish",
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;

export const commandTable = {
  ...identityCommands,
  ...eventCommands,
  ...syncCommands,
  ...careCommands,
} as const;

export type CommandName = keyof typeof commandTable;
export type ValuesOf<Name extends CommandName> = CommandValues<(typeof commandTable)[Name]>;

/** What the parser gives: a command and its values, of matching types. */
export type ParsedCommand = {
  [Name in CommandName]: { readonly command: Name; readonly values: ValuesOf<Name> };
}[CommandName];

export const commandNames = Object.keys(commandTable) as readonly CommandName[];

export function isCommandName(text: string): text is CommandName {
  return Object.hasOwn(commandTable, text);
}

/** The table's entry without its literal types. */
export function commandSpec(name: CommandName): CommandSpec {
  return commandTable[name];
}
