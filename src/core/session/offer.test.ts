/** What is sent of a stream, and when it is left alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StreamId } from "../event.ts";
import type { VectorEntry } from "../vector/entry.ts";
import { retriesMax } from "./limits.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import {
  codesOf,
  createNode,
  damage,
  fingerprintOf,
  pushMany,
  settle,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const none = new Uint8Array(8);

function clinicOf(count: number): { readonly a: TestNode; readonly id: StreamId } {
  const a = createNode("clinic_a", "clinic");
  pushMany(a, count);
  return { a, id: { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" } };
}

function meet(a: TestNode, entries: readonly VectorEntry[] = []): RawPeer {
  const peer = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;
  return new RawPeer(a, "hub", { peer }).holding(entries);
}

function lineAt(a: TestNode, head: number, rest: Partial<VectorEntry> = {}): VectorEntry {
  const { id } = a.log.stream(0);
  const chain = a.log.chainAt(0, head)?.slice(0, 8) ?? none;
  return { id, head, chain, holes: [], ...rest };
}

/** What came of the stream, in order: `4-9` events, `lost 3-3`, `floor 2`. */
function sentOf(peer: RawPeer): readonly string[] {
  return peer.frames.flatMap((frame) => {
    if (frame.type === "range") return [`${frame.from}-${frame.from + frame.count - 1}`];
    if (frame.type === "lost") return [`lost ${frame.from}-${frame.to}`];
    return frame.type === "floor" ? [`floor ${frame.seq}`] : [];
  });
}

function floorAt(a: TestNode, seq: number): void {
  const chain = a.log.chainAt(0, seq) ?? assert.fail("a chain");
  const stream = a.log.stream(0).id;
  a.log.mark({ kind: "floor", stream, floor: { seq, chain, byOrigin: true } }, 0, () => {});
  settle(a);
}

describe("of a stream goes", () => {
  test("what the peer lacks: its holes, then what follows its head", () => {
    const { a } = clinicOf(10);
    const holes = [
      { from: 2, to: 2 },
      { from: 4, to: 5 },
    ];
    const peer = meet(a, [lineAt(a, 7, { holes })]);
    assert.deepEqual(sentOf(peer), ["2-2", "4-5", "8-10"]);
    assert.equal(peer.session.summary().remaining, 6);
    peer.ackAll();
    const { remaining, eventsConfirmed } = peer.session.summary();
    assert.deepEqual([remaining, eventsConfirmed], [0, 6]);
    assert.equal(peer.framesOf("done").length, 1);
  });

  test("nothing twice while it is on its way, also when news comes", () => {
    const { a } = clinicOf(4);
    const peer = meet(a);
    assert.deepEqual(sentOf(peer), ["1-4"]);
    peer.news();
    pushMany(a, 2);
    peer.news().news();
    assert.deepEqual(sentOf(peer), ["1-4", "5-6"]);
    peer.ackAll().news();
    assert.deepEqual(sentOf(peer), ["1-4", "5-6"]);
    assert.equal(peer.streams().length, 1);
  });

  test("also what begins while the session is open", () => {
    const { a } = clinicOf(2);
    const peer = meet(a).ackAll();
    assert.equal(peer.framesOf("done").length, 1);
    pushMany(a, 3, { lane: "lab" });
    peer.news().ackAll();
    assert.deepEqual(sentOf(peer), ["1-2", "1-3"]);
    assert.equal(peer.framesOf("done").length, 2, "what was done is done again");
  });

  test("a floor once, and then what lies above it", () => {
    const { a } = clinicOf(9);
    floorAt(a, 5);
    const peer = meet(a);
    assert.deepEqual(sentOf(peer), ["floor 5", "6-9"]);
    pushMany(a, 1);
    peer.news();
    assert.deepEqual(sentOf(peer), ["floor 5", "6-9", "10-10"]);
    assert.equal(peer.ackAll().session.summary().remaining, 0);
  });

  test("no floor to a peer that is beyond it, or knows it", () => {
    const { a } = clinicOf(9);
    const before = lineAt(a, 7);
    const floor = { seq: 5, chain: a.log.chainAt(0, 5) ?? none, byOrigin: true };
    floorAt(a, 5);
    assert.deepEqual(sentOf(meet(a, [before])), ["8-9"]);
    assert.deepEqual(sentOf(meet(a, [lineAt(a, 5, { floor })])), ["6-9"]);
    assert.deepEqual(sentOf(meet(a, [{ ...before, floor, head: 0, chain: none }])), ["6-9"]);
  });

  test("nothing of a loss that the peer knows", () => {
    const { a, id } = clinicOf(5);
    damage(a, id, 3, 3);
    const first = meet(a);
    assert.deepEqual(sentOf(first), ["1-2", "lost 3-3", "4-5"]);
    assert.equal(first.ackAll().framesOf("done").length, 1);
    const known = lineAt(a, 2, { lost: [{ from: 3, to: 3 }] });
    assert.deepEqual(sentOf(meet(a, [known])), ["4-5"]);
  });
});

