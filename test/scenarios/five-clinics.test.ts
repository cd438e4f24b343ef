/**
 * Five clinics at once against one hub with `--policy own`: all events converge, no
 * clinic gets anything about another, and what the hub addresses to one clinic
 * reaches that clinic alone.
 */
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import {
  auditOf,
  digestWithoutRepeats,
  digestOf,
  jsonLines,
  makeFleet,
  pushAll,
  pushOne,
  runOk,
  serveHub,
  statusOf,
  syncOk,
} from "./harness.ts";

const names = ["clinic_a", "clinic_b", "clinic_c", "clinic_d", "clinic_e"];
const eventsEach = 1000;

test("5,000 events of five clinics converge, and stay apart", async (t) => {
  const fleet = await makeFleet(t, names);
  const hub = await serveHub(t, fleet.hub, { args: ["--policy", "own"] });
  for (const [index, name] of names.entries()) {
    const events = takeEvents("visit", eventsEach, index).map(({ payload }) => payload);
    await pushAll(fleet.clinic(name), events);
  }
  const order = await pushOne(fleet.hub, { result: "for b alone" }, ["--to", "clinic_b"]);
  assert.equal(order.lane, "to/clinic_b");
  await pushOne(fleet.hub, { note: "for nobody" });

  const summaries = await Promise.all(names.map((name) => syncOk(fleet.clinic(name), hub.address)));
  for (const [index, summary] of summaries.entries()) {
    assert.equal(summary.eventsConfirmed, eventsEach, names[index] ?? "");
    assert.equal(summary.eventsReceived, names[index] === "clinic_b" ? 1 : 0, names[index] ?? "");
  }

  const atHub = await auditOf(fleet.hub);
  assert.equal((await digestWithoutRepeats(fleet.hub)).length, names.length * eventsEach + 2);
  for (const name of names) {
    const dir = fleet.clinic(name);
    const rows = await auditOf(dir);
    const nodes = new Set(rows.map(({ node }) => node));
    assert.deepEqual([...nodes].sort(), name === "clinic_b" ? ["clinic_b", "hub"] : [name]);
    assert.deepEqual(
      digestOf(rows.filter(({ node }) => node === name)),
      digestOf(atHub.filter(({ node }) => node === name)),
    );
    const others = names.filter((other) => other !== name);
    const status = await statusOf(dir);
    assert.ok(!others.some((other) => JSON.stringify(status).includes(other)), `status of ${name}`);
    // Sidecars are sealed, so what a name in clear would show is a slip, and not all there could be.
    for (const folder of ["peers", "log"])
      assert.deepEqual(await filesNaming(join(dir, folder), others), [], `${folder} of ${name}`);
  }
  const pulled = jsonLines<{ readonly lane: string; readonly payload: unknown }>(
    (await runOk(["pull", fleet.clinic("clinic_b"), "--node", "hub", "--json"])).stdout,
  );
  assert.deepEqual(
    pulled.map(({ lane, payload }) => ({ lane, payload })),
    [{ lane: "to/clinic_b", payload: { result: "for b alone" } }],
  );
  await hub.stop();
});

/** Files below a folder that hold one of these texts. */
async function filesNaming(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (texts.some((text) => bytes.includes(text))) found.push(entry.name);
  }
  return found;
}
