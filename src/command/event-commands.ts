/** The commands for events: write them, read them, account for them. */
import { dataDirPositional, nodeFlags, outputFlags, schemaFlag } from "./common-flags.ts";
import type { CommandSpec } from "./flag.ts";

const typeFlag = { kind: "integer", min: 0, max: 0x7fffffff, metavar: "N" } as const;

export const eventCommands = {
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
      schema: schemaFlag,
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
