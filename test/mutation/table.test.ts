/** How mutants are drawn and counted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { MutantResult } from "@stryker-mutator/api/core";
import { isDrawn, standardSettings } from "./settings.ts";
import { scoreInterval, survivorsToText, tally, tallyToText } from "./table.ts";

const mutant = (
  line: number,
  status: MutantResult["status"],
  file = "clock/hlc.ts",
): MutantResult => ({
  id: String(line),
  fileName: `src/core/${file}`,
  location: { start: { line, column: 1 }, end: { line, column: 4 } },
  mutatorName: "EqualityOperator",
  replacement: "a >= b",
  status,
});

describe("the table of mutants", () => {
  const results = [
    ...[1, 2, 3].map((line) => mutant(line, "Killed")),
    mutant(4, "Survived"),
    mutant(5, "Ignored"),
    mutant(1, "Timeout", "vector/merge.ts"),
    mutant(2, "NoCoverage", "vector/merge.ts"),
    mutant(3, "RuntimeError", "vector/merge.ts"),
  ];

  test("counts a timeout as found, what no test reaches as not, and the rest not at all", () => {
    const rows = tally(results, standardSettings);
    const scores = rows.map(({ folder, score }) => [folder, score]);
    assert.deepEqual(scores, [
      ["src/core/clock", 0.75],
      ["src/core/vector", 0.5],
      ["all", 4 / 6],
    ]);
    const text = tallyToText(rows, standardSettings);
    assert.match(text, /^src\/core\/clock +4 +3 +0 +1 +0 +75\.0 %$/m);
    assert.match(text, /^all +6 +3 +1 +1 +1 +66\.7 %$/m);
    assert.match(text, /^1 left out on purpose \(texts, assertions\), 1 that ended the runner$/m);
  });

  test("says where a sample's score may lie", () => {
    const [low, high] = scoreInterval(80, 100);
    // Wilson's interval for 80 of 100, as in the textbooks.
    assert.equal(low.toFixed(4), "0.7112");
    assert.equal(high.toFixed(4), "0.8666");
    assert.deepEqual(scoreInterval(0, 0), [0, 1]);
    const settings = { ...standardSettings, sample: 0.999 };
    assert.match(tallyToText(tally(results, settings), settings), /\(\d+\.\d % to \d+\.\d %\)/);
  });

  test("lists what survived with its place, what stands there and what took its place", () => {
    const text = survivorsToText(results, standardSettings);
    assert.match(text, /^src\/core\/clock\/hlc\.ts:4:1 EqualityOperator: .* → a >= b$/m);
    assert.equal(text.trimEnd().split("\n").length, 1 + 1, "killed ones are not in it");
    assert.match(text, /vector\/merge\.ts:2:1 EqualityOperator \(uncovered\)/);
  });

  test("tells a mutant that all its tests let live from one that some were not asked about", () => {
    const coveredBy = ["a", "b", "c"];
    const asked = [
      { ...mutant(1, "Survived"), coveredBy, testsCompleted: 3 },
      { ...mutant(2, "Survived"), coveredBy, testsCompleted: 1 },
      { ...mutant(3, "Killed"), coveredBy, testsCompleted: 1 },
    ];
    const lines = survivorsToText(asked, standardSettings).split("\n");
    assert.match(lines[0] ?? "", /:1:1 EqualityOperator: /);
    assert.match(lines[1] ?? "", /:2:1 EqualityOperator \(2 of 3 tests not asked\): /);
    const text = tallyToText(tally(asked, standardSettings), standardSettings);
    assert.match(text, /^not asked: for 1 that survived, tests .*; the long tests \(--long\)$/m);
    const all = { ...standardSettings, isLong: true };
    assert.doesNotMatch(tallyToText(tally(asked, all), all), /long tests/);
  });
});

describe("the sample", () => {
  const drawn = (sample: number, seed: number): readonly number[] =>
    Array.from({ length: 5000 }, (_, line) => line).filter((line) =>
      isDrawn(mutant(line, "Killed"), { ...standardSettings, sample, seed }),
    );

  test("is of the size asked for, the same for a seed, and another for another", () => {
    for (const sample of [0.05, 0.3, 0.8]) {
      const share = drawn(sample, 7).length / 5000;
      assert.ok(Math.abs(share - sample) < 0.03, `${share} for ${sample}`);
    }
    assert.deepEqual(drawn(0.3, 7), drawn(0.3, 7));
    const other = new Set(drawn(0.3, 8));
    const both = drawn(0.3, 7).filter((line) => other.has(line));
    assert.ok(Math.abs(both.length / 5000 - 0.09) < 0.02, `${both.length} in both`);
  });

  test("draws a mutant alike in the sandbox and outside it", () => {
    for (let line = 0; line < 100; line++) {
      const here = mutant(line, "Killed");
      const there = { ...here, fileName: `/somewhere/.stryker-tmp/sandbox-1/${here.fileName}` };
      const settings = { ...standardSettings, sample: 0.5 };
      assert.equal(isDrawn(here, settings), isDrawn(there, settings));
    }
  });
});
