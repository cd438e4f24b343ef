import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { cp, rename, rm } from "node:fs/promises";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../../lab/command.ts";
import { revokeToken } from "../../engine/index.ts";
import { bearer, codeOf, openTestHub, startTestHub, type TestHub } from "../hub.test-fixture.ts";
import { numbersOf, openStream, type StreamReader } from "./stream.test-reader.ts";

async function push(hub: TestHub, from: number, to: number, type = 0): Promise<void> {
  const events = Array.from({ length: to - from + 1 }, (_, index) => ({
    payload: Buffer.from(`{"n":${from + index}}`),
    type,
  }));
  await hub.node.push(events);
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

async function follow(
  t: TestContext,
  hub: TestHub,
  input: { readonly query?: string; readonly lastId?: string; readonly token?: string } = {},
): Promise<StreamReader> {
  const token = input.token ?? (await hub.token(["read"]));
  const { lastId } = input;
  const reader = await openStream(`${hub.url}/v1/stream${input.query ?? ""}`, {
    ...bearer(token),
    ...(lastId === undefined ? {} : { "last-event-id": lastId }),
  });
  t.after(() => reader.close());
  return reader;
}

/** What this process holds, without its garbage; what buffers held is given back a turn later. */
async function liveBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  for (let turn = 0; turn < 4; turn++) {
    collect();
    await sleep(20);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

describe("the event stream", () => {
  it("sends what is there, says so, and then what comes, at once", async (t) => {
    const hub = await startTestHub(t);
    await push(hub, 1, 300);
    const reader = await follow(t, hub);
    await waitUntil(() => reader.messages.some(({ event }) => event === "live"), 5000);
    assert.deepEqual(numbersOf(reader.messages), range(1, 300));
    const startMs = performance.now();
    await push(hub, 301, 301);
    await waitUntil(() => numbersOf(reader.messages).length === 301, 2000);
    assert.ok(performance.now() - startMs < 1000);
    assert.equal(reader.messages.at(-1)?.id, hub.node.newestCursor());
  });

  it("begins with what comes from now on, when asked to", async (t) => {
    const hub = await startTestHub(t);
    await push(hub, 1, 3);
    const reader = await follow(t, hub, { query: "?since=now" });
    await waitUntil(() => reader.messages.length === 1, 5000);
    await push(hub, 4, 4);
    await waitUntil(() => numbersOf(reader.messages).length === 1, 5000);
    assert.deepEqual(numbersOf(reader.messages), [4]);
  });

  it("gives every event once to a reader that is cut again and again, across restarts", async (t) => {
    let hub = await startTestHub(t);
    const seen: number[] = [];
    let lastId: string | undefined;
    for (let round = 0; round < 6; round++) {
      const pushed = (round + 1) * 50;
      const reader = await follow(t, hub, lastId === undefined ? {} : { lastId });
      const pushing = push(hub, round * 50 + 1, pushed);
      await waitUntil(() => numbersOf(reader.messages).length > 10, 5000);
      reader.close();
      await pushing;
      seen.push(...numbersOf(reader.messages));
      lastId = reader.lastId();
      if (round % 2 === 1) {
        await hub.hub.close();
        await hub.node.close();
        hub = await openTestHub(t, hub.dir);
      }
    }
    const reader = await follow(t, hub, lastId === undefined ? {} : { lastId });
    await waitUntil(() => reader.messages.some(({ event }) => event === "live"), 5000);
    seen.push(...numbersOf(reader.messages));
    assert.deepEqual(seen, range(1, 300));
  });

  it("filters, and moves the id past what does not fit", async (t) => {
    const hub = await startTestHub(t);
    await push(hub, 1, 20, 1);
    await push(hub, 21, 22, 2);
    await push(hub, 23, 40, 1);
    const reader = await follow(t, hub, { query: "?type=2" });
    await waitUntil(() => reader.messages.some(({ event }) => event === "live"), 5000);
    assert.deepEqual(numbersOf(reader.messages), [21, 22]);
    assert.equal(reader.lastId(), hub.node.newestCursor());
  });

  it("does not read ahead for a reader that does not read, and loses nothing for it", async (t) => {
    const hub = await startTestHub(t);
    const payload = Buffer.from(`{"n":1,"text":"${"x".repeat(60_000)}"}`);
    const reader = await follow(t, hub);
    reader.pause();
    const beforeBytes = await liveBytes();
    // 60 MB: far more than sockets hold.
    for (let round = 0; round < 20; round++)
      await hub.node.push(Array.from({ length: 50 }, () => ({ payload })));
    await sleep(500);
    const grownBytes = (await liveBytes()) - beforeBytes;
    assert.ok(reader.messages.length < 500, `${reader.messages.length} were sent`);
    assert.ok(grownBytes < 24 * 1024 * 1024, `${grownBytes} bytes`);
    reader.resume();
    await waitUntil(() => numbersOf(reader.messages).length === 1000, 30_000);
  });

  it("sends a payload of several MB whole, also to several readers", async (t) => {
    const hub = await startTestHub(t);
    const payload = Buffer.from(`{"n":7,"text":"${"y".repeat(5_000_000)}"}`);
    await hub.node.push([{ payload }]);
    const token = await hub.token(["read"]);
    const readers = await Promise.all(range(1, 8).map(() => follow(t, hub, { token })));
    await waitUntil(
      () => readers.every(({ messages }) => numbersOf(messages).length === 1),
      20_000,
    );
    for (const { messages } of readers) assert.ok((messages[0]?.data.length ?? 0) > 5_000_000);
  });

  it("ends with a reason when its token is revoked, and takes it no more", async (t) => {
    const hub = await startTestHub(t);
    const token = await hub.token(["read"]);
    const reader = await follow(t, hub, { token });
    await waitUntil(() => reader.messages.length > 0, 5000);
    const startMs = performance.now();
    await revokeToken({ dataDir: hub.dir, id: token.slice(4, 16) });
    await waitUntil(() => reader.isEnded(), 3000);
    assert.ok(performance.now() - startMs < 1500);
    const last = reader.messages.at(-1);
    assert.equal(last?.event, "end");
    assert.match(last?.data ?? "", /"code":"Z330"/);
    assert.equal((await follow(t, hub, { token })).status, 401);
  });

  it("ends with a reason when the hub stops", async (t) => {
    const hub = await startTestHub(t);
    const reader = await follow(t, hub);
    await waitUntil(() => reader.messages.length > 0, 5000);
    const startMs = performance.now();
    await hub.hub.close();
    assert.ok(performance.now() - startMs < 1500);
    await waitUntil(() => reader.isEnded(), 2000);
    assert.match(reader.messages.at(-1)?.data ?? "", /"code":"Z423"/);
  });

  it("refuses a cursor of another log and one that is ahead, before anything is sent", async (t) => {
    const hub = await startTestHub(t);
    await push(hub, 1, 1);
    assert.equal((await follow(t, hub, { lastId: "00000000-1" })).status, 400);
    const [tag] = hub.node.newestCursor().split("-");
    const answer = await hub.call(`/v1/stream?since=${tag}-zzz`);
    assert.equal(((await answer.json()) as { readonly code: string }).code, "Z615");
  });

  it("tells a reader whose place is another event's since the hub was put back from an older copy", async (t) => {
    const hub = await startTestHub(t);
    await push(hub, 1, 5);
    const kept = hub.node.newestCursor();
    const copy = `${hub.dir}-copy`;
    t.after(() => rm(copy, { recursive: true, force: true }));
    await cp(hub.dir, copy, { recursive: true, filter: (path) => !/sock|lock/.test(path) });
    await push(hub, 6, 8);
    const outlived = hub.node.newestCursor();
    await hub.hub.close();
    await hub.node.close();
    await rm(hub.dir, { recursive: true });
    await rename(copy, hub.dir);
    const again = await openTestHub(t, hub.dir);
    assert.equal(again.node.newestCursor(), kept);
    await push(again, 106, 110);
    const asked = ["/v1/stream", "/v1/events", "/v1/events?limit=1"].map(async (path) => {
      const query = `${path.includes("?") ? "&" : "?"}since=${outlived}`;
      const accept = path === "/v1/events" ? "application/x-ndjson" : "*/*";
      return codeOf(await again.call(`${path}${query}`, { headers: { accept } }));
    });
    assert.deepEqual(new Set(await Promise.all(asked)), new Set(["410 Z621"]));
    const pulled = again.node.pull({ since: outlived });
    await assert.rejects(pulled, { code: "Z621" });
    const reader = await follow(t, again, { lastId: kept });
    await waitUntil(() => numbersOf(reader.messages).length === 5, 5000);
    assert.deepEqual(numbersOf(reader.messages), range(106, 110));
  });

  it("lets a token have so many streams, and no more", async (t) => {
    const hub = await startTestHub(t);
    const token = await hub.token(["read"]);
    const readers = await Promise.all(range(1, 64).map(() => follow(t, hub, { token })));
    assert.ok(readers.every(({ status }) => status === 200));
    assert.equal((await follow(t, hub, { token })).status, 429);
    readers[0]?.close();
    let status = 0;
    for (const endMs = performance.now() + 5000; status !== 200 && performance.now() < endMs; )
      ({ status } = await follow(t, hub, { token }));
    assert.equal(status, 200);
  });
});