describe("what an origin cannot read", () => {
  const elsewhere = (stream: StreamId, seq: number) => [{ stream, seq, chain: new Uint8Array(16) }];

  function declared(a: TestNode, confirmed: ReturnType<typeof elsewhere>): readonly string[] {
    const peer = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;
    return codesOf(
      new RawPeer(a, "hub", { peer, confirmedElsewhere: confirmed }).holding([]).reports,
    );
  }

  test("is lost only beyond what another peer has confirmed of that stream", () => {
    for (const [lane, seq, codes] of [
      ["", 4, []],
      ["", 3, ["Z516"]],
      ["lab", 9, ["Z516"]],
    ] as const) {
      const { a, id } = clinicOf(6);
      damage(a, id, 4, 4);
      assert.deepEqual(declared(a, elsewhere({ ...id, lane }, seq)), codes, `${lane} ${seq}`);
    }
  });

  test("is declared with the loss behind it as one, for no chain is known between them", () => {
    const { a, id } = clinicOf(8);
    damage(a, id, 5, 5);
    sync(a, createNode("hub0", "hub"));
    assert.deepEqual(a.log.stream(0).lost, [{ from: 5, to: 5 }]);
    damage(a, id, 3, 4);
    const peer = meet(a);
    assert.deepEqual(
      peer.reports.map(({ code, context }) => [code, context.from, context.to]),
      [["Z516", 3, 5]],
    );
    assert.deepEqual(sentOf(peer), ["1-2", "lost 3-5", "6-8"]);
  });

  test("is declared alone when the next loss lies further on", () => {
    const { a, id } = clinicOf(8);
    for (const seq of [6, 2]) {
      damage(a, id, seq, seq);
      sync(a, createNode(`hub${seq}`, "hub", seq));
    }
    damage(a, id, 4, 4);
    const peer = meet(a);
    assert.deepEqual(
      peer.reports.map(({ context }) => [context.from, context.to]),
      [[4, 4]],
    );
    assert.deepEqual(sentOf(peer), [
      "1-1",
      "lost 2-2",
      "3-3",
      "lost 4-4",
      "5-5",
      "lost 6-6",
      "7-8",
    ]);
  });

  test("is said once in a session, with where it was", () => {
    const { a, id } = clinicOf(6);
    damage(a, id, 4, 4);
    const peer = meet(a);
    pushMany(a, 1);
    peer.news();
    const { code, context } = peer.reports[0] ?? assert.fail("a report");
    assert.deepEqual(
      [code, context.from, context.to, context.node, context.lane],
      ["Z516", 4, 4, "clinic_a", ""],
    );
    assert.equal(peer.reports.length, 1);
    assert.deepEqual(
      a.log.alarms.map((alarm) => [alarm.id, alarm.code]),
      [[`lost clinic_a ${id.epoch}  4`, "Z516"]],
    );
  });

  test("is not declared while another's copy may fill it: the peer holds it", () => {
    const { a, id } = clinicOf(6);
    const entry = lineAt(a, 6);
    damage(a, id, 4, 4);
    const peer = meet(a, [entry]);
    assert.deepEqual([codesOf(peer.reports), sentOf(peer)], [[], []]);
  });
});

