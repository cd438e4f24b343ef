/*
 *   origin  e1  1 2 3 4 … 10           asks: which chains have you?
 *   peer    e1  1 2 3' 4' 5'           answers with points, until the last common seq is known
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { StreamId } from "../event.ts";
import type { VectorEntry } from "../vector/entry.ts";
import { chainRoundsMax, claimedRollbacksMax, retriesMax } from "./limits.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import {
  codesOf,
  createNode,
  damage,
  digestOf,
  fingerprintOf,
  pushMany,
  settle,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const strange = new Uint8Array(8).fill(0xee);

interface Origin {
  readonly node: TestNode;
  readonly id: StreamId;
  /** The true chain at a seq, as it travels. */
  readonly chain8: (seq: number) => Uint8Array;
}

function originOf(id: string, role: "hub" | "clinic", count: number, lane = ""): Origin {
  const node = createNode(id, role);
  pushMany(node, count, { lane });
  const stream = { node: id, epoch: node.log.ownEpoch, lane };
  return {
    node,
    id: stream,
    chain8: (seq) => {
      const index = node.log.findStream(stream) ?? -1;
      return (node.log.chainAt(index, seq) ?? assert.fail(`chain at ${seq}`)).slice(0, 8);
    },
  };
}

const clinicOrigin = (count: number): Origin => originOf("clinic_a", "clinic", count);

