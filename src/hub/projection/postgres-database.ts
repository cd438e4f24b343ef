/** PostgreSQL as a target: one connection, a batch of rows in one statement. */
import { readFileSync } from "node:fs";
import { checkServerIdentity } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import postgres from "postgres";
import { ZamError } from "../../core/errors/zam-error.ts";
import {
  insertedColumns,
  isoOf,
  type ProjectionDatabase,
  quoted,
  type SqlParameter,
  type SqlRecord,
  type SqlSession,
} from "./database.ts";
import type { Mapping } from "./mapping.ts";
import type { EventRow } from "./row.ts";
import { type PostgresTarget, targetToText } from "./target.ts";

const connectTimeoutS = 10;
/** A statement that takes longer has met a lock that nobody lets go of. */
const statementTimeoutMs = 120_000;
/** Any number that no other program is likely to use. */
const setupLock = 0x7a53;

const types = {
  text: "text",
  integer: "bigint",
  real: "double precision",
  boolean: "boolean",
  timestamp: "timestamptz",
  json: "json",
  bytes: "bytea",
} as const;

type Client = postgres.Sql<{ wide: number; jsonText: string }>;
type Executor = Pick<Client, "unsafe"> & Partial<Pick<postgres.TransactionSql, "savepoint">>;

/** @throws ZamError Z424, Z612 */
export async function openPostgres(
  target: PostgresTarget,
  options: { readonly isReadOnly: boolean },
): Promise<ProjectionDatabase> {
  const client: Client = postgres({
    host: target.host,
    port: target.port,
    database: target.database,
    ...(target.user === undefined ? {} : { user: target.user }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ssl: tlsOf(target),
    max: 1,
    connect_timeout: connectTimeoutS,
    fetch_types: false,
    onnotice: () => undefined,
    types: {
      // Arrivals and seqs are below 2^53.
      wide: { to: 20, from: [20], parse: Number, serialize: String },
      // As it is stored: a payload is compared and read again as text.
      jsonText: { to: 114, from: [114], parse: String, serialize: String },
    },
    connection: {
      application_name: "zamsync",
      statement_timeout: statementTimeoutMs,
      ...(options.isReadOnly ? { default_transaction_read_only: true } : {}),
    },
  });
  const database = new PostgresDatabase(target, client);
  try {
    await database.all("SELECT 1 AS one");
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

function tlsOf({ tls, host, caPath }: PostgresTarget): ConnectionOptions | false {
  if (tls === "disable") return false;
  if (tls === "require") return { rejectUnauthorized: false };
  return {
    ...(caPath === undefined ? {} : { ca: readCa(caPath) }),
    checkServerIdentity: (_, certificate) =>
      tls === "verify-ca" ? undefined : checkServerIdentity(host, certificate),
  };
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ZamError("Z105", { path, reason }, cause);
  }
}

class PostgresSession implements SqlSession {
  private readonly target: PostgresTarget;
  private readonly executor: Executor;

  constructor(target: PostgresTarget, executor: Executor) {
    this.target = target;
    this.executor = executor;
  }

  async all(sql: string, values: readonly SqlParameter[] = []): Promise<readonly SqlRecord[]> {
    return guarded(this.target, this.executor.unsafe<SqlRecord[]>(sql, [...values]));
  }

  async run(sql: string, values: readonly SqlParameter[] = []): Promise<number> {
    return (await guarded(this.target, this.executor.unsafe(sql, [...values]))).count;
  }

  /** Rows that the database cannot take (nested too deep for it, a value out of its range) are found by halving. */
  async insertEvents(mapping: Mapping, rows: readonly EventRow[]): Promise<readonly EventRow[]> {
    const statement = insertStatement(mapping);
    const insert = async (part: readonly EventRow[]): Promise<readonly EventRow[]> => {
      try {
        return await this.insert(statement, part);
      } catch (error) {
        if (!isOfData(error)) throw error;
        const [only] = part;
        if (only === undefined || part.length > 1) {
          const half = part.length >> 1;
          return [...(await insert(part.slice(0, half))), ...(await insert(part.slice(half)))];
        }
        if (only.payload === null) throw error;
        return insert([asBytes(only)]);
      }
    };
    return insert(rows);
  }

  /** What was left out. */
  private async insert(statement: string, rows: readonly EventRow[]): Promise<readonly EventRow[]> {
    const text = JSON.stringify(rows.map(toRecord));
    const { savepoint } = this.executor;
    if (savepoint === undefined) throw new ZamError("Z199", { problem: "rows go in transactions" });
    const inserted = await guarded(
      this.target,
      savepoint((step) => step.unsafe<SqlRecord[]>(statement, [text])),
    );
    if (inserted.length === rows.length) return [];
    const arrivals = new Set(inserted.map(({ arrival }) => Number(arrival)));
    return rows.filter(({ arrival }) => !arrivals.has(arrival));
  }
}

class PostgresDatabase extends PostgresSession implements ProjectionDatabase {
  readonly types = types;
  private readonly client: Client;
  private readonly place: PostgresTarget;

  constructor(target: PostgresTarget, client: Client) {
    super(target, client);
    this.client = client;
    this.place = target;
  }

  async transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    const result = this.client.begin((executor) => work(new PostgresSession(this.place, executor)));
    return (await guarded(this.place, result)) as T;
  }

  async hasTable(session: SqlSession, name: string): Promise<boolean> {
    const [found] = await session.all("SELECT to_regclass($1)::text AS name", [quoted(name)]);
    return found?.name !== null;
  }

  sizeOf(column: string): string {
    return `octet_length(${quoted(column)}::text)`;
  }

  async lockForSetup(session: SqlSession): Promise<void> {
    await session.all(`SELECT pg_advisory_xact_lock(${setupLock})`);
  }

  async close(): Promise<void> {
    await this.client.end({ timeout: 2 }).catch(() => undefined);
  }
}

/** One JSON text carries all rows; the names in it are the places of the columns. */
function insertStatement(mapping: Mapping): string {
  const base = [
    ["a", types.integer],
    ["n", types.text],
    ["e", types.text],
    ["l", types.text],
    ["s", types.integer],
    ["h", types.text],
    ["t", types.timestamp],
    ["r", types.timestamp],
    ["k", types.integer],
    ["c", types.text],
    ["p", types.text],
    ["b", types.text],
  ] as const;
  const mapped = mapping.columns.map(
    ({ type }, index) => [`v${index}`, type === "json" ? types.text : types[type]] as const,
  );
  const selected = [
    ...base.map(([name]) => {
      if (name === "p") return "x.p::json";
      return name === "b" ? "decode(x.b, 'base64')" : `x.${name}`;
    }),
    ...mapping.columns.map(({ type }, index) => `x.v${index}${type === "json" ? "::json" : ""}`),
  ];
  return (
    `INSERT INTO ${quoted(mapping.table)} (${insertedColumns(mapping).map(quoted).join(", ")}) ` +
    `SELECT ${selected.join(", ")} FROM json_to_recordset($1::json) ` +
    `AS x(${[...base, ...mapped].map(([name, type]) => `${name} ${type}`).join(", ")}) ` +
    "ON CONFLICT (node, epoch, lane, seq) DO NOTHING RETURNING arrival"
  );
}

function toRecord(row: EventRow): object {
  return {
    a: row.arrival,
    n: row.node,
    e: row.epoch,
    l: row.lane,
    s: row.seq,
    h: row.hlc,
    t: isoOf(row.tsMs),
    r: isoOf(row.receivedMs),
    k: row.type,
    c: row.chain,
    p: row.payload,
    b: row.payloadRaw === null ? null : Buffer.from(row.payloadRaw).toString("base64"),
    ...Object.fromEntries(row.values.map((value, index) => [`v${index}`, value])),
  };
}

/** The row of a payload that is JSON to us and not to the database. */
function asBytes(row: EventRow): EventRow {
  return {
    ...row,
    payload: null,
    payloadRaw: Buffer.from(row.payload ?? "", "utf8"),
    values: row.values.map(() => null),
  };
}

/** Classes of SQLSTATE (PostgreSQL's appendix A) that pass by themselves. */
const retryableStates = /^(08|40|53|57P0[123]|55P03|25006|57014)/;
/** 22: a value that a type does not take; 54: a limit of the program, such as its stack. */
const dataStates = /^(22|54)/;
const connectionCodes =
  /^(CONNECT|ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EHOST|ENET|ECANCELED|EADDR|ENOENT)/;

function isOfData(error: unknown): boolean {
  return error instanceof ZamError && dataStates.test(codeOf(error.cause));
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

async function guarded<T>(target: PostgresTarget, work: PromiseLike<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof ZamError) throw cause;
    const code = codeOf(cause);
    const said = cause instanceof Error && cause.message !== "" ? cause.message : code;
    const isPassing = retryableStates.test(code) || connectionCodes.test(code);
    throw new ZamError(
      isPassing ? "Z424" : "Z612",
      { target: targetToText(target), reason: said.slice(0, 300) },
      cause,
    );
  }
}
