/** Whole logs whose files hold anything. An input's first four bytes are the seed of what happens to the card. */
import { createSeededRandom } from "../../../src/testing/seeded-random.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { type Card, createCard, tryCard, vandalise } from "../vandalised-card.ts";

const cardSeed = 7;
const keys = { encrypted: new Uint8Array(32).fill(3), plaintext: undefined };

function seedOf(bytes: Uint8Array): number {
  return bytes.subarray(0, 4).reduce((seed, byte) => (seed * 256 + byte) >>> 0, 0);
}

export const cardTargets: readonly FuzzTarget[] = Object.entries(keys).map(([kind, dataKey]) => {
  let card: Card | undefined;
  return {
    name: `vandalised ${kind} logs`,
    samples: [new Uint8Array(4)],
    inputBytesMax: 4,
    shortRuns: 0,
    run: (bytes) => {
      card ??= createCard(createSeededRandom(cardSeed), dataKey);
      return tryCard(vandalise(card, createSeededRandom(seedOf(bytes))), card).kind;
    },
  };
});
