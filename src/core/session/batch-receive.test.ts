/** BATCH and HISTORY from a peer, frame by frame: what they may leave out, what they may lean on, and what is answered else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { BatchCodec } from "../codec/batch-codec.ts";
import { CodecMemory, codecStateBytes } from "../codec/codec-memory.ts";
import { codecMix, codecTokens, codecTokensSmall } from "../codec/codecs.ts";
import type { BatchFrame, BatchStart, Frame, HistoryFrame } from "../codec/frame-types.ts";
import type { StreamId } from "../event.ts";
import type { StoredEvent } from "../log/api.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { SessionOptions } from "./api.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, pushMany, sync, type TestNode } from "./session.test-kit.ts";

/** A clinic of which a hub holds the first events; what it says is made by hand. */
class Clinic {
  readonly node: TestNode;
  readonly id: StreamId;
  codec: BatchCodec;

  constructor(node: TestNode, codec = codecTokensSmall) {
    this.node = node;
    this.id = node.log.stream(0).id;
    this.codec = new BatchCodec(codec, nodeCompressor);
  }

  events(from: number, count: number): readonly StoredEvent[] {
    const found = this.node.log.readStream(0, from, { events: count, bytes: 1 << 20 });
    assert.equal(found.length, count);
    return found;
  }

  chain(seq: number, bytes = 8): Uint8Array {
    return (this.node.log.chainAt(0, seq) ?? assert.fail("it is held")).slice(0, bytes);
  }

  /** Its line of the clinic's vector. */
  line(): VectorEntry {
    const { head } = this.node.log.stream(0);
    return { id: this.id, head, chain: this.chain(head), holes: [] };
  }

  /** The codec begins anew, from these events. */
  prime(to: number, count: number, codec = this.codec.codec): void {
    this.codec = new BatchCodec(codec, nodeCompressor);
    if (count > 0) this.codec.prime(0, this.events(to - count + 1, count));
  }

  /** These events, with all said that can be said. */
  batch(from: number, count: number, change: Partial<BatchFrame> = {}): BatchFrame {
    const { block } = this.codec.encode({
      stream: change.stream ?? 0,
      events: this.events(from, count),
      bytesAim: 1 << 20,
    });
    return {
      type: "batch",
      codec: this.codec.codec,
      stream: 0,
      count,
      block,
      start: this.startOf(from),
      chainAfter8: this.chain(from + count - 1),
      ...change,
    };
  }

  startOf(from: number): BatchStart {
    return { from, chainBefore8: this.chain(from - 1) };
  }

  history(to: number, count: number, change: Partial<HistoryFrame> = {}): HistoryFrame {
    const chain4 = count === 0 ? new Uint8Array(4) : this.chain(to, 4);
    return { type: "history", stream: 0, to, count, chain4, ...change };
  }
}

/** A hub that holds the first 20 of a clinic's 40 events. */
function stage(codec?: number): { readonly hub: TestNode; readonly a: Clinic } {
  const hub = createNode("hub", "hub");
  const node = createNode("clinic_a", "clinic");
  pushMany(node, 20);
  sync(node, hub);
  pushMany(node, 20);
  return { hub, a: new Clinic(node, codec) };
}

function headOf(hub: TestNode, id: StreamId): number {
  return hub.log.streamHead(hub.log.findStream(id) ?? -1);
}

function acked(peer: RawPeer): readonly number[] {
  return peer.framesOf("ack").flatMap(({ entries }) => entries.map(({ seq }) => seq));
}

/** The clinic has said HELLO, and holds all that it wrote. */
function meet(
  hub: TestNode,
  a: Clinic,
  options: Partial<SessionOptions> = {},
  memory?: CodecMemory,
): RawPeer {
  return new RawPeer(hub, "clinic_a", options, memory).holding([a.line()]);
}

/** A batch without these. */
function without(frame: BatchFrame, ...keys: readonly (keyof BatchFrame)[]): BatchFrame {
  const rest: Record<string, unknown> = { ...frame };
  for (const key of keys) delete rest[key];
  return rest as unknown as BatchFrame;
}

function problemOf(peer: RawPeer): string {
  return `${peer.closedBy?.code} ${peer.closedBy?.context.problem}`;
}

