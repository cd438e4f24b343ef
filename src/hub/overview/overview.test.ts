/** The overview over HTTP, with a real clinic beside the hub. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createNode, openNode, signNode } from "../../engine/index.ts";
import { bearer, codeOf, openTestHub, startTestHub, type TestHub } from "../hub.test-fixture.ts";
import type { Overview } from "./overview-types.ts";

async function addClinic(t: TestContext, { dir }: TestHub, nodeId: string) {
  const clinicDir = join(dir, nodeId);
  const { csrPath } = await createNode({ dir: clinicDir, nodeId });
  await signNode({ csrPath, hubDir: dir });
  const clinic = await openNode({ dataDir: clinicDir });
  t.after(() => clinic.close());
  return clinic;
}

const overviewOf = async (hub: TestHub): Promise<Overview> =>
  (await (await hub.call("/v1/overview")).json()) as Overview;

const event = (n: number) => ({ payload: Buffer.from(JSON.stringify({ n })) });

test("a clinic is never seen, then current, with what it moved; statistics outlive the hub, garbage is told", async (t) => {
  const first = await startTestHub(t);
  const clinic = await addClinic(t, first, "clinic_a");
  const before = await overviewOf(first);
  assert.deepEqual(
    before.clinics.map(({ node, state, level, pendingIn }) => [node, state, level, pendingIn]),
    [["clinic_a", "never", "note", null]],
  );
  const server = await first.node.serve({ bind: "127.0.0.1:0" });
  await clinic.push([event(1), event(2)]);
  await clinic.sync({ hub: server.address });
  let [row] = before.clinics;
  // What was gathered is kept for a second, and the hub hears of the end after the clinic.
  for (const endMs = performance.now() + 20_000; row?.state !== "away"; ) {
    assert.ok(performance.now() < endMs, JSON.stringify(row));
    await new Promise((resolve) => setTimeout(resolve, 200));
    [row] = (await overviewOf(first)).clinics;
  }
  assert.deepEqual([row.state, row.level, row.events, row.pendingIn], ["away", null, 2, 0]);
  assert.deepEqual([row.today.syncs, row.today.events], [1, 2]);
  assert.deepEqual(row.hours.at(-1), [1, 0, 2]);
  assert.equal(row.version.length > 0, true);
  await first.hub.close();
  await first.node.close();

  const second = await openTestHub(t, first.dir);
  assert.deepEqual((await overviewOf(second)).today, { ...row.today });
  const { syncs } = (await (await second.call("/v1/syncs?node=clinic_a")).json()) as {
    readonly syncs: readonly { readonly eventsReceived: number; readonly endedBy: string }[];
  };
  assert.deepEqual(
    syncs.map(({ eventsReceived, endedBy }) => [eventsReceived, endedBy]),
    [[2, "done"]],
  );
  for (const range of ["day", "month"]) {
    const path = `/v1/history?range=${range}&node=clinic_a`;
    const { buckets } = (await (await second.call(path)).json()) as {
      readonly buckets: readonly { readonly eventsReceived: number }[];
    };
    assert.deepEqual(
      buckets.map(({ eventsReceived }) => eventsReceived),
      [2],
    );
  }
  await second.hub.close();
  await second.node.close();

  await writeFile(join(first.dir, "peers", "hub.history"), "garbage");
  const third = await openTestHub(t, first.dir);
  assert.deepEqual(
    third.reports.map(({ code }) => code),
    ["Z212"],
  );
  assert.equal((await overviewOf(third)).today.syncs, 0);
  assert.equal((await overviewOf(third)).clinics.length, 1);
});

test("the stream sends everything, then what has changed, and ends with its token", async (t) => {
  const hub = await startTestHub(t);
  const clinic = await addClinic(t, hub, "clinic_a");
  await addClinic(t, hub, "clinic_b");
  const server = await hub.node.serve({ bind: "127.0.0.1:0" });
  const token = await hub.token(["read"]);
  const response = await fetch(`${hub.url}/v1/overview/stream`, { headers: bearer(token) });
  assert.equal(response.status, 200);
  // An answer without a body to something that never ends would never come.
  const head = { method: "HEAD", headers: bearer(token), signal: AbortSignal.timeout(5000) };
  assert.equal((await fetch(`${hub.url}/v1/overview/stream`, head)).status, 404);
  let text = "";
  const reading = (async () => {
    for await (const chunk of response.body ?? []) text += new TextDecoder().decode(chunk);
  })();
  const said = async (part: RegExp): Promise<void> => {
    for (const startMs = performance.now(); !part.test(text); )
      if (performance.now() - startMs > 30_000) assert.fail(`${part} is not in: ${text}`);
      else await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await said(/"isWhole":true.*\n\n/);
  await clinic.push([event(1)]);
  await clinic.sync({ hub: server.address });
  await said(/"isWhole":false.*"node":"clinic_a","role":"clinic","state":"away".*\n\n/);
  const { revokeToken, listTokens } = await import("../../engine/index.ts");
  const [, row] = listTokens({ dataDir: hub.dir });
  await revokeToken({ dataDir: hub.dir, id: row?.id ?? "" });
  await reading;
  const messages = text.split("\n\n").flatMap((block) => {
    const found = /^event: (.*)\ndata: (.*)$/.exec(block);
    return found === null ? [] : [{ event: found[1] ?? "", data: found[2] ?? "" }];
  });
  const [whole, ...news] = messages;
  const parsed = (data: string) => JSON.parse(data) as Overview & { readonly isWhole: boolean };
  const names = (data: string) => parsed(data).clinics.map(({ node }) => node);
  assert.ok(whole !== undefined);
  assert.equal(parsed(whole.data).isWhole, true);
  assert.deepEqual(names(whole.data), ["clinic_a", "clinic_b"]);
  const last = news.pop();
  assert.equal(last?.event, "end");
  assert.match(last?.data ?? "", /"code":"Z330"/);
  assert.ok(news.length > 0);
  for (const { data } of news) {
    assert.equal(parsed(data).isWhole, false);
    assert.ok(!names(data).includes("clinic_b"), "it has not changed");
  }
  assert.ok(news.some(({ data }) => names(data).includes("clinic_a")));
});

test("what is about all clinics needs a token for all; one clinic's numbers do not", async (t) => {
  const hub = await startTestHub(t);
  const limited = { headers: bearer(await hub.token(["read"], ["clinic_a"])) };
  for (const path of [
    "/v1/overview",
    "/v1/overview/stream",
    "/v1/history",
    "/v1/syncs",
    "/v1/syncs?node=clinic_b",
  ])
    assert.equal(await codeOf(await hub.call(path, limited)), "403 Z332", path);
  for (const path of ["/v1/history?node=clinic_a", "/v1/syncs?node=clinic_a"])
    assert.equal((await hub.call(path, limited)).status, 200, path);
  const pushes = { headers: bearer(await hub.token(["push"])) };
  assert.equal(await codeOf(await hub.call("/v1/overview", pushes)), "403 Z331");
  for (const path of ["/v1/history?range=year", "/v1/syncs?limit=0", "/v1/syncs?node=Not%20One"])
    assert.match(await codeOf(await hub.call(path)), /^400 Z418/, path);
});
