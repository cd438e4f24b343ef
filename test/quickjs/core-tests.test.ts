/**
 * Core's own tests inside QuickJS: nothing of Node or V8 is leaned on. Every
 * `*.test.ts` below `src/core` takes part, except those named in `test-files.ts`
 * with the reason; a new test is in without being listed.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { describe, test } from "node:test";
import { longTests } from "../long-tests.ts";
import { newQuickJSWASMModule } from "quickjs-emscripten";
import { bundleGuest } from "./bundle.ts";
import { Guest } from "./host.ts";
import type { TestResult } from "./guest/node-test.ts";
import { guestTestFiles, propertyLimits } from "./test-files.ts";

function entryFor(file: string): string {
  return `
    import "./test/quickjs/guest/environment.ts";
    import fc from "fast-check";
    import { runAll } from "./test/quickjs/guest/node-test.ts";
    import { host } from "./test/quickjs/guest/host.ts";
    import "./${file}";
    fc.configureGlobal(${JSON.stringify(propertyLimits)});
    const report = (result) => host.print(JSON.stringify(result));
    runAll(report, ${JSON.stringify(longTests[file] ?? [])}).then(() => host.print("end"));
  `;
}

async function runInside(file: string): Promise<readonly TestResult[]> {
  const code = await bundleGuest({ code: entryFor(file) });
  // A module of its own, which goes as a whole: to free a runtime alone can end in an assertion of
  // QuickJS's about objects that the bridge still holds, and takes the shared module with it.
  const guest = await Guest.create({ quickJs: await newQuickJSWASMModule() });
  guest.run(code, file);
  assert.equal(guest.printed.pop(), "end", "all tests ran to their end");
  return guest.printed.map((line) => JSON.parse(line) as TestResult);
}

describe("core's own tests inside QuickJS", () => {
  for (const file of guestTestFiles) {
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
