/*
 *   clinic  1 2 3 · · · · 8 9         its own stream: the card rotted
 *   hub            floor 5 | 6 7 8 9  its operator let 1 to 5 go
 *
 * What the hub has left links to the clinic's event 8, and the chain that the hub tells with its floor
 * makes that a proof. The same chain with other events leads nowhere.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { textToUtf8 } from "../bytes.ts";
import type { Frame } from "../codec/frame-types.ts";
import type { StreamId } from "../event.ts";
import type { StreamState } from "../log/api.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import {
  codesOf,
  createNode,
  damage,
  digestOf,
  fingerprintOf,
  pushMany,
  sentSeqs,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const photo = textToUtf8("photo ".repeat(5_000));

interface Meeting {
  readonly clinic: TestNode;
  readonly hub: TestNode;
  /** Another one, that still holds everything. */
  readonly second: TestNode;
  readonly id: StreamId;
  readonly before: readonly string[];
}

function meetingOf(hole: readonly [number, number], floor: number, large?: number): Meeting {
  const clinic = createNode("clinic_a", "clinic");
  for (let seq = 1; seq <= 9; seq++) {
    if (seq === large) clinic.log.push([{ lane: "", type: 1, payload: photo }], startMs, () => {});
    else pushMany(clinic, 1);
  }
  const [hub, second] = [createNode("hub", "hub"), createNode("hub2", "hub")];
  const before = digestOf(clinic);
  for (const one of [hub, second]) {
    sync(clinic, one);
    assert.deepEqual(digestOf(one), before);
  }
  const id = { node: "clinic_a", epoch: clinic.log.ownEpoch, lane: "" };
  damage(clinic, id, ...hole);
  const chain = chainAt(hub, id, floor);
  hub.log.mark(
    { kind: "floor", stream: id, floor: { seq: floor, chain, byOrigin: false } },
    0,
    () => {},
  );
  settle(hub);
  return { clinic, hub, second, id, before };
}

function stateAt(node: TestNode, id: StreamId): StreamState {
  return node.log.stream(node.log.findStream(id) ?? assert.fail("the stream is known"));
}

function chainAt(node: TestNode, id: StreamId, seq: number): Uint8Array {
  return node.log.chainAt(stateAt(node, id).index, seq) ?? assert.fail(`the chain at ${seq}`);
}

/** Of what was there, all but these. */
function without(before: readonly string[], ...seqs: readonly number[]): readonly string[] {
  return before.filter((_, at) => !seqs.includes(at + 1));
}

describe("a hole whose beginning is gone at the peer", () => {
  test("is filled with what the peer has left, and the rest stays named", () => {
    const { clinic, hub, id, before } = meetingOf([4, 7], 5);
    const pair = sync(clinic, hub);
    assert.equal(sentSeqs(pair, "responder").length, 2);
    assert.deepEqual(digestOf(clinic), without(before, 4, 5));
    assert.deepEqual(stateAt(clinic, id).holes, [{ from: 4, to: 5 }]);
    assert.deepEqual(codesOf(pair.initiator.reports), []);
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.deepEqual(sentSeqs(sync(clinic, hub), "responder"), []);
  });

  test("is filled up by another peer that has the beginning", () => {
    const { clinic, hub, second, id, before } = meetingOf([4, 7], 5);
    sync(clinic, hub);
    const pair = sync(clinic, second);
    assert.equal(sentSeqs(pair, "responder").length, 2);
    assert.deepEqual(digestOf(clinic), before);
    assert.deepEqual(stateAt(clinic, id).holes, []);
  });

  test("at the end of the stream, where only the chain of the head is known", () => {
    const { clinic, hub, before } = meetingOf([6, 9], 8);
    sync(clinic, hub);
    assert.deepEqual(digestOf(clinic), without(before, 6, 7, 8));
  });

  test("ends in a large event, which comes piece by piece", () => {
    const { clinic, hub, before } = meetingOf([3, 5], 4, 5);
    const pair = sync(clinic, hub);
    assert.ok(sentSeqs(pair, "responder").length > 4);
    assert.deepEqual(digestOf(clinic), without(before, 3, 4));
  });

  test("takes nothing that does not lead to a chain that is known here", () => {
    const forgedChain = new Uint8Array(16).fill(0x5a);
    const atMs = startMs + 1_000;
    for (const { claimed, to } of [
      { claimed: "forged", to: 7 },
      { claimed: "forged", to: 8 },
      { claimed: "true", to: 7 },
      { claimed: "true", to: 6 },
    ]) {
      const { clinic, hub, id, before } = meetingOf([4, 7], 5);
      const chain = claimed === "true" ? chainAt(hub, id, 5) : forgedChain;
      const peer = hubAt(clinic, hub, id).send(
        { type: "stream", id },
        { type: "floor", stream: 0, seq: 5, chain, byOrigin: false },
        forgeRange(id, { number: 0, from: 6, count: to - 5, before: chain, atMs }),
      );
      const answers = peer.framesOf("refused").map(({ reason, seq }) => [reason, seq]);
      assert.deepEqual(answers, [["gap", to]], `${claimed} chain, to ${to}`);
      assert.deepEqual(digestOf(clinic), without(before, 4, 5, 6, 7));
      assert.deepEqual(stateAt(clinic, id).holes, [{ from: 4, to: 7 }]);
    }
  });

  test("takes no large event that does not, and forgets its pieces", () => {
    const { clinic, hub, id, before } = meetingOf([3, 5], 4, 5);
    const forgery: Frame = {
      type: "fragment",
      stream: 0,
      seq: 5,
      hlc: { ms: startMs, counter: 0 },
      eventType: 1,
      known: Uint8Array.of(0),
      totalBytes: 8_000,
      offset: 0,
      chainBefore8: chainAt(hub, id, 4).slice(0, 8),
      chainAfter8: chainAt(hub, id, 5).slice(0, 8),
      codec: 0,
      rawBytes: 4_000,
      block: new Uint8Array(4_000),
    };
    const chain = chainAt(hub, id, 4);
    const peer = hubAt(clinic, hub, id).send(
      { type: "stream", id },
      { type: "floor", stream: 0, seq: 4, chain, byOrigin: false },
      forgery,
      { ...forgery, offset: 4_000 },
    );
    assert.equal(peer.closedBy?.code, "Z523");
    assert.deepEqual(digestOf(clinic), without(before, 3, 4, 5));
    sync(clinic, hub);
    assert.deepEqual(digestOf(clinic), without(before, 3, 4));
  });
});

/** What it says it holds is what `hub` has; the rest is up to the test. */
function hubAt(clinic: TestNode, hub: TestNode, id: StreamId): RawPeer {
  const peer = { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") } as const;
  const { head, chain, floor } = stateAt(hub, id);
  assert.ok(floor !== undefined);
  const line = { id, head, chain: chain.slice(0, 8), holes: [], floor };
  return new RawPeer(clinic, "hub", { peer }).holding([line]);
}
