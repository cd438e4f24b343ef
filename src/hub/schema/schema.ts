/**
 * Rules for payloads: JSON Schema by event type, or the shorthand `json+field1,field2`.
 * Compiled once, then asked for every event; asking never throws, and takes bounded time as far as
 * a schema can be known to (see safe-pattern.ts). Nothing is fetched from anywhere.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { AnySchemaObject, ErrorObject, ValidateFunction } from "ajv";
import { ZamError } from "../../core/errors/zam-error.ts";
import { typeMax } from "../../core/event.ts";
import type { Judge } from "../../engine/index.ts";
import { nestingMax, isNestedDeeper } from "./nesting.ts";
import { patternProblem, patternTextCharactersMax } from "./safe-pattern.ts";

const fileBytesMax = 1024 * 1024;
const filesMax = 1000;
const fieldsMax = 100;
/** Comparing each with each: more would take seconds. */
const uniqueItemsMax = 1000;
const reasonCharactersMax = 200;
/** A schema within schemas: what a person wrote is far from it. */
const depthMax = 100;
const tooDeep = "at /: it is nested too deep";

/** Of a payload that is JSON, decoded; a reason, or undefined. */
type Check = (value: unknown) => string | undefined;

/**
 * What `--schema` names: `json`, `json+field1,field2`, a file for all events, or a folder with
 * `TYPE.json` or `TYPE-name.json` for each event type and `default.json` for the others.
 * Types without a file may be anything.
 *
 * @throws ZamError Z110
 */
export async function readSchema(text: string): Promise<Judge> {
  if (text === "json" || text.startsWith("json+")) {
    const check = shorthand(text);
    return judgeBy(() => check);
  }
  let isFolder: boolean;
  try {
    isFolder = statSync(text).isDirectory();
  } catch (cause) {
    throw unusable(text, cause instanceof Error ? cause.message : String(cause));
  }
  const compile = await loadCompiler();
  if (!isFolder) {
    const check = compile(readJson(text), text);
    return judgeBy(() => check);
  }
  const checks = new Map<number | "default", Check>();
  const names = readdirSync(text).filter((name) => name.endsWith(".json"));
  if (names.length === 0) throw unusable(text, "there is no .json file in it");
  if (names.length > filesMax) throw unusable(text, `there are more than ${filesMax} files in it`);
  for (const name of names.sort()) {
    const path = join(text, name);
    const type = typeOf(name, path);
    if (checks.has(type)) throw unusable(path, `there is another file for type ${type}`);
    checks.set(type, compile(readJson(path), path));
  }
  return judgeBy((type) => checks.get(type) ?? checks.get("default"));
}

function typeOf(name: string, path: string): number | "default" {
  if (name === "default.json") return "default";
  const found = /^(\d{1,10})(?:-.*)?\.json$/.exec(name);
  const type = Number(found?.[1]);
  if (found === null || type > typeMax)
    throw unusable(path, "its name is neither TYPE.json, TYPE-name.json nor default.json");
  return type;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function judgeBy(checkOf: (type: number) => Check | undefined): Judge {
  return ({ type, payload }) => {
    const check = checkOf(type);
    if (check === undefined) return undefined;
    let value: unknown;
    try {
      value = JSON.parse(decoder.decode(payload));
    } catch {
      return "at /: it is not JSON";
    }
    if (isNestedDeeper(payload, nestingMax)) return tooDeep;
    try {
      return check(value)?.slice(0, reasonCharactersMax);
    } catch (error) {
      // Rules that lead back to themselves without going deeper into the payload.
      if (error instanceof RangeError) return tooDeep;
      throw error;
    }
  };
}

/** @throws ZamError Z110 */
function shorthand(text: string): Check {
  const list = text === "json" ? [] : text.slice("json+".length).split(",");
  const isSound = list.every((field) => field !== "") && list.length <= fieldsMax;
  if (!isSound) throw unusable(text, `after json+ come 1 to ${fieldsMax} fields, commas between`);
  return (value) => {
    if (list.length === 0) return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return "at /: it is no object";
    const missing = list.find((field) => !Object.hasOwn(value, field));
    return missing === undefined ? undefined : `at /: it has no '${missing}'`;
  };
}

function readJson(path: string): AnySchemaObject {
  let value: unknown;
  try {
    if (statSync(path).size > fileBytesMax) throw new Error(`over ${fileBytesMax} bytes`);
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw unusable(path, cause instanceof Error ? cause.message : String(cause));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unusable(path, "it is no JSON Schema object");
  const problem = costProblem(value, 0);
  if (problem !== undefined) throw unusable(path, problem);
  return value;
}

/** What would let a payload cost more than it may. */
function costProblem(value: unknown, depth: number): string | undefined {
  if (depth > depthMax) return "it is nested too deep";
  if (typeof value !== "object" || value === null) return undefined;
  if ("uniqueItems" in value && value.uniqueItems === true) {
    const most = "maxItems" in value ? value.maxItems : undefined;
    if (typeof most !== "number" || most > uniqueItemsMax)
      return `"uniqueItems" needs "maxItems" of at most ${uniqueItemsMax} beside it`;
  }
  for (const inner of Object.values(value)) {
    const problem = costProblem(inner, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

type Compile = (schema: AnySchemaObject, path: string) => Check;

/**
 * Strict: an unknown keyword or format is an error, because a misspelt rule is no rule. Draft
 * 2020-12, or 07 where `$schema` says so. Formats are the quick forms of ajv-formats.
 */
async function loadCompiler(): Promise<Compile> {
  const [{ Ajv2020 }, { Ajv }, { default: formats }] = await Promise.all([
    import("ajv/dist/2020.js"),
    import("ajv"),
    import("ajv-formats"),
  ]);
  const options = {
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    allErrors: false,
    logger: false,
    code: { regExp: Object.assign(boundedRegExp, { code: "undefined" }) },
  } as const;
  return (schema, path) => {
    const isOld = typeof schema.$schema === "string" && schema.$schema.includes("draft-07");
    const compiler = isOld ? new Ajv(options) : new Ajv2020(options);
    // A CommonJS module: its default is the function, or holds it.
    const addFormats = "default" in formats ? formats.default : formats;
    addFormats(compiler, { mode: "fast" });
    let validate: ValidateFunction;
    try {
      validate = compiler.compile(schema);
    } catch (cause) {
      throw unusable(path, cause instanceof Error ? cause.message : String(cause));
    }
    return (value) => (validate(value) ? undefined : reasonOf(validate.errors?.[0]));
  };
}

/** The compiler tells patterns apart by their text. */
function boundedRegExp(
  pattern: string,
  flags: string,
): { test(text: string): boolean; toString(): string } {
  const problem = patternProblem(pattern);
  if (problem !== undefined)
    throw new Error(`the pattern ${pattern.slice(0, 80)} may take for ever: ${problem}`);
  const compiled = new RegExp(pattern, flags);
  return {
    test: (text) => text.length <= patternTextCharactersMax && compiled.test(text),
    toString: () => compiled.toString(),
  };
}

function reasonOf(error: ErrorObject | undefined): string {
  if (error === undefined) return "at /: it does not fit";
  const place = error.instancePath === "" ? "/" : error.instancePath;
  const params = error.params as Readonly<Record<string, unknown>>;
  const extra = params.additionalProperty ?? params.unevaluatedProperty;
  const name = typeof extra === "string" ? ` ('${extra}')` : "";
  return `at ${place}: ${error.message ?? error.keyword}${name}`;
}

function unusable(path: string, problem: string): ZamError {
  return new ZamError("Z110", { path, problem: problem.slice(0, 300) });
}
