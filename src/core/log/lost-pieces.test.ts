/** A piece of a large event that rots while nobody reads it: the event is a hole from the next opening on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { bytesEqual } from "../bytes.ts";
import type { Log, StoredEvent } from "./api.ts";
import { arrivals, create, digest, epoch, event, open, pushNow } from "./log.test-kit.ts";

const stream = { node: "clinic_a", epoch, lane: "" };
const payload = createSeededRandom(7).bytes(50_000);

/** Plaintext, so that the test finds the payload's pieces on the card. */
const plain = { dataKey: undefined };

function withLarge(options: { readonly segmentBytes?: number } = {}): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, { ...plain, ...options });
  pushNow(log, event("first"), event("large", { payload }), event("other", { lane: "urgent" }));
  pushNow(log, event("another", { payload: payload.slice(0, 20_000).reverse() }), event("last"));
  log.close();
  return store;
}

function flipAt(store: MemoryStore, offset: number): void {
  for (const [name, content] of store.dump()) {
    const at = Buffer.from(content).indexOf(payload.subarray(offset, offset + 32));
    if (name.endsWith(".seg") && at > 0) return store.flip(name, at + 3);
  }
  assert.fail(`byte ${offset} of the payload is in no segment`);
}

function sendAll(original: Log, large: StoredEvent, to: Log): string[] {
  const kinds: string[] = [];
  for (let offset = 0; offset < large.payloadSize; offset += 16_000) {
    const sizeBytes = Math.min(16_000, large.payloadSize - offset);
    const bytes = original.readPayload(0, large.seq, { offset, sizeBytes });
    assert.ok(bytes !== undefined);
    const { seq, hlc, type, known, payloadSize: totalBytes } = large;
    const chainBefore8 = large.chainBefore.slice(0, 8);
    const chainAfter8 = large.chain.slice(0, 8);
    const from = { receivedFrom: "hub", receivedMs: 2_000_000 };
    const shape = { stream, seq, hlc, type, known, totalBytes, offset, bytes };
    kinds.push(
      to.receiveFragment({ ...shape, chainBefore8, chainAfter8, ...from }, (error) =>
        assert.equal(error, undefined),
      ).kind,
    );
  }
  return kinds;
}

for (const [label, options] of [
  ["in its event's segment", {}],
  ["in the segment before its event's", { segmentBytes: 40_000 }],
] as const) {
  test(`a rotten piece ${label} makes its event a hole at the next opening, which heals`, () => {
    const pristine = withLarge(options);
    const original = open(pristine.copy(), plain).log;
    const [large] = original.readStream(0, 2, { events: 1, bytes: 1 });
    assert.ok(large?.isFragmented === true);
    for (const offset of [5, 20_000, 49_000]) {
      const store = pristine.copy();
      flipAt(store, offset);
      const { log, recovery } = open(store, { ...plain, ...options });
      assert.deepEqual(log.stream(0).holes, [{ from: 2, to: 2 }], `byte ${offset}`);
      assert.deepEqual(
        recovery.reports.map(({ code }) => code),
        ["Z209"],
      );
      assert.equal(log.ownEpoch, epoch, "the loss is explained: no fresh epoch");
      const kinds = sendAll(original, large, log);
      assert.deepEqual(kinds, ["stored", "stored", "stored", "stored"]);
      checkHealed(log, original);
      log.close();
      const again = open(store, { ...plain, ...options });
      assert.equal(again.recovery.reports.length, 0);
      checkHealed(again.log, original);
    }
  });
}

function checkHealed(log: Log, original: Log): void {
  assert.deepEqual(log.stream(0).holes, []);
  assert.equal(log.damages.length, 0);
  assert.deepEqual([...digest(log)].sort(), [...digest(original)].sort());
  assert.deepEqual([...arrivals(log)].sort(), [...arrivals(original)].sort(), "each event once");
  const problems: string[] = [];
  const walk = log.verify(({ problem, offset }) => problems.push(`${offset}: ${problem}`));
  while (walk.step());
  assert.deepEqual(problems, []);
}

test("a lost sector inside a piece names the event as well", () => {
  const store = withLarge();
  const [name, content] = [...store.dump()].find(([file]) => file.endsWith(".seg")) ?? [
    "",
    payload,
  ];
  const bytes = content.slice();
  const at = Buffer.from(bytes).indexOf(payload.subarray(16_384, 16_400));
  assert.ok(at > 0);
  bytes.fill(0, at - 60, at + 400);
  store.overwrite(name, bytes);
  const { log } = open(store, plain);
  assert.deepEqual(log.stream(0).holes, [{ from: 2, to: 2 }]);
  assert.ok(!bytesEqual(bytes, content));
});
