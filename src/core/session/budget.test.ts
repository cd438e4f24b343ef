/** What a session may cost: its own limit, the peer's, and what is kept for both to end with. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { Frame } from "../codec/frame-types.ts";
import type { SessionOptions } from "./api.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, fingerprintOf, settle, startMs, type TestNode } from "./session.test-kit.ts";

const hub = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;

function clinicOf(count: number): TestNode {
  const a = createNode("clinic_a", "clinic");
  push(a, count);
  return a;
}

const random = createSeededRandom(41);

/** Events that no codec makes smaller. */
function push(a: TestNode, count: number): void {
  for (let i = 0; i < count; i++)
    a.log.push([{ lane: "", type: 1, payload: random.bytes(150) }], startMs - 1000, () => {});
  settle(a);
}

const meet = (a: TestNode, options: Partial<SessionOptions>): RawPeer =>
  new RawPeer(a, "hub", { peer: hub, ...options });

const allowed = (peer: RawPeer): number | undefined => peer.framesOf("hello")[0]?.receiveBytesMax;
const eventsOf = (peer: RawPeer): number =>
  peer.framesOf("range").reduce((sum, { count }) => sum + count, 0);
const partial = (peer: RawPeer): readonly boolean[] =>
  peer.framesOf("done").map(({ isPartial }) => isPartial);

describe("a session with a limit of bytes", () => {
  test("lets the peer send half of what is left, and one without says nothing of it", () => {
    const a = clinicOf(1);
    assert.equal(allowed(meet(a, {}).hello()), undefined);
    const hello = meet(a, { bytesMax: 10_001 }).hello();
    const heard = allowed(hello) ?? 0;
    assert.ok(heard > 4900 && heard <= 5000 && Number.isInteger(heard), `${heard}`);
    assert.equal(allowed(meet(a, { bytesMax: 10 }).hello()), 0);
  });

  test("sends what fits, says that something is kept back, and ends when that is answered", () => {
    const a = clinicOf(400);
    const done: Frame = { type: "done", isPartial: false };
    const peer = meet(a, { bytesMax: 4000 }).holding([]).send(done);
    const sent = eventsOf(peer);
    assert.ok(sent > 5 && sent < 400, `${sent}`);
    assert.deepEqual([partial(peer), peer.isClosed], [[true], false]);
    assert.ok(peer.outBytes < 4000, `${peer.outBytes}`);
    peer.ackAll();
    const { eventsConfirmed, remaining, isComplete } = peer.session.summary();
    assert.deepEqual([eventsConfirmed, remaining, isComplete], [sent, 400 - sent, false]);
    peer.send({ type: "bye", reason: "budget", heldOrdinal: 0 });
    assert.equal(peer.session.summary().endedBy, "budget");
    assert.deepEqual(
      peer.framesOf("bye").map(({ reason }) => reason),
      ["budget"],
    );
  });

  test("sends one batch however small the limit is", () => {
    const a = clinicOf(400);
    const peer = meet(a, { bytesMax: 1 }).holding([]).ackAll();
    assert.equal(peer.framesOf("range").length, 1);
    assert.ok(eventsOf(peer) < 20, `${eventsOf(peer)}`);
    assert.deepEqual(partial(peer), [true]);
  });

  test("counts what the wire took where the host says more than the frames", () => {
    const sentWith = (wireBytes: number): number => {
      const a = clinicOf(400);
      const peer = meet(a, { bytesMax: 8000 });
      const sentBytes = wireBytes * 0.4;
      const receivedBytes = wireBytes - sentBytes;
      peer.session.handle({ kind: "wire", sentBytes, receivedBytes }, startMs);
      return eventsOf(peer.holding([]).send({ type: "done", isPartial: false }));
    };
    assert.ok(sentWith(5000) < sentWith(0), "what went before leaves less");
    assert.equal(sentWith(0), sentWith(100), "of frames and wire the larger counts");
  });

  test("keeps what it promised the peer, until the peer is done", () => {
    const a = clinicOf(400);
    const peer = meet(a, { bytesMax: 8000 }).holding([]);
    const before = eventsOf(peer);
    assert.deepEqual(partial(peer), [], "what the peer leaves may still be ours");
    peer.send({ type: "done", isPartial: false }).ackAll();
    assert.ok(eventsOf(peer) > before, `${before}, then ${eventsOf(peer)}`);
    assert.deepEqual(partial(peer), [true]);
  });

  test("takes what the peer sends beyond it, and then sends no more itself", () => {
    const a = clinicOf(2);
    const peer = meet(a, { bytesMax: 2000 }).holding([]).ackAll();
    const id = { node: "hub", epoch: 5, lane: "to/clinic_a" };
    const range = forgeRange(id, { number: 0, from: 1, count: 60 });
    peer.send({ type: "stream", id }, range);
    peer.session.handle({ kind: "wire", sentBytes: 1500, receivedBytes: 1500 }, startMs);
    push(a, 3);
    peer.news();
    assert.deepEqual([eventsOf(peer), peer.session.summary().remaining], [2, 3]);
    assert.deepEqual(
      peer.framesOf("ack").flatMap(({ entries }) => entries),
      [{ stream: 0, seq: 60 }],
    );
  });
});

describe("a peer's limit", () => {
  test("bounds the data that goes, whatever our own is", () => {
    const sentWith = (receiveBytesMax: number | undefined): RawPeer =>
      meet(clinicOf(400), {}).holding([], receiveBytesMax === undefined ? {} : { receiveBytesMax });
    const all = eventsOf(sentWith(undefined));
    const some = sentWith(3000);
    assert.ok(eventsOf(some) < all && eventsOf(some) > 2, `${eventsOf(some)} of ${all}`);
    const bytes = some.framesOf("range").reduce((sum, { block }) => sum + block.length, 0);
    assert.ok(bytes < 3000, `${bytes}`);
    assert.deepEqual(partial(some), [true]);
    assert.equal(sentWith(0).framesOf("range").length, 1);
  });
});
