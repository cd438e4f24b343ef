import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { ZamError } from "../errors/zam-error.ts";
import {
  cloneNode,
  codesOf,
  createNode,
  createPair,
  digestOf,
  keepStates,
  pushMany,
  sentSeqs,
  startMs,
  sync,
  traceOf,
} from "./session.test-kit.ts";

test("a kept-open session sends what comes later, both ways, stays through silence, and ends when told", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 5);
  const pair = createPair(a, hub, {
    latencyMs: 300,
    from: { keepOpen: true },
    to: { keepOpen: true },
  }).run(startMs + 10_000);
  assert.equal(pair.initiator.isClosed, false);
  assert.equal(digestOf(hub).length, 5);
  pushMany(a, 3);
  pushMany(hub, 2, { lane: "to/clinic_a/urgent" });
  pair.logChanged(pair.initiator);
  pair.logChanged(pair.responder);
  pair.continue(startMs + 20_000);
  assert.deepEqual(digestOf(hub), digestOf(a));
  const idleFrom = pair.traces.length;
  pair.continue(startMs + 3_600_000);
  const idle = pair.traces.slice(idleFrom).map((trace) => trace.frame.type);
  assert.ok(
    idle.length < 80 && idle.every((type) => type === "ping" || type === "pong"),
    `${idle.length} frames in an hour`,
  );
  assert.equal(pair.initiator.isClosed || pair.responder.isClosed, false);
  pair.feed(pair.initiator, { kind: "finish" });
  pair.continue();
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.equal(pair.initiator.isClosed && pair.responder.isClosed, true);
  assert.equal(pair.summaries().responder.endedBy, "done");
});

test("a kept-open session notices that the other side is gone", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const pair = createPair(a, hub, {
    cutBySilence: true,
    from: { keepOpen: true },
    to: { keepOpen: true },
  }).run(startMs + 5000);
  pair.cut();
  pair.continue();
  assert.equal(pair.initiator.isClosed && pair.responder.isClosed, true);
  assert.ok(pair.nowMs - startMs < 200_000);
  assert.equal(pair.summaries().responder.error?.code, "Z505");
});

test("finish ends a transfer early, with what was received acknowledged", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const random = createSeededRandom(4);
  for (let i = 0; i < 500; i++)
    a.log.push([{ lane: "", type: 0, payload: random.bytes(200) }], startMs - 900 + i, () => {});
  let isTold = false;
  const pair = sync(a, hub, {
    latencyMs: 200,
    rateBytesPerS: 10_000,
    onStep: (p) => {
      if (isTold || p.responder.receivedBytes < 30_000) return;
      isTold = true;
      p.feed(p.responder, { kind: "finish" });
    },
  });
  const { initiator, responder } = pair.summaries();
  assert.deepEqual(
    [responder.endedBy, initiator.endedBy, initiator.error?.code],
    ["finished", "peer", "Z513"],
  );
  assert.ok(
    initiator.eventsConfirmed > 50 && initiator.remaining === 500 - initiator.eventsConfirmed,
  );
  assert.equal(sync(a, hub).summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a fenced session stores nothing more, and its peer hears why", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 400);
  let stored = -1;
  const pair = createPair(a, hub, {
    latencyMs: 200,
    rateBytesPerS: 3000,
    onStep: (p) => {
      if (stored >= 0 || p.responder.stored.length < 3) return;
      p.feed(p.responder, { kind: "fence" });
      stored = p.responder.stored.length;
    },
  }).run();
  assert.equal(pair.responder.stored.length, stored);
  assert.equal(pair.summaries().responder.error?.code, "Z520");
  assert.equal(pair.summaries().initiator.endedBy, "peer");
});

test("nothing is acknowledged before it is durable", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 20);
  let isHeld = true;
  const pair = createPair(a, hub, {
    settle: () => {
      const had = a.store.pendingSyncs > 0 || (!isHeld && hub.store.pendingSyncs > 0);
      a.store.runSyncs();
      if (!isHeld) hub.store.runSyncs();
      return had;
    },
  }).run(startMs + 5000);
  assert.ok(hub.store.pendingSyncs > 0, "the hub's disk holds something back");
  assert.ok(!traceOf(pair).includes("<ack"));
  assert.equal(pair.summaries().initiator.eventsConfirmed, 0);
  isHeld = false;
  pair.continue();
  assert.equal(pair.summaries().initiator.isComplete, true);
});

test("a hub whose disk fails says so, acknowledges nothing, and the clinic knows what is pending", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 20);
  sync(a, hub);
  pushMany(a, 7);
  const fault = hub.store.faults.add({ operation: "sync", kind: "io", times: 99 });
  const pair = sync(a, hub);
  const { initiator, responder } = pair.summaries();
  assert.ok(fault.fired > 0);
  assert.equal(initiator.isComplete, false);
  assert.equal(initiator.eventsConfirmed, 0);
  assert.equal(initiator.remaining, 7);
  assert.match(responder.error?.code ?? "", /^Z20[568]$/);
  assert.ok(initiator.error instanceof ZamError);
});

test("losing what was known of the peer, on either side, costs a vector and no event", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 50);
  sync(a, hub);
  sync(a, hub);
  for (const loser of [a, hub, a, hub]) {
    loser.states.clear();
    pushMany(a, 2);
    const pair = sync(a, hub);
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.equal(sentSeqs(pair, "initiator").length, 2);
    assert.deepEqual(codesOf(pair.initiator.reports), []);
  }
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a crash at any moment never makes durable events go again", () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = createSeededRandom(seed);
    let a = createNode("clinic_a", "clinic");
    let hub = createNode("hub", "hub");
    pushMany(a, 10);
    sync(a, hub);
    sync(a, hub);
    for (let round = 0; round < 4; round++) {
      pushMany(a, random.below(60));
      const before = new Set(digestOf(hub).map((line) => line.split(" ").slice(0, 4).join(" ")));
      const stopAt = random.below(120);
      let step = 0;
      const pair = createPair(a, hub, { latencyMs: random.below(200), rateBytesPerS: 4000 });
      try {
        pair.run(startMs - 1);
        while (step < stopAt && !pair.initiator.isClosed) {
          step++;
          pair.continue(pair.nowMs + 20);
        }
      } finally {
        const twice = sentSeqs(pair, "initiator").filter((text) => before.has(text));
        assert.deepEqual(twice, [], `seed ${seed}`);
      }
      // Both processes are killed: what was saved is what they know, what was written is what they hold.
      keepStates(pair, a, hub);
      a = cloneNode(a);
      hub = cloneNode(hub);
    }
    assert.equal(sync(a, hub).summaries().initiator.isComplete, true);
    assert.deepEqual(digestOf(hub), digestOf(a));
  }
});

test("an idle sync costs the same with 3 streams and with 1,500", () => {
  const sizes: number[] = [];
  for (const clinics of [3, 1500]) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    const other = createNode("hub2", "hub", 9);
    pushMany(a, 5);
    for (let i = 0; i < clinics; i++) pushMany(other, 1, { lane: `lane${i % 1500}` });
    sync(hub, other, { policy: "all" });
    for (let i = 0; i < 3; i++) sync(a, hub, { policy: "all" });
    const idle = sync(a, hub, { policy: "all" });
    assert.equal(idle.summaries().initiator.isComplete, true);
    sizes.push(idle.initiator.sentBytes, idle.responder.sentBytes);
  }
  assert.ok(
    sizes.every((size) => size < 200),
    sizes.join(),
  );
});
