/** What is known of a peer once it has answered: that alone is planned against, and kept for the next session. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codecRaw, codecsSmall, codecZstd } from "../codec/codecs.ts";
import type { AckEntry, Frame } from "../codec/frame-types.ts";
import { ackEntriesMax, fragmentWireBytes } from "../codec/wire-limits.ts";
import { textToUtf8 } from "../bytes.ts";
import type { StreamId } from "../event.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { SessionOptions } from "./api.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import {
  createNode,
  createPair,
  damage,
  digestOf,
  fingerprintOf,
  keepStates,
  pushMany,
  sentSeqs,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const hubPeer = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;

function clinicOf(count: number): TestNode {
  const a = createNode("clinic_a", "clinic");
  if (count > 0) pushMany(a, count);
  return a;
}

function meet(
  a: TestNode,
  entries: readonly VectorEntry[] = [],
  options: Partial<SessionOptions> = {},
): RawPeer {
  return new RawPeer(a, "hub", { peer: hubPeer, ...options }).holding(entries);
}

function chain8(node: TestNode, seq: number, index = 0): Uint8Array {
  return node.log.chainAt(index, seq)?.slice(0, 8) ?? assert.fail("a chain");
}

function lineAt(a: TestNode, head: number, rest: Partial<VectorEntry> = {}): VectorEntry {
  const chain = head === 0 ? new Uint8Array(8) : chain8(a, head);
  return { id: a.log.stream(0).id, head, chain, holes: [], ...rest };
}

const ack = (...entries: readonly AckEntry[]): Frame => ({ type: "ack", entries });

/** Lines that the peer's answers have changed. */
function advanced(peer: RawPeer): readonly VectorEntry[] {
  return peer.session.peerState()?.advanced ?? assert.fail("a state");
}

describe("a peer that acknowledges", () => {
  test("holds what was sent up to there, under its chain, and no more", () => {
    const a = clinicOf(4);
    const peer = meet(a);
    pushMany(a, 2);
    peer.news();
    pushMany(a, 3);
    peer.news();
    assert.deepEqual(advanced(peer), []);
    // An answer to the second range is one to the first as well.
    peer.send(ack({ stream: 0, seq: 6 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 6)]);
    const { eventsConfirmed, unansweredBytes } = peer.session.summary();
    assert.equal(eventsConfirmed, 6);
    assert.ok(unansweredBytes > 0);
    peer.send(ack({ stream: 0, seq: 9 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 9)]);
    assert.equal(peer.session.summary().unansweredBytes, 0);
    const confirmed = peer.session.peerState()?.confirmed;
    assert.deepEqual(
      confirmed?.map(({ seq, chain }) => [seq, chain]),
      [[9, a.log.chainAt(0, 9)]],
    );
  });

  test("has its holes filled, with its head where it was", () => {
    const a = clinicOf(9);
    const holes = [
      { from: 2, to: 3 },
      { from: 5, to: 5 },
    ];
    const peer = meet(a, [lineAt(a, 7, { holes })]);
    peer.send(ack({ stream: 0, seq: 3 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 7, { holes: [{ from: 5, to: 5 }] })]);
    peer.send(ack({ stream: 0, seq: 5 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 7)]);
    peer.send(ack({ stream: 0, seq: 9 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 9)]);
  });

  test("part of an event holds that part, until it holds the event", () => {
    const a = clinicOf(1);
    const payload = new Uint8Array(fragmentWireBytes * 4 + 50).map((_, i) => (i * 7919) >> 3);
    a.log.push([{ lane: "", type: 1, payload }], startMs - 1000, () => {});
    settle(a);
    const peer = meet(a).send(ack({ stream: 0, seq: 1 }));
    assert.deepEqual(advanced(peer), [lineAt(a, 1)]);
    peer.send(ack({ stream: 0, seq: 2, offset: fragmentWireBytes }));
    assert.deepEqual(advanced(peer), [lineAt(a, 1, { partialBytes: fragmentWireBytes })]);
    peer.send(ack({ stream: 0, seq: 2, offset: payload.length }));
    assert.deepEqual(advanced(peer), [lineAt(a, 2)]);
    assert.equal(peer.session.summary().eventsConfirmed, 2);
  });

  test("part of an event in a hole says nothing of what follows its head", () => {
    const a = clinicOf(0);
    const payload = new Uint8Array(fragmentWireBytes * 5).fill(7);
    a.log.push([{ lane: "", type: 1, payload }], startMs - 1000, () => {});
    pushMany(a, 3);
    const holes = [{ from: 1, to: 1 }];
    const peer = meet(a, [lineAt(a, 4, { holes })]);
    peer.send(ack({ stream: 0, seq: 1, offset: fragmentWireBytes }));
    assert.deepEqual(advanced(peer), [lineAt(a, 4, { holes })]);
    peer.send(ack({ stream: 0, seq: 1, offset: payload.length }));
    assert.deepEqual(advanced(peer), [lineAt(a, 4)]);
  });

  test("a loss or a floor knows of it: neither is told again", () => {
    const lossy = clinicOf(5);
    const { id } = lossy.log.stream(0);
    damage(lossy, id, 3, 3);
    const peer = meet(lossy).ackAll();
    const lost = [{ from: 3, to: 3 }];
    assert.deepEqual(advanced(peer), [lineAt(lossy, 5, { lost })]);
    const a = clinicOf(9);
    const floor = { seq: 5, chain: a.log.chainAt(0, 5) ?? assert.fail("a chain"), byOrigin: true };
    a.log.mark({ kind: "floor", stream: a.log.stream(0).id, floor }, 0, () => {});
    settle(a);
    const behind = meet(a);
    behind.send(ack({ stream: 0, seq: 5 }));
    assert.deepEqual(advanced(behind), [lineAt(a, 5, { floor })]);
    behind.send(ack({ stream: 0, seq: 9 }));
    assert.deepEqual(advanced(behind), [lineAt(a, 9, { floor })]);
  });

  test("after NO_WINDOW what was forgotten is not held against", () => {
    const a = clinicOf(300);
    const hub = createNode("hub", "hub");
    sync(a, hub);
    pushMany(a, 5);
    const peer = meet(a, [lineAt(a, 300)], { peerState: a.states.get("hub") });
    assert.ok(
      peer.frames.some(({ type }) => type === "prime"),
      "the window leans on history",
    );
    peer.send({ type: "noWindow" }, ack({ stream: 0, seq: 77 }));
    const refused = { type: "refused", reason: "gap", head: 0, code: 0 } as const;
    peer.send({ ...refused, stream: 0, seq: 88 }, { ...refused, stream: 9, seq: 1 });
    assert.equal(peer.isClosed, false);
    assert.deepEqual(
      peer.framesOf("range").map(({ from }) => from),
      [301, 301],
    );
    peer.send(ack({ stream: 0, seq: 305 }));
    const { eventsConfirmed, eventsSent, unansweredBytes } = peer.session.summary();
    assert.deepEqual([eventsConfirmed, eventsSent, unansweredBytes], [5, 5, 0]);
    assert.equal(peer.framesOf("done").length, 2, "what was done is done again");
  });
});

