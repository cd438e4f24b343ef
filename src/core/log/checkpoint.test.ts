/** A checkpoint holds all that a log knows: what it tells outlives the segment in which it was recorded. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { ByteReader } from "../bytes.ts";
import type { StreamId } from "../event.ts";
import type { Log } from "./api.ts";
import { chainZero } from "./chain.ts";
import { readCheckpointPlace, restoreCheckpoint } from "./checkpoint.ts";
import { LogCore } from "./core.ts";
import { fileHeaderBytes } from "./format.ts";
import { create, epoch, event, markNow, open, pushMany, pushNow } from "./log.test-kit.ts";

const own: StreamId = { node: "clinic_a", epoch, lane: "" };
const foreign: StreamId = { node: "clinic_b", epoch: 9, lane: "urgent" };
const forked: StreamId = { node: "clinic_c", epoch: 1, lane: "" };
const partial: StreamId = { node: "clinic_d", epoch: 2, lane: "" };
const chain = new Uint8Array(16).fill(8);
const fingerprint = new Uint8Array(32).fill(4);
const sizes = { segmentBytes: 4000, checkpointBytes: 4 };

/** Every kind of fact, in the first segment; then two more segments of events. */
function fill(log: Log): void {
  pushMany(log, 9);
  markNow(log, { kind: "bind", node: "clinic_b", epoch: 9, fingerprint });
  markNow(log, { kind: "lost", stream: foreign, from: 3, to: 5, chain });
  const floor = { seq: 4, chain: log.chainAt(0, 4) ?? chain, byOrigin: true };
  markNow(log, { kind: "floor", stream: own, floor });
  markNow(log, { kind: "floor", stream: forked, floor: { seq: 3, chain, byOrigin: false } });
  const peerChain = chain.subarray(0, 8);
  markNow(log, { kind: "freeze", stream: forked, peer: "hub", peerHead: 7, peerChain });
  markNow(log, { kind: "trustedTime", ms: 77 });
  markNow(log, { kind: "alarm", id: "x", code: "Z509", text: "a fork" });
  markNow(log, { kind: "alarm", id: "y", code: "Z213", text: "a range of a card" });
  for (const offset of [0, 10_000]) {
    log.receiveFragment(
      {
        stream: partial,
        seq: 1,
        hlc: { ms: 5, counter: 6 },
        type: 7,
        known: Uint8Array.of(0),
        totalBytes: 30_000,
        offset,
        bytes: new Uint8Array(offset === 0 ? 10_000 : 500).fill(offset & 0xff),
        chainBefore8: chainZero(nodeCrypto, partial).slice(0, 8),
        chainAfter8: chain.subarray(0, 8),
        receivedFrom: "clinic_d",
        receivedMs: 1_000_000,
      },
      (error) => assert.equal(error, undefined),
    );
  }
  pushMany(log, 120, 10);
}

/** What the log says of itself, but for the events that lie in its first segment. */
function facts(log: Log): unknown {
  const streams = [own, foreign, forked, partial].map((id) => {
    const index = log.findStream(id);
    assert.ok(index !== undefined, `${id.node} is known`);
    const state = log.stream(index);
    return index === 0 ? { ...state, holes: [], changeOrdinal: 0 } : state;
  });
  return {
    streams,
    count: log.streamCount,
    alarms: log.alarms.filter(({ id }) => id === "x" || id === "y"),
    binding: log.binding("clinic_b", 9),
    trustedTimeMs: log.trustedTimeMs,
    ownEpoch: log.ownEpoch,
    lastOrdinal: log.lastOrdinal,
    lastHlc: log.lastHlc,
  };
}

function segmentsOf(store: MemoryStore): readonly string[] {
  return store.list().filter((name) => name.endsWith(".seg"));
}

