/**
 * The commands of `zamsync`: one table of data. Scripts depend on the names:
 * they are added to, never renamed. What is not built yet is not in here, so
 * that it is refused instead of half obeyed.
 */
import { careCommands } from "./care-commands.ts";
import { eventCommands } from "./event-commands.ts";
import type { CommandSpec, CommandValues } from "./flag.ts";
import { identityCommands } from "./identity-commands.ts";
import { syncCommands } from "./sync-commands.ts";
import { tokenCommands } from "./token-commands.ts";

export const commandTable = {
  ...identityCommands,
  ...tokenCommands,
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
