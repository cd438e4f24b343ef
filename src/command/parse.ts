/**
 * The command line, parsed: arguments and environment in, a command with
 * typed values or a ZamError (Z101, Z102, Z104) out, before anything is opened.
 *
 * A misspelt safety flag must never be ignored, so nothing is: unknown,
 * repeated, contradictory and incomplete flags are all errors.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import { nodeFlags, outputFlags } from "./common-flags.ts";
import { type CommandSpec, type FlagSpec, flagToText, metavarOf } from "./flag.ts";
import { nearest } from "../core/nearest.ts";
import { printable } from "./text.ts";
import {
  type CommandName,
  commandNames,
  commandSpec,
  isCommandName,
  type ParsedCommand,
} from "./table.ts";
import { type FlagValue, parseValue } from "./value.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Values by key, before they get the command's type. */
type Values = Record<string, FlagValue>;

/** Throws ZamError Z101, Z102 or Z104 and nothing else. */
export function parseCommandLine(argv: readonly string[], environment: Environment): ParsedCommand {
  const leading = readLeadingFlags(argv);
  if (leading.isHelp) return helpOn([], argv);
  if (leading.isVersion) return parsed("version", finish("version", leading.rest, environment));
  const word = argv[leading.commandAt];
  if (word === undefined) throw usage("no command was given", "zamsync help lists the commands");
  if (!isCommandName(word)) throw unknownCommand(word);
  const values = finish(word, [...leading.rest, ...argv.slice(leading.commandAt + 1)], environment);
  if (values === "help") return helpOn([word], argv);
  const topic = values.topic;
  if (word === "help" && typeof topic === "string" && !isCommandName(topic)) {
    throw unknownCommand(topic);
  }
  return parsed(word, values);
}

function helpOn(topic: readonly string[], argv: readonly string[]): ParsedCommand {
  return parsed("help", finish("help", [...topic, ...(wantsJson(argv) ? ["--json"] : [])], {}));
}

/** The one place where values get their command's type: `finish` made them after that command's table. */
function parsed(command: CommandName, values: Values | "help"): ParsedCommand {
  return { command, values: values === "help" ? {} : values } as unknown as ParsedCommand;
}

/** Whether errors must be JSON, also when the command line itself is wrong. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes("--json");
}

/** Node flags may come before the command too: `zamsync --data-dir X status`. */
function readLeadingFlags(argv: readonly string[]) {
  const known: Readonly<Record<string, FlagSpec>> = { ...outputFlags, ...nodeFlags };
  const rest: string[] = [];
  let isVersion = false;
  let at = 0;
  for (; at < argv.length; at++) {
    const token = argv[at] ?? "";
    if (!token.startsWith("-") || token === "-" || token === "--") break;
    if (token === "--help" || token === "-h")
      return { isHelp: true, isVersion, rest, commandAt: at };
    if (token === "--version") {
      isVersion = true;
      continue;
    }
    const flag = findFlag(known, token, "zamsync");
    rest.push(token);
    if (flag.spec.kind !== "boolean" && flag.inline === undefined && at + 1 < argv.length) {
      rest.push(argv[++at] ?? "");
    }
  }
  return { isHelp: false, isVersion, rest, commandAt: at };
}

function finish(
  name: CommandName,
  tokens: readonly string[],
  environment: Environment,
): Values | "help" {
  const spec = commandSpec(name);
  const values: Values = {};
  const given = readTokens(name, spec, tokens, values);
  if (given === "help") return "help";
  takePositionals(name, spec, given, values);
  checkTogether(name, spec, values);
  fillIn(name, spec, environment, values);
  return values;
}

/** Puts flags into `values`; returns the positionals, or "help" when help was asked for. */
function readTokens(
  name: CommandName,
  spec: CommandSpec,
  tokens: readonly string[],
  values: Values,
): readonly string[] | "help" {
  const positionals: string[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (token === "--") return [...positionals, ...tokens.slice(at + 1)];
    if (token === "--help" || token === "-h") return "help";
    if (!token.startsWith("-") || token === "-") {
      positionals.push(token);
      continue;
    }
    const flag = findFlag(spec.flags, token, name);
    if (flag.key in values) throw usage(`${flag.text} is given twice`, "give it once");
    if (flag.spec.kind === "boolean") {
      if (flag.inline !== undefined)
        throw malformed(flag.text, flag.inline, "leave the value out", undefined);
      values[flag.key] = true;
      continue;
    }
    const text = flag.inline ?? tokens[++at];
    if (text === undefined || (flag.inline === undefined && text.startsWith("--")))
      throw valueMissing(flag.text, flag.spec);
    values[flag.key] = typedValue(flag.text, flag.spec, text);
  }
  return positionals;
}

function findFlag(flags: Readonly<Record<string, FlagSpec>>, token: string, owner: string) {
  const equals = token.indexOf("=");
  const text = equals < 0 ? token : token.slice(0, equals);
  const inline = equals < 0 ? undefined : token.slice(equals + 1);
  for (const key of Object.keys(flags)) {
    const spec = flags[key];
    if (spec === undefined) continue;
    if (flagToText(key) === text) return { key, spec, text, inline };
    if (spec.short !== undefined && `-${spec.short}` === text) return { key, spec, text, inline };
  }
  const near = nearest(text, Object.keys(flags).map(flagToText));
  const help = owner === "zamsync" ? "zamsync help" : `zamsync help ${owner}`;
  throw usage(
    `${owner === "zamsync" ? "zamsync" : `zamsync ${owner}`} has no flag ${shortened(text)}`,
    near === undefined
      ? `${help} lists the flags`
      : `did you mean ${near}? ${help} lists the flags`,
    near,
  );
}

