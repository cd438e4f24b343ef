/** What tests of projections stand on: a log in memory, and one suite for every database. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TestContext } from "node:test";
import { ZamError } from "../../core/errors/zam-error.ts";
import type {
  AbsentRanges,
  ArrivalQuery,
  ArrivalSource,
  ArrivedEvent,
  OpenedBatch,
} from "../../engine/index.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { ProjectionDatabase, SqlRecord, SqlSession } from "./database.ts";
import { type Mapping, toMapping } from "./mapping.ts";
import { Projector } from "./projector.ts";
import { readState } from "./table.ts";

/** An event as the log would give it; what is not named follows from its arrival. */
export function event(fields: Partial<ArrivedEvent> & { readonly seq: number }): ArrivedEvent {
  const { seq } = fields;
  return {
    arrival: seq,
    node: "clinic_a",
    epoch: "00000001",
    lane: "",
    hlc: seq.toString(16).padStart(16, "0"),
    chain: `c${seq}`.padStart(32, "0"),
    type: 1,
    tsMs: 1_700_000_000_000 + seq,
    receivedMs: 1_700_000_100_000 + seq,
    payload: Buffer.from(JSON.stringify({ n: seq, name: `p${seq}` })),
    ...fields,
  };
}

export class FakeLog implements ArrivalSource {
  readonly events: ArrivedEvent[] = [];
  absent: readonly AbsentRanges[] = [];
  nodeId = "hub";
  logId = "aa".repeat(16);
  opening = 1;
  batchEvents = 4;

