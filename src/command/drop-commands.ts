/** The part of the table for commands that drop events from a log: `compact` and `expire`. */
import { dataDirPositional, nodeFlags, outputFlags } from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const dropCommands = {
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
} as const satisfies Readonly<Record<string, CommandSpec>>;
