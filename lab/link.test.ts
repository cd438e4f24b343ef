import assert from "node:assert/strict";
import { once } from "node:events";
import { type Socket, createConnection, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { startLink } from "./link.ts";
import type { Link, LinkOptions } from "./link.ts";

interface Bench {
  readonly link: Link;
  /** Bytes that the target received, over all connections. */
  readonly received: () => Buffer;
  readonly targets: readonly Socket[];
}

/** A target that echoes nothing and counts, behind a link. */
async function setUp(
  t: TestContext,
  options: Omit<LinkOptions, "to">,
  onTarget: (socket: Socket) => void = () => {},
): Promise<Bench> {
  const chunks: Buffer[] = [];
  const targets: Socket[] = [];
  const server = createServer((socket) => {
    targets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => chunks.push(bytes));
    onTarget(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const link = await startLink({
    ...options,
    to: { port: (server.address() as AddressInfo).port },
  });
  t.after(async () => {
    await link.close();
    for (const socket of targets) socket.destroy();
    server.close();
  });
  return { link, received: () => Buffer.concat(chunks), targets };
}

function connect(t: TestContext, link: Link): Socket {
  const socket = createConnection({ port: link.port, host: link.host });
  t.after(() => socket.destroy());
  return socket;
}

async function until(condition: () => boolean, timeoutMs = 5000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error("condition not met in time");
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("delivers every byte in order, both ways, and ends when the ends do", async (t) => {
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251));
  const { link, received } = await setUp(t, { jitterMs: 5, delayMs: 5, seed: 4 }, (socket) => {
    socket.on("end", () => socket.end("thanks"));
  });
  const client = connect(t, link);
  client.end(sent);
  const answer: Buffer[] = [];
  client.on("data", (bytes: Buffer) => answer.push(bytes));
  await once(client, "close");
  assert.equal(Buffer.concat(answer).toString(), "thanks");
  assert.ok(received().equals(sent));
  const counters = link.counters();
  assert.equal(counters.upBytes, sent.length);
  assert.equal(counters.downBytes, 6);
  await until(() => link.counters().connections[0]?.ended === "closed");
});

test("charges a round trip for the connection, and one for question and answer", async (t) => {
  const { link } = await setUp(t, { delayMs: 50 }, (socket) => {
    socket.on("data", () => socket.write("pong"));
  });
  const startMs = performance.now();
  const client = connect(t, link);
  client.write("ping");
  await once(client, "data");
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 195, `took ${tookMs} ms, four delays are 200`);
  const [connection] = link.counters().connections;
  const answeredMs = (connection?.answeredAtMs ?? 0) - (connection?.acceptedAtMs ?? 0);
  assert.ok(answeredMs >= 195 && answeredMs <= tookMs + 1, `${answeredMs} of ${tookMs} ms`);
});

test("makes the sender feel the rate", async (t) => {
  const { link, received } = await setUp(t, { rateBytesPerS: 200_000, queueBytes: 8 * 1024 });
  const client = connect(t, link);
  const startMs = performance.now();
  client.write(Buffer.alloc(100_000));
  await until(() => received().length >= 20_000);
  const offered = link.counters().connections[0]?.upOfferedBytes ?? 0;
  assert.ok(offered < 100_000, "the sender's socket is not read ahead without bound");
  await until(() => received().length === 100_000);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs > 450, `100,000 bytes at 200,000 a second took ${tookMs} ms`);
});

