/** Callers that do not read, and callers that do not stop: real sockets against a real server. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fastify } from "fastify";
import { waitUntil } from "../../../lab/command.ts";
import { bearer, codeOf, startTestHub } from "../hub.test-fixture.ts";
import { addSlowCallerLimits } from "./slow-callers.ts";

const limitMs = 400;
const largeBytes = 32 * 1024 * 1024;

async function startServer(t: TestContext): Promise<number> {
  const app = fastify({ forceCloseConnections: true });
  addSlowCallerLimits(app, { answerStallMs: limitMs, refusedBodyMs: limitMs });
  app.get("/large", async () => Buffer.alloc(largeBytes));
  app.get("/lines", async (_request, reply) =>
    reply.send(
      Readable.from(
        (async function* () {
          for (let n = 0; n < 1024; n++) yield Buffer.alloc(32 * 1024);
        })(),
      ),
    ),
  );
  app.get("/thoughtful", async (_request, reply) =>
    reply.send(
      Readable.from(
        (async function* () {
          yield "a";
          await sleep(limitMs * 4);
          yield "b";
        })(),
      ),
    ),
  );
  t.after(() => app.close());
  await app.listen({ host: "127.0.0.1", port: 0 });
  const open = new Set<Socket>();
  app.server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  opened.set((app.server.address() as AddressInfo).port, open);
  return (app.server.address() as AddressInfo).port;
}

/** By port: what the server has open. */
const opened = new Map<number, ReadonlySet<Socket>>();

test("who takes nothing of an answer is cut; who reads slowly, or waits for the log, is not", async (t) => {
  const port = await startServer(t);
  for (const path of ["/large", "/lines"]) {
    const silent = connect(port, "127.0.0.1");
    t.after(() => silent.destroy());
    silent.on("error", () => undefined).pause();
    silent.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await waitUntil(() => opened.get(port)?.size === 1, 5000);
    await waitUntil(() => opened.get(port)?.size === 0, 10_000);
  }
  const thoughtful = await fetch(`http://127.0.0.1:${port}/thoughtful`);
  assert.equal(await thoughtful.text(), "ab");

  let bytes = 0;
  await new Promise<void>((resolve, reject) => {
    const slow = httpRequest({ port, host: "127.0.0.1", path: "/large" }, (response) => {
      let pauses = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes < (pauses + 1) * 4 * 1024 * 1024) return;
        pauses++;
        response.pause();
        setTimeout(() => response.resume(), limitMs / 2);
      });
      response.on("end", resolve).on("error", reject);
    });
    slow.on("error", reject).end();
  });
  assert.equal(bytes, largeBytes);
});

test("a body behind a refusal is dropped for a moment, so that the refusal is seen, then cut", async (t) => {
  const hub = await startTestHub(t);
  const body = Buffer.alloc(17 * 1024 * 1024);
  const headers = { "content-type": "application/octet-stream" };
  for (let n = 0; n < 12; n++) {
    const answer = await hub.call("/v1/events", { method: "POST", body, headers });
    assert.equal(await codeOf(answer), "413 Z419", `try ${n}`);
  }
  for (const authorization of [
    "",
    `Authorization: ${bearer(await hub.token(["push"])).authorization}\r\n`,
  ]) {
    const endless = connect(Number(new URL(hub.url).port), "127.0.0.1");
    t.after(() => endless.destroy());
    let heard = "";
    endless
      .on("error", () => undefined)
      .on("data", (text: Buffer) => {
        heard += text.toString("latin1");
      });
    endless.write(
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\n${authorization}` +
        "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = Buffer.concat([
      Buffer.from("10000\r\n"),
      Buffer.alloc(65536),
      Buffer.from("\r\n"),
    ]);
    const pump = (): void => {
      while (!endless.destroyed) if (!endless.write(chunk)) return void endless.once("drain", pump);
    };
    const startMs = performance.now();
    pump();
    await waitUntil(() => endless.destroyed, 15_000);
    assert.ok(performance.now() - startMs < 12_000);
    assert.match(heard, authorization === "" ? /^HTTP\/1\.1 401 / : /^HTTP\/1\.1 413 /);
  }
});
