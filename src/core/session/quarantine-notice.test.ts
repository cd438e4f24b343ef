/** What a hub holds back of a clinic's events, and how that clinic's operator comes to know of it (RULES 34). */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quarantineRunsNamed } from "../codec/wire-limits.ts";
import { utf8ToText } from "../bytes.ts";
import type { Mark } from "../log/api.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import type { SessionPair } from "../../testing/session-pair.ts";
import {
  codesOf,
  createNode,
  createPair,
  digestOf,
  fingerprintOf,
  keepStates,
  pushMany,
  settle,
  startMs,
  sync,
  type TestNode,
  traceOf,
} from "./session.test-kit.ts";

/** A hub that holds back whatever says "bad", and a clinic that nobody has told. */
function twoNodes(): readonly [TestNode, TestNode] {
  const hub = createNode("hub", "hub");
  hub.log.setJudge(({ payload }) =>
    utf8ToText(payload)?.includes('"bad') === true ? "/event: not among those known" : undefined,
  );
  return [createNode("clinic_a", "clinic"), hub];
}

function pushBad(node: TestNode, count: number, lane = ""): void {
  pushMany(node, count, { tag: "bad", lane });
}

function mark(node: TestNode, what: Mark): void {
  node.log.mark(what, startMs, () => {});
  settle(node);
}

/** The hub's operator lets it in. */
function release(hub: TestNode, author: TestNode, seq: number, lane = ""): void {
  mark(hub, {
    kind: "release",
    stream: { node: author.id, epoch: author.log.ownEpoch, lane },
    seq,
  });
}

/** What was told, as (total, [from, to] of each run). */
function toldOf(pair: SessionPair): readonly unknown[] {
  return pair.traces.flatMap(({ frame }) =>
    frame.type === "quarantine"
      ? [[frame.total, ...frame.runs.map(({ from, to }) => [from, to])]]
      : [],
  );
}

function reportsOf(pair: SessionPair): readonly unknown[] {
  return pair.initiator.reports.map(({ code, context }) => [code, context.count, context.example]);
}

const example = ": seq 3, /event: not among those known";

