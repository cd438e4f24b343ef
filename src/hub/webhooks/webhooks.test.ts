import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../../lab/command.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import { openTokenBook } from "../../engine/index.ts";
import { bearer, codeOf, openTestHub, startTestHub, type TestHub } from "../hub.test-fixture.ts";
import type { HubContext } from "../hub-context.ts";
import { deliver } from "./delivery.ts";
import { type Receiver, startReceiver } from "./receiver.test-server.ts";
import type { WebhookTiming } from "./timing.ts";
import { Webhooks } from "./webhooks.ts";

const quick: WebhookTiming = {
  answerTimeoutMs: 1000,
  backoffMinMs: 10,
  backoffMaxMs: 50,
  failuresMax: 4,
  refusalsMax: 2,
  saveMs: 20,
};

interface Made {
  readonly id: string;
  readonly secret: string;
}

async function push(hub: TestHub, from: number, to: number, type = 0): Promise<void> {
  await hub.node.push(range(from, to).map((n) => ({ payload: Buffer.from(`{"n":${n}}`), type })));
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** Webhooks with times of a test, beside a hub's own. */
function quickWebhooks(
  t: TestContext,
  hub: TestHub,
  timing: Partial<WebhookTiming> = {},
): Webhooks & { readonly told: string[] } {
  const told: string[] = [];
  const stopping = new AbortController();
  const context: HubContext = {
    node: hub.node,
    tokens: openTokenBook({ dataDir: hub.dir }),
    nowMs: Date.now,
    onSession: () => () => undefined,
    onReport: () => () => undefined,
    report: ({ code }: ZamError) => told.push(code),
    quietAfterMs: 1,
    stopping: stopping.signal,
  };
  const webhooks = new Webhooks(context, { ...quick, ...timing });
  t.after(() => webhooks.close());
  return Object.assign(webhooks, { told });
}

async function hookFor(webhooks: Webhooks, receiver: Receiver): Promise<string> {
  const { id, secret } = await webhooks.create({ url: receiver.url, from: "beginning" });
  receiver.secret = secret;
  return id;
}

describe("webhooks", () => {
  it("deliver every event in order, signed, with an id of its own", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    await push(hub, 1, 50);
    const webhooks = quickWebhooks(t, hub);
    await hookFor(webhooks, receiver);
    await waitUntil(() => receiver.received.length === 50, 10_000);
    await push(hub, 51, 60);
    await waitUntil(() => receiver.received.length === 60, 10_000);
    assert.deepEqual(receiver.taken(), range(1, 60));
    assert.ok(receiver.received.every(({ isSigned }) => isSigned));
    assert.equal(new Set(receiver.received.map(({ id }) => id)).size, 60);
  });

  it("wait for a receiver that is away, however long, and tell it once", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const webhooks = quickWebhooks(t, hub);
    const id = await hookFor(webhooks, receiver);
    receiver.answer = (_n, times) => [0, 503, 429, 0, 502, 503, 504, 0][times - 1] ?? 200;
    await push(hub, 1, 2);
    await waitUntil(() => webhooks.find(id).trouble !== undefined, 5000);
    await waitUntil(() => receiver.taken().length === 2, 10_000);
    assert.deepEqual(receiver.taken(), [1, 2]);
    assert.equal(receiver.received.length, 18);
    assert.equal(new Set(receiver.received.map((one) => one.id)).size, 2);
    assert.deepEqual(webhooks.told, ["Z425", "Z425"]);
    assert.equal(webhooks.find(id).state.dead.length, 0);
    // It took them before the worker has read that it did.
    await waitUntil(() => webhooks.find(id).trouble === undefined, 5000);
  });

  it("bring large events to a receiver while others of them are away", async (t) => {
    const hub = await startTestHub(t);
    const [here, away] = [await startReceiver(t), await startReceiver(t)];
    const webhooks = quickWebhooks(t, hub, { backoffMinMs: 600_000, backoffMaxMs: 600_000 });
    await away.close();
    const ids = await Promise.all(range(1, 6).map(() => hookFor(webhooks, away)));
    await hub.node.push([{ payload: Buffer.from(`{"n":1,"pad":"${"x".repeat(300_000)}"}`) }]);
    const isAway = (id: string): boolean => webhooks.find(id).trouble !== undefined;
    await waitUntil(() => ids.filter(isAway).length >= 4, 10_000);
    await hookFor(webhooks, here);
    await waitUntil(() => here.taken().length === 1, 10_000);
    await waitUntil(() => ids.every(isAway), 10_000);
  });

  it("replay at once, though the next try of another event is ten minutes away", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const times = { backoffMinMs: 600_000, backoffMaxMs: 600_000, refusalsMax: 1 };
    const webhooks = quickWebhooks(t, hub, times);
    const id = await hookFor(webhooks, receiver);
    receiver.answer = (n, count) => (count > 1 ? 200 : n === 1 ? 422 : 503);
    await push(hub, 1, 2);
    await waitUntil(() => receiver.received.length === 2, 10_000);
    assert.equal(await webhooks.replay(id, undefined), 1);
    await waitUntil(() => receiver.taken().length === 2, 10_000);
    assert.deepEqual(receiver.taken(), [1, 2]);
  });

  it("stay, and go on, when their removal cannot be written down", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const webhooks = quickWebhooks(t, hub);
    const id = await hookFor(webhooks, receiver);
    const full = (): Promise<void> => Promise.reject(new ZamError("Z204"));
    const disk = t.mock.method(hub.node.sidecars, "write", full);
    await assert.rejects(webhooks.remove(id), { code: "Z204" });
    disk.mock.restore();
    await push(hub, 1, 1);
    await waitUntil(() => receiver.taken().length === 1, 10_000);
    await webhooks.remove(id);
    assert.throws(() => webhooks.find(id), { code: "Z618" });
  });

  it("take a receiver that changes the protocol for one that is away", async (t) => {
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () =>
        socket.write("HTTP/1.1 101 Other\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/`;
    const { signal } = new AbortController();
    const given = { secret: "whsec_AAAA", id: "1", body: "{}", timeoutMs: 500, nowMs: 0, signal };
    const answer = await Promise.race([deliver({ url, ...given }), sleep(5000, undefined)]);
    assert.equal(answer?.kind, "away");
  });

  it("put aside what the receiver refuses or cannot handle, go on, and replay it under its id", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const webhooks = quickWebhooks(t, hub);
    const id = await hookFor(webhooks, receiver);
    receiver.answer = (n) => (n === 2 ? 422 : n === 4 ? 500 : n === 5 ? 302 : 200);
    await push(hub, 1, 6);
    await waitUntil(() => receiver.taken().includes(6), 10_000);
    assert.deepEqual(receiver.taken(), [1, 3, 6]);
    const { dead } = webhooks.find(id).state;
    assert.deepEqual(
      dead.map(({ seq, attempts, error }) => [seq, attempts, error]),
      [
        [2, 2, "HTTP 422"],
        [4, 4, "HTTP 500"],
        [5, 2, "HTTP 302"],
      ],
    );
    receiver.answer = (n) => (n === 4 ? 500 : 200);
    assert.equal(await webhooks.replay(id, undefined), 3);
    await waitUntil(() => receiver.taken().length === 5, 10_000);
    assert.deepEqual(receiver.taken(), [1, 3, 6, 2, 5]);
    await waitUntil(() => webhooks.find(id).state.dead[0]?.attempts === 8, 5000);
    const ids = receiver.received.filter(({ n }) => n === 2).map((one) => one.id);
    assert.deepEqual(new Set(ids), new Set([dead[0]?.delivery]));
    await assert.rejects(webhooks.replay(id, "nothing"), { code: "Z619" });
  });

  it("go on where they were after a restart, and keep their dead letters", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const first = quickWebhooks(t, hub);
    const id = await hookFor(first, receiver);
    receiver.answer = (n) => (n === 1 ? 400 : 200);
    await push(hub, 1, 10);
    await waitUntil(() => first.find(id).state.delivered === 9, 10_000);
    await first.close();
    await push(hub, 11, 12);
    const second = quickWebhooks(t, hub);
    await waitUntil(() => receiver.taken().length === 11, 10_000);
    assert.deepEqual(receiver.taken(), range(2, 12));
    assert.deepEqual(
      second.find(id).state.dead.map(({ seq }) => seq),
      [1],
    );
  });

  it("repeat after a crash only what was not written down, under the same ids", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const first = quickWebhooks(t, hub);
    await hookFor(first, receiver);
    await push(hub, 1, 200);
    await waitUntil(() => receiver.received.length > 100, 10_000);
    // A second one begins from what is on the disk now, as after kill -9.
    const second = quickWebhooks(t, hub);
    await waitUntil(() => second.list[0]?.state.delivered === 200, 10_000);
    const ids = new Map(receiver.received.map((one) => [one.n, one.id]));
    assert.deepEqual(
      [...ids.keys()].sort((a, b) => a - b),
      range(1, 200),
    );
    for (const one of receiver.received) assert.equal(one.id, ids.get(one.n));
  });

  it("go on after what the log refused for a moment", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const page = hub.node.page.bind(hub.node);
    let refusals = 0;
    hub.node.page = (query) =>
      refusals++ < 3 ? Promise.reject(new ZamError("Z206", { operation: "read x" })) : page(query);
    const webhooks = quickWebhooks(t, hub);
    await hookFor(webhooks, receiver);
    await push(hub, 1, 3);
    await waitUntil(() => receiver.taken().length === 3, 10_000);
    assert.deepEqual(receiver.taken(), [1, 2, 3]);
    assert.equal(webhooks.told.filter((code) => code === "Z206").length, 1);
    assert.equal(webhooks.list[0]?.trouble, undefined);
  });

  it("begin again where their place is another event's since the log was put back", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    await push(hub, 1, 5);
    const outlived = hub.node.newestCursor().replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    const page = hub.node.page.bind(hub.node);
    let refusals = 0;
    hub.node.page = (query) => {
      if (query.after === outlived) refusals++;
      return page(query);
    };
    const newest = hub.node.newestCursor.bind(hub.node);
    hub.node.newestCursor = () => outlived;
    const webhooks = quickWebhooks(t, hub);
    const { secret } = await webhooks.create({ url: receiver.url, from: "now" });
    receiver.secret = secret;
    hub.node.newestCursor = newest;
    await waitUntil(() => receiver.taken().length === 5, 10_000);
    assert.deepEqual(receiver.taken(), range(1, 5));
    assert.equal(refusals, 1);
    assert.deepEqual(webhooks.told, ["Z621"]);
  });

  it("are made, listed, replayed and removed over HTTP, by admins of all nodes only", async (t) => {
    const hub = await startTestHub(t);
    const receiver = await startReceiver(t);
    const send = (path: string, method: string, body?: object, token?: string): Promise<Response> =>
      hub.call(`/v1/webhooks${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: {
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(token === undefined ? {} : bearer(token)),
        },
      });
    const read = await hub.token(["read", "push"]);
    assert.equal(await codeOf(await send("", "GET", undefined, read)), "403 Z331");
    const limited = await hub.token(["admin"], ["clinic_a"]);
    assert.equal(await codeOf(await send("", "GET", undefined, limited)), "403 Z332");
    for (const url of ["ftp://x/", "nonsense", "http://192.0.2.1/", "https://a:b@example.org/"])
      assert.equal(await codeOf(await send("", "POST", { url })), "400 Z616", url);
    const answer = await send("", "POST", { url: receiver.url, label: "lab", type: 3 });
    assert.equal(answer.status, 201);
    const { id, secret } = (await answer.json()) as Made;
    receiver.secret = secret;
    await push(hub, 1, 3, 1);
    await push(hub, 4, 4, 3);
    await waitUntil(() => receiver.taken().length === 1, 10_000);
    assert.deepEqual(receiver.taken(), [4]);
    const text = await (await send("", "GET")).text();
    assert.ok(text.includes(id) && !text.includes(secret));
    assert.deepEqual(await (await send(`/${id}/dead`, "GET")).json(), { dead: [] });
    assert.deepEqual(await (await send(`/${id}/replay`, "POST", {})).json(), { queued: 0 });
    assert.equal((await send(`/${id}`, "DELETE")).status, 204);
    assert.equal(await codeOf(await send(`/${id}`, "DELETE")), "404 Z618");
  });

  it("do not stand in a hub's way when what is kept of them cannot be read", async (t) => {
    const first = await startTestHub(t);
    await first.node.sidecars.write("webhooks", Buffer.from('{"version":9,"hooks":[]}'));
    await first.hub.close();
    await first.node.close();
    const hub = await openTestHub(t, first.dir);
    assert.ok(hub.reports.some(({ code }) => code === "Z212"));
    assert.equal(await codeOf(await hub.call("/v1/webhooks")), "503 Z212");
    assert.equal((await hub.call("/v1/events")).status, 200);
  });
});
