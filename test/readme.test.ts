/**
 * The README's library example runs as it stands, against the source tree.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const root = new URL("..", import.meta.url);

test("the library example of the README runs and prints its event", async (t) => {
  const readme = await readFile(new URL("README.md", root), "utf8");
  const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  assert.ok(example.includes('from "zamsync"'), "the README has an example");
  const dir = await mkdtemp(join(tmpdir(), "zamsync-readme-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const engine = new URL("src/engine/index.ts", root).href;
  await writeFile(join(dir, "example.mjs"), example.replace('"zamsync"', JSON.stringify(engine)));
  const { stdout } = await promisify(execFile)(process.execPath, ["example.mjs"], { cwd: dir });
  assert.match(stdout, /^1 [0-9a-f]{16} 12\n$/);
});
