/**
 * The mapping file: which table, and which fields of the payload get columns of
 * their own. Everything else of an event has its column always, the payload too,
 * so that a mapping can change later.
 */
import { readFileSync, statSync } from "node:fs";
import { ZamError } from "../../core/errors/zam-error.ts";

export const columnTypes = ["text", "integer", "real", "boolean", "timestamp", "json"] as const;
export type ColumnType = (typeof columnTypes)[number];

export interface MappedColumn {
  readonly name: string;
  /** JSON pointer (RFC 6901) into the payload. */
  readonly pointer: string;
  readonly type: ColumnType;
}

export interface Mapping {
  readonly table: string;
  readonly columns: readonly MappedColumn[];
}

/** Columns that every table of events has. */
export const eventColumns = [
  "arrival",
  "node",
  "epoch",
  "lane",
  "seq",
  "hlc",
  "ts",
  "received",
  "type",
  "chain",
  "payload",
  "payload_raw",
] as const;

export const defaultMapping: Mapping = { table: "zamsync_events", columns: [] };

const fileBytesMax = 256 * 1024;
const columnsMax = 200;
/** PostgreSQL cuts longer names, silently. */
const nameBytesMax = 63;

/** @throws ZamError Z108 */
export function readMapping(path: string): Mapping {
  let text: string;
  try {
    if (statSync(path).size > fileBytesMax) throw new Error(`over ${fileBytesMax} bytes`);
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw unusable(path, cause instanceof Error ? cause.message : String(cause));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw unusable(path, `it is no JSON: ${cause instanceof Error ? cause.message : ""}`);
  }
  return toMapping(value, path);
}

/** @throws ZamError Z108 */
export function toMapping(value: unknown, path: string): Mapping {
  const fields = objectOf(value, path, "it", ["table", "columns"]);
  const table = fields.table === undefined ? defaultMapping.table : fields.table;
  const columns = fields.columns === undefined ? [] : fields.columns;
  if (!Array.isArray(columns) || columns.length > columnsMax)
    throw unusable(path, `"columns" is no list of at most ${columnsMax}`);
  const taken = new Set<string>(eventColumns);
  const mapped = columns.map((column: unknown, index) => {
    const where = `column ${index + 1}`;
    const { name, pointer, type } = objectOf(column, path, where, ["name", "pointer", "type"]);
    const known = columnTypes.find((each) => each === type);
    if (known === undefined)
      throw unusable(path, `${where}: "type" is none of ${columnTypes.join(", ")}`);
    if (typeof pointer !== "string" || !/^(\/([^~/]|~[01])*)*$/.test(pointer))
      throw unusable(path, `${where}: "pointer" is no JSON pointer, such as "/patient/id"`);
    const checked = nameOf(name, path, `${where}: "name"`);
    // SQLite takes Name and name for the same.
    if (taken.has(checked.toLowerCase()))
      throw unusable(path, `${where}: there is a column '${checked}' already`);
    taken.add(checked.toLowerCase());
    return { name: checked, pointer, type: known };
  });
  const named = nameOf(table, path, '"table"');
  const isReserved = /^(sqlite_|pg_|zamsync_)/i.test(named) && named !== defaultMapping.table;
  if (isReserved) throw unusable(path, `a table's name cannot begin like '${named}'`);
  return { table: named, columns: mapped };
}

function nameOf(value: unknown, path: string, what: string): string {
  const isName =
    typeof value === "string" &&
    value.length > 0 &&
    value.isWellFormed() &&
    !value.includes("\0") &&
    Buffer.byteLength(value) <= nameBytesMax;
  if (!isName) throw unusable(path, `${what} is no name of 1 to ${nameBytesMax} bytes`);
  return value;
}

function objectOf(
  value: unknown,
  path: string,
  what: string,
  keys: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw unusable(path, `${what} is no object`);
  const unknown = Object.keys(value).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw unusable(
      path,
      `${what} has '${unknown.slice(0, 40)}', and only ${keys.join(", ")} are known`,
    );
  return value as Readonly<Record<string, unknown>>;
}

function unusable(path: string, problem: string): ZamError {
  return new ZamError("Z108", { path, problem });
}
