/** A branch that another node has moved moves here too, and is never under two names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log, ReceiveOutcome, StoredEvent } from "./api.ts";
import {
  arrivals,
  create,
  digest,
  epoch,
  event,
  lastSegment,
  open,
  pushMany,
  pushNow,
  sha,
  streamName,
} from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const payload = new Uint8Array(20_000).map((_, i) => (i * 13) & 0xff);

function read(log: Log, id: StreamId, from = 1, count = 99): readonly StoredEvent[] {
  const index = log.findStream(id);
  return index === undefined ? [] : log.readStream(index, from, { events: count, bytes: 1 << 20 });
}

function give(to: Log, events: readonly StoredEvent[]): ReceiveOutcome {
  const first = events[0];
  const last = events[events.length - 1];
  assert.ok(first !== undefined && last !== undefined);
  return to.receive(
    {
      stream: first.stream,
      from: first.seq,
      events,
      chainBefore8: first.chainBefore.slice(0, 8),
      chainAfter8: last.chain.slice(0, 8),
      receivedFrom: "clinic_a",
      receivedMs: 3_000_000,
    },
    (error) => assert.equal(error, undefined),
  );
}

/** Two cards of one clinic with 6 common events; each wrote on by itself. */
function clones(): { first: Log; second: Log; image: MemoryStore } {
  const image = new MemoryStore();
  const log = create(image);
  pushMany(log, 6);
  log.close();
  const first = open(image.copy()).log;
  const second = open(image.copy()).log;
  pushNow(first, event("first 7"), event("first 8"), event("first 9"));
  pushNow(second, event("second 7"), event("second 8"));
  return { first, second, image };
}

/** The clone leaves its epoch, and its tail from `from` on moves. Returns where it is now. */
function moveTail(log: Log, from: number): StreamId {
  const note = (error?: unknown) => assert.equal(error, undefined);
  const before = log.streamCount;
  log.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  log.mark({ kind: "rehome", stream, from }, 1, note);
  assert.equal(log.streamCount, before + 1);
  return log.stream(before).id;
}

function hubWith(events: readonly StoredEvent[]): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  const log = create(store, { nodeId: "hub" });
  assert.equal(give(log, events).kind, "stored");
  return { store, log };
}

test("who is given a derived stream moves its own copy of that branch, once, and takes the other branch", () => {
  const { first, second } = clones();
  const { store, log: hub } = hubWith(read(first, stream));
  const moved = moveTail(first, 7);
  assert.deepEqual(give(hub, read(first, moved)), {
    kind: "duplicate",
    moved: { stream, from: 7, to: 9 },
  });
  assert.equal(hub.stream(0).head, 6);
  assert.deepEqual(give(hub, read(first, moved)), { kind: "duplicate" }, "it is there by now");
  assert.equal(give(hub, read(second, stream, 7)).kind, "stored");
  const check = (log: Log) => {
    assert.deepEqual(
      read(log, moved).map(({ chain }) => chain),
      read(first, moved).map(({ chain }) => chain),
    );
    assert.deepEqual(
      read(log, stream).map(({ chain }) => chain),
      read(second, stream).map(({ chain }) => chain),
    );
    assert.equal(digest(log).size, 11);
    assert.equal(new Set(arrivals(log)).size, 11, "each event once");
  };
  check(hub);
  check(open(store.copy(), { nodeId: "hub" }).log);
  hub.close();
  check(open(store, { nodeId: "hub" }).log);
});

test("a branch that has moved is not taken again under its old name, whole or in part", () => {
  const { first, second } = clones();
  const old = read(first, stream);
  const { log: hub } = hubWith(old);
  const moved = moveTail(first, 7);
  give(hub, read(first, moved));
  for (const part of [old.slice(6), old.slice(6, 7), old]) {
    const outcome = give(hub, part);
    assert.ok(outcome.kind === "refused");
    assert.equal(outcome.error.code, "Z215");
    assert.match(outcome.error.message, /an epoch of its own/);
  }
  assert.equal(give(hub, old.slice(0, 6)).kind, "duplicate", "what both have in common is");
  assert.equal(give(hub, read(second, stream, 7)).kind, "stored");
  assert.equal(digest(hub).size, 11);
});

test("a derived stream whose branch is not held here comes as any other", () => {
  const { first, second } = clones();
  const { log: hub } = hubWith(read(second, stream));
  const moved = moveTail(first, 7);
  assert.deepEqual(give(hub, read(first, moved)), { kind: "stored" });
  assert.equal(hub.stream(0).head, 8, "the other branch stays");
  assert.equal(digest(hub).size, 11);
});

test("a clone that is told of its own moved branch leaves its epoch and moves it as well", () => {
  const { first, image } = clones();
  const twin = open(image.copy()).log;
  pushNow(twin, event("twin 7"));
  const shared = read(twin, stream, 7);
  const moved = moveTail(twin, 7);
  const third = open(image.copy()).log;
  pushNow(third, event("twin 7"));
  assert.deepEqual(read(third, stream, 7)[0]?.chain, shared[0]?.chain, "the same event");
  const outcome = give(third, read(twin, moved));
  assert.deepEqual(outcome.moved, { stream, from: 7, to: 7 });
  assert.equal(outcome.kind, "duplicate");
  assert.notEqual(third.ownEpoch, epoch, "its epoch is closed");
  assert.equal(third.stream(0).head, 6);
  assert.equal(pushNow(third, event("fresh"))[0]?.seq, 1);
  assert.equal(give(third, read(first, stream, 7)).kind, "stored");
});

