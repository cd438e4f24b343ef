import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import {
  createNode,
  digestOf,
  pushMany,
  sentSeqs,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

/** Everything that `node` sent in this session and that was not durable at the peer before. */
function assertNothingTwice(before: ReadonlySet<string>, sent: readonly string[]): void {
  const twice = sent.filter((text) => before.has(text));
  assert.deepEqual(twice, [], "durably received events were sent again");
}

function heldSeqs(node: TestNode): ReadonlySet<string> {
  return new Set(digestOf(node).map((line) => line.split(" ").slice(0, 4).join(" ")));
}

function pushNoise(node: TestNode, count: number, bytes: number, seed: number, lane = ""): void {
  const random = createSeededRandom(seed);
  for (let i = 0; i < count; i++)
    node.log.push([{ lane, type: 2, payload: random.bytes(bytes) }], startMs - 1000 + i, () => {});
  settle(node);
}

test("a link that dies every 20 KiB makes progress each time, and nothing durable is sent again", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushNoise(a, 400, 300, 1);
  let sessions = 0;
  for (; sessions < 40; sessions++) {
    const before = heldSeqs(hub);
    const pair = sync(a, hub, {
      cutAtBytes: 20 * 1024,
      latencyMs: 300,
      rateBytesPerS: 30_000,
      random: createSeededRandom(sessions),
    });
    assertNothingTwice(before, sentSeqs(pair, "initiator"));
    if (pair.summaries().initiator.isComplete) break;
    assert.ok(heldSeqs(hub).size > before.size, `session ${sessions} made progress`);
  }
  assert.ok(sessions > 4 && sessions < 12, `${sessions} sessions`);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a large event goes through a link that dies every 20 KiB, piece by piece", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 3);
  pushNoise(a, 1, 300_000, 2);
  pushMany(a, 3);
  let sessions = 0;
  const pieces = new Set<string>();
  for (; sessions < 200; sessions++) {
    // What a TLS handshake takes of the 20 KiB.
    const pair = sync(a, hub, { cutAtBytes: 16 * 1024, random: createSeededRandom(sessions) });
    const index = hub.log.findStream({ node: "clinic_a", epoch: a.log.ownEpoch, lane: "" });
    const partial = index === undefined ? 0 : (hub.log.stream(index).partialBytes ?? 0);
    for (const text of sentSeqs(pair, "initiator")) {
      const offset = Number(text.split("@")[1] ?? -1);
      if (offset >= 0 && offset < partial) {
        assert.ok(!pieces.has(text), `${text} was durable and sent again`);
        pieces.add(text);
      }
    }
    if (pair.summaries().initiator.isComplete) break;
  }
  assert.ok(sessions > 15 && sessions < 30, `${sessions} sessions`);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("random logs, random cuts, both directions: always converges, nothing durable goes twice", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const random = createSeededRandom(seed);
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    for (let round = 0; round < 12; round++) {
      for (const lane of ["", "urgent", "to/hub"])
        if (random.chance(0.6))
          pushNoise(a, random.below(40), random.below(400), seed + round, lane);
      if (random.chance(0.5))
        pushNoise(hub, random.below(40), random.below(400), seed * 3 + round, "to/clinic_a");
      if (random.chance(0.15)) pushNoise(a, 1, 20_000 + random.below(40_000), seed, "");
      const beforeHub = heldSeqs(hub);
      const beforeA = heldSeqs(a);
      const isLast = round === 11;
      const pair = sync(a, hub, {
        random,
        latencyMs: random.below(500),
        ...(random.chance(0.5) ? { rateBytesPerS: 3000 + random.below(30_000) } : {}),
        ...(isLast ? {} : { cutAtBytes: random.below(25_000), cutBySilence: random.chance(0.3) }),
      });
      assertNothingTwice(beforeHub, sentSeqs(pair, "initiator"));
      assertNothingTwice(beforeA, sentSeqs(pair, "responder"));
      if (isLast)
        assert.equal(
          pair.summaries().initiator.isComplete,
          true,
          `seed ${seed}: ${JSON.stringify(pair.summaries())}`,
        );
    }
    assert.deepEqual(digestOf(hub), digestOf(a), `seed ${seed}`);
  }
});

test("a budget ends the session cleanly, is kept, and one batch always goes", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushNoise(a, 300, 300, 5);
  pushNoise(hub, 100, 300, 6, "to/clinic_a");
  let before = 0;
  for (const bytesMax of [1024, 4096, 10_000, 20_000]) {
    const pair = sync(a, hub, { from: { bytesMax }, latencyMs: 300, rateBytesPerS: 30_000 });
    const { initiator, responder } = pair.summaries();
    assert.equal(initiator.endedBy, "budget");
    assert.equal(initiator.isComplete, false);
    assert.ok(initiator.remaining > 0);
    assert.equal(
      responder.endedBy === "budget" || responder.endedBy === "done",
      true,
      responder.endedBy,
    );
    const bytes = pair.initiator.sentBytes + pair.responder.sentBytes;
    assert.ok(bytes <= Math.max(bytesMax, 1400), `${bytes} of ${bytesMax}`);
    assert.ok(initiator.eventsConfirmed > 0);
    assert.ok(digestOf(hub).length > before);
    before = digestOf(hub).length;
  }
  const last = sync(a, hub);
  assert.equal(last.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(a), digestOf(hub));
});

test("a silent link ends on both sides in bounded time at every step", () => {
  for (let cutAtBytes = 1; cutAtBytes < 9000; cutAtBytes += 331) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushNoise(a, 20, 300, 7);
    const pair = sync(a, hub, { cutAtBytes, cutBySilence: true, latencyMs: 600 });
    assert.ok(pair.initiator.isClosed && pair.responder.isClosed, `cut at ${cutAtBytes}`);
    assert.ok(pair.nowMs - startMs < 120_000, `cut at ${cutAtBytes}: ${pair.nowMs - startMs} ms`);
  }
});

test("500 events cross 600 ms one way at 30 KB/s, and 2.5 s round trips at 3 KB/s, at the first try", () => {
  for (const link of [
    { latencyMs: 600, rateBytesPerS: 30_000 },
    { latencyMs: 1250, rateBytesPerS: 3000 },
  ]) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushMany(a, 500);
    pushNoise(a, 60, 1000, 8);
    const pair = sync(a, hub, link);
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.deepEqual(digestOf(hub), digestOf(a));
  }
});
