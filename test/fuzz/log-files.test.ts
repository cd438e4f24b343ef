/**
 * Opening a log whose files hold anything: see `vandalised-card.ts`.
 *
 * Claims: opening returns, or throws a ZamError; it takes bounded time; no event
 * is shown that was not written; what opens can be pushed to and opens again.
 * That the right things are missing is checked by `test/crash/log-damage.test.ts`.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { createCard, tryCard, vandalise } from "./vandalised-card.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 150);
/** Only this run of the seed's, to look at it again. */
const onlyRun = process.env.FUZZ_RUN === undefined ? undefined : Number(process.env.FUZZ_RUN);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);

describe("a log whose files hold anything", () => {
  for (const dataKey of [new Uint8Array(32).fill(3), undefined]) {
    const kind = dataKey === undefined ? "plaintext" : "encrypted";
    test(`opens or says why, ${kind}`, (t) => {
      t.diagnostic(`seed ${seed}`);
      const card = createCard(createSeededRandom(seed), dataKey);
      const endings = new Map<string, number>();
      let read = 0;
      for (let run = onlyRun ?? 0; run < (onlyRun ?? runs - 1) + 1; run++) {
        const random = createSeededRandom(seed + run);
        const store = vandalise(card, random);
        try {
          const ending = tryCard(store, card);
          endings.set(ending.kind, (endings.get(ending.kind) ?? 0) + 1);
          read += ending.read;
        } catch (error) {
          throw new Error(`run ${run} of seed ${seed}: ${String(error)}`, { cause: error });
        }
      }
      t.diagnostic([...endings].map(([name, count]) => `${name} ${count}`).join(", "));
      t.diagnostic(`${read} of ${runs * card.written.size} events read`);
      if (onlyRun !== undefined) return;
      assert.ok((endings.get("opened") ?? 0) > runs / 3, "most damage leaves a log that opens");
      assert.ok(read > runs * 20, "and most of it can be read");
    });
  }
});
