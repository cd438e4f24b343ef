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

/**
 * Tests that go through thousands of states (a cut at every byte, a crash at every call), or long
 * histories: seconds on Node, minutes here, and what they lean on is in the others as well.
 */
const tooLong: Readonly<Record<string, readonly string[]>> = {
  "src/core/log/crash.test.ts": [
    "nothing acknowledged is lost when the power is cut at any call",
    "a kill at any call keeps what the process had written, and what was acknowledged",
  ],
  "src/core/log/damage.test.ts": [
    "any flipped bit in an encrypted log leaves all but a named hole",
    "any flipped bit in a plaintext log leaves all but a named hole",
  ],
  "src/core/log/faults.test.ts": [
    "a disk that fills at any byte of a push gives an error, and the same push works once there is room",
  ],
  "src/core/log/model.test.ts": [
    "whatever happens in whatever order, what was acknowledged is there, once",
  ],
  "src/core/session/fork.test.ts": [
    "a card restored at 1 of 200 with 3 new events keeps both branches on both nodes",
    "a card restored at 150 of 200 with 100 new events keeps both branches on both nodes",
    "a card restored at 400 of 401 with 400 new events keeps both branches on both nodes",
    "random pushes, cuts, restored cards and clones: every event that any node holds ends on all, and no seq twice",
  ],
  "src/core/session/heal.test.ts": [
    "a card with hundreds of holes is healed, whatever the limit of a vector",
  ],
  "src/core/session/hostile.test.ts": [
    "a session whose bytes are changed in transit ends on both sides, with a code and no wrong event",
  ],
  "src/core/session/live.test.ts": [
    "a crash at any moment never makes durable events go again",
    "an idle sync costs the same with 3 streams and with 1,500",
  ],
  "src/core/session/resume.test.ts": [
    "random logs, random cuts, both directions: always converges, nothing durable goes twice",
    "500 events cross 600 ms one way at 30 KB/s, and 2.5 s round trips at 3 KB/s, at the first try",
  ],
  "src/core/session/session.test.ts": [
    "urgent events overtake a backlog, also ones that come in mid-session",
  ],
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
    runAll(report, ${JSON.stringify(tooLong[file] ?? [])}).then(() => host.print("end"));
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
