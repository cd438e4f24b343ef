/** In what pieces events leave, and when none may. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { HelloFrame } from "../codec/frame-types.ts";
import { fragmentWireBytes } from "../codec/wire-limits.ts";
import type { VectorEntry } from "../vector/entry.ts";
import type { SessionOptions } from "./api.ts";
import { clockStepMs, helloTimeoutMs, rangeBytesAim } from "./limits.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import {
  createNode,
  fingerprintOf,
  pushMany,
  settle,
  startMs,
  type TestNode,
} from "./session.test-kit.ts";

interface Meeting {
  readonly entries?: readonly VectorEntry[];
  readonly hello?: Partial<HelloFrame>;
  readonly options?: Partial<SessionOptions>;
}

function meet(a: TestNode, { entries = [], hello = {}, options = {} }: Meeting = {}): RawPeer {
  const peer = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;
  return new RawPeer(a, "hub", { peer, ...options }).holding(entries, hello);
}

function clinicWith(...sizes: readonly number[]): TestNode {
  const a = createNode("clinic_a", "clinic");
  const random = createSeededRandom(20_261_127);
  for (const size of sizes)
    a.log.push([{ lane: "", type: 1, payload: random.bytes(size) }], startMs - 1000, () => {});
  settle(a);
  return a;
}

describe("an event that is too large for one frame", () => {
  const size = fragmentWireBytes * 4 + 100;
  const offsetsOf = (peer: RawPeer): readonly unknown[] =>
    peer.framesOf("fragment").map(({ seq, offset, rawBytes }) => [seq, offset, rawBytes]);
  const whole = [0, 1, 2, 3].map((i) => [1, i * fragmentWireBytes, fragmentWireBytes]);

  /** Answers each fragment as it comes. */
  function ackFragments(peer: RawPeer): RawPeer {
    for (let at = 0; at < peer.framesOf("fragment").length; at++) {
      const frame = peer.framesOf("fragment")[at] ?? assert.fail("a fragment");
      const offset = frame.offset + frame.rawBytes;
      peer.send({ type: "ack", entries: [{ stream: 0, seq: frame.seq, offset }] });
    }
    return peer;
  }

  test("goes in fragments, one after the other, and counts as one event", () => {
    const a = clinicWith(size);
    const peer = ackFragments(meet(a));
    assert.deepEqual(offsetsOf(peer), [...whole, [1, fragmentWireBytes * 4, 100]]);
    const [first] = peer.framesOf("fragment");
    assert.deepEqual([first?.totalBytes, first?.eventType], [size, 1]);
    const { eventsSent, eventsConfirmed, remaining } = peer.session.summary();
    assert.deepEqual([eventsSent, eventsConfirmed, remaining], [1, 1, 0]);
    assert.equal(peer.framesOf("done").length, 1);
  });

  test("goes on where the peer's copy ends, and from the start when that cannot be", () => {
    const a = clinicWith(size);
    const { id } = a.log.stream(0);
    const firstOffset = (head: number, partialBytes: number): number | undefined => {
      const entry = { id, head, chain: new Uint8Array(8), holes: [], partialBytes };
      return meet(a, { entries: [entry] }).framesOf("fragment")[0]?.offset;
    };
    assert.equal(firstOffset(0, fragmentWireBytes), fragmentWireBytes);
    assert.equal(firstOffset(0, 1), 1);
    assert.equal(firstOffset(0, size - 1), size - 1);
    assert.equal(firstOffset(0, size), 0);
    // What the peer has a part of is what follows its head, and no event in a hole.
    const holed = clinicWith(size, 10, 10);
    const holes = [{ from: 1, to: 1 }];
    const chain = holed.log.chainAt(0, 2)?.slice(0, 8) ?? assert.fail("a chain");
    const entries = [{ id: holed.log.stream(0).id, head: 2, chain, holes, partialBytes: 500 }];
    assert.equal(meet(holed, { entries }).framesOf("fragment")[0]?.offset, 0);
  });

  test("does not hold up what is small and before it, nor what follows", () => {
    const a = clinicWith(10, size, 20, 30);
    const peer = ackFragments(meet(a).ackAll()).ackAll();
    assert.deepEqual(
      peer.framesOf("range").map(({ from, count }) => [from, count]),
      [
        [1, 1],
        [3, 2],
      ],
    );
    assert.equal(peer.session.summary().eventsConfirmed, 1 + 1 + 2);
  });
});

