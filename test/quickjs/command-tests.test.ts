/** The table, the parser and help run on the small device too: their tests inside QuickJS. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bundleGuest } from "./bundle.ts";
import type { TestResult } from "./guest/node-test.ts";
import { Guest } from "./host.ts";

test("the command line is parsed on QuickJS as it is on Node", async (t) => {
  const guest = await Guest.create();
  try {
    const code = `
      import "./test/quickjs/guest/environment.ts";
      import fc from "fast-check";
      import { runAll } from "./test/quickjs/guest/node-test.ts";
      import { host } from "./test/quickjs/guest/host.ts";
      import { commandHelpToText, overviewToText } from "./src/command/help.ts";
      import { plainStyler } from "./src/command/text.ts";
      import "./src/command/parse.test.ts";
      fc.configureGlobal({ numRuns: 15 });
      host.print(overviewToText(plainStyler) + commandHelpToText("push", plainStyler));
      runAll((result) => host.print(JSON.stringify(result))).then(() => host.print("end"));
    `;
    guest.run(await bundleGuest({ code }), "command-tests.js");
    assert.equal(guest.printed.pop(), "end", "all tests ran to their end");
    const [help = "", ...lines] = guest.printed;
    assert.match(help, /usage: zamsync push/);
    const results = lines.map((line) => JSON.parse(line) as TestResult);
    assert.ok(results.length > 50, "the file has tests");
    assert.deepEqual(
      results.filter((result) => result.outcome === "fail"),
      [],
    );
    t.diagnostic(`${results.length} tests`);
  } finally {
    guest.dispose();
  }
});
