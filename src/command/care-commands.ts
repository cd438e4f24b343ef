/** The commands that look after a node and its files, and those about the command itself. */
import { dataDirPositional, nodeFlags, outputFlags } from "./common-flags.ts";
import { deviceCommands } from "./device-commands.ts";
import type { CommandSpec } from "./flag.ts";
import { rewriteCommands } from "./rewrite-commands.ts";

export const careCommands = {
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
  project: {
    group: "Care",
    summary: "copy events into SQL tables, exactly once",
    description:
      "One row an event in SQLite or PostgreSQL, with the place in the log in the same transaction: it may be " +
      "killed at any moment and goes on where the database is. A mapping file gives fields of the payload " +
      "columns of their own. Takes no lock: it runs beside whatever uses the node, and beside nothing. Exits 8 " +
      "when events were gone from the log before they were projected; table zamsync_missing names them.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      to: {
        kind: "text",
        metavar: "TARGET",
        isRequired: true,
        help: "sqlite:FILE or postgres://USER@HOST/DATABASE; the password may be in PGPASSWORD",
      },
      mapping: { kind: "path", help: "JSON: the table's name, and fields that get columns" },
      follow: { kind: "boolean", help: "go on as events arrive, until interrupted" },
      dryRun: {
        kind: "boolean",
        help: "only say what would change and how many events would come",
      },
    },
    conflicts: [["follow", "dryRun"]],
    examples: [
      "zamsync project --data-dir hub --to sqlite:events.db --mapping visits.json",
      "zamsync project --data-dir hub --to postgres://zamsync@db.example.org/clinics",
    ],
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
