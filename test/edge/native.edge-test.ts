/** What is translated to C does what it does in JavaScript. */
import assert from "node:assert/strict";
import { describe } from "node:test";
import { codeEverything } from "./guest/coder-run.ts";
import { createGuest, testsOver, variant } from "./runner.ts";

/** Of events and garbage, for each codec; what is slow there takes fewer. */
const rounds = variant === "x86_64" ? 12 : 4;

const guestTest = testsOver(createGuest);

describe(`translated classes (${variant})`, () => {
  guestTest(
    "an example of everything that can be translated answers as in JavaScript",
    async (guest) => {
      const ran = await guest.run(await guest.compile('import "./test/edge/guest/native.ts";'));
      assert.equal(ran.errors, "");
      assert.deepEqual(ran.lines.slice(0, -1), []);
      const asked = Number(/^asked (\d+)$/.exec(ran.lines.at(-1) ?? "")?.[1]);
      assert.ok(asked > 10_000, `${asked} were asked`);
      assert.equal(ran.status, 0);
    },
  );

  guestTest("events make the same bytes, and garbage fails at the same place", async (guest) => {
    const script = await guest.compile(`
      import { host } from "./src/edge/host-functions.ts";
      import { codeEverything } from "./test/edge/guest/coder-run.ts";
      codeEverything((line) => host.print(1, line + "\\n"), ${rounds});
    `);
    const ran = await guest.run(script);
    const expected: string[] = [];
    codeEverything((line) => expected.push(line), rounds);
    assert.equal(ran.errors, "");
    assert.deepEqual(ran.lines, expected);
    const whole = expected.filter((line) => line.includes("true")).length;
    const cut = expected.filter((line) => line.includes("false")).length;
    assert.ok(whole > rounds * 40 && cut > rounds * 10, `${whole} whole, ${cut} not`);
  });
});
