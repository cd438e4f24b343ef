/** What every listener does for every route: guards, limits, problem details. Real sockets, real faults. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitUntil } from "../../../lab/command.ts";
import { createNode, openNode, revokeToken } from "../../engine/index.ts";
import { startHub } from "../index.ts";
import { bearer, codeOf, startTestHub, type TestHub } from "../hub.test-fixture.ts";
import { hostOf, isOwnHost, isOwnOrigin, ownNames } from "./host-check.ts";
import { isLoopback } from "./bind-policy.ts";
import { Buckets, callersMax, networkOf } from "./throttle.ts";
import { createScratch } from "../../../test/identities.ts";

/** `fetch` sets Host and forbids Origin; this sends what it is told. */
function raw(
  hub: TestHub,
  path: string,
  headers: Readonly<Record<string, string>>,
  method = "GET",
): Promise<{ readonly status: number; readonly code: string; readonly body: string }> {
  const { port } = new URL(hub.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { port, host: "127.0.0.1", path, method, headers, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => {
          const code = /"code":"(Z\d+)"/.exec(body)?.[1] ?? "";
          resolve({ status: response.statusCode ?? 0, code, body });
        });
      },
    );
    request.on("error", reject).end();
  });
}

interface Talk {
  readonly socket: Socket;
  readonly heard: () => string;
  readonly isClosed: () => boolean;
}

function talk(t: TestContext, hub: TestHub): Talk {
  const socket = connect(Number(new URL(hub.url).port), "127.0.0.1");
  t.after(() => socket.destroy());
  let heard = "";
  let isClosed = false;
  socket.setEncoding("utf8").on("data", (text: string) => {
    heard += text;
  });
  socket.on("close", () => {
    isClosed = true;
  });
  socket.on("error", () => undefined);
  return { socket, heard: () => heard, isClosed: () => isClosed };
}

