/**
 * The commands that the small device has, and their flags. A flag that the Node
 * command gains is here once it is named here: what exists works whole.
 */
import type { CommandName } from "../../command/table.ts";

/** Flags besides those of the node and of the output; "all": every one that the Node command has. */
export const edgeFlags = {
  keygen: ["nodeId", "hub"],
  sign: ["ca", "out", "days", "replace"],
  install: "all",
  revoke: ["ca"],
  nodes: "all",
  push: ["payload", "payloadFile", "stdin", "type", "id", "idField", "urgent", "to", "lane"],
  pull: ["since", "node", "type", "follow", "limit", "order"],
  audit: "all",
  serve: ["bind", "policy", "maxPeers", "retain", "codec"],
  sync: ["hub", "hubId", "maxBytes", "budgetKbps", "codec", "timeout", "dryRun"],
  daemon: ["hub", "hubId", "maxBytes", "budgetKbps", "codec", "interval", "dailyBudget", "window"],
  ping: ["hub", "hubId", "count", "timeout"],
  peers: [],
  status: "all",
  compact: "all",
  expire: "all",
  rekey: "all",
  doctor: "all",
  torture: "all",
  version: "all",
  help: "all",
} as const satisfies Partial<Readonly<Record<CommandName, readonly string[] | "all">>>;

export type EdgeCommand = keyof typeof edgeFlags;

export const edgeCommands = Object.keys(edgeFlags) as readonly EdgeCommand[];
