import assert from "node:assert/strict";
import { test } from "node:test";
import { assertFolderName, assertStoreName, isStoreName, storeFolderOf } from "./store-name.ts";

const names = ["a", "log", "log/000001.seg", "A-Z_0.9", "..a", "a..", "x".repeat(200)];
const others = ["", ".", "..", "a/.", "a/..", "./a", "../a", "/a", "a/", "a//b", "a/b/c"];
const forbidden = ["a b", "a\\b", "a\0", "a\n", "ä", "x".repeat(201), `a/${"x".repeat(201)}`];

test("a name is one part, or a folder and a part, and never leaves its directory", () => {
  for (const name of [...names, `${"x".repeat(200)}/${"y".repeat(200)}`]) {
    assert.equal(isStoreName(name), true, name);
    assertStoreName(name);
  }
  for (const name of [...others, ...forbidden]) {
    assert.equal(isStoreName(name), false, JSON.stringify(name));
    assert.throws(() => assertStoreName(name), /invariant broken/);
    assert.throws(() => assertFolderName(name), /invariant broken/);
  }
});

test("a folder is one part", () => {
  assertFolderName("log");
  assert.throws(() => assertFolderName("log/a"), /invariant broken/);
  assert.equal(storeFolderOf("log/a"), "log");
  assert.equal(storeFolderOf("log"), undefined);
});
