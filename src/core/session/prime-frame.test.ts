/** What a PRIME frame must name for the window to be filled, and what happens when it does not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Frame, PrimeFrame } from "../codec/frame-types.ts";
import { primeEventsMax } from "../codec/wire-limits.ts";
import type { StreamId } from "../event.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, pushMany, sync, type TestNode } from "./session.test-kit.ts";

/** A hub that holds 300 events of the clinic's, a large one among them, and some of another's. */
function stage(): { readonly hub: TestNode; readonly id: StreamId; readonly other: StreamId } {
  const hub = createNode("hub", "hub");
  const a = createNode("clinic_a", "clinic", 0xa);
  pushMany(a, 10);
  a.log.push([{ lane: "", type: 1, payload: new Uint8Array(20_000).fill(3) }], 1, () => {});
  pushMany(a, 300);
  sync(a, hub);
  const b = createNode("clinic_b", "clinic", 0xb);
  pushMany(b, 20);
  sync(b, hub);
  const { id } = a.log.stream(0);
  assert.equal(hub.log.stream(hub.log.findStream(id) ?? -1).head, 311);
  return { hub, id, other: b.log.stream(0).id };
}

const { hub, id, other } = stage();

function chain8(stream: StreamId, seq: number): Uint8Array {
  const chain = hub.log.chainAt(hub.log.findStream(stream) ?? -1, seq);
  assert.ok(chain !== undefined);
  return chain.subarray(0, 8);
}

const prime = (change: Partial<PrimeFrame> = {}): PrimeFrame => ({
  type: "prime",
  id,
  from: 100,
  to: 311,
  chain8: chain8(id, 311),
  ...change,
});

const primed = (...frames: readonly Frame[]): RawPeer =>
  new RawPeer(hub, "clinic_a").hello().send(...frames);

const isFilled = (frame: PrimeFrame): boolean => {
  const peer = primed(frame);
  assert.equal(peer.isClosed, false);
  return peer.framesOf("noWindow").length === 0;
};

describe("PRIME", () => {
  test("fills the window with events that are held here under that chain", () => {
    assert.equal(isFilled(prime()), true);
    assert.equal(isFilled(prime({ from: 311 })), true);
    assert.equal(isFilled(prime({ from: 5, to: 9, chain8: chain8(id, 9) })), true);
    assert.equal(isFilled(prime({ from: 311 - primeEventsMax + 1 })), true);
  });

  test("is answered with NO_WINDOW when it names anything else", () => {
    const wrong: Partial<PrimeFrame>[] = [
      { chain8: new Uint8Array(8) },
      { chain8: chain8(id, 310) },
      { to: 312 },
      { from: 0 },
      { from: 312, to: 311 },
      { from: 311 - primeEventsMax },
      { from: 9, to: 12, chain8: chain8(id, 12) },
      { id: { ...id, epoch: 77 } },
      { id: other, from: 1, to: 20, chain8: chain8(other, 20) },
    ];
    for (const change of wrong) {
      assert.equal(isFilled(prime(change)), false, JSON.stringify(Object.entries(change)[0]));
    }
  });

  test("of a span with a hole is answered with NO_WINDOW", () => {
    const holed = createNode("hub", "hub");
    const a = createNode("clinic_a", "clinic", 0xa);
    pushMany(a, 20);
    sync(a, holed);
    const stream = a.log.stream(0).id;
    const index = holed.log.findStream(stream) ?? -1;
    const chain = holed.log.chainAt(index, 20) ?? new Uint8Array(16);
    const zero = { seq: 9, chain: holed.log.chainAt(index, 9) ?? chain, byOrigin: true };
    holed.log.mark({ kind: "floor", stream, floor: zero }, 1, () => {});
    holed.store.runSyncs();
    const ask = (from: number): number => {
      const frame: PrimeFrame = {
        type: "prime",
        id: stream,
        from,
        to: 20,
        chain8: chain.slice(0, 8),
      };
      return new RawPeer(holed, "clinic_a").hello().send(frame).framesOf("noWindow").length;
    };
    assert.equal(ask(10), 0);
    assert.equal(ask(9), 1);
  });

  test("comes once, and before any rows", () => {
    assert.equal(primed(prime(), prime()).closedBy?.code, "Z506");
    const fresh = { node: "clinic_a", epoch: 5, lane: "lab" };
    const range = forgeRange(fresh, { number: 0, from: 1, count: 1 });
    const late = primed({ type: "stream", id: fresh }, range, prime());
    assert.equal(late.closedBy?.code, "Z506");
  });

  test("that failed makes the receiver deaf to rows until the window is emptied", () => {
    const lane = { node: "clinic_a", epoch: 6, lane: "lab" };
    const range = forgeRange(lane, { number: 0, from: 1, count: 2 });
    const peer = primed(prime({ to: 312 }), { type: "stream", id: lane }, range);
    peer.send({ type: "done", isPartial: false });
    assert.equal(peer.framesOf("ack").length, 0);
    assert.equal(hub.log.findStream(lane), undefined, "nothing of it was stored");
    const empty = prime({ from: 0, to: 0, chain8: new Uint8Array(8) });
    peer.send(empty, range);
    assert.deepEqual(
      peer.framesOf("ack").flatMap(({ entries }) => entries),
      [{ stream: 0, seq: 2 }],
    );
    assert.equal(peer.isClosed, false);
  });
});