function hubPeer(node: TestNode): RawPeer {
  return new RawPeer(node, "hub", {
    peer: { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") },
  });
}

function line(id: StreamId, head: number, chain: Uint8Array): VectorEntry {
  return { id, head, chain, holes: [] };
}

function spansOf(peer: RawPeer): readonly (readonly [number, number])[] {
  return peer.framesOf("chainsQuery").map(({ low, high }) => [low, high]);
}

function movedOf(peer: RawPeer): readonly unknown[] {
  return peer.reports
    .filter(({ code }) => code === "Z508")
    .map(({ context }) => [context.from, context.to]);
}

describe("an origin whose peer holds other chains", () => {
  test("asks for them, and sends nothing of the stream meanwhile, but others'", () => {
    const { node, id } = clinicOrigin(10);
    pushMany(node, 2, { lane: "lab" });
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    assert.deepEqual(peer.framesOf("chainsQuery"), [{ type: "chainsQuery", id, low: 0, high: 0 }]);
    assert.deepEqual(
      peer.streams().map(({ lane }) => lane),
      ["lab"],
    );
    peer.ackAll();
    assert.equal(peer.framesOf("done").length, 0, "there is something left to settle");
    pushMany(node, 1);
    assert.deepEqual([spansOf(peer.news()).length, peer.framesOf("range").length], [1, 1]);
  });

  test("narrows the search down to the last common seq, and moves what lies above", () => {
    const { node, id, chain8 } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    peer.send({
      type: "chains",
      id,
      head: 5,
      points: [
        ...[5, 4, 3].map((seq) => ({ seq, chain8: strange })),
        { seq: 1, chain8: chain8(1) },
      ],
    });
    assert.deepEqual(spansOf(peer), [
      [0, 0],
      [2, 2],
    ]);
    assert.deepEqual(movedOf(peer), []);
    const common = chain8(2);
    peer.send({ type: "chains", id, head: 5, points: [{ seq: 2, chain8: common }] });
    assert.deepEqual(codesOf(peer.reports), ["Z507", "Z508"]);
    assert.deepEqual(movedOf(peer), [[3, 10]]);
    assert.deepEqual(
      node.log.alarms.map(({ code }) => code),
      ["Z507", "Z508"],
    );
    const [update] = peer.framesOf("vector").filter(({ purpose }) => purpose === "update");
    assert.deepEqual(
      update?.entries.map((entry) => [entry.id, entry.head, entry.chain]),
      [[id, 2, common]],
    );
    // The branch goes on in its derived epoch.
    peer.ackAll();
    assert.deepEqual(
      peer.streams().map(({ epoch }) => epoch === id.epoch),
      [false],
    );
    assert.deepEqual(
      peer.framesOf("range").map(({ from, count }) => [from, count]),
      [[1, 8]],
    );
    assert.equal(digestOf(node).length, 10);
  });

  test("asks above what is common as well as below what differs, and no further than the peer holds", () => {
    const { node, id, chain8 } = clinicOrigin(100);
    const peer = hubPeer(node).holding([line(id, 80, strange)]);
    const points = (low: number, high: number) => ({
      type: "chains" as const,
      id,
      head: 80,
      points: [
        { seq: high, chain8: strange },
        { seq: low, chain8: chain8(low) },
      ],
    });
    peer.send(points(10, 79), points(20, 60), { ...points(30, 50), head: 45 });
    assert.deepEqual(spansOf(peer), [
      [0, 0],
      [11, 78],
      [21, 59],
      [31, 45],
    ]);
  });

  test("whose copy merely ends earlier leaves the stream as it is, and gives it up when that settles nothing", () => {
    const { node, id, chain8 } = clinicOrigin(10);
    const epoch = node.log.ownEpoch;
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    const chains = {
      type: "chains" as const,
      id,
      head: 5,
      points: [{ seq: 5, chain8: chain8(5) }],
    };
    for (let round = 1; round <= retriesMax; round++) {
      assert.equal(spansOf(peer).length, round);
      assert.equal(peer.framesOf("done").length, 0, `round ${round}`);
      peer.send(chains);
    }
    assert.equal(spansOf(peer).length, retriesMax);
    assert.deepEqual([peer.framesOf("done").length, peer.framesOf("range").length], [1, 0]);
    assert.deepEqual([codesOf(peer.reports), node.log.ownEpoch], [[], epoch]);
    assert.equal(peer.session.summary().remaining, 5);
  });

  test("goes on when the peer says that it holds a prefix after all", () => {
    const { node, id, chain8 } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    const chains = {
      type: "chains" as const,
      id,
      head: 5,
      points: [{ seq: 5, chain8: chain8(5) }],
    };
    peer.send(chains, {
      type: "vector",
      purpose: "update",
      remaining: 0,
      entries: [line(id, 5, chain8(5))],
    });
    assert.deepEqual(
      peer.framesOf("range").map(({ from, count }) => [from, count]),
      [[6, 5]],
    );
    assert.equal(peer.ackAll().framesOf("done").length, 0, "a second question is open");
    assert.equal(peer.send(chains).framesOf("done").length, 1);
  });

  test("goes on when a peer that refused events for a fork shows that there is none", () => {
    const { node, id, chain8 } = clinicOrigin(4);
    const peer = hubPeer(node).holding([]);
    const refused = { type: "refused", stream: 0, reason: "fork", head: 2, code: 0 } as const;
    const points = [{ seq: 2, chain8: chain8(2) }];
    const sent = (): readonly unknown[] =>
      peer.framesOf("range").map(({ from, count }) => [from, count]);
    for (let round = 1; round <= retriesMax; round++) {
      peer.send({ ...refused, seq: 4 });
      assert.equal(sent().length, round, "nothing goes while it is not known");
      peer.send({ type: "chains", id, head: 2, points });
      assert.deepEqual(sent(), Array(round + 1).fill([1, 4]));
    }
    peer.send({ ...refused, seq: 4 }, { type: "chains", id, head: 2, points });
    assert.equal(sent().length, retriesMax + 1, "it is left for the next session");
    assert.deepEqual([peer.session.summary().remaining, peer.isClosed], [4, false]);
  });

  test("counts what the peer cannot show as diverged, once something differs", () => {
    const { node, id } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    peer.send({ type: "chains", id, head: 5, points: [{ seq: 5, chain8: strange }] });
    assert.deepEqual(spansOf(peer)[1], [1, 4]);
    peer.send({ type: "chains", id, head: 5, points: [] });
    assert.deepEqual(movedOf(peer), [[1, 10]]);
  });

  test("asks once more when the first answer shows nothing, and then leaves the stream as it is", () => {
    const { node, id } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    peer.send({ type: "chains", id, head: 5, points: [] });
    assert.deepEqual(spansOf(peer), [
      [0, 0],
      [1, 5],
    ]);
    peer.send({ type: "chains", id, head: 5, points: [] });
    assert.deepEqual(movedOf(peer), []);
    const last = peer.framesOf("vector").at(-1);
    assert.deepEqual([last?.purpose, last?.entries[0]?.head], ["update", 10]);
  });

  test("that holds nothing of it after all is sent everything", () => {
    const { node, id } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    peer.send(
      { type: "chains", id, head: 0, points: [] },
      { type: "vector", purpose: "update", remaining: 0, entries: [line(id, 0, strange)] },
    );
    assert.deepEqual(movedOf(peer), []);
    assert.deepEqual(
      peer.framesOf("range").map(({ from, count }) => [from, count]),
      [[1, 10]],
    );
  });

  test("stops asking after twelve rounds", () => {
    const { node, id } = clinicOrigin(40);
    const peer = hubPeer(node).holding([line(id, 40, strange)]);
    for (let seq = 40; seq > 40 - chainRoundsMax; seq--) {
      assert.deepEqual(movedOf(peer), []);
      peer.send({ type: "chains", id, head: 40, points: [{ seq, chain8: strange }] });
    }
    assert.equal(spansOf(peer).length, chainRoundsMax);
    assert.deepEqual(movedOf(peer), [[1, 40]]);
  });

  test("ends the session when chains contradict each other", () => {
    const { node, id, chain8 } = clinicOrigin(10);
    const peer = hubPeer(node).holding([line(id, 5, strange)]);
    peer.send({
      type: "chains",
      id,
      head: 5,
      points: [
        { seq: 3, chain8: chain8(3) },
        { seq: 2, chain8: strange },
      ],
    });
    assert.equal(peer.closedBy?.code, "Z506");
    assert.match(String(peer.closedBy?.context.problem), /contradict/);
  });

  test("begins the search also when the peer shows its chains unasked, once the two differ", () => {
    const { node, id } = clinicOrigin(10);
    const peer = hubPeer(node).holding([]);
    peer.send({ type: "chains", id, head: 5, points: [{ seq: 5, chain8: strange }] });
    assert.deepEqual(spansOf(peer), [[1, 4]]);
  });

  test("looks past chains of streams that are not its own, or that it does not hold", () => {
    const { node, id } = clinicOrigin(10);
    const peer = hubPeer(node).holding([]);
    const points = [{ seq: 5, chain8: strange }];
    for (const other of [
      { ...id, node: "hub" },
      { ...id, node: "clinic_b" },
      { ...id, epoch: 77 },
    ])
      peer.send({ type: "chains", id: other, head: 5, points });
    assert.deepEqual([spansOf(peer), peer.isClosed, codesOf(peer.reports)], [[], false, []]);
  });
});

test("who is not the origin looks for no fork, also in what it holds", () => {
  const hub = originOf("hub", "hub", 4, "to/clinic_a");
  const a = createNode("clinic_a", "clinic");
  sync(a, hub.node);
  const peer = hubPeer(a).holding([line(hub.id, 4, hub.chain8(4))]);
  peer.send({ type: "chains", id: hub.id, head: 4, points: [{ seq: 3, chain8: strange }] });
  assert.deepEqual([spansOf(peer), codesOf(peer.reports), digestOf(a).length], [[], [], 4]);
});

describe("a peer that holds more of the stream that we write now than we do", () => {
  test("ends our epoch, once, whatever lane tells of it", () => {
    const { node, id } = clinicOrigin(3);
    pushMany(node, 2, { lane: "lab" });
    const lab = { ...id, lane: "lab" };
    const first = hubPeer(node).holding([line(id, 9, strange), line(lab, 5, strange)]);
    assert.deepEqual(codesOf(first.reports), ["Z507"]);
    const { reports } = hubPeer(node).holding([]);
    assert.deepEqual(codesOf(reports), []);
    assert.notEqual(node.log.ownEpoch, id.epoch);
    const alarms = node.log.alarms.map((alarm) => [alarm.id.split(" ")[0], alarm.code]);
    assert.deepEqual(alarms, [["rollback", "Z507"]]);
  });

  test("is reported with both heads, its name, epoch and lane", () => {
    const { node, id } = clinicOrigin(3);
    const peer = hubPeer(node).holding([line(id, 9, strange)]);
    assert.deepEqual(codesOf(peer.reports), ["Z507"]);
    const { context } = peer.reports[0] ?? assert.fail("a report");
    assert.deepEqual([context.peer, context.lane, context.theirs, context.ours], ["hub", "", 9, 3]);
  });

  test("ends nothing when it is as far as we are, or the stream is of an epoch that is over", () => {
    const { node, id, chain8 } = clinicOrigin(3);
    for (const entry of [line(id, 3, chain8(3)), line({ ...id, epoch: 7 }, 9, strange)])
      assert.deepEqual(codesOf(hubPeer(node).holding([entry]).reports), []);
    assert.equal(node.log.ownEpoch, id.epoch);
  });

  test("is only reported at a hub when it is a clinic, and eight such claims are open", () => {
    const claim = (open: number, role: "hub" | "clinic"): boolean => {
      const { node, id } = originOf("hub", "hub", 2, "to/clinic_a");
      for (let i = 0; i < open; i++)
        node.log.mark({ kind: "alarm", id: `rollback ${i}`, code: "Z507", text: "" }, 0, () => {});
      node.log.mark({ kind: "alarm", id: "restored x", code: "Z507", text: "" }, 0, () => {});
      settle(node);
      const keyFingerprint = fingerprintOf("clinic_a");
      const peer = new RawPeer(node, "clinic_a", {
        peer: { nodeId: "clinic_a", role, keyFingerprint },
      }).holding([line(id, 9, strange)]);
      assert.deepEqual(codesOf(peer.reports), ["Z507"]);
      return node.log.ownEpoch !== id.epoch;
    };
    assert.equal(claim(claimedRollbacksMax - 1, "clinic"), true);
    assert.equal(claim(claimedRollbacksMax, "clinic"), false);
    assert.equal(claim(claimedRollbacksMax, "hub"), true);
  });
});

describe("a node that is not the origin", () => {
  /** A hub that holds ten events of a clinic. */
  function holder(): { readonly hub: TestNode; readonly a: Origin } {
    const a = clinicOrigin(10);
    const hub = createNode("hub", "hub");
    sync(a.node, hub);
    return { hub, a };
  }

  test("shows the origin its chains unasked, from the head down in steps that double, and waits", () => {
    const { hub, a } = holder();
    const peer = new RawPeer(hub, "clinic_a").holding([line(a.id, 4, strange)]);
    const [chains, ...more] = peer.framesOf("chains");
    assert.deepEqual([chains?.id, chains?.head, more], [a.id, 10, []]);
    const seqs = [10, 9, 8, 6, 2];
    assert.deepEqual(
      chains?.points,
      seqs.map((seq) => ({ seq, chain8: a.chain8(seq) })),
    );
    assert.deepEqual([peer.framesOf("range"), peer.framesOf("done")], [[], []]);
    peer.send({
      type: "vector",
      purpose: "update",
      remaining: 0,
      entries: [line(a.id, 4, a.chain8(4))],
    });
    assert.deepEqual(
      peer.framesOf("range").map(({ from, count }) => [from, count]),
      [[5, 6]],
    );
    assert.equal(peer.ackAll().framesOf("done").length, 1);
  });

  test("answers a question with what it can show of the span, at its head at most", () => {
    const { hub, a } = holder();
    damage(hub, a.id, 4, 5);
    const peer = new RawPeer(hub, "clinic_a").holding([line(a.id, 10, a.chain8(10))]);
    const seqsOf = (low: number, high: number): readonly number[] => {
      peer.send({ type: "chainsQuery", id: a.id, low, high });
      return (
        peer
          .framesOf("chains")
          .at(-1)
          ?.points.map(({ seq }) => seq) ?? []
      );
    };
    // The chain before an event that is held is known as well.
    assert.deepEqual(seqsOf(1, 1000), [10, 9, 8, 7, 6, 5, 3, 2, 1]);
    assert.deepEqual(seqsOf(7, 8), [8, 7]);
    assert.deepEqual(seqsOf(9, 9), [9]);
    assert.deepEqual(seqsOf(0, 0), [10, 9, 8, 6, 2]);
    assert.deepEqual(seqsOf(11, 20), []);
  });

  test("freezes the stream when the origin is not at the other end, and says so once", () => {
    const { hub, a } = holder();
    const other = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
    const meet = (): RawPeer =>
      new RawPeer(hub, "hub2", { peer: other }).holding([line(a.id, 4, strange)]);
    const first = meet();
    assert.deepEqual(codesOf(first.reports), ["Z509"]);
    const { peer, node, lane, theirs, ours } = first.reports[0]?.context ?? {};
    assert.deepEqual([peer, node, lane, theirs, ours], ["hub2", "clinic_a", "", 4, 10]);
    assert.equal(hub.log.stream(hub.log.findStream(a.id) ?? -1).isFrozen, true);
    assert.deepEqual(
      hub.log.alarms.map(({ id, code }) => [id, code]),
      [[`fork clinic_a ${a.id.epoch} `, "Z509"]],
    );
    assert.deepEqual([first.framesOf("range"), first.framesOf("chains")], [[], []]);
    assert.deepEqual(codesOf(meet().reports), []);
  });

  test("compares also what it holds and may not deliver", () => {
    const hub = originOf("hub", "hub", 4, "stock");
    const a = createNode("clinic_a", "clinic");
    sync(a, hub.node, { policy: "all" });
    assert.equal(digestOf(a).length, 4);
    const entry = line(hub.id, 3, strange);
    const peer = hubPeer(a).holding([entry], { offersAll: true });
    assert.deepEqual(
      peer.framesOf("chains").map(({ id, head }) => [id, head]),
      [[hub.id, 4]],
    );
    assert.equal(peer.framesOf("done").length, 0);
    peer.send({
      type: "vector",
      purpose: "update",
      remaining: 0,
      entries: [line(hub.id, 3, hub.chain8(3))],
    });
    assert.deepEqual([peer.framesOf("range").length, peer.framesOf("done").length], [0, 1]);
  });

  test("tells an origin that never settles a fork no more than four times, and lets the session end", () => {
    const { hub, a } = holder();
    const peer = new RawPeer(hub, "clinic_a").holding([line(a.id, 4, strange)]);
    for (let i = 0; i < retriesMax + 2; i++)
      peer.send({
        type: "vector",
        purpose: "update",
        remaining: 0,
        entries: [line(a.id, 4, strange)],
      });
    assert.equal(peer.framesOf("chains").length, retriesMax);
    assert.equal(peer.framesOf("done").length, 1);
    assert.equal(peer.isClosed, false);
  });
});
