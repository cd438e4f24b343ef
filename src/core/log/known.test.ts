/** What an author says that it knew: streams that moved, to readers who may hear of them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import { decodeKnown, encodeKnown, knownEntriesMax } from "./known.ts";
import { create, event, pushNow } from "./log.test-kit.ts";

function receive(log: Log, stream: StreamId, seq = 1): void {
  const index = log.findStream(stream);
  const before = index === undefined ? chainZero(nodeCrypto, stream) : log.stream(index).chain;
  const content = {
    seq,
    hlc: { ms: 1000 + seq, counter: 0 },
    type: 1,
    known: Uint8Array.of(0),
    payload: Uint8Array.of(seq),
  };
  const outcome = log.receive(
    {
      stream,
      from: seq,
      events: [content],
      chainBefore8: before.slice(0, 8),
      chainAfter8: nextChain(nodeCrypto, before, content).slice(0, 8),
      receivedFrom: "hub",
      receivedMs: 1_000_000,
    },
    () => {},
  );
  assert.equal(outcome.kind, "stored");
}

function knownOfNext(log: Log, lane = ""): readonly string[] {
  const [pushed] = pushNow(log, event("x", { lane }));
  assert.ok(pushed !== undefined);
  const index = log.findStream(pushed.stream) ?? 0;
  const [stored] = log.readStream(index, pushed.seq, { events: 1, bytes: 1 });
  const entries = decodeKnown(stored?.known ?? new Uint8Array(0));
  assert.ok(entries !== undefined);
  return entries.map(({ stream, seq }) => `${stream.node}/${stream.lane} ${seq}`);
}

const of = (node: string, lane = "", epoch = 1): StreamId => ({ node, epoch, lane });

describe("what an author knew", () => {
  test("is what came in since its last event in the lane, in the order in which it came, once", () => {
    const log = create(new MemoryStore());
    assert.deepEqual(knownOfNext(log), []);
    receive(log, of("clinic_c"));
    receive(log, of("clinic_b"));
    receive(log, of("clinic_c"), 2);
    assert.deepEqual(knownOfNext(log), ["clinic_b/ 1", "clinic_c/ 2"]);
    assert.deepEqual(knownOfNext(log), []);
    receive(log, of("clinic_b"), 2);
    assert.deepEqual(
      knownOfNext(log, "lab"),
      ["clinic_c/ 2", "clinic_b/ 2"],
      "each lane for itself",
    );
    assert.deepEqual(knownOfNext(log), ["clinic_b/ 2"]);
  });

  test("is told by the next event where the one that named it found no room", () => {
    const store = new MemoryStore();
    const log = create(store);
    receive(log, of("clinic_b"));
    store.capacityBytes = store.usedBytes;
    assert.throws(() => pushNow(log, event("no room")), { code: "Z204" });
    store.capacityBytes = Number.POSITIVE_INFINITY;
    assert.deepEqual(knownOfNext(log), ["clinic_b/ 1"]);
  });

  test("names nobody's addressed lanes, but in a lane to one node what that node may know", () => {
    const log = create(new MemoryStore());
    for (const [node, lane] of [
      ["hub", "stock"],
      ["hub", "to/clinic_a"],
      ["hub", "to/clinic_b"],
      ["clinic_b", ""],
      ["clinic_b", "to/hub"],
    ] as const) {
      receive(log, of(node, lane));
    }
    assert.deepEqual(knownOfNext(log), ["hub/stock 1", "clinic_b/ 1"]);
    assert.deepEqual(knownOfNext(log, "to/hub"), [
      "hub/stock 1",
      "hub/to/clinic_a 1",
      "hub/to/clinic_b 1",
      "clinic_b/to/hub 1",
    ]);
    assert.deepEqual(knownOfNext(log, "to/clinic_b/urgent"), [
      "hub/to/clinic_b 1",
      "clinic_b/ 1",
      "clinic_b/to/hub 1",
    ]);
  });

  test("of more than one event can name is told by the next ones", () => {
    const log = create(new MemoryStore());
    const count = knownEntriesMax + 8;
    for (let epoch = 1; epoch <= count; epoch++) receive(log, of("clinic_b", "", epoch));
    assert.equal(knownOfNext(log).length, knownEntriesMax);
    assert.equal(knownOfNext(log).length, 8);
    assert.deepEqual(knownOfNext(log), []);
  });

  test("comes back from its bytes, up to its limit, or not at all", () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ stream: of("clinic_b", "", i), seq: i + 1 }));
    for (const count of [0, 1, knownEntriesMax]) {
      assert.deepEqual(decodeKnown(encodeKnown(entries(count))), entries(count));
    }
    assert.equal(decodeKnown(encodeKnown(entries(knownEntriesMax + 1))), undefined);
    const bytes = encodeKnown(entries(2));
    for (let size = 0; size < bytes.length; size++) {
      assert.equal(decodeKnown(bytes.subarray(0, size)), undefined, `${size} bytes`);
    }
    assert.equal(decodeKnown(Uint8Array.from([...bytes, 0])), undefined);
    const wrong = encodeKnown([{ stream: of("Not A Node"), seq: 1 }]);
    assert.equal(decodeKnown(wrong), undefined);
  });
});