describe("the description of the API", () => {
  it("names parameters, headers and what a full disk answers", async (t) => {
    const hub = await startTestHub(t);
    const { paths } = (await (await fetch(`${hub.url}/v1/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    };
    assert.deepEqual(paths["/v1/nodes"]?.get?.parameters ?? [], []);
    const names = paths["/v1/events"]?.get?.parameters?.map(({ name }) => name);
    assert.deepEqual(names, ["since", "node", "type", "from", "until", "limit"]);
    const answers = paths["/v1/events"]?.post?.responses ?? {};
    assert.ok(answers["201"]?.headers?.Location);
    assert.ok(answers["429"]?.headers?.["Retry-After"]);
    const writing = ["/v1/events", "/v1/events/batch", "/v1/webhooks", "/v1/webhooks/{id}/replay"];
    for (const path of writing)
      for (const status of ["408", "413", "415", "503", "507"])
        assert.ok(paths[path]?.post?.responses[status], `${path} ${status}`);
  });
});

interface Operation {
  readonly parameters?: readonly { readonly name: string }[];
  readonly responses: Readonly<
    Record<string, { readonly headers?: Readonly<Record<string, object>> }>
  >;
}

describe("access", () => {
  it("needs a token everywhere but for health and the API's description", async (t) => {
    const hub = await startTestHub(t);
    for (const path of ["/health/live", "/health/ready", "/v1/openapi.json", "/v1/docs"])
      assert.equal((await fetch(`${hub.url}${path}`)).status, 200, path);
    const description = (await (await fetch(`${hub.url}/v1/openapi.json`)).json()) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
    };
    let tried = 0;
    for (const [path, methods] of Object.entries(description.paths)) {
      for (const [method, operation] of Object.entries(methods)) {
        if ("security" in operation) continue;
        tried++;
        const url = `${hub.url}${path.replaceAll(/\{\w+\}/g, "x")}`;
        const answer = await fetch(url, { method: method.toUpperCase() });
        assert.equal(await codeOf(answer), "401 Z329", `${method} ${path}`);
        assert.match(answer.headers.get("www-authenticate") ?? "", /^Bearer/);
      }
    }
    assert.ok(tried > 10, `only ${tried} operations`);
  });

  it("tells an unknown token, one that lacks the scope and a revoked one apart", async (t) => {
    const hub = await startTestHub(t);
    const token = await hub.token(["read"]);
    const get = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${hub.url}/v1/events`, { headers });
    assert.equal((await get(bearer(token))).status, 200);
    assert.equal(await codeOf(await get({ authorization: `Basic ${token}` })), "401 Z330");
    assert.equal(await codeOf(await get(bearer(`${token.slice(0, -1)}!`))), "401 Z330");
    const headers = { ...bearer(token), "content-type": "application/json" };
    const pushed = await fetch(`${hub.url}/v1/events`, { method: "POST", body: "1", headers });
    assert.equal(await codeOf(pushed), "403 Z331");
    await revokeToken({ dataDir: hub.dir, id: token.slice(4, 16) });
    assert.equal(await codeOf(await get(bearer(token))), "401 Z330");
  });

  it("slows down guessing, and not those who know", async (t) => {
    const hub = await startTestHub(t);
    const wrong = bearer(`zst_${"0".repeat(12)}_${"a".repeat(43)}`);
    const codes: string[] = [];
    for (let n = 0; n < 15; n++)
      codes.push(await codeOf(await fetch(`${hub.url}/v1/events`, { headers: wrong })));
    assert.deepEqual(
      codes.slice(0, 10),
      Array.from({ length: 10 }, () => "401 Z330"),
    );
    assert.equal(codes.at(-1), "429 Z417");
    const answer = await fetch(`${hub.url}/v1/events`, { headers: wrong });
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    assert.equal((await hub.call("/v1/events")).status, 200);
  });

  it("signs a browser in with a cookie that other sites and scripts cannot use", async (t) => {
    const hub = await startTestHub(t);
    const token = await hub.token(["read", "push"]);
    const answer = await fetch(`${hub.url}/v1/session`, { method: "POST", headers: bearer(token) });
    const set = answer.headers.get("set-cookie") ?? "";
    assert.match(set, /; HttpOnly; SameSite=Strict$/);
    const cookie = `a=b; ${set.split(";")[0]}`;
    const own = { host: new URL(hub.url).host, origin: hub.url, cookie };
    assert.equal((await raw(hub, "/v1/session", { ...own, host: own.host })).status, 200);
    const json = { "content-type": "application/json", "content-length": "0" };
    // A page of ours says so in Origin; a form of another site cannot.
    const { host } = own;
    assert.equal((await raw(hub, "/v1/events", { host, cookie, ...json }, "POST")).code, "Z416");
    assert.equal((await raw(hub, "/v1/events", { ...own, ...json }, "POST")).code, "Z604");
    const out = await fetch(`${hub.url}/v1/session`, { method: "DELETE" });
    assert.match(out.headers.get("set-cookie") ?? "", /^zamsync-token=; Path=\/; Max-Age=0/);
  });
});

describe("Host and Origin", () => {
  it("refuse names that are not the hub's, and pages of other sites, on every route", async (t) => {
    const hub = await startTestHub(t, { httpNames: ["hub.clinic.example"] });
    const { host, port } = new URL(hub.url);
    for (const path of ["/health/live", "/v1/events", "/", "/nothing"]) {
      for (const foreign of ["evil.example", `evil.example:${port}`, "127.0.0.1.evil.example"])
        assert.equal((await raw(hub, path, { host: foreign })).status, 403, `${path} ${foreign}`);
      for (const origin of ["http://evil.example", "null", `https://${host}`, `http://127.0.0.1:1`])
        assert.equal((await raw(hub, path, { host, origin })).code, "Z416", `${path} ${origin}`);
    }
    const names = ["localhost", "hub.clinic.example", "HUB.clinic.example", "[::1]", "192.168.1.9"];
    for (const name of names) {
      const headers = { host: `${name}:${port}`, origin: `http://${name}:${port}` };
      assert.equal((await raw(hub, "/health/live", headers)).status, 200, name);
    }
  });

  it("are one for each request, and an absolute target counts before a Host", async (t) => {
    const hub = await startTestHub(t);
    const { host } = new URL(hub.url);
    const auth = `Authorization: Bearer ${await hub.token(["read"])}`;
    const foreign = "Host: evil.example";
    const own = `Host: ${host}`;
    const cases: readonly (readonly [string, readonly string[], string])[] = [
      ["GET /v1/nodes HTTP/1.1", [own], "200"],
      ["GET /v1/nodes HTTP/1.0", [own], "200"],
      ["GET /v1/nodes HTTP/1.1", [], "400 Z418"],
      ["GET /v1/nodes HTTP/1.1", ["Host:"], "400 Z418"],
      ["GET /v1/nodes HTTP/1.0", [], "400 Z418"],
      ["GET /v1/nodes HTTP/1.0", ["Host:"], "400 Z418"],
      ["GET /health/live HTTP/1.1", [], "400 Z418"],
      ["GET /health/live HTTP/1.0", [], "200"],
      ["GET /health/live HTTP/1.0", ["Host: "], "200"],
      ["GET /health/live HTTP/1.0", [`Origin: http://evil.example`], "400 Z418"],
      ["GET /v1/nodes HTTP/1.1", [own, foreign], "400 Z418"],
      ["GET /v1/nodes HTTP/1.1", [foreign, own], "400 Z418"],
      ["GET /v1/nodes HTTP/1.0", [own, own], "400 Z418"],
      [`GET http://${host}/v1/nodes HTTP/1.1`, [own], "200"],
      [`GET http://${host}/v1/nodes HTTP/1.1`, [foreign], "200"],
      [`GET http://${host}/v1/nodes HTTP/1.0`, [], "200"],
      ["GET http://evil.example/v1/nodes HTTP/1.1", [own], "403 Z415"],
      [`GET http://${host}@evil.example/v1/nodes HTTP/1.1`, [own], "403 Z415"],
      [`GET http://evil.example?${host}/v1/nodes HTTP/1.1`, [own], "403 Z415"],
      [`GET ftp://${host}/v1/nodes HTTP/1.1`, [own], "400 Z418"],
    ];
    for (const [line, names, expected] of cases) {
      const { socket, heard } = talk(t, hub);
      socket.write([line, ...names, auth, "", ""].join("\r\n"));
      await waitUntil(() => /\r\n\r\n.*\}/s.test(heard()), 3000);
      const status = /^HTTP\/1\.1 (\d+)/.exec(heard())?.[1];
      const found = `${status} ${/"code":"(Z\d+)"/.exec(heard())?.[1] ?? ""}`.trim();
      assert.equal(found, expected, `${line} ${names.join()}: ${heard()}`);
      socket.destroy();
    }
  });

  it("are read as browsers write them", () => {
    const own = ownNames(["a.example"]);
    assert.equal(hostOf("[fe80::1]:80"), "fe80::1");
    assert.equal(hostOf("a.example.:443"), "a.example");
    for (const text of ["a b", "a@b", "a/b", "[::1", "x:99999999", "\u0000"])
      assert.equal(hostOf(text), undefined, text);
    assert.equal(isOwnHost(undefined, own), false);
    const target = { authority: "a.example:8443", isTls: true };
    assert.equal(isOwnOrigin("https://a.example:8443", target), true);
    assert.equal(isOwnOrigin("https://a.example", target), false);
  });
});

describe("what is bound beyond loopback", () => {
  it("does not start before a valid token exists, and then speaks TLS", async (t) => {
    const { dir, remove } = createScratch();
    t.after(remove);
    await createNode({ dir, nodeId: "hub", isHub: true });
    const node = await openNode({ dataDir: dir });
    t.after(() => node.close());
    const input = { node, http: "0.0.0.0:0", onReport: () => undefined };
    await assert.rejects(startHub(input), { code: "Z335" });
    const { createToken } = await import("../../engine/index.ts");
    await node.serveSocket();
    const made = await createToken({ dataDir: dir, scopes: ["read"], nodes: [], label: "" });
    const hub = await startHub(input);
    t.after(() => hub.close());
    assert.match(hub.http?.url ?? "", /^https:/);
    const port = new URL(hub.http?.url ?? "").port;
    const { request } = await import("node:https");
    const { readFileSync } = await import("node:fs");
    const ca = readFileSync(`${dir}/ca/ca.crt`);
    const status = await new Promise<number>((resolve, reject) => {
      // The certificate is checked, the host name as well.
      const target = { host: "127.0.0.1", port, path: "/v1/events", headers: bearer(made.token) };
      // What `curl --http1.0` offers.
      const offer = { ...target, ca, ALPNProtocols: ["http/1.0"], agent: false as const };
      const sent = request(offer, (response) => resolve(response.statusCode ?? 0));
      sent.on("error", reject).end();
    });
    assert.equal(status, 200);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health/live`));
  });

  it("is told from loopback by address, not by a name that may mean anything", () => {
    for (const host of ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"])
      assert.equal(isLoopback(host), true, host);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example", "hub", "fe80::1"])
      assert.equal(isLoopback(host), false, host);
  });
});

describe("limits", () => {
  it("answer garbage, huge headers and a wrong method with a problem, and go on", async (t) => {
    const hub = await startTestHub(t);
    const cases: readonly (readonly [string, RegExp])[] = [
      ["\u0016\u0003\u0001\u0002\u0000\u0001", /^HTTP\/1\.1 400 .*"code":"Z418"/s],
      ["GET / HTTP/9.9\r\n\r\n", /^HTTP\/1\.1 400 .*"code":"Z418"/s],
      [
        `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
        /^HTTP\/1\.1 431 .*Z419/s,
      ],
      ["GET /%zz HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 400 .*"code":"Z418"/s],
      ["GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 .*"code":"Z418"/s],
      ["BREW /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 4\d\d /s],
      [
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        /^HTTP\/1\.1 400 /s,
      ],
    ];
    for (const [text, expected] of cases) {
      const { socket, heard } = talk(t, hub);
      socket.write(text);
      await waitUntil(() => expected.test(heard()), 3000).catch(() =>
        assert.fail(`${JSON.stringify(text.slice(0, 40))}: ${heard()}`),
      );
      socket.destroy();
    }
    assert.equal((await hub.call("/v1/events")).status, 200);
  });

  it("cut who sends a request byte by byte, and let the others through meanwhile", async (t) => {
    const hub = await startTestHub(t);
    const slow = Array.from({ length: 40 }, () => talk(t, hub));
    const silent = Array.from({ length: 40 }, () => talk(t, hub));
    const text = "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n";
    let at = 0;
    const timer = setInterval(() => {
      for (const { socket } of slow) if (!socket.destroyed) socket.write(text[at] ?? "x");
      at++;
    }, 500);
    t.after(() => clearInterval(timer));
    for (let n = 0; n < 5; n++) {
      const startMs = performance.now();
      assert.equal((await hub.call("/v1/events")).status, 200);
      assert.ok(performance.now() - startMs < 1000);
      await sleep(100);
    }
    await waitUntil(() => [...slow, ...silent].every(({ isClosed }) => isClosed()), 20_000);
    for (const { heard } of slow) assert.match(heard(), /^HTTP\/1\.1 408 .*"code":"Z422"/s);
  });

  it("bound how many bodies are read at a time", async (t) => {
    const hub = await startTestHub(t);
    const token = await hub.token(["push"]);
    const head = (sizeBytes: number): string =>
      `POST /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/octet-stream\r\nContent-Length: ${sizeBytes}\r\n\r\n`;
    const large = Array.from({ length: 3 }, () => talk(t, hub));
    for (const { socket } of large) socket.write(`${head(16 * 1024 * 1024)}x`);
    const body = Buffer.alloc(1024 * 1024);
    const headers = { "content-type": "application/octet-stream" };
    const send = () => hub.call("/v1/events", { method: "POST", body, headers });
    // The hub reads the heads, and notices who went, when it comes to it.
    const answerWith = async (expected: number): Promise<string> => {
      let text = "";
      for (const endMs = performance.now() + 10_000; performance.now() < endMs; await sleep(50)) {
        const answer = await send();
        text = await answer.text();
        if (answer.status === expected) return text;
      }
      return assert.fail(`never ${expected}, but ${text}`);
    };
    assert.match(await answerWith(429), /other large requests/);
    for (const { socket } of large) socket.destroy();
    await answerWith(201);
  });

  it("remember a bounded number of callers, and refill in time", () => {
    let nowMs = 0;
    const buckets = new Buckets({ burst: 2, perS: 1 }, () => nowMs);
    assert.deepEqual(
      [buckets.take("a"), buckets.take("a"), buckets.take("a")],
      [undefined, undefined, 1],
    );
    nowMs = 999;
    assert.equal(buckets.take("a"), 1);
    nowMs = 1000;
    assert.equal(buckets.take("a"), undefined);
    for (let n = 0; n < callersMax * 2; n++) buckets.take(`caller ${n}`);
    assert.equal(buckets.size, callersMax);
    assert.equal(networkOf("2001:db8:1:2:3:4:5:6"), networkOf("2001:db8:1:2::9"));
    assert.notEqual(networkOf("2001:db8:1:3::9"), networkOf("2001:db8:1:2::9"));
    assert.equal(networkOf("::ffff:10.0.0.1"), "10.0.0.1");
  });
});
