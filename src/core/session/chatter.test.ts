/** How long a peer may talk without moving anything. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Chatter } from "./chatter.ts";
import { chatterFramesMax, chatterWindowMs } from "./limits.ts";

/** Says so many frames at that time; whether all of them were let through. */
function say(chatter: Chatter, count: number, nowMs: number): boolean {
  let isFine = true;
  for (let i = 0; i < count; i++) isFine = chatter.count(nowMs) && isFine;
  return isFine;
}

const startMs = 1_760_000_000_000;

describe("a peer that only talks", () => {
  test("is let through up to a number of frames, and no further", () => {
    const chatter = new Chatter();
    assert.equal(say(chatter, chatterFramesMax, startMs), true);
    assert.equal(say(chatter, 1, startMs + chatterWindowMs - 1), false);
  });

  test("is counted anew when something has moved", () => {
    const chatter = new Chatter();
    say(chatter, chatterFramesMax, startMs);
    chatter.moved();
    assert.equal(say(chatter, chatterFramesMax, startMs), true);
    assert.equal(say(chatter, 1, startMs), false);
  });

  test("is counted anew after a while, and when the clock was set back", () => {
    for (const laterMs of [startMs + chatterWindowMs, startMs - 1, 0]) {
      const chatter = new Chatter();
      say(chatter, chatterFramesMax, startMs);
      assert.equal(say(chatter, chatterFramesMax, laterMs), true);
      assert.equal(say(chatter, 1, laterMs), false);
    }
  });
});
