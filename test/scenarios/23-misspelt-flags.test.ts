/**
 * SCENARIOS 23: a misspelt safety flag is an error: exit 2 with the nearest valid
 * spelling, and nothing is opened, made or changed.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { describe, errorOf, fingerprint, makeFleet, run, scratchDir } from "./harness.ts";

const mistakes: readonly { readonly args: readonly string[]; readonly nearest?: RegExp }[] = [
  { args: ["serve", "DIR", "--polcy", "own"], nearest: /--policy/ },
  { args: ["serve", "DIR", "--policy", "owm"], nearest: /own/ },
  { args: ["serve", "DIR", "--retain", "90"] },
  { args: ["serve", "DIR", "--policy"] },
  { args: ["serve", "DIR", "--max-peers", "many"] },
  { args: ["sync", "DIR", "--hub", "127.0.0.1:1", "--max-bytes", "2MB?"] },
  { args: ["sync", "DIR", "--max-byte", "2M"], nearest: /--max-bytes/ },
  { args: ["push", "DIR", "--payload", "{}", "--too", "clinic_b"], nearest: /--to/ },
  { args: ["push", "DIR", "--payload"] },
  { args: ["pusch", "DIR"], nearest: /push/ },
  { args: ["keygen", "DIR", "--hubb"], nearest: /--hub/ },
];

test("mistakes on the command line change nothing and name the nearest spelling", async (t) => {
  const fleet = await makeFleet(t);
  const files = await fingerprint(fleet.dir);
  const empty = await scratchDir(t);
  for (const { args, nearest } of mistakes) {
    for (const dir of [fleet.clinic("clinic_a"), join(empty, "not-there")]) {
      const ran = await run([...args.map((arg) => (arg === "DIR" ? dir : arg)), "--json"]);
      const error = errorOf(ran);
      assert.equal(ran.status, 2, describe(ran));
      assert.match(error?.code ?? "", /^Z1/, describe(ran));
      if (nearest !== undefined) assert.match(`${error?.message} ${error?.hint}`, nearest);
    }
  }
  assert.deepEqual(await fingerprint(fleet.dir), files);
  assert.deepEqual(await readdir(empty), []);
});
