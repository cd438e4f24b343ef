/**
 * SCENARIO 15: one bad event does not block a clinic. It is stored at the hub and held back, named on both
 * sides, and a later schema lets it in: once, for everybody.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import {
  auditOf,
  digest,
  errorOf,
  jsonLines,
  makeFleet,
  pushAll,
  run,
  runOk,
  serveHub,
  statusOf,
  summaryOf,
  sync,
  syncOk,
} from "./harness.ts";

interface Quarantined {
  readonly quarantined: number;
  readonly quarantinedEvents: readonly {
    readonly node: string;
    readonly from: number;
    readonly to: number;
    readonly reason: string;
    readonly at: string;
  }[];
}

const schema = {
  type: "object",
  properties: { pulse: { type: "integer", maximum: 300 } },
  required: ["pulse"],
};

/** Seqs that `pull` gives, of a node, from a cursor on; and the cursor behind them. */
async function pulled(
  dir: string,
  since?: string,
): Promise<{ readonly seqs: number[]; readonly cursor: string | undefined }> {
  const after = since === undefined ? [] : ["--since", since];
  const { stdout } = await runOk(["pull", dir, "--node", "clinic_a", "--json", ...after]);
  const lines = jsonLines<{ readonly seq: number; readonly cursor: string }>(stdout);
  return { seqs: lines.map(({ seq }) => seq), cursor: lines.at(-1)?.cursor ?? since };
}

async function quarantineOf(dir: string): Promise<Quarantined & { readonly exit: number }> {
  return (await statusOf(dir)) as unknown as Quarantined & { readonly exit: number };
}

test("the others arrive, the bad one is named on both sides, and a later schema lets it in", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const path = join(fleet.dir, "visit.json");
  writeFileSync(path, JSON.stringify(schema));
  const pulses = [71, 720, 73, 74, 75];
  await pushAll(
    clinic,
    pulses.map((pulse) => ({ pulse })),
  );
  const database = join(fleet.dir, "events.db");
  const args = ["--schema", path, "--project", `sqlite:${database}`];
  const first = await serveHub(t, hub, { args });
  const { ran, summary } = await sync(clinic, first.address);
  assert.equal(ran.status, 8, "the exit status says so");
  assert.equal(summary?.complete, true);
  assert.equal(summary.eventsConfirmed, 5);
  assert.equal((summary as unknown as Quarantined).quarantined, 1);
  assert.deepEqual(
    summary.reports?.map(({ code }) => code),
    ["Z524"],
  );

  // The hub has all five, and gives out four.
  assert.deepEqual(await digest(hub), await digest(clinic));
  const before = await pulled(hub);
  assert.deepEqual(before.seqs, [1, 3, 4, 5]);
  const ordered = await runOk(["pull", hub, "--order", "hlc", "--json"]);
  assert.equal(jsonLines(ordered.stdout).length, 4);
  const audited = (await auditOf(hub)) as unknown as readonly {
    readonly seq: number;
    readonly quarantined?: string;
  }[];
  assert.deepEqual(
    audited.map(({ seq, quarantined }) => [seq, quarantined]),
    [
      [1, undefined],
      [2, "at /pulse: must be <= 300"],
      [3, undefined],
      [4, undefined],
      [5, undefined],
    ],
  );

  for (const dir of [hub, clinic]) {
    const status = await quarantineOf(dir);
    assert.equal(status.exit, 8);
    assert.equal(status.quarantined, 1);
    const { node, from, to, reason, at } = status.quarantinedEvents[0] ?? assert.fail(dir);
    assert.deepEqual([node, from, to, at], ["clinic_a", 2, 2, "hub"]);
    assert.equal(reason, "at /pulse: must be <= 300");
    const text = await run(["status", dir]);
    assert.match(text.stdout, /^Quarantined: 1 event/m);
    assert.match(text.stdout, /seq 2.*at \/pulse: must be <= 300/);
  }
  const nodes = jsonLines<{ readonly node: string; readonly quarantined: number }>(
    (await runOk(["nodes", hub, "--json"])).stdout,
  );
  assert.deepEqual(nodes.map(({ node, quarantined }) => [node, quarantined]).sort(), [
    ["clinic_a", 1],
    ["hub", 0],
  ]);

  // A second sync sends nothing again, and still says so.
  const again = await sync(clinic, first.address);
  assert.equal(again.ran.status, 8);
  assert.equal(again.summary?.eventsSent, 0);
  // The clinic keeps the event, and what follows it, however long ago it was confirmed.
  await runOk(["compact", clinic, "--grace", "0s"]);
  assert.equal((await digest(clinic)).length, 4);
  await first.kill();

  // Without a schema nothing is let in by chance; with a wider one it is.
  const none = await serveHub(t, hub);
  await sync(clinic, none.address);
  assert.deepEqual((await pulled(hub)).seqs, [1, 3, 4, 5]);
  await none.stop();
  writeFileSync(path, JSON.stringify({ ...schema, properties: { pulse: { type: "integer" } } }));
  const second = await serveHub(t, hub, { args });
  await second.until(() => second.output().stdout.includes('"event":"released"'));
  const done = await syncOk(clinic, second.address);
  assert.equal((done as unknown as Quarantined).quarantined, 0);
  await pushAll(clinic, [{ pulse: 76 }]);
  await syncOk(clinic, second.address);
  assert.deepEqual((await pulled(hub)).seqs, [1, 3, 4, 5, 2, 6]);
  assert.deepEqual((await pulled(hub, before.cursor)).seqs, [2, 6], "a follower gets it once");
  for (const dir of [hub, clinic]) assert.equal((await quarantineOf(dir)).quarantined, 0);
  await runOk(["compact", clinic, "--grace", "0s"]);
  assert.equal((await digest(clinic)).length, 0);
  const rows = (): number[] => {
    const opened = new DatabaseSync(database, { readOnly: true });
    const found = opened.prepare("SELECT seq FROM zamsync_events ORDER BY arrival").all();
    opened.close();
    return found.map(({ seq }) => Number(seq));
  };
  for (let turn = 0; turn < 100 && rows().length < 6; turn++) await sleep(100);
  assert.deepEqual(rows(), [1, 3, 4, 5, 2, 6], "the table has it once too");
  await second.stop();
  await runOk(["audit", hub, "--verify"]);
});

