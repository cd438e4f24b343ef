/** The part of the table for commands that write a log anew: `compact`, `expire`, `rekey`. */
import { dataDirPositional, nodeFlags, outputFlags } from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const rewriteCommands = {
  compact: {
    group: "Care",
    summary: "drop copies that a hub has confirmed; a hub merges segments",
    description:
      "At a clinic an event goes when a hub has confirmed it and the grace period since then is over. " +
      "Seqs go on where they were, and nothing is downloaded again. A hub drops nothing.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      grace: {
        kind: "duration",
        min: 0,
        default: "7d",
        help: "keep copies so long after the hub confirmed them: at least its backup interval",
      },
    },
    examples: ["zamsync compact --data-dir clinic_a", "zamsync compact --data-dir hub"],
  },
  expire: {
    group: "Care",
    summary: "drop old events, by when they were received here",
    description:
      "Never what no hub has confirmed, nor within 7 days of the confirmation. At a hub, others' events " +
      "go though they may be the last copy; the hub's own need another hub. Says what stayed, and why.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      before: { kind: "time", help: "what was received before this time, such as 2026-03-01" },
      olderThan: { kind: "duration", min: 0, help: "what was received longer ago than this" },
      minKeep: {
        kind: "integer",
        min: 0,
        default: "0",
        help: "the newest N events of each stream stay",
      },
      dryRun: { kind: "boolean", help: "only say what would go" },
    },
    oneOf: ["before", "olderThan"],
    examples: [
      "zamsync expire --data-dir hub --older-than 730d --dry-run",
      "zamsync expire --data-dir clinic_a --before 2026-03-01 --min-keep 100",
    ],
  },
  rekey: {
    group: "Care",
    summary: "a new data key for everything, segment by segment",
    description:
      "From its first moment the former key alone opens nothing any more. The node goes on working " +
      "meanwhile; what interrupts it costs nothing: run it again. Snapshots made before need the former " +
      "key. Nothing is promised about what flash still holds of it.",
    positionals: [dataDirPositional],
    flags: {
      ...outputFlags,
      ...nodeFlags,
      newKeyFile: {
        kind: "path",
        help: "the new key is here, or is put here, instead of in the present one's place",
      },
    },
    examples: [
      "zamsync rekey --data-dir clinic_a",
      "zamsync rekey --data-dir hub --key-file old.key --new-key-file new.key",
    ],
  },
} as const satisfies Readonly<Record<string, CommandSpec>>;
