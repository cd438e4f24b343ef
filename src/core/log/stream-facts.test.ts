/** What a fact does to the vector: exactly the ranges that it names, at once and after every restart. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log, Mark, StreamState } from "./api.ts";
import { create, digest, epoch, event, open, pushMany, pushNow } from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const foreign: StreamId = { node: "clinic_b", epoch: 9, lane: "" };
const chain = new Uint8Array(16).fill(8);

function markNow(log: Log, mark: Mark): void {
  let calls = 0;
  log.mark(mark, 1_000_000, (error) => {
    assert.equal(error, undefined);
    calls++;
  });
  assert.equal(calls, 1);
}

function stateOf(log: Log, id: StreamId): StreamState {
  const index = log.findStream(id);
  assert.ok(index !== undefined);
  return log.stream(index);
}

/** The log itself, what a power cut leaves of it, and what a clean close leaves. */
function everyOpening(store: MemoryStore, log: Log, check: (log: Log) => void): void {
  check(log);
  check(open(store.copy()).log);
  log.close();
  check(open(store.copy()).log);
  for (const name of ["checkpoint-a", "checkpoint-b"]) if (store.exists(name)) store.remove(name);
  check(open(store).log);
}

describe("a range that is lost at its source", () => {
  for (const [from, holes] of [
    [1, []],
    [2, [{ from: 1, to: 1 }]],
    [4, [{ from: 1, to: 3 }]],
  ] as const) {
    test(`from ${from} to 6 of an unknown stream leaves ${holes.length} holes below it`, () => {
      const store = new MemoryStore();
      const log = create(store);
      markNow(log, { kind: "lost", stream: foreign, from, to: 6, chain });
      everyOpening(store, log, (current) => {
        const state = stateOf(current, foreign);
        assert.equal(state.head, 6);
        assert.deepEqual(state.holes, holes);
        assert.deepEqual(state.lost, [{ from, to: 6 }]);
        assert.deepEqual(state.chain, chain);
        assert.equal(current.recordCount, 0);
      });
    });
  }

  test("takes nothing away that is held, and ends what was missing there", () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 3);
    markNow(log, { kind: "lost", stream, from: 2, to: 5, chain });
    const [next] = pushNow(log, event("behind it"));
    assert.equal(next?.seq, 6, "the next one follows at once");
    everyOpening(store, log, (current) => {
      const state = stateOf(current, stream);
      assert.deepEqual(state.lost, [{ from: 4, to: 5 }]);
      assert.deepEqual(state.holes, []);
      assert.equal(digest(current).size, 4);
      assert.equal(current.recordCount, 4);
    });
  });

  test("inside a hole leaves the rest of the hole", () => {
    const store = new MemoryStore();
    const log = create(store);
    markNow(log, { kind: "lost", stream: foreign, from: 9, to: 9, chain });
    markNow(log, { kind: "lost", stream: foreign, from: 3, to: 5, chain });
    everyOpening(store, log, (current) => {
      const state = stateOf(current, foreign);
      assert.equal(state.head, 9);
      assert.deepEqual(state.holes, [
        { from: 1, to: 2 },
        { from: 6, to: 8 },
      ]);
      assert.deepEqual(state.lost, [
        { from: 3, to: 5 },
        { from: 9, to: 9 },
      ]);
      assert.deepEqual(state.chain, chain);
    });
  });
});

