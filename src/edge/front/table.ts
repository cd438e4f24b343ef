/**
 * In the place of src/command/table.ts: the same table with the commands that the small
 * device has. What is not in it is unknown here, as the contract wants it (docs/commands.md).
 */
import { type CommandName, commandTable as whole } from "../../command/table.ts";
import type { CommandSpec } from "../../command/flag.ts";
import { edgeCommands } from "./commands.ts";

export type * from "../../command/table.ts";

const commandTable = new Map<string, CommandSpec>(edgeCommands.map((name) => [name, whole[name]]));

export const commandNames: readonly CommandName[] = edgeCommands;

export function isCommandName(text: string): text is CommandName {
  return commandTable.has(text);
}

export function commandSpec(name: CommandName): CommandSpec {
  return commandTable.get(name) ?? whole[name];
}