  async next(query: ArrivalQuery): Promise<OpenedBatch> {
    const behind = this.events
      .filter(({ arrival }) => arrival > query.after)
      .sort((a, b) => a.arrival - b.arrival);
    const events = behind.slice(0, Math.min(query.eventsMax ?? this.batchEvents, this.batchEvents));
    if (events.length === 0 && (query.waitMs ?? 0) > 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
    const { nodeId, logId, opening, absent } = this;
    const isCaughtUp = events.length === behind.length;
    return { nodeId, logId, opening, events, isCaughtUp, ...(isCaughtUp ? { absent } : {}) };
  }

  async at(arrival: number): Promise<ArrivedEvent | undefined> {
    return this.events.find((each) => each.arrival === arrival);
  }

  async close(): Promise<void> {}
}

export interface TestDatabase {
  open(): Promise<ProjectionDatabase>;
}

const mapping = toMapping(
  {
    table: 'visits "of" today',
    columns: [
      { name: 'na"me', pointer: "/name", type: "text" },
      { name: "n", pointer: "/n", type: "integer" },
    ],
  },
  "m",
);

function named(columns: readonly unknown[]): Mapping {
  return toMapping({ table: mapping.table, columns }, "m");
}

const table = '"visits ""of"" today"';

/** Tells how many bytes of payloads each query brings. */
function measuring(
  database: ProjectionDatabase,
  tell: (bytes: number) => void,
): ProjectionDatabase {
  const wrapped = (session: SqlSession): SqlSession => ({
    all: async (sql, values) => {
      const rows = await session.all(sql, values);
      tell(rows.reduce((sum, { payload }) => sum + String(payload ?? "").length, 0));
      return rows;
    },
    run: (sql, values) => session.run(sql, values),
    insertEvents: (into, rows) => session.insertEvents(into, rows),
  });
  return Object.assign(Object.create(database) as ProjectionDatabase, {
    transaction: <T>(work: (session: SqlSession) => Promise<T>): Promise<T> =>
      database.transaction((session) => work(wrapped(session))),
  });
}

/** Calls that fail, one after the other, at any statement: as if killed there. */
function failing(database: ProjectionDatabase, failAt: () => boolean): ProjectionDatabase {
  const wrap = (session: SqlSession): SqlSession => ({
    all: (sql, values) => step(() => session.all(sql, values)),
    run: (sql, values) => step(() => session.run(sql, values)),
    insertEvents: (into, rows) => step(() => session.insertEvents(into, rows)),
  });
  const step = async <T>(work: () => Promise<T>): Promise<T> => {
    if (failAt()) throw new Error("pulled the plug");
    const result = await work();
    if (failAt()) throw new Error("pulled the plug");
    return result;
  };
  return {
    ...wrap(database),
    types: database.types,
    transaction: async (work) => {
      const result = await database.transaction((session) => work(wrap(session)));
      if (failAt()) throw new Error("pulled the plug after the commit");
      return result;
    },
    hasTable: (session, name) => database.hasTable(session, name),
    sizeOf: (column) => database.sizeOf(column),
    lockForSetup: (session) => database.lockForSetup(session),
    close: () => database.close(),
  };
}

export function projectionSuite(
  name: string,
  make: (t: TestContext) => Promise<TestDatabase>,
): void {
  const openOn = async (
    database: ProjectionDatabase,
    log: FakeLog,
    how: Mapping = mapping,
  ): Promise<Projector> =>
    Projector.open(database, how, { target: "t", nodeId: log.nodeId, logId: log.logId }, (at) =>
      log.at(at),
    );
  const rowsOf = async (
    database: ProjectionDatabase,
    columns = "node, epoch, lane, seq, chain, payload",
  ): Promise<readonly SqlRecord[]> =>
    database.all(`SELECT ${columns} FROM ${table} ORDER BY node, epoch, lane, seq`);
  const codeOf = async (work: Promise<unknown>): Promise<string> => {
    const error = await work.then(
      () => assert.fail("it went well"),
      (caught: unknown) => caught,
    );
    assert.ok(error instanceof ZamError, String(error));
    return error.code;
  };

  describe(`a projection into ${name}`, () => {
    it("makes a row of every event, whatever the names and payloads", async (t) => {
      const database = await (await make(t)).open();
      const log = new FakeLog();
      const odd = [
        event({ seq: 1 }),
        event({ seq: 2, payload: Buffer.from('{"name":"a\\u0000b","n":1.5}') }),
        event({ seq: 3, payload: Buffer.from([0xff, 0x00]) }),
        event({ seq: 4, payload: Buffer.from('{"name":"\\ud800","n":"x"}') }),
        event({ seq: 5, payload: Buffer.from(`${"[".repeat(20_000)}${"]".repeat(20_000)}`) }),
        event({ seq: 6, payload: Buffer.alloc(0), lane: "urgent", node: "x.y-z_0" }),
        event({ seq: 7, payload: Buffer.from("9007199254740993") }),
      ];
      const projector = await openOn(database, log);
      const applied = await projector.apply(odd);
      assert.equal(applied.added, 7);
      assert.equal(applied.unfitting, 4);
      const rows = await database.all(
        `SELECT seq, payload, payload_raw, "na""me" AS name, n FROM ${table} ORDER BY arrival`,
      );
      assert.deepEqual(
        rows.map(({ seq }) => Number(seq)),
        [1, 2, 3, 4, 5, 6, 7],
      );
      assert.deepEqual([rows[0]?.name, Number(rows[0]?.n)], ["p1", 1]);
      assert.equal(rows[1]?.payload, '{"name":"a\\u0000b","n":1.5}');
      assert.deepEqual([rows[1]?.name, rows[1]?.n], [null, null]);
      assert.equal(rows[6]?.payload, "9007199254740993");
      // Every byte is there, as text or as it is.
      for (const [index, row] of rows.entries()) {
        const bytes =
          row.payload === null
            ? Buffer.from(row.payload_raw as unknown as Uint8Array)
            : Buffer.from(String(row.payload));
        assert.deepEqual(bytes, Buffer.from(odd[index]?.payload ?? []), `seq ${index + 1}`);
      }
      await projector.close();
    });

    it("is killed at any statement, and has every event once", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      for (let n = 1; n <= 40; n++) log.events.push(event({ seq: n }));
      const seed = Date.now() % 100_000;
      t.diagnostic(`seed ${seed}`);
      const random = createSeededRandom(seed);
      let kills = 0;
      for (let place = 0; place < 40; ) {
        const database = await made.open();
        let stepsLeft = random.below(60);
        try {
          const projector = await openOn(
            failing(database, () => stepsLeft-- === 0),
            log,
          );
          for (place = projector.at.arrival; place < 40; place = projector.at.arrival) {
            const { events } = await log.next({ after: place });
            await projector.apply(events);
          }
        } catch (error) {
          assert.match(String(error), /pulled the plug/);
          kills++;
        }
        await database.close();
      }
      assert.ok(kills > 0, "nothing was killed");
      const database = await made.open();
      const seqs = (await rowsOf(database, "seq")).map(({ seq }) => Number(seq));
      assert.deepEqual(
        seqs,
        Array.from({ length: 40 }, (_, index) => index + 1),
      );
      const state = await readState(database, mapping.table, { target: "t", nodeId: "hub" });
      assert.equal(state?.arrival, 40);
      await database.close();
    });

    it("notices another projector at the same table, and neither repeats nor skips", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      for (let n = 1; n <= 8; n++) log.events.push(event({ seq: n }));
      const [one, two] = [await made.open(), await made.open()];
      const first = await openOn(one, log);
      const second = await openOn(two, log);
      await first.apply(log.events.slice(0, 4));
      assert.equal(await codeOf(second.apply(log.events.slice(0, 6))), "Z614");
      const again = await openOn(two, log);
      assert.equal(again.at.arrival, 4);
      await again.apply(log.events.slice(4));
      assert.equal(await codeOf(first.apply(log.events.slice(4))), "Z614");
      assert.equal((await rowsOf(one)).length, 8);
      await one.close();
      await two.close();
    });

    it("lets rows follow a branch that has moved to an epoch of its own", async (t) => {
      const database = await (await make(t)).open();
      const log = new FakeLog();
      for (let n = 1; n <= 6; n++) log.events.push(event({ seq: n }));
      const projector = await openOn(database, log);
      await projector.apply(log.events);
      // Seqs 4 to 6 were a branch: they are 1 to 3 of another epoch now, and arrived when they did.
      for (let n = 4; n <= 6; n++)
        log.events[n - 1] = event({
          ...log.events[n - 1],
          seq: n - 3,
          epoch: "0000beef",
          chain: `b${n}`.padStart(32, "0"),
        });
      const other = [4, 5].map((seq) =>
        event({ seq, arrival: 6 + seq, chain: `d${seq}`.padStart(32, "0") }),
      );
      log.events.push(...other);
      const applied = await projector.apply(other);
      assert.deepEqual([applied.added, applied.moved], [2, 3]);
      const rows = await rowsOf(database, "epoch, seq, chain, arrival");
      assert.deepEqual(
        rows.map((row) => `${row.epoch} ${row.seq} ${String(row.chain).slice(-2)} ${row.arrival}`),
        [
          "00000001 1 c1 1",
          "00000001 2 c2 2",
          "00000001 3 c3 3",
          "00000001 4 d4 10",
          "00000001 5 d5 11",
          "0000beef 1 b4 4",
          "0000beef 2 b5 5",
          "0000beef 3 b6 6",
        ],
      );
      await projector.close();
    });

    it("keeps a row whose event the log lost, beside the one that has its name now", async (t) => {
      const database = await (await make(t)).open();
      const log = new FakeLog();
      log.events.push(event({ seq: 1 }), event({ seq: 2 }));
      const projector = await openOn(database, log);
      await projector.apply(log.events);
      log.events.pop();
      const other = event({ seq: 2, arrival: 9, chain: "ff".repeat(16), hlc: "00000000000000ff" });
      log.events.push(other);
      await projector.apply([other]);
      const rows = await rowsOf(database, "epoch, seq");
      assert.deepEqual(
        rows.map(({ epoch, seq }) => `${epoch} ${seq}`),
        ["00000001 1", "00000001 2", "00000001-00000000 2"],
      );
      await projector.close();
    });

    it("reads a log anew without repeating a row, and takes healed events once", async (t) => {
      const database = await (await make(t)).open();
      const log = new FakeLog();
      for (let n = 1; n <= 5; n++) log.events.push(event({ seq: n }));
      const projector = await openOn(database, log);
      await projector.apply(log.events);
      await projector.restart("bb".repeat(16));
      assert.deepEqual(projector.at, { arrival: 0, chain: "", logId: "bb".repeat(16) });
      const renumbered = log.events.map((each, index) => ({ ...each, arrival: index + 1 }));
      const fresh = event({ seq: 6, arrival: 6 });
      const applied = await projector.apply([...renumbered, fresh]);
      assert.deepEqual([applied.added, applied.repeated], [1, 5]);
      assert.equal((await rowsOf(database)).length, 6);
      const healed = { ...event({ seq: 3 }), arrival: 7 };
      assert.equal((await projector.apply([healed])).repeated, 1);
      assert.equal((await rowsOf(database)).length, 6);
      await projector.close();
    });

    it("adds, fills, remakes and retires columns when the mapping changes", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      for (let n = 1; n <= 2500; n++) log.events.push(event({ seq: n }));
      const before = await openOn(await made.open(), log);
      await before.apply(log.events);
      await before.close();
      const changed = named([
        { name: "n", pointer: "/n", type: "text" },
        { name: "number", pointer: "/n", type: "integer" },
      ]);
      // The first one is killed after one page.
      const killed = await openOn(await made.open(), log, changed);
      assert.equal(await killed.fill(), true);
      await killed.close();
      const database = await made.open();
      const after = await openOn(database, log, changed);
      let pages = 0;
      while (await after.fill()) pages++;
      assert.equal(pages, 1, "it went on from where it was");
      const rows = await rowsOf(database, `seq, n, number, "na""me" AS name`);
      assert.equal(rows.length, 2500);
      for (const row of rows)
        assert.deepEqual(
          [row.n, Number(row.number), row.name],
          [String(row.seq), Number(row.seq), `p${row.seq}`],
        );
      await after.apply([event({ seq: 2501 })]);
      const [last] = await database.all(
        `SELECT n, "na""me" AS name FROM ${table} WHERE seq = 2501`,
      );
      assert.deepEqual([last?.n, last?.name], ["2501", null]);
      await after.close();
      // The retired one comes back, and gets what it missed.
      const again = await openOn(await made.open(), log);
      while (await again.fill()) {
        // to the end
      }
      const names = await rowsOf(await made.open(), `"na""me" AS name`);
      assert.ok(names.every(({ name: each }) => each !== null));
      await again.close();
    });

