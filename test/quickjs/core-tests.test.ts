/**
 * Core's own tests inside QuickJS: nothing of Node or V8 is leaned on. Every
 * `*.test.ts` below `src/core` takes part, except those named here with the
 * reason; a new test is in without being listed.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { longTests } from "../long-tests.ts";
import { bundleGuest } from "./bundle.ts";
import { Guest } from "./host.ts";
import type { TestResult } from "./guest/node-test.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Tests that need Node, each with what it needs. */
const nodeOnly: Readonly<Record<string, string>> = {
  "src/core/bytes.utf8.test.ts": "compares with TextEncoder, which QuickJS lacks",
  "src/core/codec/protocol-page.test.ts": "reads docs/protocol.md",
  "src/core/log/format-log.test.ts": "reads docs/format-log.md",
  "src/core/vector/stream-table.memory.test.ts": "asks Node's heap what 10,000 streams cost",
};

/** QuickJS is 10 to 30 times slower: properties are tried this often, or for this long, and in full on Node. */
const propertyRuns = 15;
const propertyMs = 3000;

const files = readdirSync(join(root, "src/core"), { recursive: true, encoding: "utf8" })
  .map((name) => `src/core/${name}`)
  .filter((name) => name.endsWith(".test.ts"))
  .sort();

function entryFor(file: string): string {
  return `
    import "./test/quickjs/guest/environment.ts";
    import fc from "fast-check";
    import { runAll } from "./test/quickjs/guest/node-test.ts";
    import { host } from "./test/quickjs/guest/host.ts";
    import "./${file}";
    fc.configureGlobal({ numRuns: ${propertyRuns}, interruptAfterTimeLimit: ${propertyMs} });
    const report = (result) => host.print(JSON.stringify(result));
    runAll(report, ${JSON.stringify(longTests[file] ?? [])}).then(() => host.print("end"));
  `;
}

async function runInside(file: string): Promise<readonly TestResult[]> {
  const code = await bundleGuest({ code: entryFor(file) });
  const guest = await Guest.create();
  guest.run(code, file);
  assert.equal(guest.printed.pop(), "end", "all tests ran to their end");
  const results = guest.printed.map((line) => JSON.parse(line) as TestResult);
  guest.dispose();
  return results;
}

describe("core's own tests inside QuickJS", () => {
  test("name no test as needing Node that does not exist", () => {
    for (const name of Object.keys(nodeOnly)) assert.ok(files.includes(name), name);
  });

  for (const file of files.filter((name) => nodeOnly[name] === undefined)) {
    test(`${dirname(file).slice("src/".length)}: ${file.slice(dirname(file).length + 1)}`, async (t) => {
      const results = await runInside(file);
      assert.ok(results.length > 0, "the file has tests");
      const failures = results.filter((result) => result.outcome === "fail");
      assert.deepEqual(failures, []);
      const skipped = results.filter((result) => result.outcome === "skip");
      t.diagnostic(`${results.length - skipped.length} tests, ${skipped.length} left to Node`);
    });
  }
});