describe("a clinic whose events a hub holds back", () => {
  test("hears of them before they are acknowledged, and reports them once", () => {
    const [a, hub] = twoNodes();
    pushMany(a, 2);
    pushBad(a, 2);
    pushMany(a, 1);
    const pair = sync(a, hub);
    assert.match(traceOf(pair), /<quarantine (?:<\S+ )*?<ack/);
    assert.deepEqual(toldOf(pair), [[2, [3, 4]]]);
    assert.deepEqual(reportsOf(pair), [["Z524", 2, example]]);
    assert.equal(pair.initiator.reports[0]?.context.peer, "hub");
    const { initiator, responder } = pair.summaries();
    assert.deepEqual([initiator.isComplete, initiator.heldBackCount], [true, 2]);
    assert.equal(responder.heldBackCount, 0);
    assert.deepEqual(digestOf(hub), digestOf(a), "held back is held");
  });

  test("is told again in each session, and keeps between them what it was told last", () => {
    const [a, hub] = twoNodes();
    pushMany(a, 2);
    pushBad(a, 2);
    sync(a, hub);
    const again = sync(a, hub);
    assert.deepEqual(toldOf(again), [[2, [3, 4]]]);
    assert.deepEqual(reportsOf(again), [["Z524", 2, example]]);
    assert.match(traceOf(again), /^>hello >vector <hello <quarantine/);
    // The hub that lost what it knew says it all the same: what is held back stands in its log.
    hub.states.clear();
    assert.deepEqual(toldOf(sync(a, hub)), [[2, [3, 4]]]);
    const run = { id: { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" }, from: 3, to: 4 };
    const reason = "/event: not among those known";
    assert.deepEqual(a.states.get("hub")?.heldBack, { total: 2, runs: [{ ...run, reason }] });
    assert.equal(hub.states.get("clinic_a")?.wasToldQuarantine, true);
  });

  test("hears when they are let in, at the next session, and from then on that there are none", () => {
    const [a, hub] = twoNodes();
    pushMany(a, 2);
    pushBad(a, 2);
    sync(a, hub);
    release(hub, a, 3);
    const fewer = sync(a, hub);
    assert.deepEqual(toldOf(fewer), [[1, [4, 4]]]);
    release(hub, a, 4);
    const none = sync(a, hub);
    assert.deepEqual(toldOf(none), [[0]]);
    assert.deepEqual(reportsOf(none), []);
    assert.equal(none.summaries().initiator.heldBackCount, 0);
    assert.equal(a.states.get("hub")?.heldBack, undefined);
    assert.equal(hub.states.get("clinic_a")?.wasToldQuarantine, true);
    assert.deepEqual(toldOf(sync(a, hub)), [[0]]);
  });

  test("hears in mid-session what changes, once a change, and reports what is held back then", () => {
    const [a, hub] = twoNodes();
    pushBad(a, 3);
    const keepOpen = { keepOpen: true };
    const pair = createPair(a, hub, { from: keepOpen, to: keepOpen }).run(startMs + 1000);
    assert.deepEqual(toldOf(pair), [[3, [1, 3]]]);
    release(hub, a, 2);
    pair.logChanged(pair.responder);
    pair.continue(startMs + 2000);
    pair.logChanged(pair.responder);
    pair.continue(startMs + 3000);
    assert.deepEqual(toldOf(pair), [
      [3, [1, 3]],
      [2, [1, 1], [3, 3]],
    ]);
    pushBad(a, 2, "lab");
    pair.logChanged(pair.initiator);
    pair.continue(startMs + 4000);
    assert.deepEqual(toldOf(pair).at(-1), [4, [1, 1], [3, 3], [1, 2]]);
    const counts = reportsOf(pair).map((report) => (report as unknown[])[1]);
    assert.deepEqual(counts, [3, 4]);
  });

  test("knows of what is acknowledged that it is held back, at whatever byte the link dies", () => {
    const options = { from: { codec: "tokens" }, latencyMs: 50 } as const;
    const unheard = (given: Uint8Array, to: string): Uint8Array =>
      to === "initiator" ? new Uint8Array(0) : given;
    // It hears of them by an acknowledgement, or, when that was lost, by the hub's next vector.
    for (const isAckLost of [false, true]) {
      const met = (): readonly [TestNode, TestNode] => {
        const nodes = twoNodes();
        sync(...nodes);
        pushBad(nodes[0], 2);
        if (isAckLost) sync(...nodes, { ...options, tamper: unheard });
        return nodes;
      };
      const whole = sync(...met(), options);
      const bytes = whole.initiator.sentBytes + whole.responder.sentBytes;
      let confirmed = 0;
      // Every frame has two bytes or more.
      for (let cutAtBytes = whole.initiator.sentBytes - 20; cutAtBytes < bytes; cutAtBytes += 2) {
        const [a, hub] = met();
        sync(a, hub, { ...options, cutAtBytes });
        const state = a.states.get("hub");
        const head = state?.confirmed[0]?.seq ?? 0;
        if (head > 0) confirmed++;
        const heldBack = state?.heldBack?.total ?? 0;
        assert.ok(heldBack >= head, `${heldBack} of ${head}, cut at ${cutAtBytes} of ${bytes}`);
      }
      assert.ok(confirmed > 0, "some cuts came behind that");
    }
  });

  test("is told once more, at the next session, what it may not have heard", () => {
    const letIn = (nodes: readonly [TestNode, TestNode]): void => {
      pushBad(nodes[0], 2);
      sync(...nodes);
      for (const seq of [1, 2]) release(nodes[1], nodes[0], seq);
    };
    const cut = twoNodes();
    letIn(cut);
    let bytes = 0;
    const noNotice = (given: Uint8Array, to: string): Uint8Array => {
      bytes += to === "initiator" ? given.length : 0;
      return to === "initiator" ? new Uint8Array(0) : given;
    };
    sync(...cut, { tamper: noNotice, latencyMs: 50 });
    assert.ok(bytes > 0);
    assert.equal(cut[0].states.get("hub")?.heldBack?.total, 2);
    assert.deepEqual(toldOf(sync(...cut)), [[0]]);
    assert.equal(cut[0].states.get("hub")?.heldBack, undefined);
    assert.deepEqual(toldOf(sync(...cut)), [[0]]);
  });

  test("is told once more by a hub that has lost what it knew of it", () => {
    const [a, hub] = twoNodes();
    pushBad(a, 2);
    sync(a, hub);
    for (const seq of [1, 2]) release(hub, a, seq);
    assert.equal(hub.states.delete("clinic_a"), true);
    assert.equal(a.states.get("hub")?.heldBack?.total, 2);
    assert.deepEqual(toldOf(sync(a, hub)), [[0]]);
    assert.equal(a.states.get("hub")?.heldBack, undefined);
    assert.deepEqual(toldOf(sync(a, hub)), [[0]]);
  });

  test("is told once more what a hub says after it said that nothing is left", () => {
    const [a, hub] = twoNodes();
    pushBad(a, 1);
    sync(a, hub);
    const keepOpen = { keepOpen: true };
    const pair = createPair(a, hub, { from: keepOpen, to: keepOpen }).run(startMs + 1000);
    release(hub, a, 1);
    pair.logChanged(pair.responder);
    pair.continue(startMs + 2000);
    pair.feed(pair.initiator, { kind: "finish" });
    pair.continue();
    keepStates(pair, a, hub);
    assert.deepEqual(toldOf(pair).at(-1), [0]);
    // Its goodbye may have crossed that.
    assert.deepEqual(toldOf(sync(a, hub)), [[0]]);
    assert.deepEqual(toldOf(sync(a, hub)), [[0]]);
  });

  test("is told a change of which they are although their number stays", () => {
    const [a, hub] = twoNodes();
    pushBad(a, 2);
    const keepOpen = { keepOpen: true };
    const pair = createPair(a, hub, { from: keepOpen, to: keepOpen }).run(startMs + 1000);
    release(hub, a, 1);
    pushBad(a, 1, "lab");
    pair.logChanged(pair.initiator);
    pair.continue(startMs + 2000);
    assert.deepEqual(toldOf(pair).at(-1), [2, [2, 2], [1, 1]]);
  });

  test("learns the lane of the first, for somebody has to find it", () => {
    const [a, hub] = twoNodes();
    pushBad(a, 1, "lab");
    const [report] = reportsOf(sync(a, hub)) as readonly unknown[][];
    assert.deepEqual(report, ["Z524", 1, ": seq 1 of lane lab, /event: not among those known"]);
  });

  test("hears how many there are when they are too many to be named", () => {
    const [a, hub] = twoNodes();
    for (let i = 0; i < quarantineRunsNamed + 3; i++) {
      pushBad(a, 1);
      pushMany(a, 1);
    }
    const [told] = toldOf(sync(a, hub)) as readonly unknown[][];
    assert.deepEqual(told?.slice(0, 3), [quarantineRunsNamed + 3, [1, 1], [3, 3]]);
    assert.equal(told?.length, 1 + quarantineRunsNamed);
    assert.equal(a.states.get("hub")?.heldBack?.total, quarantineRunsNamed + 3);
  });

  test("hears nothing where nothing of its own is held back", () => {
    const [a, hub] = twoNodes();
    const b = createNode("clinic_b", "clinic");
    pushBad(b, 2);
    pushMany(a, 2);
    sync(b, hub);
    for (let i = 0; i < 2; i++) assert.deepEqual(toldOf(sync(a, hub)), []);
    // Nor does a hub hear from a clinic, whatever that holds back.
    a.log.setJudge(() => "none is wanted here");
    pushMany(hub, 2, { lane: "to/clinic_a" });
    assert.deepEqual(toldOf(sync(a, hub)), []);
    assert.equal(a.log.quarantinedCount, 2);
    // What only measures moves nothing, and says nothing.
    pushBad(a, 1);
    sync(a, hub);
    assert.deepEqual(toldOf(sync(a, hub, { from: { pingCount: 2 } })), []);
  });
});

describe("a notice of what is held back", () => {
  const notice = (node: string) => ({
    type: "quarantine" as const,
    total: 1,
    runs: [{ id: { node, epoch: 7, lane: "" }, from: 1, to: 1, reason: "why" }],
  });
  const peerOf = (role: "hub" | "clinic"): RawPeer =>
    new RawPeer(createNode("hub", "hub"), "other", {
      peer: { nodeId: "other", role, keyFingerprint: fingerprintOf("other") },
    }).holding([]);

  test("comes from hubs, about events of the node that it is told to, and ends the session else", () => {
    const taken = peerOf("hub").send(notice("hub"));
    assert.equal(taken.isClosed, false);
    assert.equal(taken.session.summary().heldBackCount, 1);
    for (const [role, node] of [
      ["hub", "clinic_a"],
      ["clinic", "hub"],
    ] as const) {
      const refused = peerOf(role).send(notice(node));
      assert.equal(refused.closedBy?.code, "Z523");
      assert.equal(refused.closedBy.context.peer, "other");
      assert.match(String(refused.closedBy.context.problem), /did not write/);
      assert.equal(refused.session.summary().heldBackCount, 0);
    }
  });

  test("without an example is reported with the number alone", () => {
    const hub = createNode("hub", "hub");
    const peer = new RawPeer(hub, "other", {
      peer: { nodeId: "other", role: "hub", keyFingerprint: fingerprintOf("other") },
    }).holding([]);
    peer.send({ type: "quarantine", total: 5, runs: [] }, { type: "done", isPartial: false });
    assert.deepEqual(codesOf(peer.reports), ["Z524"]);
    assert.deepEqual(peer.reports[0]?.context, { count: 5, peer: "other", example: "" });
  });
});
