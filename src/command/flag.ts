/**
 * What a flag or a positional of a command is: plain data, from which the
 * parser, the help pages, the completion scripts and the handlers' types follow.
 */

export type FlagKind =
  | "boolean"
  | "text"
  | "path"
  /** A whole number between `min` and `max`. */
  | "integer"
  /** Bytes: `512K`, `2M`, `1G`, or a bare number. */
  | "size"
  /** Milliseconds: `30s`, `15m`, `12h`, `90d`. */
  | "duration"
  /** Kilobits per second, a bare number. */
  | "rate"
  | "choice"
  /** HOST, HOST:PORT or [V6]:PORT; the value always has a port. */
  | "address"
  /** Like `address`, and port 0 picks a free one. */
  | "bind"
  /** ISO 8601; the value is UTC with milliseconds. */
  | "time"
  /** A span of every day, local time: HH:MM-HH:MM. */
  | "window"
  | "nodeId"
  /** Node ids with commas between them. */
  | "nodeIds"
  /** Host names with commas between them. */
  | "hostNames"
  /** Some of `choices`, with commas between them; the value has them in that order. */
  | "choices"
  | "lane"
  /** RFC 6901. */
  | "pointer";

/** Values that the handlers see as numbers. */
export type NumberKind = "integer" | "size" | "duration" | "rate";

export interface FlagSpec {
  readonly kind: FlagKind;
  /** One sentence without a full stop, for help and completion. */
  readonly help: string;
  /** What stands for the value in help; by default it follows from the kind. */
  readonly metavar?: string;
  readonly choices?: readonly string[];
  /** For numbers: inclusive, in the unit of the parsed value. */
  readonly min?: number;
  readonly max?: number;
  /** As it would be typed; parsed like a typed one. */
  readonly default?: string;
  readonly isRequired?: true;
  /** A single letter, without its dash. */
  readonly short?: string;
  /** Where the value comes from when the flag is absent. */
  readonly environment?: string;
}

export interface PositionalSpec extends FlagSpec {
  /** Key of the value; the key of a flag when either may be used. */
  readonly name: string;
  readonly metavar: string;
}

export type CommandGroup = "Identity" | "Events" | "Sync" | "Care";

export interface CommandSpec {
  readonly group: CommandGroup;
  /** One line, at most 60 characters. */
  readonly summary: string;
  /** A paragraph for `help COMMAND`. */
  readonly description?: string;
  readonly positionals: readonly PositionalSpec[];
  readonly flags: Readonly<Record<string, FlagSpec>>;
  /** Flags that exclude one another; `key=value` names a choice's value. */
  readonly conflicts?: readonly (readonly string[])[];
  /** Exactly one of these must be given. */
  readonly oneOf?: readonly string[];
  /** The first flag makes sense only with the second. */
  readonly needs?: readonly (readonly [string, string])[];
  readonly examples: readonly string[];
}

/** `maxBytes` is typed as `--max-bytes`. */
export function flagToText(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function metavarOf(spec: FlagSpec): string {
  if (spec.metavar !== undefined) return spec.metavar;
  switch (spec.kind) {
    case "boolean":
      return "";
    case "choice":
      return (spec.choices ?? []).join("|");
    case "text":
      return "TEXT";
    case "path":
      return "FILE";
    case "integer":
    case "rate":
      return "N";
    case "size":
      return "SIZE";
    case "duration":
      return "D";
    case "address":
    case "bind":
      return "ADDR";
    case "time":
      return "T";
    case "window":
      return "HH:MM-HH:MM";
    case "nodeId":
      return "ID";
    case "nodeIds":
      return "ID,...";
    case "hostNames":
      return "NAME,...";
    case "choices":
      return (spec.choices ?? []).join(",");
    case "lane":
      return "LANE";
    case "pointer":
      return "POINTER";
  }
}

type ValueOf<Spec extends FlagSpec> = Spec["kind"] extends "boolean"
  ? boolean
  : Spec["kind"] extends NumberKind
    ? number
    : Spec["kind"] extends "choices"
      ? string
      : Spec["choices"] extends readonly (infer Choice)[]
        ? Choice
        : string;

type AlwaysThere =
  | { readonly kind: "boolean" }
  | { readonly default: string }
  | { readonly isRequired: true };

/** The values of a set of flags: present when boolean, required or with a default. */
export type FlagValues<Flags> = {
  readonly [Key in keyof Flags as Flags[Key] extends AlwaysThere
    ? Key
    : never]: Flags[Key] extends FlagSpec ? ValueOf<Flags[Key]> : never;
} & {
  readonly [Key in keyof Flags as Flags[Key] extends AlwaysThere
    ? never
    : Key]?: Flags[Key] extends FlagSpec ? ValueOf<Flags[Key]> : never;
};

type PositionalByName<Positionals extends readonly PositionalSpec[]> = {
  readonly [Spec in Positionals[number] as Spec["name"]]: Spec;
};

/** The values of a command's flags and positionals; where both have a key, the flag's entry says the type. */
export type CommandValues<Spec extends CommandSpec> = FlagValues<Spec["flags"]> &
  FlagValues<Omit<PositionalByName<Spec["positionals"]>, keyof Spec["flags"]>>;