test("NO_WINDOW of batches may cross the rows that went after them: all goes again", () => {
  const a = clinicOf(40);
  const peer = new RawPeer(a, "hub", { peer: hubPeer }).holding([], { codecs: codecsSmall });
  assert.ok(peer.framesOf("batch").length > 0, "by a codec that the hub announced");
  // It has no time for it any more, and had no memory for it before.
  peer.send({ type: "codecs", codecs: (1 << codecRaw) | (1 << codecZstd) });
  pushMany(a, 5);
  peer.news();
  assert.deepEqual(
    peer.framesOf("range").map(({ from }) => from),
    [41],
  );
  for (let times = 1; times <= 2; times++) {
    const before = peer.frames.length;
    peer.send({ type: "noWindow" });
    assert.equal(peer.closedBy, undefined);
    const [first, ...rest] = peer.frames.slice(before);
    assert.ok(first?.type === "history" && first.count === 0, "which ends the hub's deafness");
    const spans = rest.flatMap((frame) =>
      frame.type === "range" ? [frame.from, frame.count] : [],
    );
    assert.deepEqual(spans, [1, 45]);
  }
  peer.ackAll();
  const { eventsConfirmed, unansweredBytes } = peer.session.summary();
  assert.deepEqual([eventsConfirmed, unansweredBytes, peer.closedBy], [45, 0, undefined]);
});

