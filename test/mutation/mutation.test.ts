/** `npm run mutation` over the smallest folder of core, so that it keeps working, and its proof that it can fail. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const reports = mkdtempSync(join(tmpdir(), "zamsync-mutation-"));

interface Run {
  readonly status: number | null;
  readonly text: string;
}

function mutation(...args: readonly string[]): Run {
  const command = ["test/mutation/run.ts", "--reports", reports, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    encoding: "utf8",
    timeout: 280_000,
  });
  return { status, text: stdout + stderr };
}

describe("mutation testing", () => {
  after(() => rmSync(reports, { recursive: true, force: true }));

  test("the clock's own tests notice nine in ten changes to the clock", () => {
    const clock = "src/core/clock";
    const run = mutation("--only", clock, "--tests", clock, "--sample", "0.6");
    assert.equal(run.status, 0, run.text);
    const [, mutants, score] = /^src\/core\/clock +(\d+) .* ([\d.]+) % \(/m.exec(run.text) ?? [];
    assert.ok(Number(mutants) > 50, run.text);
    assert.ok(Number(score) >= 90, run.text);
    assert.match(run.text, / 0 that ended the runner/, "those drawn are those tried");
    assert.ok(existsSync(join(reports, "mutation.html")));
  });

  test("tests that assert nothing of a file let its mutants live, are named, and fail the run", () => {
    const only = ["--only", "src/core/clock/hlc.ts"];
    const run = mutation(...only, "--tests", "src/core/vector/ranges.test.ts");
    assert.equal(run.status, 1, run.text);
    assert.match(run.text, /src\/core\/clock is under 80 %/);
    assert.match(readFileSync(join(reports, "survivors.txt"), "utf8"), /clock\/hlc\.ts:\d+:\d+ /);
  });

  test("a path outside core and a number that is none are refused", () => {
    for (const wrong of [
      ["--only", "src/engine"],
      ["--sample", "much"],
    ]) {
      const run = mutation(...wrong);
      assert.equal(run.status, 2, run.text);
      assert.match(run.text, /usage: npm run mutation/);
    }
  });
});
