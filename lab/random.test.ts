import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import { drawUuid } from "./random.ts";

test("draws version 4 UUIDs, the same for the same seed", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const draw = (seed: number) => {
    const random = createSeededRandom(seed);
    return Array.from({ length: 100 }, () => drawUuid(random));
  };
  for (const uuid of draw(2)) assert.match(uuid, form);
  assert.deepEqual(draw(2), draw(2));
  assert.notDeepEqual(draw(2), draw(3));
});
