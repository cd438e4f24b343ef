/**
 * What a projection needs of a database. Two of them satisfy it: SQLite's runs at
 * once, PostgreSQL's over a connection; what is done with them is written once.
 *
 * Statements have `$1`, `$2` … for their values. Numbers come back as numbers.
 */
import { type ColumnType, eventColumns, type Mapping } from "./mapping.ts";
import type { EventRow } from "./row.ts";

export type SqlParameter = string | number | null;
export type SqlRecord = Readonly<Record<string, string | number | null>>;

export interface SqlSession {
  all(sql: string, values?: readonly SqlParameter[]): Promise<readonly SqlRecord[]>;
  /** How many rows it changed. */
  run(sql: string, values?: readonly SqlParameter[]): Promise<number>;
  /**
   * Inserts rows in their order; rows whose (node, epoch, lane, seq) is taken are left out
   * and returned. What the database cannot take of a row's JSON goes into `payload_raw`.
   */
  insertEvents(mapping: Mapping, rows: readonly EventRow[]): Promise<readonly EventRow[]>;
}

export interface ProjectionDatabase extends SqlSession {
  /** Of each type of column, what it is called there. */
  readonly types: Readonly<Record<ColumnType | "bytes", string>>;
  /** All of it or nothing; durable afterwards as far as the database promises. One at a time. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** A table or view of this name, whoever made it. */
  hasTable(session: SqlSession, name: string): Promise<boolean>;
  /** The bytes of a text or JSON column, as an expression. */
  sizeOf(column: string): string;
  /** Holds off others that would make the same tables, to the end of the transaction. */
  lockForSetup(session: SqlSession): Promise<void>;
  close(): Promise<void>;
}

/** An identifier, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The columns of an inserted row, in the order of `insertedColumns`. */
export function insertedColumns(mapping: Mapping): readonly string[] {
  return [...eventColumns, ...mapping.columns.map(({ name }) => name)];
}

const minuteMs = 60_000;
/** Texts of minutes that were asked for lately; a power of two. */
const minutes: ({ readonly number: number; readonly text: string } | undefined)[] = [];
const minutesKept = 64;

/**
 * Times are milliseconds in UTC, as every output of zamsync has them. Rows of one minute come
 * together: then this takes a tenth of what a Date does.
 */
export function isoOf(ms: number): string {
  const number = Math.floor(ms / minuteMs);
  const slot = Math.abs(number) % minutesKept;
  let minute = minutes[slot];
  if (minute?.number !== number) {
    minute = { number, text: new Date(number * minuteMs).toISOString().slice(0, -7) };
    minutes[slot] = minute;
  }
  const within = ms - number * minuteMs;
  const seconds = Math.floor(within / 1000);
  return `${minute.text}${twoDigits(seconds)}.${threeDigits(within - seconds * 1000)}Z`;
}

function twoDigits(n: number): string {
  return n < 10 ? `0${n}` : `${n}`;
}

function threeDigits(n: number): string {
  return n < 10 ? `00${n}` : n < 100 ? `0${n}` : `${n}`;
}
