/**
 * The tables of a projection: one of events, and three of its own (`zamsync_…`) that
 * say whose events they are, up to where, and what will never come.
 *
 * Invariant: rows and the place in the log change in one transaction, and the place
 * moves only from where this projector last saw it.
 */
import { createHash } from "node:crypto";
import { ZamError } from "../../core/errors/zam-error.ts";
import { type ProjectionDatabase, quoted, type SqlSession } from "./database.ts";
import type { ColumnType, MappedColumn, Mapping } from "./mapping.ts";

export const tablesVersion = 1;

/** A mapped column as the table has it. "filling": rows from before are being filled in. "retired": not mapped any more. */
export interface TableColumn extends MappedColumn {
  readonly state: "live" | "filling" | "retired";
}

/** Where a projection is. */
export interface Place {
  /** Arrival of the last event in it; 0: none. */
  readonly arrival: number;
  /** Chain of that event: tells whether the log is still the same there. */
  readonly chain: string;
  readonly logId: string;
}

export interface TableState extends Place {
  readonly node: string;
  readonly columns: readonly TableColumn[];
}

export interface Owner {
  readonly target: string;
  readonly nodeId: string;
}

/** Undefined when this table was never projected into. @throws ZamError Z611, Z612 */
export async function readState(
  database: ProjectionDatabase,
  table: string,
  owner: Owner,
  session: SqlSession = database,
): Promise<TableState | undefined> {
  const hasBook = await database.hasTable(session, "zamsync_projections");
  const [record] = hasBook
    ? await session.all(
        "SELECT version, node, log_id, arrival, chain, columns FROM zamsync_projections WHERE table_name = $1",
        [table],
      )
    : [];
  const { target, nodeId } = owner;
  const isThere = await database.hasTable(session, table);
  // Somebody has dropped it: it is made and filled anew.
  if (record === undefined || !isThere) {
    if (isThere)
      throw new ZamError("Z612", {
        target,
        reason: `there is a table ${table} of somebody else's`,
      });
    return undefined;
  }
  if (record.version !== tablesVersion)
    throw new ZamError("Z612", {
      target,
      reason: `its tables are of version ${String(record.version)}, and ${tablesVersion} is known`,
    });
  const node = String(record.node);
  if (node !== nodeId) throw new ZamError("Z611", { target, table, found: node, node: nodeId });
  return {
    node,
    logId: String(record.log_id),
    arrival: Number(record.arrival),
    chain: String(record.chain),
    columns: JSON.parse(String(record.columns)) as readonly TableColumn[],
  };
}

/** What a mapping changes in a table: nothing is done yet. */
export interface Migration {
  readonly isNew: boolean;
  readonly added: readonly MappedColumn[];
  /** Another type: made anew, and filled again from the payloads. */
  readonly remade: readonly MappedColumn[];
  /** Another pointer: filled again. */
  readonly refilled: readonly MappedColumn[];
  /** They stay in the table, and are written no more. */
  readonly retired: readonly string[];
}

export function planMigration(mapping: Mapping, state: TableState | undefined): Migration {
  if (state === undefined)
    return { isNew: true, added: mapping.columns, remade: [], refilled: [], retired: [] };
  const known = new Map(state.columns.map((column) => [column.name, column]));
  const added: MappedColumn[] = [];
  const remade: MappedColumn[] = [];
  const refilled: MappedColumn[] = [];
  for (const column of mapping.columns) {
    const before = known.get(column.name);
    known.delete(column.name);
    if (before === undefined) added.push(column);
    else if (before.type !== column.type) remade.push(column);
    else if (before.pointer !== column.pointer || before.state !== "live") refilled.push(column);
  }
  const retired = [...known.values()]
    .filter(({ state: how }) => how !== "retired")
    .map(({ name }) => name);
  return { isNew: false, added, remade, refilled, retired };
}

