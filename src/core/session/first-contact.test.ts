/** The first session of a clinic with any hub: what it may send before it has heard of it, and what it may not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { codecMix, codecTokens } from "../codec/codecs.ts";
import {
  codesOf,
  createNode,
  createPair,
  digestOf,
  keepStates,
  pushMany,
  rowsOnly,
  sentSeqs,
  settle,
  startMs,
  sync,
  syncUntilComplete,
  type TestNode,
  traceOf,
} from "./session.test-kit.ts";

function twoNodes(): readonly [TestNode, TestNode] {
  return [createNode("clinic_a", "clinic"), createNode("hub", "hub")];
}

/** Events that nothing makes smaller than 200 bytes. */
function pushRandom(node: TestNode, count: number): void {
  const random = createSeededRandom(3);
  for (let i = 0; i < count; i++) {
    const payload = random.bytes(200);
    node.log.push([{ lane: "", type: 1, payload }], startMs - 60_000 + i, () => {});
  }
  settle(node);
}

function codecsOf(pair: ReturnType<typeof sync>): readonly number[] {
  const seen = new Set<number>();
  for (const { frame } of pair.traces) if (frame.type === "batch") seen.add(frame.codec);
  return [...seen];
}

test("the first events leave behind the first HELLO", () => {
  const [a, hub] = twoNodes();
  pushMany(a, 200);
  const pair = sync(a, hub, { latencyMs: 300 });
  assert.match(traceOf(pair), /^>hello >vector >batch .*<hello/);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
  // Bytes that travelled, their acknowledgement: two trips, and the hub's DONE comes with it.
  const acked = pair.traces.find(({ from, frame }) => from === "responder" && frame.type === "ack");
  assert.ok(acked !== undefined && acked.atMs - startMs < 2 * 300, `${acked?.atMs}`);
});

test("no more than 32 KiB go before the hub is heard", () => {
  const [a, hub] = twoNodes();
  pushRandom(a, 500);
  const pair = createPair(a, hub, { latencyMs: 300, queueBytesMax: 1024 * 1024 });
  pair.run(startMs + 500);
  assert.ok(pair.initiator.sentBytes > 30_000 && pair.initiator.sentBytes < 34_000);
  pair.continue();
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("what was sent is noted before it leaves: a first contact is the first only once", () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = createSeededRandom(seed);
    const [a, hub] = twoNodes();
    pushRandom(a, 300);
    const first = createPair(a, hub, { latencyMs: 300, cutAtBytes: random.between(150, 50_000) });
    first.run();
    assert.ok(first.initiator.savedState !== undefined, "noted before any event left");
    assert.equal(first.initiator.savedState.isClean, false);
    keepStates(first, a, hub);
    const held = hub.log.streamCount === 0 ? 0 : hub.log.streamHead(0);
    const next = sync(a, hub, { latencyMs: 300 });
    assert.equal(sentSeqs(next, "initiator").length, 300 - held, `seed ${seed}`);
    assert.deepEqual(digestOf(hub), digestOf(a));
  }
});

test("a clinic that has met a hub waits to hear what the next one holds", () => {
  const [a, hub] = twoNodes();
  pushMany(a, 50);
  syncUntilComplete(a, hub);
  const second = createNode("hub2", "hub", 9);
  syncUntilComplete(hub, second);
  const pair = sync(a, second, { latencyMs: 300 });
  assert.match(traceOf(pair), /^>hello (>vector )?<hello/);
  assert.deepEqual(codesOf(pair.initiator.reports), []);
});

test("a hub that meets another waits to hear what that holds", () => {
  const hub = createNode("hub", "hub");
  pushMany(hub, 50);
  const pair = sync(hub, createNode("hub2", "hub", 9), { latencyMs: 300 });
  assert.match(traceOf(pair), /^>hello (>vector )?<hello/);
});

test("events of an earlier epoch wait for the hub's vector", () => {
  const [a, hub] = twoNodes();
  pushMany(a, 40);
  a.log.mark({ kind: "newEpoch", reason: "Z518" }, startMs - 50_000, () => {});
  settle(a);
  const earlier = a.log.stream(0).id.epoch;
  assert.notEqual(a.log.ownEpoch, earlier);
  pushMany(a, 30);
  const pair = createPair(a, hub, { latencyMs: 300 });
  pair.run(startMs + 400);
  const early = new Set(sentSeqs(pair, "initiator").map((text) => Number(text.split(" ")[1])));
  assert.deepEqual([...early], [a.log.ownEpoch]);
  pair.continue();
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a hub that does not read the codec says so, and gets everything once in one that it reads", () => {
  for (const codecs of [rowsOnly.codecs, 0b110011, 0b000111]) {
    const [a, hub] = twoNodes();
    pushMany(a, 300);
    const pair = sync(a, hub, { latencyMs: 300, to: { codecs } });
    assert.match(traceOf(pair), /<codecs <noWindow/);
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.equal(pair.summaries().responder.eventsReceived, 300);
    assert.deepEqual(digestOf(hub), digestOf(a));
  }
});

test("few events are not mixed: the hub may be busy, and has not said so yet", () => {
  const pushed = (count: number): TestNode => {
    const a = createNode("clinic_a", "clinic");
    pushRandom(a, count);
    return a;
  };
  const busy = { latencyMs: 100, to: { isBusy: true } };
  const few = sync(pushed(10), createNode("hub", "hub"), busy);
  assert.deepEqual(codecsOf(few), [codecTokens]);
  // More than one flight: what the hub offers is taken up when it is heard.
  const many = sync(pushed(300), createNode("hub", "hub"), busy);
  assert.deepEqual(codecsOf(many), [codecMix, codecTokens]);
  assert.equal(many.summaries().initiator.isComplete, true);
  // What may only go once the hub was heard is coded as the hub has asked.
  const a = pushed(10);
  a.log.mark({ kind: "newEpoch", reason: "Z518" }, startMs - 50_000, () => {});
  settle(a);
  assert.deepEqual(codecsOf(sync(a, createNode("hub", "hub"), { latencyMs: 100 })), [codecMix]);
});
