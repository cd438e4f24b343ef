/**
 * In the place of src/command/table.ts: the same table with the commands and flags that
 * the small device has. What is not in it is unknown here, as the contract wants it.
 */
import { nodeFlags, outputFlags } from "../../command/common-flags.ts";
import { type CommandSpec, flagToText } from "../../command/flag.ts";
import { type CommandName, commandTable as whole } from "../../command/table.ts";
import { edgeCommands, edgeFlags } from "./commands.ts";

export type * from "../../command/table.ts";

const everywhere: ReadonlySet<string> = new Set([
  ...Object.keys(outputFlags),
  ...Object.keys(nodeFlags),
  "dataDir",
  "keyFile",
]);

function restricted(spec: CommandSpec, names: readonly string[] | "all"): CommandSpec {
  if (names === "all") return spec;
  const flags = Object.entries(spec.flags).filter(
    ([name]) => everywhere.has(name) || names.includes(name),
  );
  const known = new Set(flags.map(([name]) => flagToText(name)));
  const examples = spec.examples.filter((example) =>
    (example.match(/--[a-z][a-z-]*/g) ?? []).every((text) => known.has(text)),
  );
  return { ...spec, flags: Object.fromEntries(flags), examples };
}

const commandTable: ReadonlyMap<string, CommandSpec> = new Map(
  edgeCommands.map((name) => [name, restricted(whole[name], edgeFlags[name])]),
);

export const commandNames: readonly CommandName[] = edgeCommands;

export function isCommandName(text: string): text is CommandName {
  return commandTable.has(text);
}

export function commandSpec(name: CommandName): CommandSpec {
  return commandTable.get(name) ?? whole[name];
}
