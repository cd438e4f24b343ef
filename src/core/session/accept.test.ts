/** How each thing that a peer sends is answered, item by item. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import type { Frame } from "../codec/frame-types.ts";
import { epochToText } from "../event.ts";
import { chainZero } from "../log/chain.ts";
import { restoredAlarmId } from "../log/restored.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import {
  codesOf,
  createNode,
  damage,
  digestOf,
  fingerprintOf,
  pushMany,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const own = { node: "clinic_a", epoch: 5, lane: "" };
const named: Frame = { type: "stream", id: own };
const chain16 = new Uint8Array(16).fill(3);

function refusals(peer: RawPeer): readonly unknown[] {
  return peer.framesOf("refused").map(({ reason, seq, head, code }) => [reason, seq, head, code]);
}

function acks(peer: RawPeer): readonly unknown[] {
  return peer.framesOf("ack").flatMap(({ entries }) => entries);
}

function ranges(...spans: readonly (readonly [number, number])[]): readonly Frame[] {
  return spans.map(([from, count]) => forgeRange(own, { number: 0, from, count }));
}

function lost(from: number, to: number): Frame {
  return { type: "lost", stream: 0, from, to, chain: chain16 };
}

const peerOf = (hub: TestNode = createNode("hub", "hub")): RawPeer => new RawPeer(hub, "clinic_a");

describe("events that a peer sends", () => {
  test("are counted and acknowledged once durable; those held before are acknowledged and not counted", () => {
    const hub = createNode("hub", "hub");
    const first = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 3]));
    assert.deepEqual(acks(first), [{ stream: 0, seq: 3 }]);
    assert.equal(first.session.summary().eventsReceived, 3);
    const again = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 3]));
    assert.deepEqual([acks(again), refusals(again)], [[{ stream: 0, seq: 3 }], []]);
    assert.equal(again.session.summary().eventsReceived, 0);
    assert.equal(digestOf(hub).length, 3);
    const longer = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 5]));
    assert.deepEqual(acks(longer), [{ stream: 0, seq: 5 }]);
    assert.equal(longer.session.summary().eventsReceived, 2);
    assert.equal(digestOf(hub).length, 5);
  });

  test("behind a gap are answered with the head that is held", () => {
    const peer = peerOf()
      .hello()
      .send(named, ...ranges([1, 3], [7, 2]));
    assert.deepEqual(refusals(peer), [["gap", 8, 3, 0]]);
    assert.deepEqual(acks(peer), [{ stream: 0, seq: 3 }]);
    assert.deepEqual([peer.isClosed, codesOf(peer.reports)], [false, []]);
  });

  test("that fork the author's own stream are answered with the chains that are held", () => {
    const peer = peerOf()
      .hello()
      .send(named, ...ranges([1, 3]));
    const other = forgeRange(own, { number: 0, from: 1, count: 4, atMs: startMs - 5 });
    peer.send(other);
    assert.deepEqual(refusals(peer), [["fork", 4, 3, 0]]);
    assert.deepEqual(
      peer
        .framesOf("chains")
        .map(({ id, head, points }) => [id, head, points.map(({ seq }) => seq)]),
      [[own, 3, [3, 2, 1]]],
    );
    assert.equal(peer.isClosed, false);
  });

  test("that fork a stream whose author is at neither end freeze it; what comes then is refused with the reason", () => {
    const hub = createNode("hub", "hub");
    peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 3]));
    const peer = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
    const relay = new RawPeer(hub, "hub2", { peer }).hello();
    relay.send(named, forgeRange(own, { number: 0, from: 1, count: 4, atMs: startMs - 5 }));
    assert.deepEqual(refusals(relay), [["fork", 4, 3, 0]]);
    assert.deepEqual(codesOf(relay.reports), ["Z509"]);
    assert.deepEqual([relay.reports[0]?.context.theirs, relay.reports[0]?.context.ours], [4, 3]);
    assert.equal(relay.framesOf("chains").length, 0);
    const before = hub.log.chainAt(0, 3) ?? assert.fail("a chain");
    const next = forgeRange(own, { number: 0, from: 4, count: 1, before, atMs: startMs + 100 });
    relay.send(next, next);
    const [, ...later] = refusals(relay);
    assert.deepEqual(later.length, 2);
    for (const [reason, seq, , code] of later as unknown[][]) {
      assert.deepEqual([reason, seq], ["stream", 4]);
      assert.ok(Number(code) > 0);
    }
    assert.equal(codesOf(relay.reports).length, 2, "the reason is reported once");
  });

  test("that fork what is given back to a restored hub make it look where the two part", () => {
    const hub = createNode("hub", "hub");
    pushMany(hub, 3, { lane: "to/clinic_a" });
    const { id } = hub.log.stream(0);
    const alarm = restoredAlarmId(epochToText(id.epoch));
    hub.log.mark({ kind: "alarm", id: alarm, code: "Z227", text: "restored" }, 0, () => {});
    settle(hub);
    const chain = hub.log.chainAt(0, 3)?.slice(0, 8) ?? assert.fail("a chain");
    const peer = peerOf(hub).holding([{ id, head: 3, chain, holes: [] }]);
    peer.send(forgeRange(id, { number: 0, from: 2, count: 3, atMs: startMs - 5 }));
    assert.deepEqual(refusals(peer), [["fork", 4, 3, 0]]);
    assert.deepEqual(peer.framesOf("chainsQuery"), [{ type: "chainsQuery", id, low: 0, high: 0 }]);
    assert.equal(digestOf(hub).length, 3);
  });

  test("that lie in the future are reported once, when it is beyond the drift that is allowed", () => {
    const maxClockDriftMs = 60_000;
    const at = (aheadMs: number): RawPeer =>
      new RawPeer(createNode("hub", "hub"), "clinic_a", { maxClockDriftMs })
        .hello()
        .send(named, forgeRange(own, { number: 0, from: 1, count: 1, atMs: startMs + aheadMs }));
    assert.deepEqual(codesOf(at(maxClockDriftMs).reports), []);
    const peer = at(maxClockDriftMs + 1);
    const { code, context } = peer.reports[0] ?? assert.fail("a report");
    assert.deepEqual([code, context.peer, context.aheadMs], ["Z519", "clinic_a", 60_001]);
    const lab = { ...own, lane: "lab" };
    const later = forgeRange(lab, { number: 1, from: 1, count: 1, atMs: startMs + 90_000 });
    peer.send({ type: "stream", id: lab }, later);
    assert.deepEqual([codesOf(peer.reports), acks(peer).length], [["Z519"], 2]);
    const day = 86_400_000;
    const byDefault = (aheadMs: number): readonly string[] =>
      codesOf(
        peerOf()
          .hello()
          .send(named, forgeRange(own, { number: 0, from: 1, count: 1, atMs: startMs + aheadMs }))
          .reports,
      );
    assert.deepEqual([byDefault(day), byDefault(day + 1)], [[], ["Z519"]]);
  });

  test("bind the author's epoch to its key, once", () => {
    const hub = createNode("hub", "hub");
    const other = { ...own, epoch: 6 };
    const peer = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 1]));
    peer.send({ type: "stream", id: other }, forgeRange(other, { number: 1, from: 1, count: 1 }));
    for (const epoch of [5, 6])
      assert.deepEqual(hub.log.binding("clinic_a", epoch), fingerprintOf("clinic_a"));
    assert.equal(hub.log.binding("clinic_a", 7), undefined);
  });

  test("of other authors, which a hub passes on, bind no key", () => {
    const hub = createNode("hub", "hub");
    const peer = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
    new RawPeer(hub, "hub2", { peer }).hello().send(named, ...ranges([1, 1]));
    assert.equal(digestOf(hub).length, 1);
    assert.equal(hub.log.binding("clinic_a", 5), undefined);
  });

  test("whose clock is the hub's move a clinic's clock, and no others do", () => {
    const far = startMs + 30 * 86_400_000;
    const clockAfter = (id: string, role: "hub" | "clinic", peerId: string): number => {
      const node = createNode(id, role);
      const peer = { nodeId: peerId, role: "hub", keyFingerprint: fingerprintOf(peerId) } as const;
      const stream = { node: peerId, epoch: 9, lane: "to/clinic_a" };
      new RawPeer(node, peerId, { peer })
        .hello()
        .send(
          { type: "stream", id: stream },
          forgeRange(stream, { number: 0, from: 1, count: 1, atMs: far }),
        );
      assert.equal(digestOf(node).length, 1);
      return node.log.lastHlc.ms;
    };
    assert.ok(clockAfter("clinic_a", "clinic", "hub") >= far);
    assert.ok(clockAfter("hub2", "hub", "hub") < far);
  });
});

describe("a block", () => {
  const range = forgeRange(own, { number: 0, from: 1, count: 2 }) as Extract<
    Frame,
    { type: "range" }
  >;

  test("that cannot be unpacked, or holds no rows, ends the session", () => {
    const packed = peerOf()
      .hello()
      .send(named, { ...range, codec: 1 });
    assert.deepEqual(
      [packed.closedBy?.code, packed.closedBy?.context.problem],
      ["Z501", "a block that cannot be decompressed"],
    );
    const block = range.block.subarray(0, range.block.length - 1);
    const cut = peerOf()
      .hello()
      .send(named, { ...range, block, rawBytes: block.length });
    assert.equal(cut.closedBy?.code, "Z523");
    assert.deepEqual(cut.closedBy?.context.peer, "clinic_a");
  });

  test("of a refused stream keeps its place in the window: what leans on it can be unpacked", () => {
    const hub = createNode("hub", "hub");
    const b = { ...own, node: "clinic_b" };
    const peer = peerOf(hub).hello();
    peer.send({ type: "stream", id: b }, { ...range }, named, { ...range, stream: 1 });
    assert.deepEqual(refusals(peer), [["stream", 2, 0, 511]]);
    assert.deepEqual(acks(peer), [{ stream: 1, seq: 2 }]);
  });
});

describe("a loss that a peer declares", () => {
  test("is kept, said and acknowledged, and the stream goes on behind it", () => {
    const hub = createNode("hub", "hub");
    const peer = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 3]), lost(4, 6));
    assert.deepEqual(acks(peer).at(-1), { stream: 0, seq: 6 });
    assert.deepEqual(codesOf(peer.reports), ["Z516"]);
    const { from, to, node, lane } = peer.reports[0]?.context ?? {};
    assert.deepEqual([from, to, node, lane], [4, 6, "clinic_a", ""]);
    assert.deepEqual(
      hub.log.alarms.map(({ id, code }) => [id, code]),
      [["lost clinic_a 5  4", "Z516"]],
    );
    const atMs = startMs + 100;
    peer.send(forgeRange(own, { number: 0, from: 7, count: 2, before: chain16, atMs }));
    assert.deepEqual(acks(peer).at(-1), { stream: 0, seq: 8 });
    assert.deepEqual(hub.log.stream(0).lost, [{ from: 4, to: 6 }]);
  });

  test("that is known, or of what is held, is acknowledged and not said again", () => {
    const hub = createNode("hub", "hub");
    peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 3]), lost(4, 6));
    const again = peerOf(hub).hello().send(named, lost(4, 6), lost(2, 3));
    assert.deepEqual(acks(again), [
      { stream: 0, seq: 6 },
      { stream: 0, seq: 3 },
    ]);
    assert.deepEqual([codesOf(again.reports), refusals(again)], [[], []]);
    assert.deepEqual(hub.log.stream(0).lost, [{ from: 4, to: 6 }]);
  });

  test("begins at most where the stream goes on, counting what is on its way to the disk", () => {
    assert.deepEqual(refusals(peerOf().hello().send(named, lost(2, 3))), [["gap", 3, 0, 0]]);
    const peer = peerOf()
      .hello()
      .send(named, ...ranges([1, 3]), lost(5, 6), lost(4, 4));
    assert.deepEqual(refusals(peer), [["gap", 6, 3, 0]]);
    assert.deepEqual(acks(peer).at(-1), { stream: 0, seq: 4 });
  });

  test("may lie in a hole: nobody else has it", () => {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushMany(a, 6);
    sync(a, hub);
    const { id } = a.log.stream(0);
    damage(hub, id, 3, 3);
    const chain = a.log.chainAt(0, 3) ?? assert.fail("a chain");
    const peer = peerOf(hub).hello();
    peer.send({ type: "stream", id }, { type: "lost", stream: 0, from: 3, to: 3, chain });
    assert.deepEqual(codesOf(peer.reports), ["Z516"]);
    assert.deepEqual(hub.log.stream(hub.log.findStream(id) ?? -1).lost, [{ from: 3, to: 3 }]);
  });

  test("of a stream that may not be delivered is refused", () => {
    const b: Frame = { type: "stream", id: { ...own, node: "clinic_b" } };
    assert.deepEqual(refusals(peerOf().hello().send(b, lost(1, 2))), [["stream", 2, 0, 511]]);
    const floor: Frame = { type: "floor", stream: 0, seq: 4, chain: chain16, byOrigin: true };
    assert.deepEqual(refusals(peerOf().hello().send(b, floor)), [["stream", 4, 0, 511]]);
  });
});

describe("a floor that a peer tells", () => {
  const floor = (seq: number): Frame => ({
    type: "floor",
    stream: 0,
    seq,
    chain: chain16,
    byOrigin: true,
  });

  test("is where the stream begins here", () => {
    const hub = createNode("hub", "hub");
    const peer = peerOf(hub).hello().send(named, floor(10));
    peer.send(forgeRange(own, { number: 0, from: 11, count: 2, before: chain16 }));
    assert.deepEqual(acks(peer), [
      { stream: 0, seq: 10 },
      { stream: 0, seq: 12 },
    ]);
    assert.deepEqual([hub.log.stream(0).floor?.seq, hub.log.stream(0).head], [10, 12]);
  });

  test("is acknowledged and changes nothing when everything below it is held", () => {
    const hub = createNode("hub", "hub");
    const peer = peerOf(hub)
      .hello()
      .send(named, ...ranges([1, 5]), floor(5));
    assert.deepEqual(acks(peer).at(-1), { stream: 0, seq: 5 });
    assert.deepEqual([hub.log.stream(0).floor, digestOf(hub).length], [undefined, 5]);
  });

  test("settles a hole below it", () => {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushMany(a, 6);
    sync(a, hub);
    const { id } = a.log.stream(0);
    damage(hub, id, 3, 3);
    const chain = a.log.chainAt(0, 4) ?? assert.fail("a chain");
    peerOf(hub)
      .hello()
      .send({ type: "stream", id }, { type: "floor", stream: 0, seq: 4, chain, byOrigin: true });
    settle(hub);
    assert.deepEqual(hub.log.stream(hub.log.findStream(id) ?? -1).holes, []);
  });
});

test("a piece of an event that may not be delivered is refused, and no log sees it", () => {
  const hub = createNode("hub", "hub");
  const payload = new Uint8Array(100).fill(7);
  const fragment: Frame = {
    type: "fragment",
    stream: 0,
    seq: 1,
    hlc: { ms: startMs, counter: 0 },
    eventType: 1,
    known: Uint8Array.of(0),
    totalBytes: 9000,
    offset: 0,
    chainBefore8: new Uint8Array(8),
    chainAfter8: new Uint8Array(8),
    codec: 0,
    rawBytes: payload.length,
    block: payload,
  };
  const peer = peerOf(hub).hello();
  peer.send({ type: "stream", id: { ...own, node: "clinic_b" } }, fragment);
  assert.deepEqual([refusals(peer), acks(peer)], [[["stream", 1, 0, 511]], []]);
  assert.equal(hub.log.streamCount, 0);
});

test("a chain before the first event is the stream's own", () => {
  const other = chainZero(nodeCrypto, { ...own, lane: "other" });
  const peer = peerOf().hello();
  peer.send(named, forgeRange(own, { number: 0, from: 1, count: 1, before: other }));
  assert.deepEqual([acks(peer), peer.session.summary().eventsReceived], [[], 0]);
});
