/** Who gets memory for a codec when there is not enough for all: those that need it, from those that rest. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CodecMemory, type CodecMemoryOwner, codecStateBytes } from "./codec-memory.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall } from "./codecs.ts";

class Owner implements CodecMemoryOwner {
  restsSinceMs: number | undefined;
  released = 0;

  constructor(restsSinceMs?: number) {
    this.restsSinceMs = restsSinceMs;
  }

  restingSinceMs(): number | undefined {
    return this.restsSinceMs;
  }

  release(): void {
    this.released++;
  }
}

describe("memory for codecs", () => {
  test("is given up to its limit, and again once it was given back", () => {
    const memory = new CodecMemory(100);
    const [a, b] = [new Owner(), new Owner()];
    assert.equal(memory.take(a, 60), true);
    assert.equal(memory.take(b, 41), false);
    assert.equal(memory.usedBytes, 60);
    assert.equal(memory.take(b, 40), true);
    assert.equal(memory.usedBytes, 100);
    memory.give(a);
    memory.give(a);
    assert.equal(memory.usedBytes, 40);
    // What an owner held counts no more when it asks anew, whatever the answer.
    assert.equal(memory.take(b, 100), true);
    assert.equal(memory.take(b, 101), false);
    assert.equal(memory.usedBytes, 0);
  });

  test("is taken from those that rest, the longest first, and no more of them than it needs", () => {
    const memory = new CodecMemory(100);
    const [late, early, middle, busy] = [new Owner(30), new Owner(10), new Owner(20), new Owner()];
    for (const owner of [late, early, middle, busy]) assert.equal(memory.take(owner, 25), true);
    const asking = new Owner();
    assert.equal(memory.take(asking, 50), true);
    assert.deepEqual(
      [late, early, middle, busy].map(({ released }) => released),
      [0, 1, 1, 0],
    );
    assert.equal(memory.usedBytes, 100);
    assert.equal(memory.take(new Owner(), 26), false);
    assert.deepEqual([late.released, busy.released], [1, 0]);
  });

  test("is there for what fits, counting what rests", () => {
    const all = 63;
    const bytes = codecStateBytes(codecTokensSmall);
    assert.equal(new CodecMemory().affordable(all), all);
    assert.equal(new CodecMemory(0).affordable(all), 0b11, "rows need none");
    const memory = new CodecMemory(bytes);
    const rows = 0b11;
    assert.equal(memory.affordable(all), rows | (1 << codecTokensSmall));
    assert.equal(memory.affordable(0b1111), rows);
    const owner = new Owner();
    memory.take(owner, bytes);
    assert.equal(memory.affordable(all), rows);
    owner.restsSinceMs = 5;
    assert.equal(memory.affordable(all), rows | (1 << codecTokensSmall));
    assert.equal(owner.released, 0, "asking takes nothing");
  });

  test("is more for mixing than for tokens, and less for the small ones", () => {
    const [tokens, mix, tokensSmall, mixSmall] = [
      codecTokens,
      codecMix,
      codecTokensSmall,
      codecMixSmall,
    ].map(codecStateBytes);
    assert.ok(tokens !== undefined && mix !== undefined);
    assert.ok(tokensSmall !== undefined && mixSmall !== undefined);
    assert.ok(tokensSmall < mixSmall && mixSmall < tokens && tokens < mix);
    assert.deepEqual([0, 1, 6].map(codecStateBytes), [0, 0, 0]);
  });
});
