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
/** Of each operation: at least, and at most until one has succeeded. */
const triesMin = 16;
const triesMax = 120;

test("requests made from the OpenAPI document meet no 5xx, and what is documented", async (t) => {
  t.diagnostic(`FUZZ_SEED=${seed}`);
  const random = createSeededRandom(seed);
  const hub = await startFuzzedHub();
  t.after(() => hub.close());
  const operations = operationsOf(hub.api);
  let refusing = 0;
  for (const [index, operation] of operations.entries()) {
    const seen = new Map<number, number>();
    const hasSucceeded = (): boolean => [...seen.keys()].some((status) => status < 300);
    // There is no webhook of a name that is drawn.
    const isHopeless = operation.includes("/v1/webhooks/{id}");
    for (let n = 0; n < (hasSucceeded() || isHopeless ? triesMin : triesMax); n++) {
      // The first choice is the operation.
      const bytes = Uint8Array.of(index, ...random.bytes(96));
      const request = toRequest(hub.api, new Choices(bytes), hub.known);
      assert.equal(request.operation, operation);
      const status = await hub.ask(request);
      seen.set(status, (seen.get(status) ?? 0) + 1);
    }
    const text = [...seen].map(([status, count]) => `${count} of ${status}`).join(", ");
    t.diagnostic(`${operation}: ${text}`);
    assert.ok(hasSucceeded() || isHopeless, `${operation} never succeeded: ${text}`);
    if ([...seen.keys()].some((status) => status >= 400)) refusing++;
  }
  assert.ok(refusing * 2 > operations.length, `only ${refusing} operations refused anything`);
});
