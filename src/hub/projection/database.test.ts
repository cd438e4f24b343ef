import assert from "node:assert/strict";
import { test } from "node:test";
import { isoOf } from "./database.ts";

test("a time is what a Date makes of it, whatever minute was asked for before", () => {
  const edges = [0, 1, 59_999, 60_000, 946_684_799_999, 1_700_000_000_123, 253_402_300_800_000];
  const near = Array.from({ length: 2000 }, (_, at) => 1_700_000_000_000 + at * 4_321);
  // The same place among the minutes that are kept, by turns.
  const turns = [0, 64, 0, 128, 64].map((minute) => minute * 60_000 + 7);
  for (const ms of [...edges, ...near, -1, -60_001, ...turns, 8_640_000_000_000_000])
    assert.equal(isoOf(ms), new Date(ms).toISOString());
});
