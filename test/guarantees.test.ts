/** What docs/guarantees.md names as the test of a promise exists, and no scenario is left out. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs", "guarantees.md"), "utf8");

test("every file that the page names is there", () => {
  const named = [...page.matchAll(/`((?:src|test|lab|sim)\/[^`\s]*)`/g)].map(
    ([, path]) => path ?? "",
  );
  assert.ok(named.length > 40);
  for (const path of named) assert.ok(existsSync(join(root, path)), path);
});

test("every scenario has its row, and every scenario's file is named", () => {
  const numbers = [...page.matchAll(/^\| (\d+) \|/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    Array.from(numbers, (_, index) => index + 1),
  );
  assert.ok(numbers.length >= 33);
  const files = readdirSync(join(root, "test", "scenarios")).filter((name) =>
    /^\d\d-.*\.test\.ts$/.test(name),
  );
  for (const name of files) assert.ok(page.includes(`test/scenarios/${name}`), name);
});
