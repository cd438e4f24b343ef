/**
 * Whole conversations against what they are known to be (`conversations.test-texts.ts`): a change of
 * what is sent, stored, reported or remembered shows as a line that is another one. Where the
 * change is meant, `node test/fixtures/transcripts.ts` writes them anew, to be read in the diff.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { conversations, playText } from "./conversations.test-kit.ts";
import { conversationTexts } from "./conversations.test-texts.ts";

for (const [title, play] of Object.entries(conversations)) {
  test(title, () => {
    const known = conversationTexts[title] ?? assert.fail("it was never written down");
    assert.deepEqual(playText(play).split("\n"), known.trim().split("\n"));
  });
}

test("all that is written down is still played", () => {
  assert.deepEqual(Object.keys(conversationTexts), Object.keys(conversations));
});