describe("a floor", () => {
  test("above the head becomes the head, and the next event follows on from its chain", () => {
    const store = new MemoryStore();
    const log = create(store);
    markNow(log, { kind: "floor", stream, floor: { seq: 7, chain, byOrigin: true } });
    const [pushed] = pushNow(log, event("eighth"));
    assert.equal(pushed?.seq, 8);
    everyOpening(store, log, (current) => {
      const state = stateOf(current, stream);
      assert.deepEqual(state.floor, { seq: 7, chain, byOrigin: true });
      assert.deepEqual([state.holes, state.lost], [[], []]);
      const [stored] = current.readStream(state.index, 8, { events: 1, bytes: 1 });
      assert.deepEqual(stored?.chainBefore, chain);
      assert.equal(current.readStream(state.index, 7, { events: 1, bytes: 1 }).length, 0);
    });
  });

  test("below the head changes no head, and says who set it", () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 4);
    const at2 = log.chainAt(0, 2) ?? chain;
    const head = log.stream(0).chain;
    markNow(log, { kind: "floor", stream, floor: { seq: 2, chain: at2, byOrigin: false } });
    everyOpening(store, log, (current) => {
      const state = stateOf(current, stream);
      assert.deepEqual([state.head, state.chain], [4, head]);
      assert.equal(state.floor?.byOrigin, false);
      assert.equal(current.recordCount, 2);
    });
  });

  test("of a relay that holds less settles no hole; its origin's does", () => {
    for (const byOrigin of [false, true]) {
      const store = new MemoryStore();
      const log = create(store);
      pushMany(log, 2);
      markNow(log, { kind: "lost", stream, from: 6, to: 6, chain });
      assert.deepEqual(log.stream(0).holes, [{ from: 3, to: 5 }]);
      const floor = { seq: 4, chain, byOrigin };
      markNow(log, { kind: "floor", stream, floor, isPeers: true });
      everyOpening(store, log, (current) => {
        const state = stateOf(current, stream);
        assert.equal(state.floor, undefined, "what is held stays");
        assert.deepEqual(state.holes, [{ from: byOrigin ? 5 : 3, to: 5 }]);
        assert.equal(state.lost[0]?.from, byOrigin ? 3 : 6);
        assert.equal(current.recordCount, 2);
      });
    }
  });
});

test("every fact about a stream is a change of its line of the vector, and of no other line", () => {
  const log = create(new MemoryStore());
  pushMany(log, 3);
  pushNow(log, event("x", { lane: "urgent" }));
  const other = stateOf(log, { ...stream, lane: "urgent" }).index;
  const facts: Mark[] = [
    { kind: "lost", stream, from: 4, to: 4, chain },
    { kind: "floor", stream, floor: { seq: 1, chain: log.chainAt(0, 1) ?? chain, byOrigin: true } },
    { kind: "freeze", stream, peer: "hub", peerHead: 4, peerChain: chain },
    { kind: "dropPartial", stream, seq: 5 },
  ];
  for (const fact of facts) {
    const before = log.streamChangeOrdinal(0);
    const untouched = log.streamChangeOrdinal(other);
    markNow(log, fact);
    assert.ok(log.streamChangeOrdinal(0) > before, fact.kind);
    assert.equal(log.streamChangeOrdinal(0), log.changeOrdinal, fact.kind);
    assert.equal(log.streamChangeOrdinal(other), untouched, fact.kind);
  }
});

test("trusted time only goes forward, and an alarm keeps the time of its day", () => {
  const store = new MemoryStore();
  const log = create(store);
  for (const ms of [500, 900, 700]) markNow(log, { kind: "trustedTime", ms });
  log.mark({ kind: "alarm", id: "a", code: "Z509", text: "one" }, 42, () => undefined);
  log.mark({ kind: "alarm", id: "a", code: "Z510", text: "two" }, 43, () => undefined);
  markNow(log, { kind: "alarmAck", id: "never raised" });
  const long = "x".repeat(300);
  markNow(log, { kind: "alarm", id: long, code: "Z510", text: long });
  everyOpening(store, log, (current) => {
    assert.equal(current.trustedTimeMs, 900);
    const [first, second] = current.alarms;
    assert.deepEqual(first, { id: "a", code: "Z510", text: "two", atMs: 43 });
    assert.equal(second?.text.length, 250, "texts are cut to what a record takes");
    assert.equal(current.alarms.length, 2);
  });
  const again = open(store).log;
  markNow(again, { kind: "alarmAck", id: long });
  markNow(again, { kind: "alarmAck", id: "a" });
  everyOpening(store, again, (current) => assert.deepEqual(current.alarms, []));
});
