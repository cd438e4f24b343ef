/** The short form of the second table of `npm run test:crash`: some of the calls of every operation on files. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { enumerateFiles } from "./enumerate-files.ts";
import { fileOperations } from "./file-operations.ts";

const seed = Number(process.env.CRASH_SEED ?? 1);
/** About so many kills an operation; the first call is always one. */
const killsMax = 6;

for (const operation of fileOperations) {
  test(`${operation.name}: killed anywhere, it leaves what was or what shall be, and can be repeated`, async (t) => {
    const covered = await enumerateFiles(operation, { killsMax, seed });
    t.diagnostic(`${covered.kills} of ${covered.calls} calls, ${covered.stale} stale files`);
    assert.ok(covered.calls >= 6 && covered.kills > 0);
  });
}
