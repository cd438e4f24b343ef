/**
 * SCENARIOS 32: a stream misses nothing.
 *
 * Two clinics sync in turns, one of them with events that are weeks old; meanwhile the hub is
 * killed (SIGKILL) in the middle of the stream and starts again, followers are cut and come back
 * with their cursor, and one stops reading altogether. Each follower ends with exactly the events
 * that the hub holds, each once; the hub's memory does not grow with who does not read.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createHubClient, type HubEvent } from "../../src/client/index.ts";
import { openStream, type StreamReader } from "../../src/hub/stream/stream.test-reader.ts";
import { auditOf, makeFleet, numbered, pushAll, run, syncOk, waitUntil } from "./harness.ts";
import { bearer, makeToken, serveHttp, type ServingHttp } from "./http.ts";

type Name = Pick<HubEvent, "node" | "epoch" | "lane" | "seq">;

const nameOf = ({ node, epoch, lane, seq }: Name): string => `${node} ${epoch} ${lane}#${seq}`;

async function held(dir: string): Promise<readonly string[]> {
  return (await auditOf(dir)).map(nameOf).sort();
}

/** Reads by hand, is cut at a moment of its own each time, and comes back with the last id. */
class CutFollower {
  readonly seen: string[] = [];
  cuts = 0;
  isLive = false;
  private lastId: string | undefined;
  private readonly url: string;
  private readonly token: string;
  private isStopped = false;

  constructor(t: TestContext, url: string, token: string) {
    this.url = url;
    this.token = token;
    t.after(() => this.stop());
  }

  stop(): void {
    this.isStopped = true;
  }

  async run(): Promise<void> {
    while (!this.isStopped) {
      const headers = {
        ...bearer(this.token),
        ...(this.lastId && { "last-event-id": this.lastId }),
      };
      let reader: StreamReader;
      try {
        reader = await openStream(`${this.url}/v1/stream`, headers);
      } catch {
        await sleep(50);
        continue;
      }
      const wanted = 3 + ((this.cuts * 7) % 40);
      const endMs = performance.now() + 400;
      while (!reader.isEnded() && reader.messages.length < wanted && performance.now() < endMs)
        await sleep(5);
      reader.close();
      this.cuts++;
      for (const { event, data } of reader.messages) {
        if (event === "message") this.seen.push(nameOf(JSON.parse(data) as HubEvent));
        this.isLive ||= event === "live";
      }
      this.lastId = reader.lastId() ?? this.lastId;
    }
  }
}

test("followers get every event once, through kill -9, cuts and any order of arrival", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const [a, b] = [fleet.clinic("clinic_a"), fleet.clinic("clinic_b")];
  const { token } = await makeToken(fleet.hub, ["--scope", "read"]);
  // These wait at B until long after A's newer ones have arrived.
  await pushAll(b, numbered(150, "old"));
  let serving = await serveHttp(t, fleet.hub);
  const { port, url } = serving;

  const cut = new CutFollower(t, url, token);
  const cutting = cut.run();
  const stop = new AbortController();
  const steady: string[] = [];
  let reconnections = 0;
  const following = (async () => {
    const client = createHubClient({ url, token });
    const onDisconnect = (): void => void reconnections++;
    for await (const event of client.follow({ signal: stop.signal, onDisconnect }))
      steady.push(nameOf(event));
  })();
  t.after(() => stop.abort());

  for (let round = 0; round < 3; round++) {
    await pushAll(a, numbered(120, `round ${round}`));
    await syncOk(a, serving.hub.address);
    if (round === 1) await syncOk(b, serving.hub.address);
    // In mid-stream: a sync is on its way and both followers read.
    await pushAll(a, numbered(200, `killed ${round}`));
    const syncing = run(["sync", a, "--hub", serving.hub.address, "--timeout", "3s", "--json"], {
      env: {},
    });
    await waitUntil(() => steady.length > round * 320 + 60, 20_000);
    await serving.hub.kill();
    await syncing;
    serving = await serveHttp(t, fleet.hub, { httpPort: port });
  }
  await syncOk(a, serving.hub.address);
  const expected = await held(fleet.hub);
  assert.equal(expected.length, 3 * 320 + 150);
  await waitUntil(() => steady.length >= expected.length, 30_000);
  await waitUntil(() => cut.seen.length >= expected.length, 60_000);
  await sleep(300);
  stop.abort();
  cut.stop();
  await Promise.all([following, cutting]);
  assert.deepEqual([...steady].sort(), expected);
  assert.deepEqual([...cut.seen].sort(), expected);
  assert.ok(reconnections >= 3, `${reconnections} reconnections`);
  assert.ok(cut.cuts > 10, `${cut.cuts} cuts`);
  assert.ok(cut.isLive);
});