function takePositionals(
  name: CommandName,
  spec: CommandSpec,
  given: readonly string[],
  values: Values,
): void {
  given.forEach((text, index) => {
    const positional = spec.positionals[index];
    if (positional === undefined) {
      throw usage(
        `zamsync ${name} takes no argument ${shortened(text)}`,
        `zamsync help ${name} shows how it is used`,
      );
    }
    if (positional.name in values) {
      throw usage(
        `${positional.metavar} and ${flagToText(positional.name)} are both given`,
        "give one of them",
      );
    }
    if (name === "push" && /^\s*[{["]/.test(text)) {
      throw usage(
        `push takes no argument ${shortened(text)}`,
        "put --payload before the JSON",
        "--payload",
      );
    }
    values[positional.name] = typedValue(positional.metavar, positional, text);
  });
}

function checkTogether(name: CommandName, spec: CommandSpec, values: Values): void {
  const isGiven = (entry: string): boolean => {
    const [key = "", choice] = entry.split("=");
    return choice === undefined ? key in values : values[key] === choice;
  };
  const text = (entry: string): string => {
    const [key = "", choice] = entry.split("=");
    return choice === undefined ? flagToText(key) : `${flagToText(key)} ${choice}`;
  };
  for (const group of [...(spec.conflicts ?? []), spec.oneOf ?? [], ["verbose", "quiet"]]) {
    const both = group.filter(isGiven);
    if (both.length > 1) {
      throw usage(
        `${both.slice(0, 2).map(text).join(" and ")} exclude one another`,
        "give one of them",
      );
    }
  }
  for (const [flag, other] of spec.needs ?? []) {
    if (isGiven(flag) && !isGiven(other)) {
      throw usage(
        `${text(flag)} works only with ${text(other)}`,
        `add ${text(other)}, or leave ${text(flag)} out`,
      );
    }
  }
  if (spec.oneOf !== undefined && !spec.oneOf.some(isGiven)) {
    throw usage(
      `zamsync ${name} needs ${spec.oneOf.map(text).join(" or ")}`,
      `zamsync help ${name} shows how it is used`,
    );
  }
}

/** Environment, defaults, absent booleans; then what is still missing is an error. */
function fillIn(
  name: CommandName,
  spec: CommandSpec,
  environment: Environment,
  values: Values,
): void {
  for (const key of Object.keys(spec.flags)) {
    const flag = spec.flags[key];
    if (flag === undefined || key in values) continue;
    const fromEnvironment =
      flag.environment === undefined ? undefined : environment[flag.environment];
    if (flag.environment !== undefined && fromEnvironment !== undefined && fromEnvironment !== "") {
      values[key] = typedValue(flag.environment, flag, fromEnvironment);
    } else if (flag.default !== undefined) {
      values[key] = typedValue(flagToText(key), flag, flag.default);
    } else if (flag.kind === "boolean") {
      values[key] = false;
    } else if (flag.isRequired === true) {
      if (key === "dataDir") throw new ZamError("Z104");
      throw usage(
        `zamsync ${name} needs ${flagToText(key)} ${metavarOf(flag)}`,
        `zamsync help ${name} shows how it is used`,
      );
    }
  }
  for (const positional of spec.positionals) {
    if (positional.isRequired === true && !(positional.name in values)) {
      throw usage(
        `zamsync ${name} needs ${positional.metavar}`,
        `zamsync help ${name} shows how it is used`,
      );
    }
  }
}

function typedValue(flagText: string, spec: FlagSpec, text: string): FlagValue {
  const result = parseValue(spec, text);
  if (result.ok) return result.value;
  throw malformed(flagText, text, result.suggestion, result.nearest);
}

/** What the person typed, short enough for one line and harmless on a terminal. */
function shortened(text: string): string {
  const clean = printable(text);
  return clean.length > 60 ? `${clean.slice(0, 57)}...` : clean;
}

function usage(problem: string, suggestion: string, near?: string): ZamError {
  return new ZamError("Z101", {
    problem,
    suggestion,
    ...(near === undefined ? {} : { nearest: near }),
  });
}

function malformed(
  flag: string,
  value: string,
  suggestion: string,
  near: string | undefined,
): ZamError {
  return new ZamError("Z102", {
    flag,
    value: shortened(value),
    suggestion,
    ...(near === undefined ? {} : { nearest: near }),
  });
}

function valueMissing(flagText: string, spec: FlagSpec): ZamError {
  return usage(`${flagText} needs a value`, `write ${flagText} ${metavarOf(spec)}`);
}

function unknownCommand(word: string): ZamError {
  const near = nearest(word, commandNames);
  return usage(
    `there is no command ${shortened(word)}`,
    near === undefined
      ? "zamsync help lists the commands"
      : `did you mean ${near}? zamsync help lists the commands`,
    near,
  );
}