/** Makes or changes the tables; the state afterwards. @throws ZamError Z424, Z611, Z612 */
export async function migrate(
  database: ProjectionDatabase,
  mapping: Mapping,
  owner: Owner & { readonly logId: string },
): Promise<TableState> {
  return database.transaction(async (session) => {
    await database.lockForSetup(session);
    await makeBooks(session, database);
    const before = await readState(database, mapping.table, owner, session);
    const plan = planMigration(mapping, before);
    const table = quoted(mapping.table);
    if (plan.isNew) await makeTable(session, database, mapping);
    for (const { name } of plan.remade)
      await session.run(`ALTER TABLE ${table} DROP COLUMN ${quoted(name)}`);
    for (const { name, type } of plan.isNew ? [] : [...plan.added, ...plan.remade])
      await session.run(`ALTER TABLE ${table} ADD COLUMN ${quoted(name)} ${database.types[type]}`);
    const columns = columnsAfter(mapping, before, plan);
    const text = JSON.stringify(columns);
    if (before === undefined) {
      for (const book of ["zamsync_projections", "zamsync_missing"])
        await session.run(`DELETE FROM ${book} WHERE table_name = $1`, [mapping.table]);
      await session.run(
        "INSERT INTO zamsync_projections (table_name, version, node, log_id, arrival, chain, columns) " +
          "VALUES ($1, $2, $3, $4, 0, '', $5)",
        [mapping.table, tablesVersion, owner.nodeId, owner.logId, text],
      );
      return { node: owner.nodeId, logId: owner.logId, arrival: 0, chain: "", columns };
    }
    if (text !== JSON.stringify(before.columns))
      await session.run(
        "UPDATE zamsync_projections SET columns = $2, fill_from = NULL WHERE table_name = $1",
        [mapping.table, text],
      );
    return { ...before, columns };
  });
}

function columnsAfter(
  mapping: Mapping,
  before: TableState | undefined,
  plan: Migration,
): readonly TableColumn[] {
  const toFill = new Set([...plan.added, ...plan.remade, ...plan.refilled].map(({ name }) => name));
  const mayHaveRows = before !== undefined;
  const live = mapping.columns.map((column) => {
    const isFilling = mayHaveRows && toFill.has(column.name);
    return { ...column, state: isFilling ? ("filling" as const) : ("live" as const) };
  });
  const names = new Set(mapping.columns.map(({ name }) => name));
  const retired = (before?.columns ?? [])
    .filter(({ name }) => !names.has(name))
    .map((column) => ({ ...column, state: "retired" as const }));
  return [...live, ...retired];
}

async function makeBooks(session: SqlSession, database: ProjectionDatabase): Promise<void> {
  const { text, integer } = database.types;
  await session.run(
    "CREATE TABLE IF NOT EXISTS zamsync_projections (" +
      `table_name ${text} PRIMARY KEY, version ${integer} NOT NULL, node ${text} NOT NULL, ` +
      `log_id ${text} NOT NULL, arrival ${integer} NOT NULL, chain ${text} NOT NULL, ` +
      `columns ${text} NOT NULL, fill_from ${text})`,
  );
  await session.run(
    "CREATE TABLE IF NOT EXISTS zamsync_missing (" +
      `table_name ${text} NOT NULL, node ${text} NOT NULL, epoch ${text} NOT NULL, ` +
      `lane ${text} NOT NULL, from_seq ${integer} NOT NULL, to_seq ${integer} NOT NULL, ` +
      `reason ${text} NOT NULL, PRIMARY KEY (table_name, node, epoch, lane, from_seq))`,
  );
}

async function makeTable(
  session: SqlSession,
  database: ProjectionDatabase,
  mapping: Mapping,
): Promise<void> {
  const { types } = database;
  const base: readonly (readonly [string, ColumnType | "bytes", "NOT NULL" | ""])[] = [
    ["arrival", "integer", "NOT NULL"],
    ["node", "text", "NOT NULL"],
    ["epoch", "text", "NOT NULL"],
    ["lane", "text", "NOT NULL"],
    ["seq", "integer", "NOT NULL"],
    ["hlc", "text", "NOT NULL"],
    ["ts", "timestamp", "NOT NULL"],
    ["received", "timestamp", "NOT NULL"],
    ["type", "integer", "NOT NULL"],
    ["chain", "text", "NOT NULL"],
    ["payload", "json", ""],
    ["payload_raw", "bytes", ""],
  ];
  const columns = [
    ...base.map(([name, type, rule]) => `${quoted(name)} ${types[type]} ${rule}`.trimEnd()),
    ...mapping.columns.map(({ name, type }) => `${quoted(name)} ${types[type]}`),
  ];
  const table = quoted(mapping.table);
  await session.run(
    `CREATE TABLE ${table} (${columns.join(", ")}, PRIMARY KEY (node, epoch, lane, seq))`,
  );
  // Not unique: after the log was restored from a backup, its arrivals are given out again.
  await session.run(`CREATE INDEX ${quoted(indexNameOf(mapping.table))} ON ${table} (arrival)`);
}

/** PostgreSQL cuts a name over 63 bytes, and so might meet another table's. */
function indexNameOf(table: string): string {
  const name = `${table}_arrival`;
  if (Buffer.byteLength(name) <= 63) return name;
  return `zamsync_${createHash("sha256").update(table).digest("hex").slice(0, 32)}_arrival`;
}
