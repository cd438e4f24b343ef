/** The short form of lab/kill-loop.ts: a few rounds of kill -9 at random moments. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { runKillLoop } from "../../lab/kill-loop.ts";
import { seedFromEnvironment } from "../../lab/random.ts";

test("kill -9 of clinic and hub loses and doubles nothing", async (t) => {
  const seed = seedFromEnvironment();
  t.diagnostic(`ZAMSYNC_SEED=${seed}`);
  const result = await runKillLoop({ rounds: 7, seed, onRound: (line) => t.diagnostic(line) });
  assert.ok(result.commandsKilled > 0 || result.hubKills > 0, "something was hit");
  assert.ok(result.stored >= result.acked);
});