describe("a batch", () => {
  test("need not say of what stream it is, where it starts or where it ends, once that is known", () => {
    const { hub, a } = stage();
    const peer = meet(hub, a);
    peer.send(a.batch(21, 5));
    // The same stream, where the last one ended.
    peer.send(without(a.batch(26, 5), "stream", "start"));
    // Up to the head that the line told.
    peer.send(without(a.batch(31, 10), "stream", "start", "chainAfter8"));
    assert.deepEqual([acked(peer), headOf(hub, a.id)], [[25, 30, 40], 40]);
    assert.equal(peer.isClosed, false);
  });

  test("is of the first stream when nothing has been said before", () => {
    const { hub, a } = stage();
    assert.deepEqual(acked(meet(hub, a).send(without(a.batch(21, 5), "stream"))), [25]);
  });

  test("says where it ends where that is not the head that the line told", () => {
    const { hub, a } = stage();
    const peer = meet(hub, a).send(a.batch(21, 5));
    peer.send(without(a.batch(26, 5), "start", "chainAfter8"));
    assert.match(problemOf(peer), /^Z501 BATCH goes on from nowhere/);
    assert.equal(headOf(hub, a.id), 25);
  });

  test("says by which codec it is: one that was announced, and the same until HISTORY", () => {
    const { hub, a } = stage();
    const peer = meet(hub, a).send(a.batch(21, 5));
    a.prime(0, 0, codecTokens);
    peer.send(a.batch(26, 5));
    assert.match(problemOf(peer), /^Z501 another codec without HISTORY/);
    const other = meet(hub, a).send(a.history(0, 0));
    a.prime(0, 0, codecTokensSmall);
    other.send(a.batch(26, 5));
    a.prime(0, 0, codecTokens);
    other.send(a.history(0, 0), a.batch(31, 5));
    assert.deepEqual(acked(other), [30, 35]);
  });

  test("by a codec that is not read here is answered, once, with those that are", () => {
    const { hub, a } = stage(codecTokens);
    const peer = meet(hub, a, { codecs: 0b010011 }).send(a.batch(21, 5));
    assert.deepEqual(peer.framesOf("codecs"), [{ type: "codecs", codecs: 0b010011 }]);
    assert.equal(peer.framesOf("noWindow").length, 1);
    peer.send(a.history(0, 0), a.batch(21, 5));
    assert.match(problemOf(peer), /^Z501 a codec that was not announced/);
    const heeds = meet(hub, a, { codecs: 0b010011 }).send(a.batch(21, 5));
    a.prime(0, 0, codecTokensSmall);
    heeds.send(a.history(0, 0), a.batch(21, 5));
    assert.deepEqual(acked(heeds), [25]);
    assert.equal(heeds.framesOf("codecs").length, 1);
  });

  test("that cannot be decoded ends the session, with nothing of it stored", () => {
    const { hub, a } = stage();
    const wrong = a.batch(21, 5, { block: new Uint8Array(40).fill(255) });
    const peer = meet(hub, a).send(wrong);
    assert.match(problemOf(peer), /^Z501 a block that cannot be decoded/);
    assert.equal(headOf(hub, a.id), 20);
  });

  test("of a refused stream is decoded all the same: what leans on it can be read", () => {
    const { hub, a } = stage();
    const foreign = { node: "clinic_b", epoch: 9, lane: "" };
    const peer = meet(hub, a).send(
      { type: "stream", id: foreign },
      a.batch(21, 5, { stream: 1 }),
      a.batch(21, 5),
    );
    assert.deepEqual(
      peer.framesOf("refused").map(({ stream, seq, reason }) => [stream, seq, reason]),
      [[1, 25, "stream"]],
    );
    assert.deepEqual(acked(peer), [25]);
    assert.equal(hub.log.findStream(foreign), undefined);
  });
});