test("NO_WINDOW is about rows: losses and floors on their way stay there", () => {
  const a = clinicOf(9);
  const { id } = a.log.stream(0);
  const floor = { seq: 2, chain: a.log.chainAt(0, 2) ?? assert.fail("a chain"), byOrigin: true };
  a.log.mark({ kind: "floor", stream: id, floor }, 0, () => {});
  settle(a);
  damage(a, id, 5, 5);
  pushMany(a, 40, { lane: "lab" });
  const lab = a.log.stream(1);
  const peer = meet(a, [{ id: lab.id, head: 40, chain: lab.chain.slice(0, 8), holes: [] }]);
  const sent = (): readonly unknown[] =>
    peer.frames.flatMap((frame): readonly unknown[] => {
      if (frame.type === "range") return [[frame.from, frame.from + frame.count - 1]];
      if (frame.type === "lost") return [`lost ${frame.from}`];
      return frame.type === "floor" ? [`floor ${frame.seq}`] : [];
    });
  const first: readonly unknown[] = ["floor 2", [3, 4], "lost 5", [6, 9]];
  assert.deepEqual(sent(), first);
  peer.send({ type: "noWindow" });
  assert.deepEqual(sent(), [...first, [3, 4], [6, 9]]);
  const stream = peer.framesOf("floor")[0]?.stream ?? assert.fail("a floor");
  for (const seq of [2, 5, 4, 9]) peer.send(ack({ stream, seq }));
  const { eventsConfirmed, unansweredBytes, remaining } = peer.session.summary();
  assert.deepEqual([eventsConfirmed, unansweredBytes, remaining], [6, 0, 0]);
  const [line] = advanced(peer).filter(({ id: { lane } }) => lane === "");
  assert.deepEqual(line, lineAt(a, 9, { floor, lost: [{ from: 5, to: 5 }] }));
  peer.send({ type: "noWindow" });
  assert.equal(peer.closedBy?.code, "Z506", "there is no window that it could not follow");
});

describe("a peer that refuses", () => {
  const gap = (seq: number, head: number): Frame => ({
    type: "refused",
    stream: 0,
    reason: "gap",
    seq,
    head,
    code: 0,
  });

  test("for a gap holds up to the head that it names, with the holes below", () => {
    const a = clinicOf(9);
    const holes = [
      { from: 2, to: 2 },
      { from: 6, to: 6 },
    ];
    const peer = meet(a, [lineAt(a, 7, { holes })]).send(ack({ stream: 0, seq: 2 }));
    peer.send(gap(9, 4));
    assert.deepEqual(advanced(peer), [lineAt(a, 4)]);
    const other = meet(a, [lineAt(a, 7, { holes })]).send(gap(9, 4));
    assert.deepEqual(advanced(other), [lineAt(a, 4, { holes: [{ from: 2, to: 2 }] })]);
  });

  test("counts what it refused as neither sent nor on its way", () => {
    const a = clinicOf(3);
    const peer = meet(a);
    peer.send({ type: "refused", stream: 0, reason: "stream", seq: 3, head: 0, code: 511 });
    const { eventsSent, eventsConfirmed, unansweredBytes, eventsToSend } = peer.session.summary();
    assert.deepEqual([eventsSent, eventsConfirmed, unansweredBytes, eventsToSend], [0, 0, 0, 0]);
    assert.equal(peer.framesOf("done").length, 1);
  });

  test("for a fork a stream that is at neither end's is left alone; one of its own waits for it", () => {
    const hub = createNode("hub", "hub");
    const a = createNode("clinic_a", "clinic");
    const b = createNode("clinic_b", "clinic", 77);
    for (const [node, count] of [
      [a, 3],
      [b, 2],
    ] as const) {
      pushMany(node, count);
      sync(node, hub);
    }
    const fork = (stream: number, seq: number): Frame => ({
      type: "refused",
      stream,
      reason: "fork",
      seq,
      head: 1,
      code: 0,
    });
    const other = { nodeId: "clinic_a", role: "hub", keyFingerprint: fingerprintOf("x") } as const;
    const forked = (node: string, seq: number): RawPeer => {
      const peer = new RawPeer(hub, "clinic_a", { peer: other, keepOpen: true });
      peer.holding([], { keepsOpen: true });
      const at = peer.streams().findIndex((id) => id.node === node);
      const { stream } = peer.framesOf("range")[at] ?? assert.fail(`events of ${node}`);
      peer.send(fork(stream, seq));
      const answers = peer.framesOf("range").filter((range) => range.stream !== stream);
      peer.send(
        ack(...answers.map(({ stream, from, count }) => ({ stream, seq: from + count - 1 }))),
      );
      assert.equal(peer.framesOf("chainsQuery").length, 0, "only an origin asks");
      return peer;
    };
    const rests = (peer: RawPeer): boolean =>
      peer.send({ type: "done", isPartial: false }).session.summary().wasResting;
    assert.equal(rests(forked("clinic_b", 2)), true);
    assert.equal(rests(forked("clinic_a", 3)), false, "there is something left to settle");
  });
});