test("a hub that runs reads its rules again at SIGHUP, and keeps those it has when they are none", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const path = join(fleet.dir, "visit.json");
  writeFileSync(path, JSON.stringify(schema));
  const serving = await serveHub(t, hub, { args: ["--schema", path] });
  await pushAll(clinic, [{ pulse: 71 }, { pulse: 720 }]);
  await sync(clinic, serving.address);
  assert.deepEqual((await pulled(hub)).seqs, [1]);

  writeFileSync(path, "{");
  serving.child.kill("SIGHUP");
  await serving.until(() => serving.reports().some(({ code }) => code === "Z110"));
  await pushAll(clinic, [{ pulse: 730 }]);
  await sync(clinic, serving.address);
  assert.equal((await quarantineOf(hub)).quarantined, 2, "the former rules hold");

  const wider = { ...schema, properties: { pulse: { type: "integer", maximum: 725 } } };
  writeFileSync(path, JSON.stringify(wider));
  serving.child.kill("SIGHUP");
  await serving.until(() => serving.output().stdout.includes('"event":"released"'));
  await pushAll(clinic, [{ pulse: 725 }, { pulse: 726 }]);
  assert.equal((await sync(clinic, serving.address)).ran.status, 8);
  assert.deepEqual((await pulled(hub)).seqs, [1, 2, 4]);
  assert.equal((await quarantineOf(hub)).quarantined, 2);
  assert.equal(await serving.stop(), 0, "it was one process all the time");
});

test("a hub that is killed again and again holds back exactly the bad ones, and loses none", async (t) => {
  const fleet = await makeFleet(t);
  const [hub, clinic] = [fleet.hub, fleet.clinic("clinic_a")];
  const random = createSeededRandom(15);
  const isBad = (n: number): boolean => n % 7 === 3;
  const events = Array.from({ length: 400 }, (_, n) => ({
    ...(isBad(n) ? {} : { pulse: n }),
    // Some come in fragments.
    note: "x".repeat(n % 50 === 3 ? 40_000 : 200),
    salt: Array.from({ length: 40 }, () => random.next32().toString(36)).join(""),
  }));
  await pushAll(clinic, events);
  const args = ["--schema", "json+pulse"];
  let kills = 0;
  let serving = await serveHub(t, hub, { args });
  for (let turn = 0; turn < 6; turn++) {
    const timer = setTimeout(() => serving.kill(), 150 + turn * 100);
    const { ran } = await sync(clinic, serving.address, { args: ["--timeout", "1s"] });
    clearTimeout(timer);
    await serving.kill();
    kills++;
    serving = await serveHub(t, hub, { args, bind: serving.address });
    if (ran.status === 8 && ran.stdout.includes('"complete":true')) break;
  }
  const { ran } = await sync(clinic, serving.address);
  assert.equal(ran.status, 8);
  assert.ok(kills > 0);
  await serving.stop();
  assert.deepEqual(await digest(hub), await digest(clinic));
  const bad = events.filter((_, n) => isBad(n)).length;
  assert.equal((await quarantineOf(hub)).quarantined, bad);
  assert.equal((await quarantineOf(clinic)).quarantined, bad);
  assert.equal((await pulled(hub)).seqs.length, 400 - bad);
});

test("a push that breaks a schema is refused, named by its place, and nothing of it is stored", async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const path = join(fleet.dir, "visit.json");
  writeFileSync(path, JSON.stringify(schema));
  const push = ["push", clinic, "--schema", path, "--json"];
  const refused = await run([...push, "--payload", '{"pulse":"72"}']);
  assert.deepEqual([refused.status, errorOf(refused)?.code], [7, "Z620"]);
  assert.match(errorOf(refused)?.message ?? "", /at \/pulse: must be integer/);
  const input = '{"pulse":1}\n{"pulse":2}\n{"pulse":900}\n{"pulse":4}\n';
  const lines = await run([...push, "--stdin"], { input });
  assert.equal(lines.status, 7);
  assert.match(errorOf(lines)?.message ?? "", /at \/pulse.*line 3/);
  assert.equal(summaryOf<{ readonly count: number }>(lines).count, 2);
  assert.equal((await digest(clinic)).length, 2);
  writeFileSync(path, '{"type":"objekt"}');
  const unusable = await run([...push, "--payload", "{}"]);
  assert.deepEqual([unusable.status, errorOf(unusable)?.code], [2, "Z110"]);

  // A hub keeps its own events to the rules that it holds its clinics to.
  const serving = await serveHub(t, fleet.hub, { args: ["--schema", "json+id"] });
  const own = await run(["push", fleet.hub, "--payload", "{}", "--json"]);
  assert.deepEqual([own.status, errorOf(own)?.code], [7, "Z620"]);
  await runOk(["push", fleet.hub, "--payload", '{"id":1}']);
  await serving.stop();
});