    it("fills large rows a few at a time, and every one", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      for (let n = 1; n <= 30; n++) {
        const pad = "x".repeat(n % 3 === 0 ? 900_000 : 10);
        log.events.push(event({ seq: n, payload: Buffer.from(JSON.stringify({ n, pad })) }));
      }
      const before = await openOn(await made.open(), log, named([]));
      await before.apply(log.events);
      await before.close();
      const database = await made.open();
      let largest = 0;
      const measured = measuring(database, (bytes) => {
        largest = Math.max(largest, bytes);
      });
      const changed = named([{ name: "n", pointer: "/n", type: "integer" }]);
      const projector = await openOn(measured, log, changed);
      while (await projector.fill()) {
        // On to the end.
      }
      assert.ok(largest > 900_000 && largest < 2.2e6, `${largest} bytes at once`);
      const rows = await rowsOf(database, "seq, n");
      assert.equal(rows.length, 30);
      for (const { seq, n } of rows) assert.equal(Number(n), Number(seq));
      await projector.close();
    });

    it("names what will never come, and nothing else", async (t) => {
      const database = await (await make(t)).open();
      const log = new FakeLog();
      const projector = await openOn(database, log);
      await projector.apply([4, 5, 8, 9].map((seq) => event({ seq })));
      const absent = { node: "clinic_a", epoch: "00000001", lane: "" };
      const lost = [[7, 7]] as const;
      assert.equal(await projector.noteAbsent([{ ...absent, floor: 4, lost }]), 4);
      assert.equal(await projector.noteAbsent([{ ...absent, floor: 4, lost }]), 0);
      const named = async (): Promise<string[]> =>
        (await database.all("SELECT * FROM zamsync_missing ORDER BY from_seq")).map(
          (row) => `${row.from_seq}-${row.to_seq} ${row.reason}`,
        );
      assert.deepEqual(await named(), ["1-3 expired", "7-7 lost"]);
      assert.equal(await projector.noteAbsent([{ ...absent, floor: 12, lost }]), 4);
      assert.deepEqual(await named(), ["1-3 expired", "6-7 expired", "10-12 expired"]);
      await projector.close();
    });

    it("refuses the table of another node, and one that is not its own", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      await (await openOn(await made.open(), log)).close();
      log.nodeId = "other";
      assert.equal(await codeOf(openOn(await made.open(), log)), "Z611");
      const database = await made.open();
      await database.run('CREATE TABLE "mine" (a integer)');
      const mine = toMapping({ table: "mine" }, "m");
      assert.equal(await codeOf(openOn(database, log, mine)), "Z612");
      assert.equal((await database.all('SELECT * FROM "mine"')).length, 0);
      await database.close();
    });

    it("begins anew in a table that somebody has dropped", async (t) => {
      const made = await make(t);
      const log = new FakeLog();
      log.events.push(event({ seq: 1 }));
      const projector = await openOn(await made.open(), log);
      await projector.apply(log.events);
      await projector.close();
      const database = await made.open();
      await database.run(`DROP TABLE ${table}`);
      const again = await openOn(database, log);
      assert.equal(again.at.arrival, 0);
      await again.apply(log.events);
      assert.equal((await rowsOf(database)).length, 1);
      await again.close();
    });
  });
}
