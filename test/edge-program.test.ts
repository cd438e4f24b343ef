/**
 * The small device's program is made of the engine and the commands as they are
 * (docs/edge.md): whoever reaches there for more of Node than `src/edge/node` has learns it
 * here, without a compiler.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleProgram } from "../scripts/edge/bundle.ts";

test("the small device's program finds all that it uses", async () => {
  const { scripts, parts } = await bundleProgram("linux-test");
  assert.ok(parts.has("src/engine/local-node.ts"), "the engine itself is in it");
  assert.ok(parts.has("src/edge/node/fs.ts"), "and the device's files");
  const foreign = [...parts.keys()].filter((path) =>
    /node_modules|src\/hub\/|src\/testing\/(?!seeded-random)|storage\/node-(crypto|compressor)/.test(
      path,
    ),
  );
  assert.deepEqual(foreign, []);
  for (const script of scripts.values()) assert.doesNotMatch(script, /\brequire\(|\bfrom\s*"node:/);
});
