/** What a peer sends is believed only as far as the chain proves it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log, ReceivedRange, ReceiveOutcome, StoredEvent } from "./api.ts";
import { create, digest, epoch, event, open, pushMany, pushNow } from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };

function clinicWith(count: number): Log {
  const log = create(new MemoryStore());
  pushMany(log, count);
  return log;
}

function hubLog(): { readonly log: Log; readonly store: MemoryStore } {
  const store = new MemoryStore();
  return { log: create(store, { nodeId: "hub" }), store };
}

function rangeOf(
  events: readonly StoredEvent[],
  change: Partial<ReceivedRange> = {},
): ReceivedRange {
  const first = events[0];
  const last = events[events.length - 1];
  assert.ok(first !== undefined && last !== undefined);
  return {
    stream: first.stream,
    from: first.seq,
    events,
    chainBefore8: first.chainBefore.slice(0, 8),
    chainAfter8: last.chain.slice(0, 8),
    receivedFrom: "clinic_a",
    receivedMs: 3_000_000,
    ...change,
  };
}

function take(log: Log, range: ReceivedRange): ReceiveOutcome {
  let calls = 0;
  const outcome = log.receive(range, (error) => {
    assert.equal(error, undefined);
    calls++;
  });
  const isDurable = outcome.kind === "stored" || outcome.kind === "duplicate";
  assert.equal(calls, isDurable ? 1 : 0);
  return outcome;
}

function events(log: Log, from: number, count: number, name = stream): readonly StoredEvent[] {
  return log.readStream(log.findStream(name) ?? 0, from, { events: count, bytes: 1 << 20 });
}

test("events arrive in ranges, repeats are duplicates, and what was received reads as it was sent", () => {
  const clinic = clinicWith(20);
  const { log: hub, store } = hubLog();
  assert.deepEqual(take(hub, rangeOf(events(clinic, 1, 10))), { kind: "stored" });
  assert.deepEqual(take(hub, rangeOf(events(clinic, 1, 10))), { kind: "duplicate" });
  assert.deepEqual(take(hub, rangeOf(events(clinic, 6, 10))), { kind: "stored", heldCount: 5 });
  assert.deepEqual(take(hub, rangeOf(events(clinic, 18, 3))), { kind: "gap", head: 15 });
  assert.deepEqual(take(hub, rangeOf(events(clinic, 16, 5))), { kind: "stored" });
  assert.deepEqual([...digest(hub)].sort(), [...digest(clinic)].sort());
  const [stored] = events(hub, 7, 1);
  assert.equal(stored?.receivedFrom, "clinic_a");
  assert.equal(stored?.receivedMs, 3_000_000);
  hub.close();
  const again = open(store, { nodeId: "hub" }).log;
  assert.deepEqual([...digest(again)].sort(), [...digest(clinic)].sort());
  assert.equal(pushNow(again, event("from the hub"))[0]?.stream.node, "hub");
  const [own] = again.readStream(again.findStream({ node: "hub", epoch, lane: "" }) ?? 0, 1, {
    events: 1,
    bytes: 100,
  });
  assert.ok((own?.known.length ?? 0) > 1, "the hub's event names what it knew");
});

test("a changed payload, type, clock or chain is malformed, and stores nothing", () => {
  const clinic = clinicWith(6);
  const { log: hub } = hubLog();
  take(hub, rangeOf(events(clinic, 1, 2)));
  const good = events(clinic, 3, 3);
  const middle = good[1];
  assert.ok(middle !== undefined);
  const changes: Partial<StoredEvent>[] = [
    { payload: new Uint8Array([1]) },
    { type: 99 },
    { hlc: { ms: middle.hlc.ms + 1, counter: 0 } },
    { known: new Uint8Array([0, 0]) },
  ];
  for (const change of changes) {
    const bad = good.map((stored, at) => (at === 1 ? { ...stored, ...change } : stored));
    assert.equal(take(hub, rangeOf(bad)).kind, "malformed", JSON.stringify(change));
  }
  assert.equal(take(hub, rangeOf(good, { chainAfter8: new Uint8Array(8) })).kind, "malformed");
  assert.equal(take(hub, rangeOf(good, { chainBefore8: new Uint8Array(8) })).kind, "fork");
  const skipped = good.map((stored, at) => (at > 0 ? { ...stored, seq: stored.seq + 1 } : stored));
  assert.equal(take(hub, rangeOf(skipped)).kind, "malformed");
  const future = good.map((stored) => ({ ...stored, hlc: { ms: 8e12, counter: 0 } }));
  assert.equal(take(hub, rangeOf(future)).kind, "malformed");
  assert.equal(hub.stream(hub.findStream(stream) ?? 0).head, 2);
  assert.equal(take(hub, rangeOf(good)).kind, "stored");
});

test("absurd seqs are a gap or malformed", () => {
  const { log: hub } = hubLog();
  const clinic = clinicWith(2);
  const [first] = events(clinic, 1, 1);
  assert.ok(first !== undefined);
  for (const seq of [2 ** 53 - 1, 7]) {
    const outcome = take(hub, rangeOf([{ ...first, seq }]));
    assert.ok(outcome.kind === "gap" || outcome.kind === "malformed");
  }
  assert.equal(hub.streamCount, 0, "no stream is made for what was refused");
});

test("two branches are a fork at the seq where they part", () => {
  const image = new MemoryStore();
  const log = create(image);
  pushMany(log, 4);
  log.close();
  const a = open(image.copy()).log;
  const b = open(image.copy()).log;
  pushNow(a, event("a 5"), event("a 6"), event("a 7"));
  pushNow(b, event("b 5"), event("b 6"));
  const { log: hub } = hubLog();
  take(hub, rangeOf(events(a, 1, 7)));
  assert.deepEqual(take(hub, rangeOf(events(b, 1, 6))), { kind: "fork", atSeq: 5 });
  assert.deepEqual(take(hub, rangeOf(events(b, 5, 2))), { kind: "fork", atSeq: 5 });
  assert.deepEqual(take(hub, rangeOf(events(b, 6, 1))), { kind: "fork", atSeq: 5 });
  const index = hub.findStream(stream) ?? 0;
  hub.mark(
    { kind: "freeze", stream, peer: "clinic_a", peerHead: 6, peerChain: new Uint8Array(8) },
    1,
    () => undefined,
  );
  assert.equal(hub.stream(index).isFrozen, true);
  pushNow(a, event("a 8"));
  const outcome = take(hub, rangeOf(events(a, 8, 1)));
  assert.equal(outcome.kind === "refused" && outcome.error.code, "Z215");
});

test("a range is checked against what is staged, before it is durable", () => {
  const clinic = clinicWith(30);
  const slow = new MemoryStore({ syncs: "queued" });
  const made = new MemoryStore();
  create(made, { nodeId: "hub" }).close();
  for (const [name, bytes] of made.dump()) slow.overwrite(name, bytes);
  const { log: hub } = open(slow, { nodeId: "hub" });
  const order: string[] = [];
  const send = (from: number, count: number) =>
    hub.receive(rangeOf(events(clinic, from, count)), () => order.push(`${from}`)).kind;
  assert.equal(send(1, 10), "stored");
  assert.equal(send(11, 10), "stored");
  assert.equal(send(5, 10), "duplicate");
  assert.equal(send(21, 10), "stored");
  assert.equal(hub.stream(hub.findStream(stream) ?? 0).head, 0, "nothing is visible yet");
  assert.deepEqual(order, []);
  slow.runSyncs();
  assert.deepEqual(order, ["1", "11", "5", "21"]);
  assert.equal(digest(hub).size, 30);
});

test("own events of the current epoch are not taken from a peer beyond the head", () => {
  const image = new MemoryStore();
  const log = create(image);
  pushMany(log, 4);
  const restored = open(image.copy()).log;
  pushMany(log, 3, 5);
  const later = events(log, 5, 3);
  assert.equal(take(restored, rangeOf(later)).kind, "refused");
  restored.mark({ kind: "newEpoch", reason: "Z507" }, 1, () => undefined);
  assert.notEqual(restored.ownEpoch, epoch);
  assert.equal(take(restored, rangeOf(later)).kind, "stored");
  assert.equal(restored.stream(0).head, 7);
  assert.equal(restored.stream(0).isClosed, true);
  assert.equal(pushNow(restored, event("fresh"))[0]?.seq, 1);
});

test("an event from the future is stored as it is, reported, and drags no clock along", () => {
  const future = create(new MemoryStore());
  let ok = false;
  future.push([event("2099")], 4_070_908_800_000, () => {
    ok = true;
  });
  assert.ok(ok);
  const { log: hub } = hubLog();
  const outcome = take(hub, rangeOf(events(future, 1, 1)));
  assert.ok(outcome.kind === "stored" && (outcome.driftMs ?? 0) > 1e12);
  assert.ok(hub.lastHlc.ms < 4e12);
  assert.equal(events(hub, 1, 1)[0]?.hlc.ms, 4_070_908_800_000);
  const trusting = hubLog().log;
  assert.deepEqual(take(trusting, rangeOf(events(future, 1, 1), { isClockTrusted: true })), {
    kind: "stored",
  });
  assert.equal(trusting.lastHlc.ms, 4_070_908_800_000);
});

test("fragments are durable one by one, survive a restart, and show the event with the last", () => {
  const payload = new Uint8Array(50_000).map((_, i) => (i * 7) % 256);
  const clinic = clinicWith(2);
  pushNow(clinic, event("", { payload }));
  const { store } = hubLog();
  let hub = open(store, { nodeId: "hub" }).log;
  take(hub, rangeOf(events(clinic, 1, 2)));
  const [large] = events(clinic, 3, 1);
  assert.ok(large?.isFragmented === true);
  const send = (offset: number, size: number, change = {}) => {
    const bytes = clinic.readPayload(0, 3, { offset, sizeBytes: size });
    assert.ok(bytes !== undefined);
    const { hlc, type, known } = large;
    return hub.receiveFragment(
      {
        stream,
        seq: 3,
        hlc,
        type,
        known,
        totalBytes: payload.length,
        offset,
        bytes,
        chainBefore8: large.chainBefore.slice(0, 8),
        chainAfter8: large.chain.slice(0, 8),
        receivedFrom: "clinic_a",
        receivedMs: 4_000_000,
        ...change,
      },
      (error) => assert.equal(error, undefined),
    ).kind;
  };
  assert.equal(send(10_000, 10), "gap");
  assert.equal(send(0, 16_000), "stored");
  assert.equal(send(16_000, 10_000), "stored");
  assert.equal(send(0, 16_000), "duplicate");
  assert.equal(hub.stream(0).partialBytes, 26_000);
  hub = open(store.kill(), { nodeId: "hub" }).log;
  assert.equal(hub.stream(0).partialBytes, 26_000);
  assert.equal(hub.stream(0).head, 2);
  assert.equal(send(26_000, 16_000), "stored");
  assert.equal(send(42_000, 8_000), "stored");
  assert.equal(hub.stream(0).head, 3);
  assert.equal(hub.stream(0).partialBytes, undefined);
  assert.deepEqual(hub.readPayload(0, 3, { offset: 0, sizeBytes: 60_000 }), payload);
  assert.deepEqual(
    hub.readPayload(0, 3, { offset: 30_001, sizeBytes: 7 }),
    payload.slice(30_001, 30_008),
  );
  assert.deepEqual([...digest(hub)].sort(), [...digest(clinic)].sort());
});

test("fragments that do not add up to the chain are forgotten", () => {
  const payload = new Uint8Array(20_000).fill(3);
  const clinic = create(new MemoryStore());
  pushNow(clinic, event("", { payload }));
  const [large] = events(clinic, 1, 1);
  assert.ok(large !== undefined);
  const { log: hub } = hubLog();
  const send = (offset: number, bytes: Uint8Array) =>
    hub.receiveFragment(
      {
        stream,
        seq: 1,
        hlc: large.hlc,
        type: large.type,
        known: large.known,
        totalBytes: payload.length,
        offset,
        bytes,
        chainBefore8: large.chainBefore.slice(0, 8),
        chainAfter8: large.chain.slice(0, 8),
        receivedFrom: "clinic_a",
        receivedMs: 4_000_000,
      },
      () => undefined,
    ).kind;
  assert.equal(send(0, new Uint8Array(10_000).fill(4)), "stored");
  assert.equal(send(10_000, new Uint8Array(10_000).fill(3)), "malformed");
  assert.equal(hub.stream(0).head, 0);
  assert.equal(hub.stream(0).partialBytes, undefined);
  assert.equal(send(0, new Uint8Array(10_000).fill(3)), "stored");
  assert.equal(send(10_000, new Uint8Array(10_000).fill(3)), "stored");
  assert.equal(hub.stream(0).head, 1);
});

/** A hub that had received twenty events one by one, of which some have rotted since. */
function hubWithRotten(clinic: Log, ...seqs: number[]): Log {
  const store = new MemoryStore();
  const options = { nodeId: "hub", dataKey: undefined };
  const first = create(store, options);
  const ends: number[] = [];
  for (let seq = 1; seq <= 20; seq++) {
    take(first, rangeOf(events(clinic, seq, 1)));
    ends.push(store.dump().get("00000001.seg")?.length ?? 0);
  }
  first.close();
  for (const seq of seqs) store.flip("00000001.seg", (ends[seq - 1] ?? 0) - 8);
  return open(store, options).log;
}

