/**
 * SCENARIOS 21: HTTP and metrics are closed by default.
 *
 * Without a token, with one that has expired, was revoked, or is of another hub; with a foreign
 * Host or Origin: 401 or 403 on both listeners. A bind beyond loopback does not start before a
 * token exists, and then speaks TLS only.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { test } from "node:test";
import {
  describe,
  errorOf,
  fingerprint,
  jsonLines,
  makeFleet,
  runOk,
  runProcess,
  serveHub,
} from "./harness.ts";
import { bearer, makeToken, verdictOf } from "./http.ts";

interface Listening {
  readonly event: string;
  readonly http: string;
  readonly httpUrl: string;
  readonly metrics: string;
}

/** Headers as they are given, which `fetch` does not allow. */
function ask(address: string, path: string, headers: Readonly<Record<string, string>>) {
  const { hostname, port } = new URL(`http://${address}`);
  return new Promise<number>((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject).end();
  });
}

test("nobody gets in without a token, nor as a page of another site", async (t) => {
  const fleet = await makeFleet(t);
  const good = await makeToken(fleet.hub, ["--scope", "read", "--label", "a test"]);
  const brief = await makeToken(fleet.hub, ["--scope", "admin", "--expires", "1s"]);
  const foreign = await makeToken(fleet.clinic("clinic_a"), ["--scope", "admin"]);
  const args = ["--http", "127.0.0.1:0", "--metrics", "127.0.0.1:0"];
  const hub = await serveHub(t, fleet.hub, { args });
  const lines = jsonLines<Listening>(hub.output().stdout);
  const { http = "", metrics = "" } = lines.find(({ event }) => event === "listening") ?? {};
  await new Promise((resolve) => setTimeout(resolve, 1000));

  const places = [
    ...["/v1/events", "/v1/stream", "/v1/nodes", "/v1/status", "/v1/webhooks"].map(
      (path) => [http, path] as const,
    ),
    [metrics, "/metrics"] as const,
  ];
  for (const [address, path] of places) {
    const host = { host: address };
    assert.equal(await ask(address, path, host), 401, path);
    assert.equal(await ask(address, path, { ...host, ...bearer(brief.token) }), 401, path);
    const known = bearer(good.token);
    const evil = { host: "evil.example" };
    assert.equal(await ask(address, path, { ...known, ...evil }), 403, path);
    const origin = "http://evil.example";
    assert.equal(await ask(address, path, { ...known, ...host, origin }), 403, path);
  }
  for (const [address, path] of places.filter(([, path]) => !/stream|webhooks/.test(path)))
    assert.equal(await ask(address, path, { host: address, ...bearer(good.token) }), 200, path);
  // After ten guesses from one address there is another answer, and no other result.
  for (const [address, path] of places.slice(0, 2))
    for (const token of [foreign.token, "nonsense", `${good.token}x`])
      assert.equal(await ask(address, path, { host: address, ...bearer(token) }), 401, path);
  for (const address of [http, metrics])
    for (const path of ["/health/live", "/health/ready"])
      assert.equal(await ask(address, path, { host: address }), 200, path);

  await runOk(["token", "revoke", good.id, "--data-dir", fleet.hub]);
  for (const [address, path] of places)
    assert.equal(await ask(address, path, { host: address, ...bearer(good.token) }), 401, path);
  const listed = await runOk(["token", "list", "--data-dir", fleet.hub, "--json"]);
  assert.deepEqual(
    jsonLines<{ readonly state: string }>(listed.stdout).map(({ state }) => state),
    ["revoked", "expired"],
  );
  const kept = readFileSync(join(fleet.hub, "http", "tokens.jsonl"), "utf8");
  for (const { token } of [good, brief]) assert.ok(!kept.includes(token.split("_")[2] ?? "?"));
});

for (const flag of ["--http", "--metrics"]) {
  test(`${flag} beyond loopback needs a token, and is TLS`, async (t) => {
    const fleet = await makeFleet(t);
    const serve = ["serve", fleet.hub, "--bind", "127.0.0.1:0", "--json", flag, "0.0.0.0:0"];
    await runOk(["status", fleet.hub]);
    const before = await fingerprint(join(fleet.hub, "ca"));
    const dead = await makeToken(fleet.hub, ["--scope", "read", "--expires", "1s"]);
    const revoked = await makeToken(fleet.hub);
    await runOk(["token", "revoke", revoked.id, "--data-dir", fleet.hub]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const refused = await runProcess(serve);
    assert.equal(refused.status, 4, describe(refused));
    assert.equal(errorOf(refused)?.code, "Z335");
    assert.doesNotMatch(refused.stdout, /listening/, "nobody was let in");
    assert.deepEqual(await fingerprint(join(fleet.hub, "ca")), before);

    const { token } = await makeToken(fleet.hub, ["--scope", "read"]);
    const hub = await serveHub(t, fleet.hub, { args: [flag, "0.0.0.0:0"] });
    const lines = jsonLines<Listening>(hub.output().stdout);
    const listening = lines.find(({ event }) => event === "listening");
    const address = (flag === "--http" ? listening?.http : listening?.metrics) ?? "";
    const port = address.slice(address.lastIndexOf(":") + 1);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/health/live`), "plain HTTP is answered");
    const ca = readFileSync(join(fleet.hub, "ca", "ca.crt"));
    const path = flag === "--http" ? "/v1/nodes" : "/metrics";
    const statusWith = (headers: Readonly<Record<string, string>>): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { host: "127.0.0.1", port, path, ca, headers, agent: false };
        const sent = httpsRequest(options, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on("error", reject).end();
      });
    assert.equal(await statusWith(bearer(token)), 200);
    assert.equal(await statusWith({}), 401);
    assert.equal(await statusWith(bearer(dead.token)), 401);
  });
}

test("a token limited to a clinic shows nothing of another", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const { token } = await makeToken(fleet.hub, ["--scope", "read,push", "--node", "clinic_a"]);
  const hub = await serveHub(t, fleet.hub, { args: ["--http", "127.0.0.1:0"] });
  for (const name of ["clinic_a", "clinic_b"]) {
    await runOk(["push", fleet.clinic(name), "--payload", `{"of":"${name}"}`]);
    await runOk(["sync", fleet.clinic(name), "--hub", hub.address]);
  }
  const lines = jsonLines<Listening>(hub.output().stdout);
  const url = lines.find(({ event }) => event === "listening")?.httpUrl ?? "";
  const get = (path: string): Promise<Response> =>
    fetch(`${url}${path}`, { headers: bearer(token) });
  for (const path of ["/v1/events", "/v1/nodes", "/v1/vector"]) {
    const text = await (await get(path)).text();
    assert.ok(text.includes("clinic_a"), path);
    assert.ok(!text.includes("clinic_b"), path);
  }
  assert.equal(await verdictOf(await get("/v1/events?node=clinic_b")), "403 Z332");
  assert.equal(await verdictOf(await get("/v1/stream?node=clinic_b")), "403 Z332");
  assert.equal(await verdictOf(await get("/v1/status")), "403 Z332");
  const push = (to: string): Promise<Response> =>
    fetch(`${url}/v1/events?to=${to}`, {
      method: "POST",
      body: "1",
      headers: { ...bearer(token), "content-type": "application/json" },
    });
  assert.equal(await verdictOf(await push("clinic_b")), "403 Z332");
  assert.equal((await push("clinic_a")).status, 201);
});
