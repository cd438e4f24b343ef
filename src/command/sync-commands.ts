/** The commands that move events between nodes. */
import {
  budgetFlags,
  codecFlag,
  dataDirPositional,
  hubFlags,
  nodeFlags,
  outputFlags,
  schemaFlag,
  timeoutFlag,
} from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

export const syncCommands = {
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
      project: {
        kind: "text",
        metavar: "TARGET",
        help: "also copy events into SQL: sqlite:FILE or postgres://USER@HOST/DATABASE",
      },
      schema: {
        ...schemaFlag,
        help: "events that break it are kept, and held back from readers; SIGHUP reads it again; see push --schema",
      },
      mapping: { kind: "path", help: "of --project: the table's name, and fields with columns" },
      codec: codecFlag,
      http: {
        kind: "bind",
        help: "the HTTP API and the dashboard here; beyond loopback with TLS, and only once a token exists",
      },
      httpName: {
        kind: "hostNames",
        help: "names that the API is called by, besides the machine's own",
      },
      metrics: {
        kind: "bind",
        help: "metrics for Prometheus here, at /metrics, by the same rules",
      },
      quietAfter: {
        kind: "duration",
        min: 1000,
        default: "24h",
        help: "the dashboard calls a clinic quiet after so much silence",
      },
    },
    needs: [
      ["httpName", "http"],
      ["mapping", "project"],
    ],
    examples: [
      "zamsync serve --data-dir hub --bind 0.0.0.0:7700 --policy own",
      "zamsync serve --data-dir hub --http 127.0.0.1:8080",
    ],
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
