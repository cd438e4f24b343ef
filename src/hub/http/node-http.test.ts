import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

test("a hub loads neither fetch nor what describes its API before it is asked", () => {
  const hub = new URL("../index.ts", import.meta.url).href;
  const loaded = (how: string): string => {
    const script = `${how};console.log(process.moduleLoadList.join("\\n"));
      console.log(Object.keys((await import("node:module"))._cache).join("\\n"))`;
    const { stdout, stderr } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
    assert.equal(stderr, "");
    return stdout;
  };
  assert.match(loaded("await import('node:http')"), /undici/, "else this test sees nothing");
  const found = loaded(`await import(${JSON.stringify(hub)})`);
  assert.match(found, /node_modules\/fastify\//);
  assert.doesNotMatch(found, /undici|@fastify\/swagger|node_modules\/yaml/);
});
