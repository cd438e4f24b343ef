/** How long a peer may talk without moving anything. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Chatter } from "./chatter.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import { chatterFramesMax, chatterWindowMs } from "./limits.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, startMs } from "./session.test-kit.ts";

/** Says so many frames at that time; whether all of them were let through. */
function say(chatter: Chatter, count: number, nowMs: number): boolean {
  let isFine = true;
  for (let i = 0; i < count; i++) isFine = chatter.count(nowMs) && isFine;
  return isFine;
}

test("events that become durable make talk of what follows, not of what went before", () => {
  const peer = new RawPeer(createNode("hub", "hub"), "clinic_a").hello();
  const own = { node: "clinic_a", epoch: 5, lane: "" };
  const ends = { sender: "clinic_a", receiver: "hub" };
  const done = encodeFrame({ type: "done", isPartial: false }, ends);
  const talk = Buffer.concat(Array(chatterFramesMax - 10).fill(done));
  peer.bytes(talk).send({ type: "stream", id: own });
  peer.send(forgeRange(own, { number: 0, from: 1, count: 1 })).bytes(talk);
  assert.equal(peer.isClosed, false);
  assert.equal(peer.bytes(talk).closedBy?.code, "Z504");
});

describe("a peer that only talks", () => {
  test("is let through up to a number of frames, and no further", () => {
    const chatter = new Chatter();
    assert.equal(say(chatter, chatterFramesMax, startMs), true);
    assert.equal(say(chatter, 1, startMs + chatterWindowMs - 1), false);
  });

  test("is counted anew when something has moved", () => {
    const chatter = new Chatter();
    say(chatter, chatterFramesMax, startMs);
    chatter.moved();
    assert.equal(say(chatter, chatterFramesMax, startMs), true);
    assert.equal(say(chatter, 1, startMs), false);
  });

  test("is counted anew after a while, and when the clock was set back", () => {
    for (const laterMs of [startMs + chatterWindowMs, startMs - 1, 0]) {
      const chatter = new Chatter();
      say(chatter, chatterFramesMax, startMs);
      assert.equal(say(chatter, chatterFramesMax, laterMs), true);
      assert.equal(say(chatter, 1, laterMs), false);
    }
  });
});
