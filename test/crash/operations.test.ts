/** The short form of `npm run test:crash`: some of the calls of every operation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { enumerate } from "./enumerate.ts";
import { operations } from "./operations.ts";

const seed = Number(process.env.CRASH_SEED ?? 1);

for (const operation of operations) {
  test(`${operation.name}: a power cut loses nothing, wherever it falls`, (t) => {
    const covered = enumerate(operation, { seed, stride: 7, outcomes: 2 });
    t.diagnostic(`${covered.cuts} of ${covered.calls} calls, ${covered.outcomes} outcomes`);
    assert.ok(covered.cuts > 0 && covered.outcomes >= covered.cuts);
  });
}
