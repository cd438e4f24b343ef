/**
 * What whoever looks at the dashboard sees while clinics get into trouble, in a real
 * browser, with real faults: a clinic goes quiet, one has a wrong clock, one runs from an
 * old image, one fills its disk. Each is said within 5 seconds of the hub knowing.
 */
import assert from "node:assert/strict";
import { cp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { type Browsing, browse, skipWithoutChromium, untilShown } from "./browser.ts";
import { startDaemon } from "./daemons.ts";
import {
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  pushOne,
  run,
  runOk,
  runProcess,
  scratchDir,
  serveHub,
  type Serving,
  sync,
} from "./harness.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";
import { mountSmallDisk, skipWithoutMount } from "./small-disk.ts";

const saidWithinMs = 5_000;
const quietAfterS = 6;

interface Listening {
  readonly event: string;
  readonly httpUrl?: string;
}

function urlOf(serving: Serving): string {
  const lines = jsonLines<Listening>(serving.output().stdout);
  return lines.find(({ event }) => event === "listening")?.httpUrl ?? "";
}

async function serveDashboard(t: TestContext, dir: string, http = "127.0.0.1:0") {
  const args = ["--http", http, "--quiet-after", `${quietAfterS}s`];
  const serving = await serveHub(t, dir, { args });
  return { serving, url: urlOf(serving) };
}

async function signIn(t: TestContext, hub: string, url: string): Promise<Browsing> {
  const made = await runOk(["token", "create", "--data-dir", hub, "--scope", "read", "--json"]);
  const { token } = JSON.parse(made.stdout) as { readonly token: string };
  const browsing = await browse(t, url, {
    viewport: { width: 1024, height: 768 },
    timezoneId: "Africa/Lusaka",
  });
  const { page } = browsing;
  await page.goto(`${url}/`);
  // By keyboard alone: the field, the token, Enter.
  await page.getByLabel("Access token").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Clinics" }).waitFor();
  return browsing;
}

/** Answers to what a browser asks before it is signed in are no complaint. */
const isRefusal = (text: string): boolean => /\b401\b/.test(text);

test("trouble at clinics is said within five seconds, and charts survive a reload and a restart", {
  skip: skipWithoutChromium || skipWithoutCompiler || skipWithoutMount,
  timeout: 120_000,
}, async (t) => {
  const names = ["silent", "skewed", "cloned", "stuffed"];
  const fleet = await makeFleet(t, names);
  const { serving, url } = await serveDashboard(t, fleet.hub);
  const { page, complaints } = await signIn(t, fleet.hub, url);

  await t.test("a clinic that fills its disk", async () => {
    const disk = mountSmallDisk(t, 48 * 1024 * 1024);
    const dir = join(disk.dir, "stuffed");
    await cp(fleet.clinic("stuffed"), dir, { recursive: true });
    const daemon = startDaemon(t, [dir, "--hub", serving.address]);
    await untilShown(page, /^Connected$/, 20_000);
    assert.doesNotMatch(await page.locator("body").innerText(), /disk is/);
    await writeFile(join(disk.dir, "others.bin"), Buffer.alloc(48 * 1024 * 1024)).catch(() => {});
    const pushed = await run([
      "push",
      "--data-dir",
      dir,
      "--payload",
      JSON.stringify("x".repeat(200_000)),
    ]);
    assert.notEqual(pushed.status, 0, "the disk is full");
    // From here on it is the daemon that has to notice, and to tell the hub.
    await untilShown(page, /its disk is (nearly )?full/, 20_000);
    await daemon.kill();
  });

  await t.test("a clinic with a wrong clock", async () => {
    const clock = makeClock(await scratchDir(t));
    clock.set(-3 * 86_400);
    const dir = fleet.clinic("skewed");
    await runProcess(["push", dir, "--payload", "1"], { env: clock.env });
    const ran = await sync(dir, serving.address, { env: clock.env });
    assert.equal(ran.summary?.complete, true);
    assert.ok(clock.wasAsked());
    await untilShown(page, /its clock is (2|3) days behind|its clock is wrong/, saidWithinMs);
  });

  await t.test("a clinic that writes on from an old image", async () => {
    const dir = fleet.clinic("cloned");
    const image = join(await scratchDir(t), "image");
    await pushAll(dir, numbered(3, "before"));
    await sync(dir, serving.address);
    await cp(dir, image, { recursive: true });
    await pushOne(dir, { event: "after the image" });
    await sync(dir, serving.address);
    await rm(dir, { recursive: true });
    await cp(image, dir, { recursive: true });
    await pushOne(dir, { event: "on the old image" });
    await sync(dir, serving.address);
    await untilShown(page, /its history has forked/, saidWithinMs);
  });

  await t.test("a clinic that goes quiet", async () => {
    const dir = fleet.clinic("silent");
    await pushAll(dir, numbered(5, "last words"));
    await sync(dir, serving.address);
    const row = page.getByRole("row", { name: /silent/ });
    await row.getByText("Not connected").waitFor({ timeout: saidWithinMs });
    await row.getByText("Quiet").waitFor({ timeout: quietAfterS * 1000 + saidWithinMs });
    const item = page.locator(".attention li", { hasText: "silent" });
    const since = await item.getByText(/nothing has been heard from it since/).innerText();
    const shown = Date.parse(
      `${/since (\S+ \d\d:\d\d)/.exec(since)?.[1]?.replace(" ", "T")}+02:00`,
    );
    assert.ok(Math.abs(Date.now() - shown) < 180_000, `${since}: in the time of who looks`);
    await item.getByText(/Call the clinic/).waitFor({ timeout: saidWithinMs });
    // The charts came before any of it, and nobody reloaded the page.
    const chart = page.locator('figure[data-chart="Events"]');
    await chart.getByText(/^[1-9]\d* events? received/).waitFor({ timeout: saidWithinMs });
  });

  const counted = () =>
    page
      .locator('figure[data-chart="Events"]')
      .getByText(/events? received/)
      .innerText();

  await t.test("keyboard: skip, open a clinic, and back", async () => {
    await page.reload();
    await page.getByRole("heading", { name: "Needs a person" }).waitFor();
    await page.keyboard.press("Tab");
    const first = await page.evaluate<string>("document.activeElement.textContent");
    assert.equal(first, "Skip to what matters");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    const link = await page.evaluate<string | null>("document.activeElement.getAttribute('href')");
    assert.match(link ?? "", /^#\/clinic\//, "what needs a person comes first");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: (link ?? "").slice(9) }).waitFor();
    await page.keyboard.press("g");
    await page.getByRole("heading", { name: "Needs a person" }).waitFor();
  });

  await t.test(
    "charts are as they were after a reload, and after the hub was restarted",
    async () => {
      await page.reload();
      const before = await counted();
      assert.match(before, /^(1\d|[1-9]) events received/);
      await page.reload();
      assert.equal(await counted(), before);
      assert.equal(await serving.stop(), 0);
      await untilShown(page, /No answer since/, 10_000);
      const again = await serveDashboard(t, fleet.hub, url.slice("http://".length));
      assert.equal(again.url, url);
      await untilShown(page, /^Live/, 15_000);
      await page.reload();
      assert.equal(await counted(), before);
      await again.serving.stop();
    },
  );

  const others = complaints.filter((text) => !isRefusal(text) && !/ERR_|Failed to load/.test(text));
  assert.deepEqual(others, [], "nothing else was asked of anybody, and nothing failed");
});

test("a phone sees everything without scrolling sideways, in light and in dark", {
  skip: skipWithoutChromium,
  timeout: 60_000,
}, async (t) => {
  const fleet = await makeFleet(t, ["a-clinic-with-a-rather-long-name-in-the-far-north"]);
  const { serving, url } = await serveDashboard(t, fleet.hub);
  const [name = ""] = ["a-clinic-with-a-rather-long-name-in-the-far-north"];
  await pushAll(fleet.clinic(name), numbered(3, "x"));
  await sync(fleet.clinic(name), serving.address);
  const { page } = await signIn(t, fleet.hub, url);
  const grounds = new Set<string>();
  for (const colorScheme of ["light", "dark"] as const)
    for (const [width, height] of [
      [360, 740],
      [1024, 768],
    ] as const)
      for (const path of ["#/", `#/clinic/${name}`]) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height });
        await page.goto(`${url}/${path}`);
        await page.locator(".charts canvas").first().waitFor();
        const wide = await page.evaluate<number>("document.documentElement.scrollWidth");
        assert.ok(wide <= width, `${path} is ${wide} wide at ${width}`);
        grounds.add(await page.evaluate<string>("getComputedStyle(document.body).backgroundColor"));
      }
  assert.equal(grounds.size, 2, "light and dark differ");
});
