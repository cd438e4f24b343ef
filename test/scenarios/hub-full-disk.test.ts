/**
 * A hub's disk fills, while it serves and before it starts. Nothing acknowledged is lost,
 * whoever reads it, and it takes events again once there is room, with no restart.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startDaemon, untilHeld } from "./daemons.ts";
import { auditOf, copyDir, makeFleet, numbered, pushAll, run, sync } from "./harness.ts";
import { bearer, makeToken, serveHttp, verdictOf } from "./http.ts";
import { mountSmallDisk, skipWithoutMount } from "./small-disk.ts";

const diskBytes = 48 * 1024 * 1024;

interface Named {
  readonly seq: number;
  readonly payload: { readonly n: number };
}

function push(url: string, token: string, n: number, sizeBytes = 100): Promise<Response> {
  return fetch(`${url}/v1/events`, {
    method: "POST",
    body: JSON.stringify({ n, text: "x".repeat(sizeBytes) }),
    headers: { ...bearer(token), "content-type": "application/json", "idempotency-key": `n${n}` },
  });
}

async function readyOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/health/ready`);
  const { codes } = (await answer.json()) as { readonly codes: readonly string[] };
  return [answer.status, ...codes].join(" ");
}

test("a hub that was started on a full disk is read, and takes events once there is room", {
  skip: skipWithoutMount,
}, async (t) => {
  const fleet = await makeFleet(t);
  const clinic = fleet.clinic("clinic_a");
  const disk = mountSmallDisk(t, diskBytes);
  const dir = join(disk.dir, "hub");
  await copyDir(fleet.hub, dir);
  const { token } = await makeToken(dir, ["--scope", "push,read"]);
  const before = await serveHttp(t, dir);
  for (let n = 1; n <= 20; n++) assert.equal((await push(before.url, token, n)).status, 201);
  disk.fill();
  while ((await push(before.url, token, 0, 3_000)).status === 201);
  await before.hub.kill();
  disk.fill();

  const { hub, url } = await serveHttp(t, dir, { httpPort: before.port });
  assert.equal(await readyOf(url), "503 Z204 Z220");
  assert.equal((await fetch(`${url}/health/live`)).status, 200, "a restart would not help");
  assert.match((await run(["status", dir])).stdout, /Read-only: +Z204/);
  assert.equal(await verdictOf(await push(url, token, 21)), "507 Z204");
  const read = await fetch(`${url}/v1/events?limit=1000`, { headers: bearer(token) });
  const { events } = (await read.json()) as { readonly events: readonly Named[] };
  assert.ok(events.length >= 19, "what is proven durable can be read");
  await pushAll(clinic, numbered(5));
  const refused = await sync(clinic, hub.address, { args: ["--timeout", "3s"] });
  assert.equal(refused.summary?.complete ?? false, false);
  const daemon = startDaemon(t, [clinic, "--hub", hub.address]);
  await sleep(3_000);
  assert.equal(await readyOf(url), "503 Z204 Z220", "there is still no room");

  disk.free();
  const freedMs = performance.now();
  while ((await push(url, token, 21)).status !== 201) {
    assert.ok(performance.now() - freedMs < 40_000, "it has room");
    await sleep(200);
  }
  await sleep(1_100);
  assert.equal(await readyOf(url), "200");
  assert.equal((await push(url, token, 22)).status, 201);
  await untilHeld(dir, 20 + 2 + 5);
  const rows = await auditOf(dir);
  assert.deepEqual(
    rows
      .filter(({ node }) => node === "clinic_a")
      .map(({ seq }) => seq)
      .sort(),
    [1, 2, 3, 4, 5],
  );
  await daemon.stop();
  await hub.stop();
});
