/** Headless Chromium for the dashboard's scenarios: the machine's own, found on PATH. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { TestContext } from "node:test";
import { chromium, type Page } from "playwright-core";

const names = ["chromium", "chromium-browser", "google-chrome"];

function findChromium(): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

const executablePath = findChromium();

/** For the `skip` option of a test. */
export const skipWithoutChromium: string | false =
  executablePath === undefined
    ? "needs Chromium (Debian: apt-get install chromium) to look at the dashboard"
    : false;

export interface Browsing {
  readonly page: Page;
  /** Whatever the page asked of another host, said in its console, or was refused by its policy. */
  readonly complaints: readonly string[];
}

/** A page that may speak to `origin` alone, until the test ends. */
export async function browse(
  t: TestContext,
  origin: string,
  options: Parameters<Awaited<ReturnType<typeof chromium.launch>>["newPage"]>[0] = {},
): Promise<Browsing> {
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    // Tests run as root in containers, where Chromium's own sandbox cannot be had.
    args: ["--no-sandbox"],
  });
  t.after(() => browser.close());
  const page = await browser.newPage(options);
  const complaints: string[] = [];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) complaints.push(url);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  return { page, complaints };
}

/** Waits until the page shows it, and returns how long that took, ms. */
export async function untilShown(page: Page, text: RegExp, timeoutMs: number): Promise<number> {
  const startMs = performance.now();
  try {
    await page.getByText(text).first().waitFor({ timeout: timeoutMs });
  } catch {
    const shown = await page.locator("body").innerText();
    assert.fail(`${text} is not shown after ${timeoutMs} ms:\n${shown}`);
  }
  return performance.now() - startMs;
}
