/**
 * One projection into one table: batches of events become rows, exactly once.
 *
 * An event is known by (node, epoch, lane, seq). One that comes again with the same
 * chain has its row already: a hole was healed, or the log is read anew. Another chain
 * under the same name means that the branch which was there has moved to an epoch of its
 * own (RULES 23): the log is asked what the rows are called by now, and they follow.
 */
import { assert, ZamError } from "../../core/errors/zam-error.ts";
import type { AbsentRanges, ArrivedEvent } from "../../engine/index.ts";
import { type ProjectionDatabase, quoted, type SqlRecord, type SqlSession } from "./database.ts";
import type { MappedColumn, Mapping } from "./mapping.ts";
import { recordMissing } from "./missing.ts";
import { type EventRow, RowMaker } from "./row.ts";
import { migrate, type Owner, type Place, type TableState } from "./table.ts";

const fillRowsMax = 1000;
/** Payloads of one turn, but for a single larger one. */
const fillBytesMax = 2 * 1024 * 1024;

/** The event that arrived at this ordinal, as the log has it now. */
export type Lookup = (arrival: number) => Promise<ArrivedEvent | undefined>;

export interface Applied {
  readonly place: Place;
  readonly added: number;
  /** Rows that were there already. */
  readonly repeated: number;
  /** Rows that follow their event to another epoch. */
  readonly moved: number;
  /** Values that had another type than their column, and are NULL. */
  readonly unfitting: number;
}

export class Projector {
  private readonly database: ProjectionDatabase;
  private readonly mapping: Mapping;
  private readonly lookup: Lookup;
  private readonly rows: RowMaker;
  private place: Place;
  private fillColumns: readonly MappedColumn[];
  private moved = 0;
  /** Rows whose sizes are looked at in one turn: fewer where payloads are large. */
  private fillRows = fillRowsMax;

  private constructor(
    database: ProjectionDatabase,
    mapping: Mapping,
    state: TableState,
    lookup: Lookup,
  ) {
    this.database = database;
    this.mapping = mapping;
    this.lookup = lookup;
    this.rows = new RowMaker(mapping.columns);
    this.place = { arrival: state.arrival, chain: state.chain, logId: state.logId };
    this.fillColumns = state.columns.filter(({ state: how }) => how === "filling");
  }

  /** Makes the tables or changes them to the mapping. @throws ZamError Z424, Z611, Z612 */
  static async open(
    database: ProjectionDatabase,
    mapping: Mapping,
    owner: Owner & { readonly logId: string },
    lookup: Lookup,
  ): Promise<Projector> {
    return new Projector(database, mapping, await migrate(database, mapping, owner), lookup);
  }

  get at(): Place {
    return this.place;
  }

  /** The next events of the log, which begin behind `at`. @throws ZamError Z424, Z612, Z614 */
  async apply(events: readonly ArrivedEvent[]): Promise<Applied> {
    const last = events[events.length - 1];
    assert(last !== undefined, "a batch has an event");
    const place = { arrival: last.arrival, chain: last.chain, logId: this.place.logId };
    const unfittingBefore = this.rows.unfitting;
    const made = events.map((event) => this.rows.make(event));
    this.moved = 0;
    const taken = await this.database.transaction(async (session) => {
      // First of all: who else writes this table waits here, and then finds that it has moved.
      await this.moveTo(session, place);
      const repeated = await session.insertEvents(this.mapping, made);
      return this.settle(session, repeated);
    });
    this.place = place;
    return {
      place,
      added: made.length - taken,
      repeated: taken,
      moved: this.moved,
      unfitting: this.rows.unfitting - unfittingBefore,
    };
  }

  /** Reads all of the log again, of which `logId` is the name now; rows that are there stay. */
  async restart(logId: string): Promise<void> {
    const place = { arrival: 0, chain: "", logId };
    await this.database.transaction((session) => this.moveTo(session, place));
    this.place = place;
  }

  /** Notes what no reader of the log will ever get and has no row; events that were not noted before. */
  async noteAbsent(absent: readonly AbsentRanges[]): Promise<number> {
    return this.database.transaction((session) =>
      recordMissing(session, this.mapping.table, absent),
    );
  }

