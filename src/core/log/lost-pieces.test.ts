/** A piece of a large event that rots while nobody reads it: the event is a hole from the next opening on. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { bytesEqual } from "../bytes.ts";
import type { Log } from "./api.ts";
import { arrivals, create, digest, epoch, event, open, pushNow } from "./log.test-kit.ts";

const stream = { node: "clinic_a", epoch, lane: "" };
const payload = createSeededRandom(7).bytes(50_000);

/** Plaintext, so that the test finds the payload's pieces on the card. */
const plain = { dataKey: undefined };

function withLarge(): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, plain);
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

const pieceBytes = 16_000;

/** One piece of the large event, as the original has it. */
function send(original: Log, to: Log, offset: number): string {
  const [large] = original.readStream(0, 2, { events: 1, bytes: 1 });
  assert.ok(large?.isFragmented === true);
  const sizeBytes = Math.min(pieceBytes, large.payloadSize - offset);
  const bytes = original.readPayload(0, large.seq, { offset, sizeBytes });
  assert.ok(bytes !== undefined);
  const { seq, hlc, type, known, payloadSize: totalBytes } = large;
  const chainBefore8 = large.chainBefore.slice(0, 8);
  const chainAfter8 = large.chain.slice(0, 8);
  const from = { receivedFrom: "hub", receivedMs: 2_000_000 };
  const shape = { stream: large.stream, seq, hlc, type, known, totalBytes, offset, bytes };
  return to.receiveFragment({ ...shape, chainBefore8, chainAfter8, ...from }, (error) =>
    assert.equal(error, undefined),
  ).kind;
}

const offsets = Array.from(
  { length: Math.ceil(payload.length / pieceBytes) },
  (_, at) => at * pieceBytes,
);

function sendAll(original: Log, to: Log): void {
  for (const offset of offsets) assert.equal(send(original, to, offset), "stored");
}

test("a rotten piece makes its event a hole at the next opening, which heals", () => {
  const pristine = withLarge();
  const original = open(pristine.copy(), plain).log;
  for (const offset of [5, 20_000, 49_000]) {
    const store = pristine.copy();
    flipAt(store, offset);
    const { log, recovery } = open(store, plain);
    assert.deepEqual(log.stream(0).holes, [{ from: 2, to: 2 }], `byte ${offset}`);
    assert.deepEqual(
      recovery.reports.map(({ code }) => code),
      ["Z209"],
    );
    assert.equal(log.ownEpoch, epoch, "the loss is explained: no fresh epoch");
    sendAll(original, log);
    checkHealed(log, original);
    log.close();
    const again = open(store, plain);
    assert.equal(again.recovery.reports.length, 0);
    checkHealed(again.log, original);
  }
});

test("a rotten piece is told from however many segments lie between it and its event", () => {
  const original = open(withLarge(), plain).log;
  const [first] = original.readStream(0, 1, { events: 1, bytes: 1 });
  assert.ok(first !== undefined);
  const options = { ...plain, nodeId: "hub", segmentBytes: 20_000 };
  const pristine = new MemoryStore();
  const hub = create(pristine, options);
  const range = { stream, from: 1, events: [first], receivedFrom: "clinic_a", receivedMs: 1 };
  const chains = {
    chainBefore8: first.chainBefore.slice(0, 8),
    chainAfter8: first.chain.slice(0, 8),
  };
  assert.equal(hub.receive({ ...range, ...chains }, () => {}).kind, "stored");
  // Between two pieces the link was gone, and the hub wrote on.
  const writeOn = () => {
    for (let i = 0; i < 4; i++) pushNow(hub, event("", { payload: new Uint8Array(9_000).fill(i) }));
  };
  for (const offset of offsets) {
    writeOn();
    assert.equal(send(original, hub, offset), "stored");
  }
  writeOn();
  hub.close();
  for (const offset of [5, 20_000, 40_000]) {
    const store = pristine.copy();
    flipAt(store, offset);
    const { log, recovery } = open(store, options);
    const index = log.findStream(stream) ?? 0;
    assert.deepEqual(log.stream(index).holes, [{ from: 2, to: 2 }], `byte ${offset}`);
    assert.equal(recovery.reports.length, 1);
    sendAll(original, log);
    assert.deepEqual(log.stream(index).holes, []);
    assert.deepEqual(log.readPayload(index, 2, { offset: 0, sizeBytes: 50_000 }), payload);
  }
});

test("a rotten piece is told from a megabyte and more behind it", () => {
  const store = new MemoryStore();
  const log = create(store, plain);
  const more = new Uint8Array(1_400_000);
  more.set(payload);
  pushNow(log, event("large", { payload: more }), event("last"));
  log.close();
  flipAt(store, 5);
  assert.deepEqual(open(store, plain).log.stream(0).holes, [{ from: 1, to: 1 }]);
});

test("pieces of two streams that rot side by side make a hole in each", () => {
  const clinics = ["clinic_b", "clinic_c"].map((nodeId, at) => {
    const log = create(new MemoryStore(), { ...plain, nodeId });
    pushNow(log, event("first"), event("large", { payload: payload.slice(at) }));
    return log;
  });
  const store = new MemoryStore();
  const hub = create(store, { ...plain, nodeId: "hub" });
  for (const log of clinics) {
    const [first] = log.readStream(0, 1, { events: 1, bytes: 1 });
    assert.ok(first !== undefined);
    const chains = {
      chainBefore8: first.chainBefore.slice(0, 8),
      chainAfter8: first.chain.slice(0, 8),
    };
    const range = {
      stream: first.stream,
      from: 1,
      events: [first],
      receivedFrom: "hub_b",
      receivedMs: 1,
    };
    assert.equal(hub.receive({ ...range, ...chains }, () => {}).kind, "stored");
  }
  for (const offset of offsets)
    for (const log of clinics) assert.equal(send(log, hub, offset), "stored");
  hub.close();
  const all = digest(hub);
  // The second piece of each.
  const [[name, content] = ["", payload]] = [...store.dump()].filter(([file]) =>
    file.endsWith(".seg"),
  );
  const part = payload.subarray(16_100, 17_000);
  const first = Buffer.from(content).indexOf(part);
  const second = Buffer.from(content).indexOf(part, first + 1);
  assert.ok(first > 0 && second > first);
  for (const at of [first, second]) store.flip(name, at);
  const { log } = open(store, { ...plain, nodeId: "hub" });
  for (const clinic of clinics) {
    const index = log.findStream(clinic.stream(0).id) ?? 0;
    assert.deepEqual(log.stream(index).holes, [{ from: 2, to: 2 }]);
  }
  assert.equal(digest(log).size, all.size - 2);
});

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