test("copies of a branch that differ further on are split where they begin to", () => {
  const { first, image } = clones();
  const moved = moveTail(first, 7);
  const longer = open(image.copy()).log;
  pushNow(longer, event("first 7"), event("first 8"), event("another 9"), event("another 10"));
  const differing = read(longer, stream);
  const { store, log: hub } = hubWith(differing);
  const outcome = give(hub, read(first, moved));
  assert.deepEqual(outcome.moved, { stream, from: 7, to: 10 });
  const check = (log: Log) => {
    assert.equal(log.stream(0).head, 6);
    const payloads = new Set(digest(log).values());
    for (const { payload: bytes } of differing) assert.ok(payloads.has(sha(bytes)));
    const heads = Array.from({ length: log.streamCount }, (_, i) => log.stream(i).head);
    assert.equal(
      heads.reduce((sum, head) => sum + head, 0),
      log.recordCount,
      "nothing is in two places",
    );
    assert.equal(new Set(arrivals(log)).size, log.recordCount);
  };
  check(hub);
  check(open(store.copy(), { nodeId: "hub" }).log);
});

test("large events move as well, with their pieces where they are", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushNow(log, event("one"), event("large", { payload }), event("three"));
  const old = read(log, stream);
  const moved = moveTail(log, 2);
  const check = (current: Log) => {
    assert.equal(current.stream(0).head, 1);
    const [large, three] = read(current, moved);
    assert.ok(large?.isFragmented === true);
    assert.deepEqual([large.hlc, three?.payload], [old[1]?.hlc, old[2]?.payload]);
    const index = current.findStream(moved) ?? 0;
    assert.deepEqual(current.readPayload(index, 1, { offset: 0, sizeBytes: 30_000 }), payload);
    assert.deepEqual(three?.chainBefore, large.chain);
    assert.equal(streamName(large.stream), streamName(moved));
  };
  check(log);
  check(open(store.copy()).log);
});

test("of a range that is not there nothing moves", () => {
  const log = create(new MemoryStore());
  pushMany(log, 3);
  const note = (error?: unknown) => assert.equal(error, undefined);
  for (const [id, from] of [
    [stream, 0],
    [stream, 4],
    [{ ...stream, lane: "unknown" }, 1],
  ] as const) {
    log.mark({ kind: "rehome", stream: id, from }, 1, note);
    assert.equal(log.stream(0).head, 3);
    assert.equal(log.streamCount, 1);
  }
  log.mark({ kind: "rehome", stream, from: 1 }, 1, note);
  assert.equal(log.stream(0).head, 0, "from its first event on all of it does");
  assert.equal(log.stream(1).head, 3);
});

/**
 * A card whose event 7 has rotted, of a clinic that moved its branch from there on: as it was when
 * it held 8, and when it held 9. Nobody can tell there that the branch that moved is its own.
 */
function rottenAtFork() {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 7);
  const name = lastSegment(store);
  const end = store.dump().get(name)?.length ?? 0;
  const images = [8, 9].map((seq) => {
    pushNow(log, event(`first ${seq}`));
    const image = store.copy();
    image.flip(name, end - 8);
    return open(image);
  });
  const moved = moveTail(log, 7);
  const [to8, to9] = images.map((image) => {
    assert.deepEqual(image.log.stream(0).holes, [{ from: 7, to: 7 }]);
    return image.log;
  });
  assert.ok(to8 !== undefined && to9 !== undefined);
  return { to8, to9, moved, events: read(log, moved) };
}

test("of a branch that is known further on under its new name nothing is taken back", () => {
  const { to8, moved, events } = rottenAtFork();
  assert.deepEqual(give(to8, events), { kind: "stored" });
  const note = (error?: unknown) => assert.equal(error, undefined);
  to8.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  to8.mark({ kind: "rehome", stream, from: 7 }, 1, note);
  assert.equal(to8.stream(0).head, 6);
  const { head, holes, lost } = to8.stream(to8.findStream(moved) ?? -1);
  assert.deepEqual([head, holes, lost], [3, [], []]);
  assert.deepEqual(
    read(to8, moved).map(({ chain }) => chain),
    events.map(({ chain }) => chain),
  );
});

test("what of a branch is missing here and known under its new name is not lost", () => {
  const { to9, moved, events } = rottenAtFork();
  assert.deepEqual(give(to9, events.slice(0, 2)), { kind: "stored" });
  const note = (error?: unknown) => assert.equal(error, undefined);
  to9.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  to9.mark({ kind: "rehome", stream, from: 7 }, 1, note);
  const { head, holes, lost } = to9.stream(to9.findStream(moved) ?? -1);
  assert.deepEqual([head, holes, lost], [3, [], []]);
  assert.deepEqual(
    read(to9, moved).map(({ chain }) => chain),
    events.map(({ chain }) => chain),
  );
});

test("damage in a branch that moved since costs who holds it no epoch of its own", () => {
  const { first } = clones();
  const events = read(first, stream);
  const { store, log: hub } = hubWith(events.slice(0, 8));
  const own = hub.ownEpoch;
  const name = lastSegment(store);
  const end = store.dump().get(name)?.length ?? 0;
  assert.equal(give(hub, events.slice(8)).kind, "stored");
  store.flip(name, end - 8);
  assert.equal(read(hub, stream, 7).length, 1);
  assert.deepEqual(hub.stream(0).holes, [{ from: 8, to: 8 }]);
  assert.deepEqual(give(hub, read(first, moveTail(first, 7))).moved?.from, 7);
  const { log, recovery } = open(store.kill(), { nodeId: "hub" });
  assert.deepEqual(recovery.reports, []);
  assert.equal(log.ownEpoch, own);
});