  /** Fills new columns of some old rows from their payloads; false when there is nothing left. */
  async fill(): Promise<boolean> {
    if (this.fillColumns.length === 0) return false;
    const columns = this.fillColumns;
    const table = quoted(this.mapping.table);
    const isOver = await this.database.transaction(async (session) => {
      const [book] = await session.all(
        "SELECT fill_from, columns FROM zamsync_projections WHERE table_name = $1",
        [this.mapping.table],
      );
      const from = typeof book?.fill_from === "string" ? (JSON.parse(book.fill_from) as Key) : null;
      const { keys, isLast } = await this.nextToFill(session, from);
      const last = keys[keys.length - 1];
      const old =
        last === undefined
          ? []
          : await session.all(
              `SELECT node, epoch, lane, seq, payload FROM ${table} ` +
                "WHERE (node, epoch, lane, seq) <= ($1, $2, $3, $4) " +
                (from === null ? "" : "AND (node, epoch, lane, seq) > ($5, $6, $7, $8)"),
              [...last, ...(from ?? [])],
            );
      const maker = new RowMaker(columns);
      const sets = columns.map(({ name }, index) => `${quoted(name)} = $${index + 5}`).join(", ");
      for (const row of old) {
        const values = typeof row.payload === "string" ? valuesOf(maker, row.payload) : [];
        await session.run(`UPDATE ${table} SET ${sets} WHERE ${byKey}`, [
          ...keyOf(row),
          ...columns.map((_, index) => values[index] ?? null),
        ]);
      }
      await session.run(
        "UPDATE zamsync_projections SET fill_from = $2, columns = $3 WHERE table_name = $1",
        [
          this.mapping.table,
          isLast || last === undefined ? null : JSON.stringify(last),
          isLast ? filled(String(book?.columns)) : String(book?.columns),
        ],
      );
      return isLast;
    });
    if (isOver) this.fillColumns = [];
    return !isOver;
  }

  /** Names of the rows behind `from` that one turn fills, in their order, and whether they are the last. */
  private async nextToFill(
    session: SqlSession,
    from: Key | null,
  ): Promise<{ readonly keys: readonly Key[]; readonly isLast: boolean }> {
    const limit = this.fillRows;
    const sizes = await session.all(
      `SELECT node, epoch, lane, seq, ${this.database.sizeOf("payload")} AS size ` +
        `FROM ${quoted(this.mapping.table)} ` +
        (from === null ? "" : "WHERE (node, epoch, lane, seq) > ($1, $2, $3, $4) ") +
        `ORDER BY node, epoch, lane, seq LIMIT ${limit}`,
      from ?? [],
    );
    const keys: Key[] = [];
    let bytes = 0;
    for (const row of sizes) {
      bytes += Number(row.size ?? 0);
      if (keys.length > 0 && bytes > fillBytesMax) break;
      keys.push(keyOf(row));
    }
    const isCut = keys.length < sizes.length;
    this.fillRows = Math.min(fillRowsMax, 2 * (isCut ? keys.length : limit));
    return { keys, isLast: !isCut && sizes.length < limit };
  }

  /** Rows in the table, counted: takes a moment in a large one. */
  async rowCount(): Promise<number> {
    const [found] = await this.database.all(
      `SELECT count(*) AS n FROM ${quoted(this.mapping.table)}`,
    );
    return Number(found?.n);
  }

  close(): Promise<void> {
    return this.database.close();
  }

  /** Only from where this projector has been: another one may have gone on meanwhile. */
  private async moveTo(session: SqlSession, place: Place): Promise<void> {
    const changed = await session.run(
      "UPDATE zamsync_projections SET arrival = $2, chain = $3, log_id = $4 " +
        "WHERE table_name = $1 AND arrival = $5 AND chain = $6",
      [
        this.mapping.table,
        place.arrival,
        place.chain,
        place.logId,
        this.place.arrival,
        this.place.chain,
      ],
    );
    if (changed !== 1) throw new ZamError("Z614", { table: this.mapping.table });
  }

