/** `zamsync/client` in a real browser: what it pushes, pulls and follows there, through a hub that restarts. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import type * as client from "../src/client/index.ts";
import { openTestHub, startTestHub } from "../src/hub/hub.test-fixture.ts";
import { browse, skipWithoutChromium } from "./scenarios/browser.ts";

/** What the bundle leaves in the page, and what this test puts beside it. */
interface InPage {
  readonly zamsync: typeof client;
  numbers: number[];
  disconnects: number;
  stop: () => void;
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, "../src/client/index.ts")],
    ...{ bundle: true, write: false, format: "iife", globalName: "zamsync", platform: "browser" },
  });
  // `var` inside an evaluated function would stay there.
  return `${outputFiles[0]?.text ?? ""};globalThis.zamsync = zamsync;`;
}

test("the client pushes, pulls and follows in Chromium, each event once through a restart of the hub", {
  skip: skipWithoutChromium,
}, async (t) => {
  const first = await startTestHub(t);
  const { url, dir } = first;
  const token = await first.token(["read", "push"]);
  const { page } = await browse(t, url);
  await page.goto(`${url}/`);
  await page.evaluate(await bundled());

  const pushed = await page.evaluate(async (secret) => {
    const { createHubClient } = (globalThis as unknown as InPage).zamsync;
    const hub = createHubClient({ url: "", token: secret });
    await hub.push({ n: 1 }, { type: 3, id: "visit-1" });
    const again = await hub.push({ n: 1 }, { type: 3, id: "visit-1" });
    return again.repeat;
  }, token);
  assert.equal(pushed, true);

  await page.evaluate((secret) => {
    const inPage = globalThis as unknown as InPage;
    const hub = inPage.zamsync.createHubClient({ url: "", token: secret });
    const stop = new AbortController();
    Object.assign(inPage, { numbers: [], disconnects: 0, stop: () => stop.abort() });
    void (async () => {
      const query = { signal: stop.signal, onDisconnect: () => inPage.disconnects++ };
      for await (const { payload } of hub.follow(query))
        inPage.numbers.push((payload as { readonly n: number }).n);
    })();
  }, token);
  const has = (count: number) =>
    page.waitForFunction((n) => (globalThis as unknown as InPage).numbers.length >= n, count);
  const push = async (hub: typeof first, from: number, to: number): Promise<void> => {
    for (let n = from; n <= to; n++)
      await hub.node.push([{ payload: Buffer.from(`{"n":${n}}`), type: 3 }]);
  };
  await push(first, 2, 40);
  await has(40);

  await first.hub.close();
  await first.node.close();
  const second = await openTestHub(t, dir, { http: new URL(url).host });
  await push(second, 41, 60);
  await has(60);
  assert.deepEqual(
    await page.evaluate(() => (globalThis as unknown as InPage).numbers),
    Array.from({ length: 60 }, (_, at) => at + 1),
  );
  const disconnects = await page.evaluate(() => (globalThis as unknown as InPage).disconnects);
  assert.ok(disconnects > 0, "the restart was noticed");

  const pulled = await page.evaluate(async (secret) => {
    const inPage = globalThis as unknown as InPage;
    inPage.stop();
    const hub = inPage.zamsync.createHubClient({ url: "", token: secret });
    const found = await hub.pull({ type: 3, limit: 100 });
    return found.events.length;
  }, token);
  assert.equal(pulled, 60);
});