describe("HISTORY", () => {
  test("of events that are held here lets what follows lean on them, and says where that goes on", () => {
    for (const count of [1, 12, 20]) {
      const { hub, a } = stage();
      a.prime(20, count);
      const peer = meet(hub, a).send(a.history(20, count));
      peer.send(without(a.batch(21, 5), "stream", "start"));
      assert.deepEqual([acked(peer), peer.framesOf("noWindow")], [[25], []]);
    }
  });

  test("told by the batch itself is of the events before it, by a short chain and the line's end", () => {
    const { hub, a } = stage();
    a.prime(20, 16);
    const start = { chainBefore4: a.chain(20, 4) };
    const batch = a.batch(21, 20, { history: 16, start });
    const peer = meet(hub, a).send(without(batch, "stream", "chainAfter8"));
    assert.deepEqual([acked(peer), headOf(hub, a.id)], [[40], 40]);
  });

  test("of events that are not held here, or under another chain, is answered with NO_WINDOW", () => {
    const cases: readonly [string, number, number, Partial<HistoryFrame>][] = [
      ["beyond what is held", 21, 4, {}],
      ["another chain", 20, 4, { chain4: Uint8Array.of(1, 2, 3, 4) }],
    ];
    for (const [what, to, count, change] of cases) {
      const { hub, a } = stage();
      const peer = meet(hub, a).send(a.history(to, count, change));
      assert.equal(peer.framesOf("noWindow").length, 1, what);
      // Until the peer begins from nothing, nothing of what it sends can be read.
      a.prime(20, 4);
      peer.send(a.batch(21, 5), a.history(20, 4), { type: "done", isPartial: false });
      assert.equal(peer.framesOf("noWindow").length, 1, what);
      assert.deepEqual([acked(peer), headOf(hub, a.id)], [[], 20], what);
      assert.equal(peer.framesOf("bye").length, 0, "DONE before that counts for nothing");
      a.prime(0, 0);
      peer.send(a.history(0, 0), a.batch(21, 20));
      assert.deepEqual([acked(peer), peer.isClosed], [[40], false], what);
    }
  });

  test("of a stream that may not be named here is answered as if nothing of it were held", () => {
    const { hub } = stage();
    const b = createNode("clinic_b", "clinic");
    pushMany(b, 10);
    sync(b, hub);
    const other = new Clinic(b);
    const peer = new RawPeer(hub, "clinic_a").holding([]);
    peer.send({ type: "stream", id: other.id }, other.history(10, 5));
    assert.deepEqual([peer.framesOf("noWindow").length, peer.isClosed], [1, false]);
  });

  test("makes the receiver forget where streams ended", () => {
    const { hub, a } = stage();
    const peer = meet(hub, a).send(a.batch(21, 5), a.history(0, 0));
    a.prime(0, 0);
    peer.send(without(a.batch(26, 5), "start"));
    assert.match(problemOf(peer), /^Z501 BATCH goes on from nowhere/);
  });
});

describe("a receiver's codec", () => {
  test("goes a minute after the last batch, when the peer is done: what then leans on it is answered", () => {
    const { hub, a } = stage();
    const peer = new RawPeer(hub, "clinic_a", { keepOpen: true });
    peer.holding([a.line()], { keepsOpen: true });
    const done: Frame = { type: "done", isPartial: false };
    const tick = (ms: number): void => {
      peer.nowMs += ms;
      peer.session.handle({ kind: "tick" }, peer.nowMs);
      peer.drain();
    };
    peer.send(a.batch(21, 5), done);
    tick(59_999);
    peer.send(a.batch(26, 5), done);
    assert.deepEqual(acked(peer), [25, 30]);
    tick(60_000);
    peer.send(a.batch(31, 5));
    assert.deepEqual([acked(peer), peer.framesOf("noWindow").length], [[25, 30], 1]);
    a.prime(0, 0);
    peer.send(a.history(0, 0), a.batch(31, 5));
    assert.deepEqual([acked(peer), peer.isClosed], [[25, 30, 35], false]);
  });

  test("for which there is no memory is answered with those for which there is", () => {
    const { hub, a } = stage(codecMix);
    const memory = new CodecMemory(codecStateBytes(codecTokensSmall));
    const peer = meet(hub, a, {}, memory).send(a.batch(21, 5));
    assert.deepEqual(peer.framesOf("codecs"), [{ type: "codecs", codecs: 0b010011 }]);
    assert.equal(peer.framesOf("noWindow").length, 1);
    assert.equal(memory.usedBytes, 0);
    a.prime(0, 0, codecTokensSmall);
    peer.send(a.history(0, 0), a.batch(21, 5));
    assert.deepEqual([acked(peer), memory.usedBytes], [[25], codecStateBytes(codecTokensSmall)]);
  });
});
