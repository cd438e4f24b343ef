/**
 * The thread in which a projection parses payloads and waits for its database, so
 * that neither holds up the thread that reads the log and serves clinics.
 */
import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../../core/errors/zam-error.ts";
import type { AbsentRanges, ArrivedEvent } from "../../engine/index.ts";
import type { ProjectionDatabase } from "./database.ts";
import { type EventColumns, fromColumns } from "./event-columns.ts";
import type { Mapping } from "./mapping.ts";
import { PortCalls } from "./port-calls.ts";
import { Projector } from "./projector.ts";
import { RowMaker } from "./row.ts";
import { type Migration, planMigration, readState, type TableState } from "./table.ts";
import { type Target, targetToText } from "./target.ts";

export interface WorkerInput {
  readonly target: Target;
  readonly mapping: Mapping;
}

export interface LogName {
  readonly nodeId: string;
  readonly logId: string;
}

/** What a projection would do first; nothing was changed. */
export interface Rehearsal {
  readonly state: TableState | undefined;
  readonly migration: Migration;
}

const { target, mapping } = workerData as WorkerInput;
const shown = targetToText(target);
let projector: Projector | undefined;
/** The last batch: the next one follows it, and fails with it. Nothing is left out in between. */
let applied: Promise<unknown> = Promise.resolve();

async function openDatabase(isReadOnly: boolean): Promise<ProjectionDatabase> {
  if (target.kind === "sqlite") {
    const { openSqlite } = await import("./sqlite-database.ts");
    return openSqlite(target, { isReadOnly });
  }
  const { openPostgres } = await import("./postgres-database.ts");
  return openPostgres(target, { isReadOnly });
}

function opened(): Projector {
  assert(projector !== undefined, "a projection is opened first");
  return projector;
}

async function close(): Promise<void> {
  const closing = projector;
  projector = undefined;
  await closing?.close();
}

assert(parentPort !== null, "this runs in a worker");
const calls = new PortCalls(parentPort, {
  open: async (log: LogName) => {
    await close();
    const database = await openDatabase(false);
    try {
      const lookup = async (arrival: number): Promise<ArrivedEvent | undefined> =>
        (await calls.call("lookup", arrival)) as ArrivedEvent | undefined;
      projector = await Projector.open(database, mapping, { target: shown, ...log }, lookup);
    } catch (error) {
      await database.close();
      throw error;
    }
    applied = Promise.resolve();
    return projector.at;
  },
  rehearse: async (log: LogName): Promise<Rehearsal> => {
    const isThere = target.kind === "postgres" || existsSync(target.path);
    if (!isThere) return { state: undefined, migration: planMigration(mapping, undefined) };
    const database = await openDatabase(true);
    try {
      const state = await readState(database, mapping.table, { target: shown, ...log });
      return { state, migration: planMigration(mapping, state) };
    } finally {
      await database.close();
    }
  },
  /** How many values of these events would not fit their columns. */
  measure: async (batch: EventColumns) => {
    const maker = new RowMaker(mapping.columns);
    for (const event of fromColumns(batch)) maker.make(event);
    return maker.unfitting;
  },
  apply: (batch: EventColumns) => {
    const next = applied.then(() => opened().apply(fromColumns(batch)));
    applied = next;
    return next;
  },
  restart: (logId: string) => opened().restart(logId),
  noteAbsent: (absent: readonly AbsentRanges[]) => opened().noteAbsent(absent),
  fill: () => opened().fill(),
  rowCount: () => opened().rowCount(),
  close,
});