function memoryOf(serving: ServingHttp): number {
  const status = readFileSync(`/proc/${serving.hub.child.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

test("readers that do not read cost the hub no memory, and get everything when they do", {
  skip: process.platform === "linux" ? false : "needs /proc to count a process's memory",
}, async (t) => {
  const fleet = await makeFleet(t);
  const { token } = await makeToken(fleet.hub, ["--scope", "read"]);
  const text = "x".repeat(40_000);
  await pushAll(
    fleet.hub,
    numbered(1000).map((event) => ({ ...event, text })),
  );
  const serving = await serveHttp(t, fleet.hub);
  // What one reader that reads costs is there before.
  const first = await openStream(`${serving.url}/v1/stream`, bearer(token));
  await waitUntil(() => first.messages.some(({ event }) => event === "live"), 30_000);
  first.close();
  const before = memoryOf(serving);
  const readers = await Promise.all(
    Array.from({ length: 30 }, async () => {
      const reader = await openStream(`${serving.url}/v1/stream`, bearer(token));
      // At once: while others still knock it would read all of it.
      reader.pause();
      return reader;
    }),
  );
  t.after(() => {
    for (const reader of readers) reader.close();
  });
  await sleep(2000);
  const grown = memoryOf(serving) - before;
  const sent = readers.reduce((sum, { messages }) => sum + messages.length, 0);
  assert.ok(sent < 30_000, "all of it fitted into the sockets: nothing was proven");
  // 30 times 40 MB wait for them.
  assert.ok(grown < 40 * 1024 * 1024, `${Math.round(grown / 1024)} KiB more`);
  const answer = await fetch(`${serving.url}/health/ready`);
  assert.equal(answer.status, 200);
  const [one] = readers;
  one?.resume();
  await waitUntil(() => (one?.messages.length ?? 0) >= 1001, 30_000);
});

test("webhooks deliver every event, through kill -9 of the hub, under ids that tell repeats", async (t) => {
  const fleet = await makeFleet(t);
  const a = fleet.clinic("clinic_a");
  const { token } = await makeToken(fleet.hub, ["--scope", "admin"]);
  const received: { readonly id: string; readonly name: string }[] = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const name = nameOf(JSON.parse(body) as HubEvent);
      received.push({ id: String(request.headers["webhook-id"]), name });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  t.after(() => receiver.closeAllConnections());
  t.after(() => receiver.close());
  let serving = await serveHttp(t, fleet.hub);
  const { port } = serving;
  const made = await fetch(`${serving.url}/v1/webhooks`, {
    method: "POST",
    body: JSON.stringify({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` }),
    headers: { ...bearer(token), "content-type": "application/json" },
  });
  assert.equal(made.status, 201);
  for (let round = 0; round < 3; round++) {
    await pushAll(a, numbered(200, `round ${round}`));
    await syncOk(a, serving.hub.address);
    const before = received.length;
    await waitUntil(() => received.length > before + 20, 20_000);
    await serving.hub.kill();
    serving = await serveHttp(t, fleet.hub, { httpPort: port });
  }
  const expected = await held(fleet.hub);
  await waitUntil(() => new Set(received.map(({ name }) => name)).size >= expected.length, 30_000);
  assert.deepEqual([...new Set(received.map(({ name }) => name))].sort(), expected);
  const names = new Map(received.map(({ id, name }) => [id, name]));
  assert.equal(names.size, expected.length, "an event came under two ids");
});
