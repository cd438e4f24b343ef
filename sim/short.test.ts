/**
 * The simulator in short: a few fixed seeds, a few fresh ones, the same trace
 * for the same seed, and that planted bugs are found. The long runs are
 * `npm run sim -- --seeds 1000` and `npm run sim -- --mutants`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { randomInt } from "node:crypto";
import { mutants } from "./mutants.ts";
import { runSeed } from "./run-seed.ts";

const fixedSeeds = [3, 7, 11, 14, 32, 43, 59, 71, 83, 85, 93, 100];
/** Not where a submission is judged: a fresh seed may find what has nothing to do with it. */
const freshCount = process.env.CI === undefined ? 3 : 0;

function assertSound(seed: number): void {
  const { failure } = runSeed(seed);
  assert.equal(
    failure,
    undefined,
    `seed ${seed}: ${failure?.message} (npm run sim -- --seed ${seed})`,
  );
}

test("every promise holds in the worlds that once broke one", () => {
  for (const seed of fixedSeeds) assertSound(seed);
});

test("every promise holds in fresh worlds", (t) => {
  const first = randomInt(2 ** 31);
  t.diagnostic(`seeds ${first} to ${first + freshCount - 1}`);
  for (let seed = first; seed < first + freshCount; seed++) assertSound(seed);
});

test("one seed gives one trace", () => {
  const first = runSeed(14);
  const second = runSeed(14);
  assert.ok(first.events > 10);
  assert.deepEqual(
    [second.digest, second.simulatedMs, second.events],
    [first.digest, first.simulatedMs, first.events],
  );
  assert.notEqual(runSeed(15).digest, first.digest);
});

for (const [name, seed, invariant] of [
  ["a push is acknowledged before its fsync", 11, "acknowledged is durable"],
  ["a session acknowledges before the log is durable", 11, "an ACK means durable"],
  ["the hub forgets its policy", 200, "no clinic is told of another's"],
  ["a sync of a file does nothing", 204, "what is durable stays"],
] as const) {
  test(`a planted bug is found: ${name}`, () => {
    const mutant = mutants[name];
    assert.ok(mutant !== undefined);
    assert.equal(runSeed(seed, { mutant }).failure?.invariant, invariant);
  });
}
