import assert from "node:assert/strict";
import { test } from "node:test";
import { counted, grouped } from "./counted.ts";

test("one is one, and all else is many, in groups of three digits", () => {
  assert.deepEqual(
    [0, 1, 2, 1000, 12_345_678].map((count) => counted(count, "record")),
    ["0 records", "1 record", "2 records", "1,000 records", "12,345,678 records"],
  );
  assert.deepEqual(
    [1, 2].map((count) => counted(count, "entry", "entries")),
    ["1 entry", "2 entries"],
  );
  assert.deepEqual([999, 1000, 100_000].map(grouped), ["999", "1,000", "100,000"]);
});
