/** Facts as records: they hold at once, survive restarts, and a re-homed tail is the same everywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, StoredEvent } from "./api.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { chainZero, nextChain } from "./chain.ts";
import {
  arrivals,
  create,
  digest,
  epoch,
  event,
  open,
  pushMany,
  pushNow,
  streamName,
  mapsEqual,
  markNow,
} from "./log.test-kit.ts";

const stream = { node: "clinic_a", epoch, lane: "" };

function readAll(
  log: Log,
  name: { node: string; epoch: number; lane: string },
): readonly StoredEvent[] {
  return log.readStream(log.findStream(name) ?? 0, 1, { events: 1000, bytes: 1 << 20 });
}

test("a re-homed tail keeps clock, type, payload, ordinals and ids under its new name", () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 4000, checkpointBytes: 3000 });
  for (let i = 1; i <= 30; i++) {
    pushNow(log, event(`event ${i}`, { idempotency: new Uint8Array(16).fill(i), type: i }));
  }
  const before = readAll(log, stream);
  const byArrival = arrivals(log).length;
  markNow(log, { kind: "newEpoch", reason: "Z507" });
  markNow(log, { kind: "rehome", stream, from: 21 });
  const check = (current: Log, head: number) => {
    assert.equal(current.stream(0).head, head);
    const names = Array.from({ length: current.streamCount }, (_, i) => current.stream(i).id);
    const moved = names.find((id) => id.epoch !== epoch && readAll(current, id).length === 10);
    assert.ok(moved !== undefined);
    const tail = readAll(current, moved);
    tail.forEach((stored, at) => {
      const old = before[20 + at];
      assert.equal(stored.seq, at + 1);
      assert.deepEqual(
        [stored.hlc, stored.type, stored.payload, stored.ordinal],
        [old?.hlc, old?.type, old?.payload, old?.ordinal],
      );
    });
    let chain = chainZero(nodeCrypto, moved);
    for (const stored of tail) {
      assert.deepEqual(stored.chainBefore, chain);
      chain = nextChain(nodeCrypto, chain, stored);
      assert.deepEqual(stored.chain, chain);
    }
    const index = current.findStream(moved) ?? 0;
    assert.deepEqual(current.stream(index).chain, chain);
    assert.deepEqual(current.chainAt(index, 5), tail[4]?.chain);
    assert.deepEqual(
      current.readStream(index, 6, { events: 2, bytes: 1000 }).map((stored) => stored.chain),
      [tail[5]?.chain, tail[6]?.chain],
    );
    assert.equal(current.stream(index).isClosed, true);
    const id = current.findIdempotency(new Uint8Array(16).fill(25));
    assert.deepEqual([id?.stream, id?.seq], [moved, 5]);
    assert.equal(new Set(arrivals(current)).size, arrivals(current).length);
    return moved;
  };
  const moved = check(log, 20);
  assert.equal(arrivals(log).length, byArrival);
  // The other branch of the old stream comes back from a peer.
  const other = create(new MemoryStore());
  for (let i = 1; i <= 20; i++)
    pushNow(other, event(`event ${i}`, { type: i, idempotency: new Uint8Array(16).fill(i) }));
  const again = readAll(other, stream);
  assert.deepEqual(again[19]?.chain, before[19]?.chain, "the same past");
  pushNow(other, event("other 21"), event("other 22"));
  const branch = other.readStream(0, 21, { events: 2, bytes: 1000 });
  const outcome = log.receive(
    {
      stream,
      from: 21,
      events: branch,
      chainBefore8: branch[0]?.chainBefore.slice(0, 8) ?? new Uint8Array(0),
      chainAfter8: branch[1]?.chain.slice(0, 8) ?? new Uint8Array(0),
      receivedFrom: "hub",
      receivedMs: 1_000_000,
    },
    () => undefined,
  );
  assert.equal(outcome.kind, "stored");
  check(log, 22);
  assert.deepEqual(
    readAll(log, stream)
      .slice(20)
      .map((stored) => stored.payload),
    branch.map((stored) => stored.payload),
  );
  pushNow(log, event("fresh epoch"));
  const whole = digest(log);
  const clean = store.copy();
  assert.deepEqual(check(open(clean, { segmentBytes: 4000 }).log, 22), moved);
  assert.deepEqual([...digest(open(clean, { segmentBytes: 4000 }).log)].sort(), [...whole].sort());
  for (const name of ["checkpoint-a", "checkpoint-b"])
    if (clean.exists(name)) clean.flip(name, 100);
  assert.deepEqual([...digest(open(clean, { segmentBytes: 4000 }).log)].sort(), [...whole].sort());
  log.close();
  assert.deepEqual(check(open(store, { segmentBytes: 4000 }).log, 22), moved);
});

test("marks survive a restart, with and without a checkpoint", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 3);
  const fingerprint = new Uint8Array(32).fill(4);
  const foreign = { node: "clinic_b", epoch: 9, lane: "urgent" };
  const chain = new Uint8Array(16).fill(8);
  markNow(log, { kind: "bind", node: "clinic_b", epoch: 9, fingerprint });
  markNow(log, { kind: "lost", stream: foreign, from: 1, to: 5, chain });
  markNow(log, {
    kind: "floor",
    stream,
    floor: { seq: 2, chain: log.chainAt(0, 2) ?? chain, byOrigin: true },
  });
  markNow(log, { kind: "trustedTime", ms: 77 });
  markNow(log, { kind: "alarm", id: "x", code: "Z509", text: "a fork" });
  markNow(log, { kind: "alarm", id: "y", code: "Z509", text: "another" });
  markNow(log, { kind: "alarmAck", id: "x" });
  const check = (current: Log) => {
    assert.deepEqual(current.binding("clinic_b", 9), fingerprint);
    assert.equal(current.binding("clinic_b", 8), undefined);
    const lost = current.stream(current.findStream(foreign) ?? 0);
    assert.equal(lost.head, 5);
    assert.deepEqual(lost.lost, [{ from: 1, to: 5 }]);
    assert.deepEqual(lost.holes, []);
    assert.deepEqual(lost.chain, chain);
    assert.equal(current.stream(0).floor?.seq, 2);
    assert.equal(current.trustedTimeMs, 77);
    assert.deepEqual(
      current.alarms.map(({ id }) => id),
      ["y"],
    );
    assert.equal(current.recordCount, 1);
  };
  check(log);
  check(open(store.copy()).log);
  log.close();
  const second = open(store, { checkpointBytes: 4 }).log;
  check(second);
  pushNow(second, event("more"));
  assert.ok(store.list().includes("checkpoint-a"));
});

test("a new epoch may restart the clock, and it stays restarted", () => {
  const store = new MemoryStore();
  const log = create(store);
  log.push([event("2099")], 4_070_908_800_000, () => undefined);
  markNow(log, { kind: "newEpoch", reason: "Z518", restartHlcAtMs: 2_000_000 });
  assert.equal(log.lastHlc.ms, 2_000_000);
  const [fresh] = pushNow(log, event("now"));
  assert.ok((fresh?.hlc.ms ?? 0) < 3_000_000);
  assert.equal(fresh?.stream.epoch, log.ownEpoch);
  const again = open(store.copy()).log;
  assert.ok(again.lastHlc.ms < 3_000_000);
  assert.equal(again.ownEpoch, log.ownEpoch);
  assert.equal(
    streamName(pushNow(again, event("b"))[0]?.stream ?? stream),
    streamName(fresh?.stream ?? stream),
  );
});

test("a mark whose group fails takes its effect back", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 3);
  const bind = { kind: "bind", node: "clinic_c", epoch: 1 } as const;
  markNow(log, { ...bind, fingerprint: new Uint8Array(32).fill(1) });
  store.capacityBytes = store.usedBytes;
  const codes: (string | undefined)[] = [];
  const note = (error?: { code: string }) => codes.push(error?.code);
  log.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  log.mark({ kind: "bind", node: "clinic_b", epoch: 1, fingerprint: new Uint8Array(32) }, 1, note);
  log.mark({ ...bind, fingerprint: new Uint8Array(32).fill(2) }, 1, note);
  log.mark({ kind: "rehome", stream, from: 2 }, 1, note);
  const frozen = { peer: "hub", peerHead: 2, peerChain: new Uint8Array(8) };
  log.mark({ kind: "freeze", stream, ...frozen }, 1, note);
  assert.deepEqual(codes, ["Z204", "Z204", "Z204", "Z204", "Z204"]);
  assert.equal(log.stream(0).isFrozen, false);
  assert.equal(log.ownEpoch, epoch);
  assert.equal(log.binding("clinic_b", 1), undefined);
  assert.deepEqual(log.binding("clinic_c", 1), new Uint8Array(32).fill(1), "the one before holds");
  assert.equal(log.stream(0).head, 3);
  store.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal(pushNow(log, event("next"))[0]?.seq, 4);
  assert.equal(digest(open(store.copy()).log).size, 4);
});

test("a peer's floor takes nothing away that is held here: only what is missing is settled", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const index = log.findStream({ node: "clinic_a", epoch, lane: "" }) ?? 0;
  const chain = new Uint8Array(16).fill(9);
  markNow(log, { kind: "floor", stream, floor: { seq: 8, chain, byOrigin: true }, isPeers: true });
  const state = log.stream(index);
  assert.equal(state.floor, undefined);
  assert.equal(state.head, 8);
  assert.deepEqual(state.lost, [{ from: 6, to: 8 }]);
  assert.equal(log.recordCount, 5);
  assert.equal(log.readStream(index, 1, { events: 9, bytes: 9999 }).length, 5);
  assert.deepEqual(log.chainAt(index, 8), chain);
});

test("after an unclean stop a re-homed tail is not taken for missing, though an earlier close named its head", () => {
  const store = new MemoryStore();
  const first = create(store);
  pushMany(first, 24);
  first.close();
  const { log } = open(store);
  const stream = { node: "clinic_a", epoch, lane: "" };
  markNow(log, { kind: "newEpoch", reason: "Z509" });
  markNow(log, { kind: "rehome", stream, from: 21 });
  const before = digest(log);
  const { log: again, recovery } = open(store.kill());
  assert.deepEqual(recovery.reports, []);
  const index = again.findStream(stream);
  assert.ok(index !== undefined);
  assert.equal(again.streamHead(index), 20);
  assert.deepEqual(again.stream(index).holes, []);
  mapsEqual(digest(again), before);
});
