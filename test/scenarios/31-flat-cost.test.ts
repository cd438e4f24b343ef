/**
 * SCENARIOS 31: cost stays flat.
 *
 * A hub that holds the interleaved events of 50 clinics (200,000 with ZAMSYNC_LONG=1, else fewer):
 * a push, a ping, a status and an up-to-date sync, and over HTTP health, a push, the newest events, the
 * nodes and a stream of what comes, each read less than 1 MiB at the hub, as the system counts what a
 * process reads. A push that has to open the log first reads, on top of
 * that, the last 1 MiB that every opening checks for rot.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isLong } from "../../lab/long.ts";
import { chainZero, nextChain } from "../../src/core/log/chain.ts";
import { openCheckBytes } from "../../src/core/log/format.ts";
import type { NodeStatus } from "../../src/engine/api.ts";
import { openDirectory } from "../../src/engine/open-log.ts";
import { nodeCrypto } from "../../src/storage/node-crypto.ts";
import {
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  runOk,
  segmentsOf,
  statusOf,
  syncOk,
} from "./harness.ts";
import { openStream } from "../../src/hub/stream/stream.test-reader.ts";
import { bearer, makeToken, serveHttp } from "./http.ts";

const clinicCount = 50;
const batchEvents = 50;
const eventsEach = isLong ? 4_000 : 800;
const mib = 1024 * 1024;

/** What 50 clinics have sent over the years, in turns: received as a session would hand it over. */
async function fill(hubDir: string): Promise<void> {
  const { log } = openDirectory({ dataDir: hubDir, isReadOnly: false });
  const streams = Array.from({ length: clinicCount }, (_, index) => {
    const stream = { node: `clinic_${index}`, epoch: 1_000 + index, lane: "" };
    return { stream, chain: chainZero(nodeCrypto, stream) };
  });
  const receivedMs = Date.now();
  for (let from = 1; from <= eventsEach; from += batchEvents) {
    const durable: Promise<void>[] = [];
    for (const each of streams) {
      const events = Array.from({ length: batchEvents }, (_, index) => ({
        ...{ seq: from + index, type: 0, known: Uint8Array.of(0) },
        hlc: { ms: receivedMs - 10_000_000 + from + index, counter: 0 },
        payload: Buffer.from(`{"visit":${from + index},"of":"${each.stream.node}","bp":"120/80"}`),
      }));
      const before8 = each.chain.slice(0, 8);
      for (const event of events) each.chain = nextChain(nodeCrypto, each.chain, event);
      const range = {
        ...{ stream: each.stream, from, events, chainBefore8: before8 },
        ...{ chainAfter8: each.chain.slice(0, 8), receivedFrom: each.stream.node, receivedMs },
      };
      durable.push(
        new Promise((resolve, reject) => {
          const outcome = log.receive(range, (error) => (error ? reject(error) : resolve()));
          assert.equal(outcome.kind, "stored");
        }),
      );
    }
    await Promise.all(durable);
  }
  log.close();
}

async function untilScrubbed(hubDir: string): Promise<void> {
  for (const endMs = performance.now() + 60_000; performance.now() < endMs; await sleep(100)) {
    const { scrub } = (await statusOf(hubDir)) as unknown as NodeStatus;
    if (scrub.finishedAt !== null) return;
  }
  assert.fail("the log is still being read");
}

function readBytesOf(pid: number): number {
  const match = /^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"));
  return Number(match?.[1]);
}

/** Bytes that one deed reads in a process of its own. */
async function costAlone(...args: readonly string[]): Promise<number> {
  const script = join(import.meta.dirname, "read-cost.ts");
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const text = Buffer.concat(await child.stdout.toArray()).toString();
  return jsonLines<{ readonly bytes: number }>(text)[0]?.bytes ?? Number.NaN;
}

test("what a hub does every minute reads less than 1 MiB, however much it holds", {
  skip: process.platform === "linux" ? false : "needs /proc to count what a process reads",
}, async (t) => {
  const fleet = await makeFleet(t);
  const a = fleet.clinic("clinic_a");
  await fill(fleet.hub);
  const segments = await segmentsOf(fleet.hub);
  const logBytes = segments.reduce((sum, path) => sum + statSync(path).size, 0);
  assert.ok(logBytes > 4 * openCheckBytes, `${logBytes} bytes of log`);
  const costs = new Map<string, number>();
  costs.set("push that opens the log", (await costAlone("push", fleet.hub)) - openCheckBytes);

  const { token } = await makeToken(fleet.hub, ["--scope", "read,push"]);
  const { hub, url } = await serveHttp(t, fleet.hub);
  await pushAll(a, numbered(20));
  await syncOk(a, hub.address);
  await syncOk(a, hub.address);
  assert.equal((await statusOf(fleet.hub)).walRecords, clinicCount * eventsEach + 21);
  // A hub that has begun reads all of its log for rot in the background, 4 MB a second.
  await untilScrubbed(fleet.hub);
  const atHub = async (name: string, deed: () => Promise<unknown>) => {
    const before = readBytesOf(hub.child.pid ?? 0);
    await deed();
    costs.set(`${name}, at the hub`, readBytesOf(hub.child.pid ?? 0) - before);
  };
  await atHub("push", () => pushOne(fleet.hub, { one: "more" }));
  await atHub("ping", () => runOk(["ping", a, "--hub", hub.address]));
  await atHub("status", () => statusOf(fleet.hub));
  await atHub("sync with nothing to do", async () => {
    const summary = await syncOk(a, hub.address);
    assert.equal(summary.eventsSent + summary.eventsReceived, 0);
  });
  const ask = async (path: string, init: RequestInit = {}): Promise<string> => {
    const headers = { ...bearer(token), "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { ...init, headers });
    const text = await answer.text();
    assert.ok(answer.ok, `${path}: ${text}`);
    return text;
  };
  // The first answer also reads the code that makes it.
  const routes = ["/health/live", "/health/ready", "/v1/nodes", "/v1/vector", "/v1/status"];
  for (const path of routes) {
    await ask(path);
    await atHub(`GET ${path}`, () => ask(path));
  }
  const push = { method: "POST", body: '{"one":"more"}' };
  await ask("/v1/events", push);
  await atHub("POST /v1/events", () => ask("/v1/events", push));
  const first = JSON.parse(await ask("/v1/events?limit=1")) as { readonly cursor: string };
  await atHub("GET /v1/events of the beginning", () =>
    ask(`/v1/events?since=${first.cursor}&limit=10`),
  );
  const stream = await openStream(`${url}/v1/stream?since=now`, bearer(token));
  await hub.until(() => stream.messages.length === 1);
  await atHub("a stream up to date, and one event", async () => {
    await ask("/v1/events", push);
    await hub.until(() => stream.messages.length === 2);
  });
  const newest = stream.lastId() ?? "";
  stream.close();
  await atHub("GET /v1/events of the end", async () => {
    const text = await ask(`/v1/events?since=${newest}`);
    assert.match(text, /"events":\[\].*"isEnd":true/);
  });
  costs.set("sync with nothing to do, at the clinic", await costAlone("sync", a, hub.address));
  await hub.stop();
  for (const [name, bytes] of costs) {
    t.diagnostic(`${name}: ${Math.round(bytes / 1024)} KiB of ${Math.round(logBytes / 1024)}`);
    assert.ok(bytes > 0 || name.startsWith("GET"), `${name} was measured`);
    assert.ok(bytes < mib, `${name}: ${bytes} bytes`);
  }
});