test("kills a connection by RST after an exact number of bytes", async (t) => {
  const { link, received, targets } = await setUp(t, {
    cutPlan: { afterBytes: 20_480, direction: "up", mode: "rst", times: 1, downMs: 500 },
  });
  const client = connect(t, link);
  client.write(Buffer.alloc(50_000));
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.match(String(error.code), /ECONNRESET|EPIPE/);
  await until(() => targets[0]?.destroyed === true);
  assert.equal(link.counters().upBytes, 20_480);
  assert.ok(received().length <= 20_480);
  assert.equal(link.counters().cuts, 1);

  const early = connect(t, link);
  await once(early, "error");
  assert.equal(link.counters().refused, 1);
  await new Promise((resolve) => setTimeout(resolve, 550));
  const later = connect(t, link);
  later.write(Buffer.alloc(30_000));
  await until(() => (link.counters().connections[1]?.upBytes ?? 0) === 30_000);
});

test("kills every connection once all of them together have carried so much", async (t) => {
  const { link, received } = await setUp(t, {
    cutPlan: { afterBytes: 15_000, direction: "up", scope: "link", mode: "rst" },
  });
  const [one, two] = [connect(t, link), connect(t, link)];
  const died = Promise.all([once(one, "error"), once(two, "error")]);
  one.write(Buffer.alloc(10_000));
  await until(() => received().length === 10_000);
  two.write(Buffer.alloc(10_000));
  await died;
  const counters = link.counters();
  assert.equal(counters.upBytes, 15_000);
  assert.deepEqual(
    counters.connections.map(({ ended }) => ended),
    ["rst", "rst"],
  );
  const later = connect(t, link);
  later.write(Buffer.alloc(40_000));
  await until(() => link.counters().connections[2]?.upBytes === 40_000);
});

test("kills a connection after a time", async (t) => {
  const { link } = await setUp(t, { cutPlan: { afterMs: 50, mode: "rst", downMs: 60_000 } });
  const client = connect(t, link);
  await once(client, "error");
  const [connection] = link.counters().connections;
  assert.equal(connection?.ended, "rst");
  assert.ok(performance.now() - (connection?.acceptedAtMs ?? 0) >= 49);
  await once(connect(t, link), "error");
  assert.equal(link.counters().refused, 1);
});

test("stalls after an exact number of bytes, then delivers all of them", async (t) => {
  const { link, received } = await setUp(t, {
    cutPlan: { afterBytes: 5000, direction: "up", mode: "stall", downMs: 500 },
  });
  const client = connect(t, link);
  client.write(Buffer.alloc(30_000));
  await until(() => link.counters().cuts === 1);
  const startMs = performance.now();
  await until(() => received().length >= 5000);
  assert.equal(received().length, 5000);
  await until(() => received().length === 30_000);
  assert.ok(performance.now() - startMs >= 100);
  assert.equal(link.counters().connections[0]?.ended, undefined);
});

test("falls silent without telling either side", async (t) => {
  const { link, received, targets } = await setUp(t, {});
  const client = connect(t, link);
  client.write("before");
  await until(() => received().length === 6);
  assert.equal(link.cut("silence"), 1);
  client.write("after");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(received().toString(), "before");
  assert.equal(client.destroyed, false);
  assert.equal(targets[0]?.destroyed, false);
});

test("ends both sides by FIN on request", async (t) => {
  const { link, targets } = await setUp(t, {});
  const client = connect(t, link);
  client.resume();
  client.write("x");
  await until(() => targets.length === 1 && link.counters().upBytes === 1);
  link.cut("fin");
  await once(client, "end");
  await until(() => targets[0]?.readableEnded === true);
});

test("holds everything during a pause and delivers it afterwards", async (t) => {
  const { link, received } = await setUp(t, {});
  const client = connect(t, link);
  client.write("a");
  await until(() => received().length === 1);
  link.pause();
  client.write("b");
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(received().toString(), "a");
  link.resume();
  await until(() => received().toString() === "ab");
});

test("passes on that the target refuses", async (t) => {
  const link = await startLink({ to: { port: 1 }, delayMs: 10 });
  t.after(() => link.close());
  const client = connect(t, link);
  client.write("x");
  const [error] = (await once(client, "error")) as [NodeJS.ErrnoException];
  assert.match(String(error.code), /ECONNRESET|EPIPE/);
});
