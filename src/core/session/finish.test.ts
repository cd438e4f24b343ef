/** How a session ended, as each side is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZamError } from "../errors/zam-error.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, pushMany, sync } from "./session.test-kit.ts";

const peerOf = (): RawPeer => new RawPeer(createNode("hub", "hub"), "clinic_a");

describe("a connection that breaks", () => {
  test("before HELLO, or while syncing, is Z521 and says when", () => {
    const early = peerOf();
    early.session.handle({ kind: "eof" }, early.nowMs);
    early.drain();
    assert.equal(early.closedBy?.code, "Z521");
    assert.equal(early.closedBy?.context.phase, "before HELLO");
    const late = peerOf().hello();
    late.session.handle({ kind: "eof" }, late.nowMs);
    late.drain();
    assert.equal(late.closedBy?.code, "Z521");
    assert.equal(late.closedBy?.context.phase, "while syncing");
    const { endedBy, isComplete } = late.session.summary();
    assert.deepEqual([endedBy, isComplete], ["error", false]);
  });

  test("with an error ends with that error", () => {
    const peer = peerOf().hello();
    const error = new ZamError("Z513", { peer: "clinic_a", reason: "reset" });
    peer.session.handle({ kind: "eof", error }, peer.nowMs);
    assert.equal(peer.drain().closedBy, error);
  });

  test("after both said that nothing is left is no error", () => {
    const peer = peerOf().hello().send({ type: "done", isPartial: false });
    peer.session.handle({ kind: "eof" }, peer.nowMs);
    peer.drain();
    assert.deepEqual([peer.isClosed, peer.closedBy], [true, undefined]);
    const { endedBy, isComplete, remaining } = peer.session.summary();
    assert.deepEqual([endedBy, isComplete, remaining], ["done", true, 0]);
  });
});

describe("a peer's goodbye", () => {
  test("when all is exchanged is answered with our own, and the session is complete", () => {
    const peer = peerOf().hello().send({ type: "done", isPartial: false });
    peer.send({ type: "bye", reason: "done", heldOrdinal: 0 });
    assert.deepEqual(
      peer.framesOf("bye").map(({ reason }) => reason),
      ["done"],
    );
    assert.equal(peer.session.summary().isComplete, true);
    assert.equal(peer.closedBy, undefined);
  });

  test("before that ends the session for its reason, and says how much is left", () => {
    for (const [reason, endedBy, code] of [
      ["done", "peer", "Z513"],
      ["finished", "peer", "Z513"],
      ["fenced", "peer", "Z513"],
      ["budget", "budget", undefined],
    ] as const) {
      const hub = createNode("hub", "hub");
      pushMany(hub, 3, { lane: "to/clinic_a" });
      const peer = new RawPeer(hub, "clinic_a").hello();
      peer.send({ type: "bye", reason, heldOrdinal: 0 });
      const summary = peer.session.summary();
      assert.equal(summary.endedBy, endedBy, reason);
      assert.equal(summary.error?.code, code, reason);
      assert.deepEqual([summary.isComplete, summary.remaining], [false, 3]);
      if (code !== undefined) {
        assert.deepEqual(summary.error?.context, { peer: "clinic_a", reason });
      }
    }
  });
});

describe("what is kept of a peer", () => {
  test("are the own events that it has confirmed, under their chain", () => {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushMany(a, 5);
    pushMany(hub, 2, { lane: "to/clinic_a" });
    sync(a, hub);
    const state = a.states.get("hub");
    assert.ok(state !== undefined);
    const { id, head, chain } = a.log.stream(0);
    assert.deepEqual(state.confirmed, [{ stream: id, seq: head, chain }]);
    assert.deepEqual([state.isClean, state.peerId], [true, "hub"]);
    assert.deepEqual(state.peerLogId, hub.log.logId);
    assert.ok(state.completedMs > 0);
  });

  test("is nothing when it never said HELLO", () => {
    const peer = peerOf();
    assert.equal(peer.session.peerState(), undefined);
    peer.session.handle({ kind: "eof" }, peer.nowMs);
    assert.equal(peer.session.peerState(), undefined);
    assert.equal(peerOf().hello().session.peerState()?.peerId, "clinic_a");
  });
});