describe("a gap that the peer answers", () => {
  test("makes the stream go on from the head that it named", () => {
    const { a } = clinicOf(6);
    const peer = meet(a, [lineAt(a, 4)]);
    assert.deepEqual(sentOf(peer), ["5-6"]);
    peer.send({ type: "refused", stream: 0, reason: "gap", seq: 6, head: 2, code: 0 });
    assert.deepEqual(sentOf(peer), ["5-6", "3-6"]);
    peer.send({ type: "ack", entries: [{ stream: 0, seq: 6 }] });
    assert.equal(peer.session.summary().remaining, 0);
  });

  test("waits until all that is on its way is answered", () => {
    const { a } = clinicOf(4);
    const peer = meet(a);
    pushMany(a, 2);
    peer.news();
    assert.deepEqual(sentOf(peer), ["1-4", "5-6"]);
    peer.send({ type: "refused", stream: 0, reason: "gap", seq: 4, head: 0, code: 0 });
    pushMany(a, 1);
    peer.news();
    assert.deepEqual(sentOf(peer), ["1-4", "5-6"]);
    peer.send({ type: "refused", stream: 0, reason: "gap", seq: 6, head: 0, code: 0 });
    assert.deepEqual(sentOf(peer), ["1-4", "5-6", "1-7"]);
  });

  test("is tried again four times; then the stream waits for the next session", () => {
    const { a } = clinicOf(3);
    const peer = meet(a);
    for (let i = 0; i <= retriesMax; i++) {
      assert.equal(sentOf(peer).length, i + 1);
      peer.send({ type: "refused", stream: 0, reason: "gap", seq: 3, head: 0, code: 0 });
    }
    assert.equal(sentOf(peer).length, retriesMax + 1);
    pushMany(a, 1);
    peer.news();
    assert.equal(sentOf(peer).length, retriesMax + 1);
    assert.equal(peer.frames.at(-1)?.type, "done");
    assert.equal(peer.session.summary().remaining, 4);
    assert.equal(peer.isClosed, false);
  });

  test("of a peer that is ahead of us is taken for what it is", () => {
    const { a, id } = clinicOf(3);
    const peer = meet(a);
    peer.send({ type: "refused", stream: 0, reason: "gap", seq: 3, head: 8, code: 0 });
    assert.deepEqual(codesOf(peer.reports), ["Z507"]);
    assert.notEqual(a.log.ownEpoch, id.epoch);
  });
});

describe("a stream that the peer refuses", () => {
  test("is left alone and reported once, with the reason; others go on", () => {
    const { a } = clinicOf(3);
    const peer = meet(a);
    pushMany(a, 1);
    peer.news();
    for (const seq of [3, 4])
      peer.send({ type: "refused", stream: 0, reason: "stream", seq, head: 0, code: 512 });
    const { code, context } = peer.reports[0] ?? assert.fail("a report");
    assert.equal(peer.reports.length, 1);
    assert.deepEqual([code, context.peer, context.lane, context.code], ["Z510", "hub", "", "Z512"]);
    assert.ok(String(context.reason).length > 0);
    pushMany(a, 1);
    pushMany(a, 2, { lane: "lab" });
    peer.news();
    assert.deepEqual(sentOf(peer), ["1-3", "4-4", "1-2"]);
    const unknown = meet(a);
    unknown.send({ type: "refused", stream: 0, reason: "stream", seq: 5, head: 0, code: 9999 });
    assert.deepEqual(unknown.reports[0]?.context.reason, "");
  });

  test("for a fork, is searched by its origin", () => {
    const { a, id } = clinicOf(3);
    const peer = meet(a);
    peer.send({ type: "refused", stream: 0, reason: "fork", seq: 3, head: 3, code: 0 });
    assert.deepEqual(peer.framesOf("chainsQuery"), [{ type: "chainsQuery", id, low: 0, high: 0 }]);
    pushMany(a, 1);
    assert.deepEqual(sentOf(peer.news()), ["1-3"]);
  });
});

describe("a line that the peer changes", () => {
  const update = (peer: RawPeer, entry: VectorEntry): RawPeer =>
    peer.send({ type: "vector", purpose: "update", remaining: 0, entries: [entry] });

  test("is what is planned against from then on", () => {
    const { a } = clinicOf(6);
    const peer = meet(a, [lineAt(a, 6)]);
    assert.deepEqual(sentOf(peer), []);
    assert.deepEqual(sentOf(update(peer, lineAt(a, 6, { holes: [{ from: 2, to: 3 }] }))), ["2-3"]);
  });

  test("of a stream that is not held, or may not be named, moves nothing", () => {
    const { a, id } = clinicOf(2);
    const peer = meet(a).ackAll();
    const sent = sentOf(peer).length;
    for (const other of [
      { ...id, epoch: 77 },
      { ...id, node: "clinic_b" },
      { ...id, node: "hub", lane: "to/clinic_b" },
    ])
      update(peer, { ...lineAt(a, 2), id: other });
    const known = peer.session.peerState()?.advanced.map((entry) => entry.id.node);
    assert.deepEqual(
      known,
      ["clinic_a", "clinic_a", "clinic_b"],
      "what may not be named is not kept",
    );
    assert.deepEqual(
      [sentOf(peer).length, peer.isClosed, codesOf(peer.reports)],
      [sent, false, []],
    );
  });

  test("again and again ends in leaving the stream alone, and nothing else", () => {
    const { a } = clinicOf(6);
    const peer = meet(a);
    for (let i = 0; i <= retriesMax; i++) update(peer, lineAt(a, 0));
    peer.ackAll();
    pushMany(a, 1);
    pushMany(a, 1, { lane: "lab" });
    peer.news();
    assert.deepEqual(sentOf(peer), ["1-6", "1-1"]);
    assert.equal(peer.isClosed, false);
  });
});
