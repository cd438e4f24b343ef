/**
 * SCENARIOS 26: slow and silent strangers.
 *
 * 64 connections that say nothing, or a byte now and then: before TLS, in the middle of a
 * handshake, and after one with a genuine certificate, where they take every place that the
 * hub has for sessions; and on HTTP. A's sync needs one attempt, and is done while all of them
 * are still there.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectTcp } from "node:net";
import type { Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { connect as connectTls } from "node:tls";
import { createClinics } from "../../lab/many-clinics.ts";
import { digest, numbered, pushAll, scratchDir, syncOk } from "./harness.ts";
import { makeToken, bearer, serveHttp } from "./http.ts";

const strangerCount = 64;
/** More often than every four seconds: whoever is judged by silence alone lets these stay. */
const trickleMs = 150;

/** The first bytes of a TLS 1.3 client that are sent before it waits for the server. */
async function clientHelloBytes(): Promise<Buffer> {
  const server = (await import("node:net")).createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const accepted = once(server, "connection") as Promise<[Socket]>;
  const client = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  client.on("error", () => undefined);
  const [socket] = await accepted;
  const [bytes] = (await once(socket, "data")) as [Buffer];
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

/** Connections of one kind, of which every `step`th trickles. */
class Strangers {
  private readonly sockets: readonly Socket[];
  private readonly timer: NodeJS.Timeout;
  private trickled = 0;

  constructor(t: TestContext, sockets: readonly Socket[], bytes: Buffer, step = 2) {
    this.sockets = sockets;
    for (const socket of sockets) socket.on("error", () => undefined);
    this.timer = setInterval(() => {
      const at = this.trickled++ % bytes.length;
      for (let index = 0; index < sockets.length; index += step)
        if (sockets[index]?.writable === true) sockets[index]?.write(bytes.subarray(at, at + 1));
    }, trickleMs);
    t.after(() => this.end());
  }

  get alive(): number {
    return this.sockets.filter((socket) => !socket.destroyed && socket.readable).length;
  }

  get hasTrickled(): boolean {
    return this.trickled > 2;
  }

  end(): void {
    clearInterval(this.timer);
    for (const socket of this.sockets) socket.destroy();
  }
}

function tcp(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, "127.0.0.1", () => resolve(socket));
    socket.once("error", reject);
    socket.resume();
  });
}

const many = <T>(make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: strangerCount }, (_, index) => make(index)));

test("64 strangers at every stage do not hold up a clinic", async (t) => {
  const { hub: hubDir, clinics } = await createClinics(await scratchDir(t), strangerCount + 1);
  const [honest = "", ...stolen] = clinics;
  const { token } = await makeToken(hubDir);
  const { hub, url, port: httpPort } = await serveHttp(t, hubDir);
  const hello = await clientHelloBytes();
  assert.ok(hello.length > 200, "a whole ClientHello");
  const kinds: Record<string, () => Promise<Strangers>> = {
    "before TLS": async () => new Strangers(t, await many(() => tcp(hub.port)), hello),
    "in TLS": async () => {
      const sockets = await many(() => tcp(hub.port));
      for (const socket of sockets) socket.write(hello.subarray(0, hello.length - 20));
      return new Strangers(t, sockets, hello.subarray(hello.length - 20));
    },
    "in TLS, after the server's part": async () => {
      const sockets = await many(() => tcp(hub.port));
      const answered = sockets.map((socket) => once(socket, "data"));
      for (const socket of sockets) socket.write(hello);
      await Promise.all(answered);
      // The beginning of a record that never ends.
      return new Strangers(t, sockets, Buffer.from([0x17, 0x03, 0x03, 0x3f, 0xff, 0, 0, 0, 0]));
    },
    "after TLS": async () => {
      const sockets = await many(async (index) => {
        const file = (name: string) => readFileSync(join(stolen[index] ?? "", "tls", name));
        const socket = connectTls({
          ...{ host: "127.0.0.1", port: hub.port, minVersion: "TLSv1.3" },
          ...{ key: file("node.key"), cert: file("node.crt"), ca: file("ca.crt") },
          checkServerIdentity: () => undefined,
        });
        await once(socket, "secureConnect");
        return socket.resume();
      });
      // A frame of 16 KiB that comes a byte at a time, from each of them.
      const frame = Buffer.from([0x80, 0x80, 0x01, 0x01, ...Array<number>(60).fill(1)]);
      return new Strangers(t, sockets, frame, 1);
    },
  };
  kinds["on HTTP, before and in a request"] = async () => {
    const sockets = await many(() => tcp(httpPort));
    const head = `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${httpPort}\r\nX-Slow: `;
    return new Strangers(t, sockets, Buffer.from(head));
  };
  kinds["on HTTP, in a body"] = async () => {
    const sockets = await many(() => tcp(httpPort));
    const head =
      `POST /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${httpPort}\r\nAuthorization: Bearer ${token}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 16000000\r\n\r\n";
    for (const socket of sockets) socket.write(head);
    return new Strangers(t, sockets, Buffer.from("[1,"), 1);
  };
  let pushed = 0;
  for (const [name, appear] of Object.entries(kinds)) {
    const strangers = await appear();
    await hub.until(() => strangers.hasTrickled);
    await pushAll(honest, numbered(20, name));
    pushed += 20;
    const summary = await syncOk(honest, hub.address);
    assert.equal(summary.attempts, 1, name);
    assert.equal(strangers.alive, strangerCount, `${name}: the sync did not wait for their end`);
    assert.equal((await digest(hubDir)).length, pushed);
    const asked = await fetch(`${url}/v1/events?limit=1`, { headers: bearer(token) });
    assert.equal(asked.status, 200, `${name}: HTTP`);
    strangers.end();
  }
  assert.equal(await hub.stop(), 0);
});
