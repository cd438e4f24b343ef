/**
 * The short form of `npm run fuzz`: the corpus of every target is replayed, and some
 * fresh inputs are tried, the same for one seed. `FUZZ_SEED` repeats a run.
 */
import { describe, test } from "node:test";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { readCorpus } from "./corpus.ts";
import { fuzz } from "./fuzzer.ts";
import { allTargets } from "./targets/all.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
const shortRunsDefault = 400;

describe("whatever reads what others wrote takes any bytes", async () => {
  for (const target of await allTargets()) {
    const { name, shortRuns = shortRunsDefault } = target;
    test(name, async (t) => {
      t.diagnostic(`FUZZ_SEED=${seed}`);
      const corpus = readCorpus(name);
      const isOver = (executions: number): boolean => executions >= shortRuns;
      const { outcomes } = await fuzz(target, { random: createSeededRandom(seed), corpus, isOver });
      t.diagnostic([...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(", "));
    });
  }
});
