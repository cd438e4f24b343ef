/**
 * The fuzz of the hub's API is awake: what it makes reaches every operation of the OpenAPI
 * document, with answers that succeed and answers that refuse. `npm run fuzz -- --only http` goes on
 * for as long as it is given.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import { startFuzzedHub } from "./fuzz/http-hub.ts";
import { Choices, operationsOf, toRequest } from "./fuzz/http-requests.ts";

const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);

test("1,500 requests made from the OpenAPI document meet no 5xx, and what is documented", async (t) => {
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const random = createSeededRandom(seed);
  const hub = await startFuzzedHub();
  t.after(() => hub.close());
  const statuses = new Map<string, Set<number>>();
  for (let n = 0; n < 1500; n++) {
    const bytes = random.bytes(96);
    const request = toRequest(hub.api, new Choices(bytes), hub.known);
    const seen = statuses.get(request.operation) ?? new Set();
    statuses.set(request.operation, seen.add(await hub.ask(request)));
  }
  let refusals = 0;
  for (const operation of operationsOf(hub.api)) {
    const seen = [...(statuses.get(operation) ?? [])];
    t.diagnostic(`${operation}: ${seen.sort().join(" ")}`);
    refusals += seen.some((status) => status >= 400) ? 1 : 0;
    // There is no webhook of a name that is drawn.
    if (operation.includes("/v1/webhooks/{id}")) continue;
    assert.ok(
      seen.some((status) => status < 300),
      `${operation} never succeeded`,
    );
  }
  assert.ok(refusals * 2 > statuses.size, `only ${refusals} operations refused anything`);
});
