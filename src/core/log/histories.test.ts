/**
 * Whole histories against what they are known to be (`histories.test-texts.ts`): a change of what is
 * written, in which order, answered or shown is a line that is another one. Where the change is
 * meant, `node test/fixtures/transcripts.ts` writes them anew, to be read in the diff.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { historyTexts } from "./histories.test-texts.ts";
import { histories } from "./played-histories.test-kit.ts";

for (const [title, play] of Object.entries(histories)) {
  test(title, () => {
    const known = historyTexts[title] ?? assert.fail("it was never written down");
    assert.deepEqual(play().lines, known.slice(1, -1).split("\n"));
  });
}

test("all that is written down is still played", () => {
  assert.deepEqual(Object.keys(historyTexts), Object.keys(histories));
});
