/** Two builds of the small device at once, in one cache: scripts/edge/build-lock.ts. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildAlone } from "../scripts/edge/build-lock.ts";
import { BuildError } from "../scripts/edge/run.ts";

const module = new URL("../scripts/edge/build-lock.ts", import.meta.url).href;
const root = fileURLToPath(new URL("..", import.meta.url));

let cache = "";
let builder: ChildProcess | undefined;

beforeEach(() => {
  cache = join(mkdtempSync(join(tmpdir(), "zamsync-build-lock-")), "cache");
});

afterEach(() => {
  builder?.kill("SIGKILL");
  rmSync(join(cache, ".."), { recursive: true, force: true });
});

/** Another process that builds, and is not done by itself. */
async function startBuilder(): Promise<ChildProcess> {
  const code = `
    const { buildAlone } = await import(${JSON.stringify(module)});
    await buildAlone(${JSON.stringify(cache)}, () => {
      console.log("building");
      return new Promise((resolve) => setTimeout(resolve, 600_000));
    });
  `;
  builder = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.ok(builder.stdout);
  await once(builder.stdout, "data");
  return builder;
}

describe("a build of the small device", () => {
  test("waits for one in another process, also for one that is killed with -9", async () => {
    const other = await startBuilder();
    let isAlone = false;
    const build = buildAlone(cache, async () => isAlone);
    await new Promise((resolve) => setTimeout(resolve, 300));
    isAlone = true;
    other.kill("SIGKILL");
    assert.equal(await build, true);
  });

  test("does not wait for ever, and says for what it waited", async () => {
    await startBuilder();
    await assert.rejects(
      buildAlone(cache, async () => assert.fail("never built"), 200),
      (error) => error instanceof BuildError && error.message.includes(cache),
    );
  });

  test("that fails leaves the next one its turn", async () => {
    const failing = buildAlone(cache, () => Promise.reject(new BuildError("no such file")));
    await assert.rejects(failing, /no such file/);
    assert.equal(await buildAlone(cache, async () => "built"), "built");
  });
});
