/** Each deadline of a session: when it is due, what happens then, and nothing a millisecond before. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ackTimeoutMs,
  helloTimeoutMs,
  idlePingMs,
  lingerTimeoutMs,
  pongTimeoutMs,
} from "./limits.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, startMs } from "./session.test-kit.ts";

const peerOf = (): RawPeer => new RawPeer(createNode("hub", "hub"), "clinic_a");

function tickAt(peer: RawPeer, atMs: number): RawPeer {
  peer.nowMs = atMs;
  peer.session.handle({ kind: "tick" }, atMs);
  return peer.drain();
}

/** The side that answers asks a quarter later, so that only one of both does. */
const answererPingMs = idlePingMs * 1.25;

describe("a session", () => {
  test("waits half a minute for HELLO", () => {
    const peer = peerOf();
    const dueMs = startMs + helloTimeoutMs;
    assert.equal(peer.session.nextDeadlineMs(), dueMs);
    assert.equal(tickAt(peer, dueMs - 1).isClosed, false);
    tickAt(peer, dueMs);
    assert.equal(peer.closedBy?.code, "Z505");
    assert.equal(peer.closedBy?.context.waitedMs, helloTimeoutMs);
    assert.equal(peer.session.nextDeadlineMs(), undefined, "a closed one waits for nothing");
  });

  test("asks after a silence, and gives up when the question is not answered", () => {
    const peer = peerOf().hello();
    const askMs = startMs + answererPingMs;
    assert.equal(peer.session.nextDeadlineMs(), askMs);
    assert.equal(tickAt(peer, askMs - 1).framesOf("ping").length, 0);
    assert.equal(tickAt(peer, askMs).framesOf("ping").length, 1);
    const endMs = askMs + pongTimeoutMs;
    assert.equal(peer.session.nextDeadlineMs(), endMs);
    assert.equal(tickAt(peer, endMs - 1).isClosed, false);
    assert.equal(peer.framesOf("ping").length, 1, "it asks once");
    tickAt(peer, endMs);
    assert.equal(peer.closedBy?.code, "Z505");
    assert.equal(peer.closedBy?.context.waitedMs, endMs - startMs, "since it was last heard");
  });

  test("takes any byte as an answer, and asks again after the next silence", () => {
    const peer = peerOf().hello();
    tickAt(peer, startMs + answererPingMs);
    const heardMs = startMs + answererPingMs + 1000;
    peer.nowMs = heardMs;
    peer.send({ type: "pong", nonce: 0 });
    assert.equal(peer.session.nextDeadlineMs(), heardMs + answererPingMs);
    assert.equal(tickAt(peer, heardMs + answererPingMs).framesOf("ping").length, 2);
  });

  test("ends with a peer that answers, and moves nothing for three minutes", () => {
    const peer = peerOf().hello();
    const endMs = startMs + ackTimeoutMs;
    for (let atMs = startMs; atMs < endMs; atMs += 10_000) {
      peer.nowMs = atMs;
      peer.send({ type: "pong", nonce: 0 });
    }
    assert.equal(peer.session.nextDeadlineMs(), endMs);
    assert.equal(tickAt(peer, endMs - 1).isClosed, false);
    tickAt(peer, endMs);
    assert.equal(peer.closedBy?.code, "Z505");
    assert.equal(peer.closedBy?.context.waitedMs, ackTimeoutMs);
  });

  test("that is done waits twenty seconds for the other's goodbye, and then says its own", () => {
    const peer = peerOf().hello().send({ type: "done", isPartial: false });
    assert.equal(peer.framesOf("done").length, 1);
    const endMs = startMs + lingerTimeoutMs;
    assert.equal(peer.framesOf("bye").length, 0);
    peer.nowMs = startMs + 10_000;
    peer.send({ type: "ping", nonce: 1 });
    assert.equal(peer.session.nextDeadlineMs(), endMs);
    assert.equal(tickAt(peer, endMs - 1).framesOf("bye").length, 0);
    assert.deepEqual(
      tickAt(peer, endMs)
        .framesOf("bye")
        .map(({ reason }) => reason),
      ["done"],
    );
  });

  test("told to finish with nothing under way says goodbye at once", () => {
    const peer = peerOf().hello();
    peer.session.handle({ kind: "finish" }, peer.nowMs);
    const reasons = peer
      .drain()
      .framesOf("bye")
      .map(({ reason }) => reason);
    assert.deepEqual([reasons, peer.isClosed], [["finished"], true]);
    assert.equal(peer.session.summary().endedBy, "finished");
  });
});
