/** How a session ended, as each side is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeFrame } from "../codec/encode-frame.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { SessionOptions } from "./api.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, fingerprintOf, pushMany, sync } from "./session.test-kit.ts";

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

  test("is over before the disk has answered: what becomes durable then was received all the same", () => {
    for (const [kind, count] of [
      ["stored", 3],
      ["duplicate", 0],
    ] as const) {
      const peer = peerOf().hello();
      const { session, nowMs } = peer;
      const own = { node: "clinic_a", epoch: 7, lane: "" };
      const ends = { sender: "clinic_a", receiver: "hub" };
      for (const frame of [
        { type: "stream", id: own } as const,
        forgeRange(own, { number: 0, from: 1, count: 3 }),
      ])
        session.handle({ kind: "bytes", bytes: encodeFrame(frame, ends) }, nowMs);
      const tokens: number[] = [];
      let isClosed = false;
      const poll = (): void => {
        for (let effect = session.pollEffect(); effect; effect = session.pollEffect()) {
          if (effect.kind === "store") tokens.push(effect.token);
          if (effect.kind === "savePeerState")
            session.handle({ kind: "peerStateSaved", token: effect.token }, nowMs);
          isClosed ||= effect.kind === "close";
        }
      };
      poll();
      session.handle({ kind: "eof" }, nowMs);
      poll();
      assert.ok(isClosed && tokens.length > 0);
      assert.equal(session.summary().eventsReceived, 0);
      for (const token of tokens) {
        session.handle({ kind: "storeOutcome", token, outcome: { kind } }, nowMs);
        session.handle({ kind: "storeDurable", token }, nowMs);
      }
      assert.equal(session.summary().eventsReceived, count);
      poll();
      assert.equal(session.pollTransmit(nowMs), undefined);
    }
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

test("a session that is told to finish before its peer was heard has finished, for the host's reason", () => {
  for (const error of [undefined, new ZamError("Z513", { peer: "clinic_a", reason: "shutdown" })]) {
    const peer = peerOf();
    const why = error === undefined ? {} : { error };
    peer.session.handle({ kind: "finish", ...why }, peer.nowMs);
    assert.equal(peer.drain().isClosed, true);
    assert.equal(peer.closedBy, error);
    const { endedBy, isComplete } = peer.session.summary();
    assert.deepEqual([endedBy, isComplete], ["finished", false]);
  }
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

describe("the side that called", () => {
  const hub = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;
  const byes = (peer: RawPeer): readonly string[] =>
    peer.framesOf("bye").map(({ reason }) => reason);
  const done = (isPartial: boolean) => ({ type: "done", isPartial }) as const;

  function call(count: number, options: Partial<SessionOptions> = {}): RawPeer {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, count);
    const calling = { peer: hub, isInitiator: true, codec: "raw" } as const;
    return new RawPeer(a, "hub", { ...calling, ...options }).drain().holding([]);
  }

  test("says goodbye once both have said that nothing is left and all is answered", () => {
    const peer = call(3);
    peer.send(done(false));
    assert.deepEqual(byes(peer), []);
    peer.ackAll();
    assert.deepEqual(byes(peer), ["done"]);
    const { isComplete, endedBy, remaining } = peer.session.summary();
    assert.deepEqual([isComplete, endedBy, remaining], [true, "done", 0]);
    assert.deepEqual(byes(call(3).ackAll()), [], "the peer may have more");
  });

  test("says goodbye for a limit when both have said what is left, and all is answered", () => {
    const peer = call(3).ackAll().send(done(true));
    assert.deepEqual(byes(peer), ["budget"]);
    assert.deepEqual(
      [peer.session.summary().isComplete, peer.session.summary().endedBy],
      [false, "budget"],
    );
    const waiting = call(3).send(done(true));
    assert.deepEqual(byes(waiting), [], "an answer is on its way");
    assert.deepEqual(byes(waiting.ackAll()), ["budget"]);
    // Its own limit: the peer may still use its part, and says when it has.
    const own = call(2000, { bytesMax: 6000 }).ackAll();
    assert.deepEqual(byes(own), []);
    own.send(done(false)).ackAll();
    assert.deepEqual(
      own.framesOf("done").map(({ isPartial }) => isPartial),
      [true],
    );
    assert.deepEqual(byes(own), ["budget"]);
  });

  test("waits for no word of the peer's once its own limit is used up", () => {
    const calls = (sentBytes: number): readonly string[] => {
      const peer = call(2000, { bytesMax: 6000 }).ackAll();
      peer.session.handle({ kind: "wire", sentBytes, receivedBytes: 0 }, peer.nowMs);
      return byes(peer.drain().ackAll());
    };
    assert.deepEqual([calls(5000), calls(6000)], [[], ["budget"]]);
  });

  test("stays when both want to, and goes when the peer goes", () => {
    const a = createNode("clinic_a", "clinic");
    const open = { peer: hub, isInitiator: true, keepOpen: true };
    const peer = new RawPeer(a, "hub", open).drain().holding([], { keepsOpen: true });
    peer.send(done(false));
    assert.deepEqual([byes(peer), peer.session.summary().wasResting], [[], true]);
    assert.deepEqual(peer.rests, [true]);
    pushMany(a, 1);
    peer.news();
    assert.deepEqual([peer.rests, peer.session.summary().wasResting], [[true, false], false]);
    peer.ackAll();
    assert.deepEqual(peer.rests, [true, false, true]);
    peer.send({ type: "bye", reason: "finished", heldOrdinal: 0 });
    assert.deepEqual([byes(peer), peer.session.summary().isComplete], [["done"], true]);
    const alone = new RawPeer(a, "hub", open).drain().holding([]).ackAll().send(done(false));
    assert.deepEqual(byes(alone), ["done"], "a peer that does not stay");
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
