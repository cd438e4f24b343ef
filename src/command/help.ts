/** Help pages, generated from the table, laid out for 80 columns. */
import { outputFlags } from "./common-flags.ts";
import { type CommandSpec, type FlagSpec, flagToText, metavarOf } from "./flag.ts";
import { type CommandName, commandNames, commandSpec } from "./table.ts";
import { type Styler, wrapped } from "./text.ts";

const columns = 80;
const groups = ["Identity", "Events", "Sync", "Care"] as const;

export function overviewToText(style: Styler): string {
  const lines = [
    `${style.bold("zamsync")}: an encrypted log of events, synced between clinics and a hub`,
    "",
    "usage: zamsync COMMAND [DIR] [flags]",
  ];
  for (const group of groups) {
    lines.push("", style.bold(group));
    for (const name of commandNames) {
      const spec = commandSpec(name);
      if (spec.group === group) lines.push(`  ${style.cyan(name.padEnd(12))}${spec.summary}`);
    }
  }
  lines.push(
    "",
    "Every command takes --json, --no-color, -v or --verbose, and --quiet.",
    "--data-dir DIR names the node's directory; so does ZAMSYNC_DATA_DIR.",
    "",
    "zamsync help COMMAND explains a command.",
    "Exit status: 0 done, 2 usage, 3 storage, 4 identity, 5 network, 6 protocol,",
    "7 data, 8 done in part or in need of a person.",
  );
  return lines.join("\n");
}

export function commandHelpToText(name: CommandName, style: Styler): string {
  const spec = commandSpec(name);
  const lines = [usageToText(name, spec), "", wrapped(capitalised(spec.summary), columns, "")];
  if (spec.description !== undefined) lines.push("", wrapped(spec.description, columns, ""));
  const own = Object.keys(spec.flags).filter((key) => !(key in outputFlags));
  if (spec.positionals.length > 0) lines.push("");
  for (const positional of spec.positionals) {
    lines.push(entryToText(positional.metavar, positional, style));
  }
  lines.push("", style.bold("Flags"));
  for (const key of [...own, ...Object.keys(outputFlags)]) {
    const flag = spec.flags[key];
    if (flag !== undefined) lines.push(entryToText(flagHeading(key, flag), flag, style));
  }
  lines.push("", style.bold(spec.examples.length === 1 ? "Example" : "Examples"));
  for (const example of spec.examples) lines.push(`  ${example}`);
  return lines.join("\n");
}

/** Everything in the table about one command, or about all. */
export function helpToJson(name: CommandName | undefined): object {
  const one = (command: CommandName): object => ({ command, ...commandSpec(command) });
  return name === undefined ? { commands: commandNames.map(one) } : one(name);
}

function usageToText(name: CommandName, spec: CommandSpec): string {
  const positionals = spec.positionals.map((positional) =>
    positional.isRequired === true ? positional.metavar : `[${positional.metavar}]`,
  );
  const parts: string[] = [...positionals];
  if (spec.oneOf !== undefined) parts.push(spec.oneOf.map((key) => flagUse(spec, key)).join("|"));
  for (const key of Object.keys(spec.flags)) {
    if (key in outputFlags || spec.oneOf?.includes(key) === true) continue;
    const isNeeded = spec.flags[key]?.isRequired === true && key !== "dataDir";
    parts.push(isNeeded ? flagUse(spec, key) : `[${flagUse(spec, key)}]`);
  }
  // A bracket must not be torn apart by the wrapping, so its spaces are hidden from it.
  const hidden = parts.map((part) => part.replace(/ /g, "\u00a0")).join(" ");
  return wrapped(`usage: zamsync ${name} ${hidden}`, columns - 4, "    ").replace(/\u00a0/g, " ");
}

function flagUse(spec: CommandSpec, key: string): string {
  const flag = spec.flags[key];
  const metavar = flag === undefined ? "" : metavarOf(flag);
  return metavar === "" ? flagToText(key) : `${flagToText(key)} ${metavar}`;
}

function flagHeading(key: string, flag: FlagSpec): string {
  const metavar = metavarOf(flag);
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return `${short}${flagToText(key)}${metavar === "" ? "" : ` ${metavar}`}`;
}

const helpColumn = 26;

function entryToText(heading: string, spec: FlagSpec, style: Styler): string {
  const notes: string[] = [];
  if (spec.default !== undefined) notes.push(`default ${spec.default}`);
  if (spec.environment !== undefined) notes.push(`or ${spec.environment}`);
  const text = notes.length === 0 ? spec.help : `${spec.help} (${notes.join(", ")})`;
  const indent = " ".repeat(helpColumn);
  const body = wrapped(text, columns - helpColumn, indent);
  const pad = helpColumn - 2 - heading.length;
  return pad >= 2
    ? `  ${style.cyan(heading)}${" ".repeat(pad)}${body}`
    : `  ${style.cyan(heading)}\n${indent}${body}`;
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
