/**
 * Core's own tests and the conformance suites of its ports on the small device's
 * host. What takes minutes there is left to Node (test/long-tests.ts).
 */
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { TestResult } from "../quickjs/guest/node-test.ts";
import { guestTestFiles, propertyLimits } from "../quickjs/test-files.ts";
import { longTests } from "../long-tests.ts";
import { createGuest, testsOver, variant } from "./runner.ts";

const guestTest = testsOver(createGuest);

function entryFor(file: string): string {
  return `
    import "./test/quickjs/guest/environment.ts";
    import fc from "fast-check";
    import { runAll } from "./test/quickjs/guest/node-test.ts";
    import { host } from "./src/edge/host-functions.ts";
    import "./${file}";
    fc.configureGlobal(${JSON.stringify(propertyLimits)});
    const report = (result) => host.print(1, JSON.stringify(result) + "\\n");
    runAll(report, ${JSON.stringify(longTests[file] ?? [])}).then(() => host.print(1, "end\\n"));
  `;
}

describe(`on the small device's host (${variant})`, () => {
  for (const file of ["test/edge/guest/conformance.ts", ...guestTestFiles]) {
    guestTest(file, async (guest) => {
      const ran = await guest.run(await guest.compile(entryFor(file)), [guest.folder]);
      assert.equal(ran.lines.at(-1), "end", ran.errors);
      const results = ran.lines.slice(0, -1).map((line) => JSON.parse(line) as TestResult);
      assert.ok(results.length > 0, "the file has tests");
      assert.deepEqual(
        results.filter((result) => result.outcome === "fail"),
        [],
      );
      assert.equal(ran.errors, "");
      assert.equal(ran.status, 0);
    });
  }
});
