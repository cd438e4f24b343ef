/** A node's vector as it travels: in frames of bounded size, with bounded holes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeFrame } from "../codec/encode-frame.ts";
import { vectorChunkBytes } from "../codec/wire-limits.ts";
import type { VectorEntry } from "../vector/entry.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, settle, startMs, type TestNode } from "./session.test-kit.ts";

const chain = new Uint8Array(16).fill(8);
const ends = { sender: "hub", receiver: "clinic_a" };

function markLost(hub: TestNode, epoch: number, seqs: readonly number[]): void {
  const stream = { node: "clinic_a", epoch, lane: "" };
  for (const seq of seqs) {
    hub.log.mark({ kind: "lost", stream, from: seq, to: seq, chain }, startMs, () => {});
  }
  settle(hub);
}

function toldBy(hub: TestNode): readonly VectorEntry[] {
  const peer = new RawPeer(hub, "clinic_a").hello();
  return peer.framesOf("vector").flatMap(({ entries }) => entries);
}

const evens = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => 2 * i + 2);

describe("a vector", () => {
  test("of many lines goes in frames of about 8 KiB, each saying how many lines remain", () => {
    const hub = createNode("hub", "hub");
    const count = 600;
    for (let epoch = 1; epoch <= count; epoch++) markLost(hub, epoch, [1]);
    const peer = new RawPeer(hub, "clinic_a").hello();
    const frames = peer.framesOf("vector");
    assert.ok(frames.length > 1, `${frames.length} frames`);
    let left = count;
    for (const frame of frames) {
      left -= frame.entries.length;
      assert.equal(frame.remaining, left);
      assert.ok(encodeFrame(frame, ends).length < vectorChunkBytes + 200);
    }
    assert.equal(left, 0);
    assert.equal(peer.framesOf("hello")[0]?.entryCount, count);
  });

  test("tells up to 256 holes of a line exactly, and the rest as one", () => {
    const hub = createNode("hub", "hub");
    markLost(hub, 1, evens(256));
    const [exact] = toldBy(hub);
    assert.deepEqual(exact?.holes.at(-1), { from: 511, to: 511 });
    assert.equal(exact?.holes.length, 256);

    const more = createNode("hub", "hub");
    markLost(more, 1, evens(300));
    const [coarse] = toldBy(more);
    assert.equal(coarse?.holes.length, 256);
    assert.deepEqual(coarse?.holes.at(-2), { from: 509, to: 509 });
    assert.deepEqual(coarse?.holes.at(-1), { from: 511, to: 599 });
  });

  test("of too many lost ranges names the newest", () => {
    const hub = createNode("hub", "hub");
    markLost(hub, 1, evens(300));
    const [told] = toldBy(hub);
    assert.equal(told?.lost?.length, 256);
    assert.deepEqual(told?.lost?.[0], { from: 90, to: 90 });
    assert.deepEqual(told?.lost?.at(-1), { from: 600, to: 600 });
  });

  test("leaves out what says nothing: no lost ranges, no floor, no part of an event", () => {
    const hub = createNode("hub", "hub");
    const a = createNode("clinic_a", "clinic");
    hub.log.push([{ lane: "to/clinic_a", type: 1, payload: Uint8Array.of(1) }], startMs, () => {});
    settle(hub);
    const [told] = toldBy(hub);
    assert.deepEqual(Object.keys(told ?? {}).sort(), ["chain", "head", "holes", "id"]);
    assert.equal(told?.head, 1);
    assert.deepEqual(toldBy(a), []);
  });
});
