/**
 * A hub's disk fills, while it serves and before it starts. Nothing acknowledged is lost,
 * whoever reads it, and it takes events again once there is room, with no restart.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createHubClient } from "../../src/client/index.ts";
import { startReceiver } from "../../src/hub/webhooks/receiver.test-server.ts";
import { startDaemon, untilHeld } from "./daemons.ts";
import {
  auditOf,
  copyDir,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  run,
  sync,
  waitUntil,
} from "./harness.ts";
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

function rowsOf(path: string): number[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database.prepare("SELECT payload FROM zamsync_events").all();
  database.close();
  return rows.map(({ payload }) => (JSON.parse(String(payload)) as Named["payload"]).n);
}

test("through full disks and kill -9 every acknowledged event is read, streamed, delivered and projected", {
  skip: skipWithoutMount,
  timeout: 120_000,
}, async (t) => {
  const fleet = await makeFleet(t);
  const disk = mountSmallDisk(t, diskBytes);
  const dir = join(disk.dir, "hub");
  const rows = join(disk.dir, "rows.db");
  await copyDir(fleet.hub, dir);
  const { token } = await makeToken(dir, ["--scope", "push,read,admin"]);
  const args = ["--project", `sqlite:${rows}`];
  const first = await serveHttp(t, dir, { args });
  const { url, port } = first;

  const receiver = await startReceiver(t);
  const made = await fetch(`${url}/v1/webhooks`, {
    method: "POST",
    body: JSON.stringify({ url: receiver.url }),
    headers: { ...bearer(token), "content-type": "application/json" },
  });
  receiver.secret = ((await made.json()) as { readonly secret: string }).secret;
  const streamed: number[] = [];
  const stop = new AbortController();
  t.after(() => stop.abort());
  const following = (async () => {
    const client = createHubClient({ url, token });
    for await (const event of client.follow({ signal: stop.signal }))
      streamed.push((event.payload as Named["payload"]).n);
  })();

  const acknowledged: number[] = [];
  let refusals = 0;
  let n = 0;
  const pushSome = async (until: () => boolean): Promise<void> => {
    while (!until()) {
      const { status } = await push(url, token, ++n, 2_000);
      if (status === 201) acknowledged.push(n);
      else refusals++;
    }
  };
  const untilTaken = async (): Promise<void> => {
    for (let tries = 0; (await push(url, token, n)).status >= 400; tries++) {
      assert.ok(tries < 200, "it takes events again");
      await sleep(200);
    }
  };
  await pushSome(() => n >= 100);
  disk.fill(40_000);
  await pushSome(() => refusals >= 20);
  disk.free();
  await untilTaken();
  await pushSome(() => n >= 200);
  disk.fill(40_000);
  await pushSome(() => refusals >= 40);
  await first.hub.kill();
  disk.fill();
  const { hub } = await serveHttp(t, dir, { args, httpPort: port });
  assert.match(await readyOf(url), /^503 .*Z204/);
  await sleep(1_500);
  disk.free();
  await untilTaken();
  await pushSome(() => n >= 300);

  const read = await fetch(`${url}/v1/events?limit=10000`, { headers: bearer(token) });
  const { events } = (await read.json()) as { readonly events: readonly Named[] };
  const held = events.map(({ payload }) => payload.n).sort((a, b) => a - b);
  assert.equal(new Set(held).size, held.length, "each is held once");
  const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
  for (const acked of acknowledged) assert.ok(held.includes(acked), `${acked} was acknowledged`);
  await waitUntil(() => streamed.length >= held.length, 30_000);
  await waitUntil(() => new Set(receiver.taken()).size === held.length, 30_000);
  await waitUntil(() => rowsOf(rows).length >= held.length, 60_000);
  stop.abort();
  await following;
  assert.deepEqual(sorted(streamed), held, "exactly once on the stream");
  assert.deepEqual(sorted(rowsOf(rows)), held, "exactly once as a row");
  const idByNumber = new Map(receiver.received.map((one) => [one.n, one.id]));
  for (const { n: of, id } of receiver.received) assert.equal(id, idByNumber.get(of));
  assert.equal(new Set(idByNumber.values()).size, held.length);
  // At least once: what came again is what a crash took the receipt of.
  const repeats = receiver.received.length - held.length;
  assert.ok(repeats < 100, `${repeats} repeats`);
  await hub.stop();
});

test("a clinic's daemon that was started on a full disk takes pushes once there is room, and sends them", {
  skip: skipWithoutMount,
}, async (t) => {
  const fleet = await makeFleet(t);
  const { hub } = await serveHttp(t, fleet.hub);
  const disk = mountSmallDisk(t, diskBytes);
  const dir = join(disk.dir, "clinic_a");
  await copyDir(fleet.clinic("clinic_a"), dir);
  const first = startDaemon(t, [dir, "--hub", hub.address]);
  await pushAll(dir, numbered(5));
  await untilHeld(fleet.hub, 5);
  await first.kill();
  disk.fill();

  const daemon = startDaemon(t, [dir, "--hub", hub.address]);
  const push = ["push", dir, "--payload", '{"n":6}', "--id", "sixth", "--json"];
  // Long enough for a session and two attempts.
  await sleep(4_000);
  assert.equal(errorOf(await run(push))?.code, "Z204");
  disk.free();
  const freedMs = performance.now();
  while ((await run(push)).status !== 0) {
    assert.ok(performance.now() - freedMs < 40_000, "it has room");
    await sleep(200);
  }
  await untilHeld(fleet.hub, 6);
  const seqs = (await auditOf(fleet.hub)).map(({ seq }) => seq);
  assert.deepEqual(seqs, [1, 2, 3, 4, 5, 6], "no seq is used twice");
  assert.equal((await daemon.stop()).status, 0);
});
