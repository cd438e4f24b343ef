/** Which events a sender leans on: such as the peer has confirmed, and can read back whole. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { primeEventsMax } from "../codec/wire-limits.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { SessionOptions } from "./api.ts";
import { historyEventsMin } from "./history.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import {
  createNode,
  damage,
  fingerprintOf,
  pushMany,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const hub = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;

function clinicOf(count: number): TestNode {
  const a = createNode("clinic_a", "clinic");
  pushMany(a, count);
  return a;
}

function lineAt(
  a: TestNode,
  head: number,
  rest: Partial<VectorEntry> = {},
  index = 0,
): VectorEntry {
  const chain = a.log.chainAt(index, head)?.slice(0, 8) ?? new Uint8Array(8);
  return { id: a.log.stream(index).id, head, chain, holes: [], ...rest };
}

/** The span that the rows to a peer which holds this lean on: its lane, first and last. */
function leansOn(
  a: TestNode,
  entries: readonly VectorEntry[],
  options: Partial<SessionOptions> = {},
): readonly unknown[] | undefined {
  const peer = new RawPeer(a, "hub", { peer: hub, ...options }).holding(entries);
  assert.ok(peer.framesOf("range").length > 0, "there is something to send");
  const [prime, ...more] = peer.framesOf("prime");
  assert.deepEqual(more, []);
  if (prime === undefined) return undefined;
  const index = a.log.findStream(prime.id) ?? -1;
  assert.deepEqual(prime.chain8, a.log.chainAt(index, prime.to)?.slice(0, 8));
  return [prime.id.lane, prime.from, prime.to];
}

describe("what is sent leans on", () => {
  test("the newest that the peer holds, up to a number of events", () => {
    const a = clinicOf(primeEventsMax + 50);
    for (const head of [historyEventsMin, 30, primeEventsMax])
      assert.deepEqual(leansOn(a, [lineAt(a, head)]), ["", 1, head]);
    const head = primeEventsMax + 20;
    assert.deepEqual(leansOn(a, [lineAt(a, head)]), ["", 21, head]);
  });

  test("nothing where the peer holds too little, or another chain", () => {
    const a = clinicOf(30);
    assert.equal(leansOn(a, []), undefined);
    assert.equal(leansOn(a, [lineAt(a, historyEventsMin - 1)]), undefined);
  });

  test("the stream of which most is held", () => {
    const a = clinicOf(10);
    pushMany(a, 40, { lane: "lab" });
    pushMany(a, 20, { lane: "ward" });
    const entries = [lineAt(a, 8), lineAt(a, 30, {}, 1), lineAt(a, 20, {}, 2)];
    assert.deepEqual(leansOn(a, entries), ["lab", 1, 30]);
  });

  test("what lies above holes and losses of either, and above either's floor", () => {
    const a = clinicOf(60);
    const at = (rest: Partial<VectorEntry>): unknown => leansOn(a, [lineAt(a, 50, rest)]);
    assert.deepEqual(at({ holes: [{ from: 10, to: 12 }] }), ["", 13, 50]);
    assert.deepEqual(at({ lost: [{ from: 20, to: 20 }] }), ["", 21, 50]);
    const chain = a.log.chainAt(0, 30) ?? assert.fail("a chain");
    const floor = { seq: 30, chain, byOrigin: false };
    assert.deepEqual(at({ floor }), ["", 31, 50]);
    assert.deepEqual(at({ floor, holes: [{ from: 40, to: 44 }] }), ["", 45, 50]);
    assert.equal(at({ holes: [{ from: 47, to: 47 }] }), undefined, "three are too few");
    damage(a, a.log.stream(0).id, 33, 34);
    assert.deepEqual(at({}), ["", 35, 50]);
    // Damage above what the peer holds is no matter.
    damage(a, a.log.stream(0).id, 55, 55);
    assert.deepEqual(at({}), ["", 35, 50]);
    const mine = { kind: "floor", stream: a.log.stream(0).id } as const;
    const seq = 40;
    const chainHere = a.log.chainAt(0, seq) ?? assert.fail("a chain");
    a.log.mark({ ...mine, floor: { seq, chain: chainHere, byOrigin: true } }, 0, () => {});
    settle(a);
    assert.deepEqual(at({}), ["", 41, 50]);
  });

  test("whole events behind the last large one", () => {
    const a = clinicOf(20);
    const payload = new Uint8Array(20_000).map((_, i) => i * 31);
    a.log.push([{ lane: "", type: 1, payload }], startMs, () => {});
    pushMany(a, 20);
    assert.deepEqual(leansOn(a, [lineAt(a, 30)]), ["", 22, 30]);
  });

  test("no more bytes than a window takes", () => {
    const a = createNode("clinic_a", "clinic");
    for (let i = 0; i < 30; i++)
      a.log.push([{ lane: "", type: 1, payload: new Uint8Array(8000).fill(i) }], startMs, () => {});
    settle(a);
    // 64 KiB hold eight of them with what a row takes besides.
    assert.deepEqual(leansOn(a, [lineAt(a, 25)]), ["", 18, 25]);
  });

  test("nothing of what the peer may not read", () => {
    const h = createNode("hub", "hub");
    const b = createNode("clinic_b", "clinic", 77);
    pushMany(b, 50);
    sync(b, h);
    pushMany(h, 10, { lane: "to/clinic_a" });
    const index =
      h.log.findStream({ node: "hub", epoch: h.log.ownEpoch, lane: "to/clinic_a" }) ?? 0;
    const foreign = h.log.findStream(b.log.stream(0).id) ?? -1;
    const peer = new RawPeer(h, "clinic_a").holding([
      lineAt(h, 6, {}, index),
      lineAt(h, 50, {}, foreign),
    ]);
    const [prime] = peer.framesOf("prime");
    assert.deepEqual([prime?.id.node, prime?.from, prime?.to], ["hub", 1, 6]);
  });
});

test("batches lean on the stream that follows once much of it is held, else on the largest", () => {
  const leaning = (head: number): number | undefined => {
    const a = clinicOf(400);
    pushMany(a, head + 5, { lane: "lab" });
    const entries = [lineAt(a, 400), lineAt(a, head, {}, 1)];
    const peer = new RawPeer(a, "hub", { peer: hub }).holding(entries, { codecs: 63 });
    const [batch] = peer.framesOf("batch");
    assert.ok(batch !== undefined && peer.framesOf("stream").length <= 1);
    return batch.history;
  };
  // Told by the batch itself when it is of its stream, by HISTORY before it when of another.
  assert.equal(leaning(100), 96);
  assert.equal(leaning(99), undefined);
});