test("the rest of a hole whose beginning is gone is taken where it links to what lies behind, in any hole", () => {
  const clinic = clinicWith(20);
  const hub = hubWithRotten(clinic, 5, 6, 7, 12, 13, 14);
  const holes = () => hub.stream(hub.findStream(stream) ?? 0).holes;
  const claim = (from: number, count: number, change: Partial<StoredEvent> = {}) => {
    const claimedBefore = events(clinic, from, 1)[0]?.chainBefore;
    const range = events(clinic, from, count);
    const [first, ...rest] = range;
    assert.ok(claimedBefore !== undefined && first !== undefined);
    return take(hub, rangeOf([{ ...first, ...change }, ...rest], { claimedBefore })).kind;
  };
  const both = [
    { from: 5, to: 7 },
    { from: 12, to: 14 },
  ];
  assert.deepEqual(holes(), both);
  assert.equal(claim(13, 1), "gap", "it does not reach to the hole's end");
  assert.equal(claim(13, 2, { payload: new Uint8Array(3) }), "gap", "other events, another chain");
  assert.deepEqual(holes(), both);
  assert.equal(claim(13, 2), "stored");
  assert.equal(claim(6, 5), "stored", "also with events behind the hole, which are here");
  assert.deepEqual(holes(), [
    { from: 5, to: 5 },
    { from: 12, to: 12 },
  ]);
  assert.equal(digest(hub).size, 18);
});

test("a freeze holds from the moment at which it is asked for", () => {
  const clinic = clinicWith(6);
  const { log: first, store } = hubLog();
  take(first, rangeOf(events(clinic, 1, 5)));
  first.close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of store.dump()) slow.overwrite(name, bytes);
  const { log: hub } = open(slow, { nodeId: "hub" });
  const mark = { peer: "clinic_a", peerHead: 6, peerChain: new Uint8Array(8) };
  let isDurable = false;
  hub.mark({ kind: "freeze", stream, ...mark }, 1, () => {
    isDurable = true;
  });
  assert.equal(take(hub, rangeOf(events(clinic, 6, 1))).kind, "refused");
  assert.equal(isDurable, false);
  slow.runSyncs();
  assert.equal(isDurable, true);
});