describe("a checkpoint", () => {
  test("knows every fact of a segment that is gone", () => {
    const store = new MemoryStore();
    const log = create(store, sizes);
    fill(log);
    const before = facts(log);
    log.close();
    assert.ok(segmentsOf(store).length > 2, "it has rolled");
    const disk = store.copy();
    disk.remove("00000001.seg");
    disk.remove("00000001.idx");
    for (const readOnly of [true, false]) {
      const { log: found } = open(disk, { ...sizes, readOnly });
      assert.deepEqual(facts(found), before);
      assert.deepEqual(found.readStream(0, 5, { events: 1, bytes: 1 }), [], "its events are gone");
    }
  });

  test("and the replay of all segments tell the same, also after a kill and after going on", () => {
    const store = new MemoryStore();
    const log = create(store, sizes);
    fill(log);
    const whole = (each: Log) => ({
      facts: facts(each),
      streams: Array.from({ length: each.streamCount }, (_, i) => each.stream(i)),
      changeOrdinal: each.changeOrdinal,
      recordCount: each.recordCount,
      damages: each.damages,
    });
    const before = whole(log);
    assert.deepEqual(whole(open(store.copy(), sizes).log), before);
    log.close();
    const replayed = store.copy();
    for (const name of ["checkpoint-a", "checkpoint-b"]) {
      if (replayed.exists(name)) replayed.remove(name);
    }
    assert.deepEqual(whole(open(replayed, sizes).log), before);
    const again = open(store.copy(), sizes).log;
    assert.deepEqual(whole(again), before);
    assert.equal(pushNow(again, event("next"))[0]?.seq, 130);
    again.close();
  });

  /** The newest checkpoint of a plaintext log that has every kind of fact, without header and CRC. */
  function bodyOfAll(): Uint8Array {
    const store = new MemoryStore();
    const log = create(store, { ...sizes, dataKey: undefined });
    fill(log);
    const bytes = Buffer.from(store.dump().get("00000001.seg") ?? []);
    store.flip("00000001.seg", bytes.indexOf("event 7") + 1);
    assert.equal(log.readStream(0, 5, { events: 9, bytes: 1000 }).length, 2);
    markNow(log, { kind: "newEpoch", reason: "Z507" });
    markNow(log, { kind: "rehome", stream: own, from: 20 });
    log.setJudge(() => "it is held back");
    const other = create(new MemoryStore(), { nodeId: "clinic_e", dataKey: undefined });
    pushMany(other, 3);
    const events = other.readStream(0, 1, { events: 3, bytes: 1000 });
    const [first, , last] = events;
    assert.ok(first !== undefined && last !== undefined);
    log.receive(
      {
        stream: first.stream,
        from: 1,
        events,
        chainBefore8: first.chainBefore.slice(0, 8),
        chainAfter8: last.chain.slice(0, 8),
        receivedFrom: "clinic_e",
        receivedMs: 1_000_000,
      },
      (error) => assert.equal(error, undefined),
    );
    markNow(log, { kind: "release", stream: first.stream, seq: 2 });
    log.close();
    const files = ["checkpoint-a", "checkpoint-b"].map((name) => store.dump().get(name));
    const bodies = files.map((file) => file?.slice(fileHeaderBytes, -4) ?? new Uint8Array(0));
    const newest = bodies.sort((a, b) => new ByteReader(b).varint() - new ByteReader(a).varint());
    return newest[0] ?? new Uint8Array(0);
  }

  function restores(body: Uint8Array): boolean {
    const place = readCheckpointPlace(body);
    if (place === undefined) return false;
    const core = new LogCore({
      store: new MemoryStore(),
      crypto: nodeCrypto,
      nodeId: "clinic_a",
      logId: new Uint8Array(16),
      dataKey: undefined,
      segmentBytes: 4000,
      checkpointBytes: 4,
      buildTimeMs: 0,
      wallMs: 1_000_000,
    });
    return restoreCheckpoint(core, place);
  }

  test("that ends anywhere before its end, or goes on behind it, is none", () => {
    const body = bodyOfAll();
    assert.ok(body.length > 500, `${body.length} bytes`);
    assert.equal(restores(body), true);
    // Where nothing was ever held back it may end before what tells that.
    const ends = Array.from({ length: body.length }, (_, end) => end).filter((end) =>
      restores(body.subarray(0, end)),
    );
    assert.ok(ends.length <= 1, `it is believed when it ends at ${ends.join(" ")}`);
    assert.equal(restores(Uint8Array.of(...body, 0)), false);
  });

  test("that counts more than it holds ends the reading, and nothing hangs", () => {
    const body = bodyOfAll();
    const wild = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 15);
    let refused = 0;
    for (let at = 0; at < body.length; at++) {
      const changed = body.slice();
      changed.set(wild.subarray(0, body.length - at), at);
      if (!restores(changed)) refused++;
    }
    assert.ok(refused > body.length / 2, `${refused} of ${body.length}`);
  });

  test("of a log in which a range rotted knows the range, its holes and where they were", () => {
    const store = new MemoryStore();
    const log = create(store, { ...sizes, dataKey: undefined });
    pushMany(log, 9);
    const bytes = Buffer.from(store.dump().get("00000001.seg") ?? []);
    store.flip("00000001.seg", bytes.indexOf("event 5") + 1);
    assert.equal(log.readStream(0, 1, { events: 9, bytes: 1000 }).length, 4);
    pushMany(log, 120, 10);
    const { damages } = log;
    assert.deepEqual(damages[0]?.missing, [{ stream: own, range: { from: 5, to: 5 } }]);
    log.close();
    const disk = store.copy();
    const again = open(disk, { ...sizes, dataKey: undefined }).log;
    assert.deepEqual(again.damages, damages);
    assert.deepEqual(again.stream(0).holes, [{ from: 5, to: 5 }]);
    assert.equal(again.readStream(0, 6, { events: 200, bytes: 1 << 20 }).length, 124);
    disk.remove("00000001.seg");
    const without = open(disk.copy(), { ...sizes, dataKey: undefined }).log;
    assert.ok(without.damages.some((damage) => damage.fromOffset === damages[0]?.fromOffset));
  });
});
