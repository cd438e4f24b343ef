/** The commands that the small device has, and the flags of theirs that it has not. */
import type { CommandName } from "../../command/table.ts";

export const edgeCommands = [
  "keygen",
  "sign",
  "install",
  "revoke",
  "nodes",
  "push",
  "pull",
  "audit",
  "serve",
  "sync",
  "daemon",
  "ping",
  "peers",
  "status",
  "compact",
  "expire",
  "rekey",
  "doctor",
  "version",
  "help",
] as const satisfies readonly CommandName[];

export type EdgeCommand = (typeof edgeCommands)[number];
