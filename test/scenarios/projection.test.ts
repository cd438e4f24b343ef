/**
 * Projections through the real command: killed at any moment, beside every owner and
 * none, of a log that was restored or has expired, and with a database that is away.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { skipsPostgres, TestPostgres } from "../../src/hub/projection/postgres.test-kit.ts";
import {
  auditOf,
  errorOf,
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  type Ran,
  run,
  runOk,
  runProcess,
  scratchDir,
  serveHub,
  summaryOf,
  syncOk,
} from "./harness.ts";

interface Projected {
  readonly added: number;
  readonly repeated: number;
  readonly missing: number;
  readonly rows: number;
  readonly complete: boolean;
}

/** What the table holds, as `digestOf` lists what the log holds. */
function digestOfTable(path: string, table = "zamsync_events"): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare(`SELECT node, epoch, lane, seq, payload, payload_raw FROM ${table}`)
    .all();
  database.close();
  return rows
    .map((row) => {
      const bytes = (row.payload ?? row.payload_raw) as string | Uint8Array;
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return `${row.node} ${row.epoch} ${row.lane}#${row.seq} ${sha256}`;
    })
    .sort();
}

async function digestOfLog(dir: string): Promise<string[]> {
  const rows = await auditOf(dir);
  return rows
    .map(({ node, epoch, lane, seq, sha256 }) => `${node} ${epoch} ${lane}#${seq} ${sha256}`)
    .sort();
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = performance.now() + 60_000;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, what);
    await sleep(100);
  }
}

/** `project` in a process of its own. */
function startProject(
  t: TestContext,
  args: readonly string[],
): { readonly ran: Promise<Ran>; readonly kill: (signal: NodeJS.Signals) => void } {
  let child: ChildProcess | undefined;
  const ran = runProcess(["project", ...args, "--json"], {
    timeoutMs: 120_000,
    onStart: (started) => {
      child = started;
    },
  });
  t.after(() => child?.kill("SIGKILL"));
  return { ran, kill: (signal) => child?.kill(signal) };
}

test("killed again and again, it has every event once, and no other", async (t) => {
  const { hub } = await makeFleet(t);
  await pushAll(hub, numbered(30_000));
  const path = join(await scratchDir(t), "events.db");
  const target = ["--to", `sqlite:${path}`];
  let killed = 0;
  let last: Ran = await run(["version"]);
  for (let turn = 0; turn < 40 && (turn === 0 || last.status !== 0); turn++) {
    const running = startProject(t, [hub, ...target]);
    // Some hundred milliseconds of start, then the batches: every kill strikes another place.
    const timer = setTimeout(() => running.kill("SIGKILL"), 500 + turn * 150);
    last = await running.ran;
    clearTimeout(timer);
    if (last.signal === "SIGKILL") killed++;
  }
  assert.equal(last.status, 0, last.stderr);
  assert.ok(killed > 0, "nothing was killed");
  const log = await digestOfLog(hub);
  assert.equal(log.length, 30_000);
  assert.deepEqual(digestOfTable(path), log);
});

test("it follows whoever owns the log, locks nobody out, and takes no lock itself", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const path = join(await scratchDir(t), "events.db");
  await pushAll(hub, numbered(3));
  const following = startProject(t, [hub, "--to", `sqlite:${path}`, "--follow"]);
  const has = (count: number) => () => existsSync(path) && rowsIn(path) === count;
  await until("what was there", has(3));
  // Nobody owns the log: pushes come and go.
  await pushAll(hub, numbered(2));
  await until("what a push added", has(5));
  const first = await serveHub(t, hub);
  await pushAll(clinic, numbered(10));
  await syncOk(clinic, first.address);
  await until("what a clinic sent", has(15));
  await first.kill();
  await pushAll(hub, numbered(1));
  await until("what came after the hub was killed", has(16));
  const second = await serveHub(t, hub);
  await pushAll(clinic, numbered(4));
  await syncOk(clinic, second.address);
  await until("what the next hub got", has(20));
  following.kill("SIGTERM");
  const { status, stdout } = await following.ran;
  assert.equal(status, 0);
  const summary = jsonLines<Projected>(stdout).at(-1);
  assert.deepEqual([summary?.added, summary?.repeated], [20, 0]);
  await second.stop();
  assert.deepEqual(digestOfTable(path), await digestOfLog(hub));
});

function rowsIn(path: string): number {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return Number(database.prepare("SELECT count(*) AS n FROM zamsync_events").get()?.n);
  } catch {
    // It is being made.
    return 0;
  } finally {
    database.close();
  }
}

test("a hub that was restored from a backup leaves no gap and repeats no row", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const scratch = await scratchDir(t);
  const path = join(scratch, "events.db");
  const target = ["--to", `sqlite:${path}`, "--json"];
  const serving = await serveHub(t, hub);
  await pushAll(clinic, numbered(10));
  await syncOk(clinic, serving.address);
  await runOk(["snapshot", hub, "--out", join(scratch, "backup.zsnap")]);
  await pushAll(clinic, numbered(10, "after the backup"));
  await syncOk(clinic, serving.address);
  await serving.stop();
  assert.equal(summaryOf<Projected>(await runOk(["project", hub, ...target])).added, 20);

  await rm(join(hub, "log"), { recursive: true });
  await runOk(["restore", join(scratch, "backup.zsnap"), "--data-dir", hub]);
  // Arrivals go on where the backup was: these get the numbers that others have in the table.
  await pushAll(hub, numbered(3, "of the restored hub"));
  const again = await serveHub(t, hub);
  await pushAll(clinic, numbered(5, "later"));
  await syncOk(clinic, again.address);
  await again.stop();
  const summary = summaryOf<Projected>(await runOk(["project", hub, ...target]));
  assert.deepEqual([summary.added, summary.missing, summary.rows], [8, 0, 28]);
  assert.deepEqual(digestOfTable(path), await digestOfLog(hub));
});

