import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

describe("editDistance", () => {
  test("counts insertions, deletions, replacements and swaps of neighbours", () => {
    const distances = [
      ["", "", 0],
      ["abc", "abc", 0],
      ["", "abc", 3],
      ["abc", "", 3],
      ["abc", "abxc", 1],
      ["abxc", "abc", 1],
      ["abc", "axc", 1],
      ["abc", "acb", 1],
      ["abc", "bac", 1],
      ["abcd", "badc", 2],
      ["kitten", "sitting", 3],
      // The restricted form: what was swapped is not edited again, else this were 2.
      ["ca", "abc", 3],
      ["abab", "baba", 2],
    ] as const;
    for (const [a, b, distance] of distances) {
      assert.equal(editDistance(a, b), distance, `${a} ${b}`);
      assert.equal(editDistance(b, a), distance, `${b} ${a}`);
    }
  });
});

describe("nearest", () => {
  const words = ["status", "sync", "snapshot", "Restore"];

  test("is the word meant: misspelt by a third of its letters at most, in either case", () => {
    assert.equal(nearest("stauts", words), "status");
    assert.equal(nearest("SYNCH", words), "sync");
    assert.equal(nearest("restroe", words), "Restore");
    assert.equal(nearest("statxx", words), "status");
    assert.equal(nearest("staxxx", words), undefined);
    assert.equal(nearest("a", ["b"]), "b");
  });

  test("prefers a word that begins with it to one that is as near, and the first of equals", () => {
    assert.equal(nearest("snap", ["snip", "snapshot"]), "snapshot");
    assert.equal(nearest("sn", ["sync", "snapshot"]), "snapshot");
    assert.equal(nearest("s", ["snapshot"]), undefined, "one letter is no beginning");
    assert.equal(nearest("abx", ["aby", "abz"]), "aby");
    assert.equal(nearest("abc", ["abd", "abc"]), "abc", "nearer wins over earlier");
  });

  test("is nothing for an empty word, an overlong one, or no candidates", () => {
    assert.equal(nearest("", ["a"]), undefined);
    assert.equal(nearest("x".repeat(64), ["x".repeat(64)]), "x".repeat(64));
    assert.equal(nearest("x".repeat(65), ["x".repeat(65)]), undefined);
    assert.equal(nearest("status", []), undefined);
  });
});
