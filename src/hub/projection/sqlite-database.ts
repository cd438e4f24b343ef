/**
 * SQLite as a target, through Node's own binding. A commit is in the WAL and not yet
 * fsynced (synchronous = NORMAL): a power cut may take the last transactions back, the
 * place in the log with them, so that they are simply done again.
 */
import { closeSync, existsSync, openSync } from "node:fs";
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
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
import { type SqliteTarget, targetToText } from "./target.ts";

/** How long another writer of the file is waited for. */
const busyTimeoutMs = 10_000;
/** What SQLite itself says to another writer that does not let go, and to a disk that is full. */
const retryableCodes: ReadonlySet<number> = new Set([5, 6, 13]);

/** @throws ZamError Z424, Z612 */
export async function openSqlite(
  target: SqliteTarget,
  options: { readonly isReadOnly: boolean },
): Promise<ProjectionDatabase> {
  const { DatabaseSync: Sqlite } = await import("node:sqlite");
  return guarded(target, () => {
    // What is readable in here is secret in the log: nobody else's to read.
    if (!options.isReadOnly && !existsSync(target.path))
      closeSync(openSync(target.path, "a", 0o600));
    const database = new Sqlite(target.path, {
      readOnly: options.isReadOnly,
      timeout: busyTimeoutMs,
    });
    if (!options.isReadOnly) {
      // Rows of half a KiB: of a new file, fewer pages to split and write.
      database.exec("PRAGMA page_size = 8192");
      database.exec("PRAGMA journal_mode = WAL");
      database.exec("PRAGMA synchronous = NORMAL");
      database.exec("PRAGMA wal_autocheckpoint = 4000");
    }
    database.exec("PRAGMA cache_size = -16384");
    return new SqliteDatabase(target, database);
  });
}

class SqliteDatabase implements ProjectionDatabase {
  readonly types = {
    text: "TEXT",
    integer: "INTEGER",
    real: "REAL",
    boolean: "INTEGER",
    timestamp: "TEXT",
    json: "TEXT",
    bytes: "BLOB",
  };
  private readonly target: SqliteTarget;
  private readonly database: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  constructor(target: SqliteTarget, database: DatabaseSync) {
    this.target = target;
    this.database = database;
  }

  async all(sql: string, values: readonly SqlParameter[] = []): Promise<readonly SqlRecord[]> {
    return this.guard(() => this.statement(sql).all(...values) as unknown as SqlRecord[]);
  }

  async run(sql: string, values: readonly SqlParameter[] = []): Promise<number> {
    return this.guard(() => Number(this.statement(sql).run(...values).changes));
  }

  async insertEvents(mapping: Mapping, rows: readonly EventRow[]): Promise<readonly EventRow[]> {
    const columns = insertedColumns(mapping);
    const statement = this.statement(
      `INSERT INTO ${quoted(mapping.table)} (${columns.map(quoted).join(", ")}) ` +
        `VALUES (${columns.map((_, index) => `$${index + 1}`).join(", ")}) ` +
        "ON CONFLICT (node, epoch, lane, seq) DO NOTHING",
    );
    return this.guard(() =>
      rows.filter((row) => {
        const values: SQLInputValue[] = [
          row.arrival,
          row.node,
          row.epoch,
          row.lane,
          row.seq,
          row.hlc,
          isoOf(row.tsMs),
          isoOf(row.receivedMs),
          row.type,
          row.chain,
          row.payload,
          row.payloadRaw,
          ...row.values,
        ];
        return statement.run(...values).changes === 0;
      }),
    );
  }

  async transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    await this.run("BEGIN IMMEDIATE");
    try {
      const result = await work(this);
      await this.run("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (this.database.isTransaction) await this.run("ROLLBACK");
      throw error;
    }
  }

  async hasTable(session: SqlSession, name: string): Promise<boolean> {
    const found = await session.all(
      "SELECT 1 FROM sqlite_master WHERE type IN ('table', 'view') AND name = $1 COLLATE NOCASE",
      [name],
    );
    return found.length > 0;
  }

  /** From the row's header: the text is not read. */
  sizeOf(column: string): string {
    return `octet_length(${quoted(column)})`;
  }

  /** BEGIN IMMEDIATE has done so. */
  async lockForSetup(): Promise<void> {}

  async close(): Promise<void> {
    this.statements.clear();
    this.database.close();
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known !== undefined) return known;
    const made = this.database.prepare(sql.replace(/\$(\d+)/g, "?$1"));
    this.statements.set(sql, made);
    return made;
  }

  private guard<T>(work: () => T): T {
    return guarded(this.target, work);
  }
}

function guarded<T>(target: SqliteTarget, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ZamError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const code = cause instanceof Error && "errcode" in cause ? Number(cause.errcode) & 0xff : 0;
    const place = { target: targetToText(target), reason };
    throw new ZamError(retryableCodes.has(code) ? "Z424" : "Z612", place, cause);
  }
}