test("what expired before it was projected is named, once, and by the exit status", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const path = join(await scratchDir(t), "events.db");
  const target = ["--to", `sqlite:${path}`, "--json"];
  const serving = await serveHub(t, hub);
  await pushAll(clinic, numbered(4));
  await syncOk(clinic, serving.address);
  await runOk(["project", hub, ...target]);
  await pushAll(clinic, numbered(6));
  await syncOk(clinic, serving.address);
  await runOk(["expire", hub, "--before", "2999-01-01"]);
  await pushAll(clinic, numbered(2));
  await syncOk(clinic, serving.address);
  await serving.stop();
  const ran = await run(["project", hub, ...target]);
  assert.equal(ran.status, 8);
  assert.equal(summaryOf<Projected>(ran).missing, 6);
  assert.ok(jsonLines<{ code?: string }>(ran.stdout).some(({ code }) => code === "Z613"));
  const database = new DatabaseSync(path, { readOnly: true });
  const missing = database.prepare("SELECT node, from_seq, to_seq, reason FROM zamsync_missing");
  assert.deepEqual(
    missing.all().map((row) => ({ ...row })),
    [{ node: "clinic_a", from_seq: 5, to_seq: 10, reason: "expired" }],
  );
  database.close();
  assert.equal((await run(["project", hub, ...target])).status, 0, "it is news once");
});

test("another node's table, a mapping that is none, a target that is none: refused", async (t) => {
  const fleet = await makeFleet(t);
  const path = join(await scratchDir(t), "events.db");
  await runOk(["project", fleet.hub, "--to", `sqlite:${path}`]);
  const foreign = await run([
    "project",
    fleet.clinic("clinic_a"),
    "--to",
    `sqlite:${path}`,
    "--json",
  ]);
  assert.deepEqual([foreign.status, errorOf(foreign)?.code], [7, "Z611"]);
  const text = await run(["project", fleet.hub, "--to", "postgres://u:geheim@/x", "--json"]);
  assert.deepEqual([text.status, errorOf(text)?.code], [2, "Z109"]);
  assert.ok(!`${text.stdout}${text.stderr}`.includes("geheim"));
  writeFileSync(`${path}.json`, '{"columns":[{"name":"a"}]}');
  const mapping = ["--mapping", `${path}.json`, "--json"];
  const unusable = await run(["project", fleet.hub, "--to", `sqlite:${path}`, ...mapping]);
  assert.deepEqual([unusable.status, errorOf(unusable)?.code], [2, "Z108"]);
  const served = await run(["serve", fleet.hub, "--project", "mysql://x", "--json"]);
  assert.deepEqual([served.status, errorOf(served)?.code], [2, "Z109"]);
  writeFileSync(
    `${path}.txt`,
    "this is no database, and longer than a header of one would be".repeat(30),
  );
  const other = await run(["project", fleet.hub, "--to", `sqlite:${path}.txt`, "--json"]);
  assert.deepEqual([other.status, errorOf(other)?.code], [7, "Z612"]);
});

test("a database that is away holds up no clinic, and gets everything when it is back", {
  skip: skipsPostgres,
}, async (t) => {
  const server = await TestPostgres.start();
  t.after(() => server.remove());
  const target = server.makeDatabase();
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const url = `postgres://zamsync@127.0.0.1:${server.port}/${target.database}`;
  const hub = await serveHub(t, fleet.hub, { args: ["--project", url] });
  const rows = (): number =>
    Number(server.sql(target.database, "SELECT count(*) FROM zamsync_events"));
  await pushAll(clinic, numbered(100));
  await syncOk(clinic, hub.address);
  await until("the first hundred", () => {
    try {
      return rows() === 100;
    } catch {
      return false;
    }
  });
  // As a power cut would: also in the middle of a transaction.
  await server.stop("SIGQUIT");
  await pushAll(clinic, numbered(300));
  const startMs = performance.now();
  await syncOk(clinic, hub.address);
  assert.ok(performance.now() - startMs < 10_000, "the sync waited for the database");
  await until("the outage is said", () => hub.reports().some(({ code }) => code === "Z424"));
  const again = (await syncOk(clinic, hub.address)).eventsSent;
  assert.equal(again, 0);
  await server.begin();
  await until("the rest", () => rows() === 400);
  await hub.stop();
  const found = server
    .sql(target.database, "SELECT node||' '||epoch||' '||lane||'#'||seq FROM zamsync_events")
    .trim()
    .split("\n")
    .sort();
  assert.deepEqual(
    found,
    (await digestOfLog(fleet.hub)).map((line) => line.slice(0, line.lastIndexOf(" "))),
  );
});