  /** What to do with rows whose name is taken; how many of them had their row already. */
  private async settle(session: SqlSession, repeated: readonly EventRow[]): Promise<number> {
    const table = quoted(this.mapping.table);
    let known = 0;
    let left = repeated;
    for (let rounds = 0; left.length > 0; rounds++) {
      assert(rounds < 3, "a row that has moved leaves its name");
      const freed: EventRow[] = [];
      for (const row of left) {
        const [there] = await session.all(
          `SELECT ${branchColumns} FROM ${table} WHERE ${byKey}`,
          keyOf(row),
        );
        if (there === undefined) {
          freed.push(row);
        } else if (there.chain === row.chain) {
          known++;
          await session.run(`UPDATE ${table} SET arrival = $5 WHERE ${byKey}`, [
            ...keyOf(row),
            row.arrival,
          ]);
        } else {
          await this.moveBranch(session, row, there);
          freed.push(row);
        }
      }
      left = freed.length === 0 ? [] : await session.insertEvents(this.mapping, freed);
    }
    return known;
  }

  /** The row at this name, and those behind it that arrived before: they follow their events. */
  private async moveBranch(session: SqlSession, row: EventRow, there: SqlRecord): Promise<void> {
    const behind = await session.all(
      `SELECT ${branchColumns} FROM ${quoted(this.mapping.table)} ` +
        "WHERE node = $1 AND epoch = $2 AND lane = $3 AND seq > $4 AND arrival < $5 ORDER BY seq",
      [...keyOf(row), row.arrival],
    );
    for (const before of [there, ...behind]) {
      const now = await this.lookup(Number(before.arrival));
      const isThere = now !== undefined && (await this.isSameEvent(session, now, before));
      const hasMoved = isThere && String(keyOf(now)) !== String(keyOf(before));
      if (hasMoved) await this.rename(session, before, keyOf(now), now.chain);
      // The log has it no more: it stays, under a name that says so.
      else if (before === there) await this.rename(session, before, lostName(before));
    }
  }

  /** Seq, epoch and chain change when a branch moves; the rest never does. */
  private async isSameEvent(
    session: SqlSession,
    now: ArrivedEvent,
    before: SqlRecord,
  ): Promise<boolean> {
    const isLike =
      now.node === before.node &&
      now.lane === before.lane &&
      now.hlc === before.hlc &&
      now.type === Number(before.type);
    if (!isLike) return false;
    const table = quoted(this.mapping.table);
    const [row] = await session.all(`SELECT payload FROM ${table} WHERE ${byKey}`, keyOf(before));
    const payload = row?.payload ?? null;
    return payload === null || Buffer.from(now.payload).toString("utf8") === payload;
  }

  /** A row that is there by the new name is the same event. */
  private async rename(
    session: SqlSession,
    before: SqlRecord,
    name: Key,
    chain = String(before.chain),
  ): Promise<void> {
    const table = quoted(this.mapping.table);
    this.moved++;
    const [taken] = await session.all(`SELECT chain FROM ${table} WHERE ${byKey}`, name);
    if (taken !== undefined) {
      await session.run(`DELETE FROM ${table} WHERE ${byKey}`, keyOf(before));
      return;
    }
    const [, epoch, , seq] = name;
    await session.run(`UPDATE ${table} SET epoch = $5, seq = $6, chain = $7 WHERE ${byKey}`, [
      ...keyOf(before),
      epoch,
      seq,
      chain,
    ]);
  }
}

/** Without payloads: a branch may have many. */
const branchColumns = "node, epoch, lane, seq, hlc, type, arrival, chain";
const byKey = "node = $1 AND epoch = $2 AND lane = $3 AND seq = $4";

type Key = readonly [string, string, string, number];

function keyOf(row: SqlRecord | EventRow | ArrivedEvent): Key {
  return [String(row.node), String(row.epoch), String(row.lane), Number(row.seq)];
}

/** Of a row whose event the log no longer has, when another one has its name. */
function lostName(row: SqlRecord): Key {
  const [node, epoch, lane, seq] = keyOf(row);
  return [node, `${epoch}-${String(row.chain).slice(0, 8)}`, lane, seq];
}

function valuesOf(maker: RowMaker, payload: string): readonly (string | number | null)[] {
  try {
    return maker.valuesOf(payload);
  } catch {
    return [];
  }
}

function filled(columns: string): string {
  const parsed = JSON.parse(columns) as readonly { readonly state: string }[];
  return JSON.stringify(
    parsed.map((column) => (column.state === "filling" ? { ...column, state: "live" } : column)),
  );
}