describe("ranges", () => {
  test("are about as large as is aimed at, follow on one another, and stop when none is answered", () => {
    const a = clinicWith(...Array.from({ length: 300 }, () => 1000));
    const peer = meet(a);
    const sent = peer.framesOf("range");
    let next = 1;
    let bytes = 0;
    for (const { from, count, block } of sent) {
      assert.equal(from, next);
      assert.ok(block.length > 500 && block.length <= rangeBytesAim * 2, `${block.length}`);
      next += count;
      bytes += block.length;
    }
    assert.ok(next > 2 && next < 300, `${next}`);
    assert.ok(bytes < 200_000, `${bytes}`);
    const { unansweredBytes, eventsSent, eventsToSend } = peer.session.summary();
    assert.ok(unansweredBytes > bytes && unansweredBytes < bytes + sent.length * 100);
    assert.deepEqual([eventsSent, eventsToSend], [next - 1, 300]);
    peer.ackAll();
    assert.ok(peer.framesOf("range").length > sent.length, "an answer makes room");
  });

  test("of an urgent lane go although the window is full, and first", () => {
    const a = clinicWith(...Array.from({ length: 300 }, () => 1000));
    const peer = meet(a);
    const before = peer.framesOf("range").length;
    pushMany(a, 1, { lane: "urgent" });
    peer.news();
    assert.deepEqual(
      [peer.framesOf("range").length, peer.streams().map(({ lane }) => lane)],
      [before + 1, ["", "urgent"]],
    );
    const b = clinicWith(10);
    pushMany(b, 1, { lane: "urgent" });
    assert.deepEqual(
      meet(b)
        .streams()
        .map(({ lane }) => lane),
      ["urgent", ""],
    );
  });

  test("are packed when both sides can and it is shorter", () => {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, 20);
    const codecOf = (meeting: Meeting): number | undefined =>
      meet(a, meeting).framesOf("range")[0]?.codec;
    assert.equal(codecOf({}), 1);
    assert.equal(codecOf({ hello: { codecs: 1 } }), 0);
    assert.equal(codecOf({ options: { codecs: 1 } }), 0);
    assert.equal(codecOf({ options: { codec: "raw" } }), 0);
    const noise = clinicWith(2000);
    assert.equal(meet(noise).framesOf("range")[0]?.codec, 0);
  });

  test("hold less when the budget is short; one event always goes", () => {
    const a = clinicWith(...Array.from({ length: 100 }, () => 200));
    const sentWith = (receiveBytesMax: number): number =>
      meet(a, { hello: { receiveBytesMax } }).session.summary().eventsSent;
    const [none, some, more] = [sentWith(1), sentWith(3000), sentWith(9000)];
    assert.ok(none <= 1, `${none}`);
    assert.ok(some >= 1 && some < 20, `${some}`);
    assert.ok(more > some && more < 50, `${more}`);
    const peer = meet(a, { hello: { receiveBytesMax: 3000 } }).ackAll();
    assert.deepEqual(
      peer.framesOf("done").map(({ isPartial }) => isPartial),
      [true],
    );
  });

  test("do not leave once the session is told to finish", () => {
    const a = clinicWith(10);
    const peer = meet(a);
    pushMany(a, 3);
    peer.session.handle({ kind: "finish" }, peer.nowMs);
    assert.equal(peer.news().framesOf("range").length, 1);
    assert.equal(peer.framesOf("bye").length, 0, "an answer is due");
    assert.deepEqual(
      peer
        .ackAll()
        .framesOf("bye")
        .map(({ reason }) => reason),
      ["finished"],
    );
  });
});

describe("a step of the wall clock", () => {
  const step = clockStepMs + 1;
  const stages: readonly (readonly [string, () => RawPeer])[] = [
    ["before HELLO", () => new RawPeer(createNode("hub", "hub"), "clinic_a")],
    ["when all is done", () => new RawPeer(createNode("hub", "hub"), "clinic_a").hello()],
    [
      "while a question is not answered",
      () => {
        const peer = new RawPeer(createNode("hub", "hub"), "clinic_a").hello();
        peer.session.handle({ kind: "probe" }, peer.nowMs);
        return peer.drain();
      },
    ],
    ["while events wait for an answer", () => meet(clinicWith(10))],
    [
      "while it finishes",
      () => {
        const peer = meet(clinicWith(10));
        peer.session.handle({ kind: "finish" }, peer.nowMs);
        return peer.drain();
      },
    ],
  ];

  for (const [stage, create] of stages)
    test(`moves the session's deadlines with it: ${stage}`, () => {
      for (const by of [step, -1, -step]) {
        const peer = create();
        const before = peer.session.nextDeadlineMs() ?? assert.fail("a deadline");
        peer.nowMs += by;
        peer.session.handle({ kind: "tick" }, peer.nowMs);
        peer.drain();
        assert.deepEqual([peer.isClosed, peer.session.nextDeadlineMs()], [false, before + by]);
      }
    });

  test("of ten minutes is time that has passed", () => {
    const peer = new RawPeer(createNode("hub", "hub"), "clinic_a");
    assert.equal(peer.session.nextDeadlineMs(), startMs + helloTimeoutMs);
    peer.nowMs += clockStepMs;
    peer.session.handle({ kind: "tick" }, peer.nowMs);
    assert.equal(peer.drain().isClosed, true);
  });
});
