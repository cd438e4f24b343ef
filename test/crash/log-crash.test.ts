/** The power is cut at every call that changes the disk; see harness.ts for what must hold then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { runWorkload, verifyAfterCrash, verifyCrashInRecovery } from "./harness.ts";
import { workloads } from "./workloads.ts";

const seed = Number(process.env.CRASH_SEED ?? 1);
/** Outcomes tried of each cut. */
const outcomes = Number(process.env.CRASH_OUTCOMES ?? 2);

for (const workload of workloads) {
  const { segmentBytes } = workload;

  test(`${workload.name}: nothing acknowledged is lost by a power cut at any call`, () => {
    const whole = runWorkload(workload, { seed });
    assert.equal(whole.isCrashed, false);
    const count = whole.store.operations.length;
    let verified = 0;
    const stride = workload.stride ?? 1;
    for (let crashAt = seed % stride; crashAt <= count; crashAt += stride) {
      const { store, book } = runWorkload(workload, { seed, crashAt });
      for (let outcome = 0; outcome < outcomes; outcome++) {
        const outcomeSeed = seed * 1_000_003 + crashAt * 97 + outcome;
        if (!book.isCreated) continue;
        // In one of the outcomes only the process dies: what it wrote is there, and still at risk.
        const isKilled = outcome === outcomes - 1;
        const after = isKilled ? store.kill() : store.crash(createSeededRandom(outcomeSeed));
        try {
          verifyAfterCrash(after, book, { seed: outcomeSeed, segmentBytes });
          verified++;
        } catch (error) {
          const at = `${whole.store.operations[crashAt] ?? "the end"}, seed ${seed}`;
          throw new Error(`cut at ${crashAt} (${at}), outcome ${outcome}`, { cause: error });
        }
      }
    }
    assert.ok(verified > 20, `${verified} outcomes`);
  });

  test(`${workload.name}: a power cut during recovery is recovered from`, () => {
    const count = runWorkload(workload, { seed }).store.operations.length;
    const random = createSeededRandom(seed);
    for (let round = 0; round < 12; round++) {
      const crashAt = random.below(count);
      const { store, book } = runWorkload(workload, { seed, crashAt });
      if (!book.isCreated) continue;
      const outcomeSeed = seed * 7_000_003 + round;
      const after = store.crash(createSeededRandom(outcomeSeed));
      try {
        verifyCrashInRecovery(after, book, { seed: outcomeSeed, segmentBytes, tries: 6 });
      } catch (error) {
        throw new Error(`cut at ${crashAt}, round ${round}, seed ${seed}`, { cause: error });
      }
    }
  });
}