describe("what a peer delivers", () => {
  const own: StreamId = { node: "clinic_a", epoch: 5, lane: "" };
  const named: Frame = { type: "stream", id: own };

  test("it holds: that is known for the next session, and none of it is offered back", () => {
    const hub = createNode("hub", "hub");
    const peer = new RawPeer(hub, "clinic_a").hello();
    peer.send(named, forgeRange(own, { number: 0, from: 1, count: 3 }));
    const chain = (seq: number): Uint8Array => chain8(hub, seq);
    assert.deepEqual(advanced(peer), [{ id: own, head: 3, chain: chain(3), holes: [] }]);
    const before = hub.log.chainAt(0, 3) ?? assert.fail("a chain");
    peer.send(forgeRange(own, { number: 0, from: 4, count: 2, before, atMs: startMs + 50 }));
    peer.news();
    assert.deepEqual(advanced(peer), [{ id: own, head: 5, chain: chain(5), holes: [] }]);
    assert.deepEqual([peer.framesOf("range"), peer.session.summary().remaining], [[], 0]);
  });

  test("is held there from then on, also where its vector named a hole", () => {
    const hub = createNode("hub", "hub");
    const other = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
    const source = new RawPeer(createNode("hub", "hub"), "clinic_a").hello();
    source.send(named, forgeRange(own, { number: 0, from: 1, count: 5 }));
    const chain = (seq: number): Uint8Array =>
      source.session.peerState()?.advanced[0]?.head === seq
        ? (source.session.peerState()?.advanced[0]?.chain ?? assert.fail("a chain"))
        : assert.fail("its head");
    const line = { id: own, head: 5, chain: chain(5), holes: [{ from: 2, to: 3 }] };
    // It was healed by somebody else since it said that.
    const peer = new RawPeer(hub, "hub2", { peer: other }).holding([line]);
    peer.send(forgeRange(own, { number: 0, from: 1, count: 5 }));
    assert.deepEqual(advanced(peer), [{ ...line, holes: [] }]);
    assert.deepEqual([peer.news().framesOf("range"), peer.session.summary().remaining], [[], 0]);
  });

  test("is not taken for held where the peer's copy does not begin with it", () => {
    const hub = createNode("hub", "hub");
    const peer = new RawPeer(hub, "clinic_a").hello();
    peer.send(named, forgeRange(own, { number: 0, from: 2, count: 2 }));
    assert.deepEqual(advanced(peer), []);
  });
});

test("acknowledgements of many streams go together, up to a number in a frame", () => {
  const hub = createNode("hub", "hub");
  const peer = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
  const raw = new RawPeer(hub, "hub2", { peer }).hello();
  const frames: Frame[] = [];
  for (let i = 0; i < ackEntriesMax + 4; i++) {
    const id = { node: `clinic_${i}`, epoch: 1, lane: "" };
    frames.push({ type: "stream", id }, forgeRange(id, { number: i, from: 1, count: 1 }));
  }
  hub.store.runSyncs();
  raw.send(...frames);
  const sizes = raw.framesOf("ack").map(({ entries }) => entries.length);
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    ackEntriesMax + 4,
  );
  assert.ok(Math.max(...sizes) <= ackEntriesMax);
  const streams = raw.framesOf("ack").flatMap(({ entries }) => entries.map(({ stream }) => stream));
  assert.equal(new Set(streams).size, ackEntriesMax + 4);
});

test("what both ends push while they talk is sent once, whoever brought it", () => {
  const [a, hub] = [clinicOf(2), createNode("hub", "hub")];
  const keepOpen = { keepOpen: true };
  const pair = createPair(a, hub, { from: keepOpen, to: keepOpen, latencyMs: 40 });
  pair.run(startMs + 1000);
  for (let i = 1; i <= 3; i++) {
    a.log.push([{ lane: "", type: 1, payload: textToUtf8(`a${i}`) }], startMs + i, () => {});
    settle(a);
    pushMany(hub, 1, { lane: "to/clinic_a" });
    pair.logChanged(pair.initiator);
    pair.logChanged(pair.responder);
    pair.continue(startMs + 1000 + i * 500);
  }
  pair.feed(pair.initiator, { kind: "finish" });
  pair.continue();
  keepStates(pair, a, hub);
  assert.deepEqual(digestOf(a), digestOf(hub));
  const seqs = [...sentSeqs(pair, "initiator"), ...sentSeqs(pair, "responder")];
  assert.deepEqual([seqs.length, new Set(seqs).size], [8, 8]);
  const next = sync(a, hub);
  assert.deepEqual([...sentSeqs(next, "initiator"), ...sentSeqs(next, "responder")], []);
});
