import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import {
  codesOf,
  createNode,
  digestOf,
  pushMany,
  sentSeqs,
  startMs,
  sync,
  traceOf,
} from "./session.test-kit.ts";

test("a first sync of an empty clinic says hello, done and goodbye, and no more", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const pair = sync(a, hub);
  assert.equal(traceOf(pair), ">hello <hello <done >done >bye <bye");
  const { initiator, responder } = pair.summaries();
  assert.deepEqual(
    [initiator.isComplete, initiator.endedBy, responder.isComplete],
    [true, "done", true],
  );
});

test("a backlog reaches the hub, is acknowledged, and the second sync sends nothing", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 500);
  const first = sync(a, hub);
  assert.equal(first.summaries().initiator.isComplete, true);
  assert.equal(first.summaries().initiator.eventsConfirmed, 500);
  assert.equal(first.summaries().responder.eventsReceived, 500);
  assert.deepEqual(digestOf(hub), digestOf(a));
  const second = sync(a, hub);
  assert.equal(second.summaries().initiator.isComplete, true);
  assert.deepEqual(sentSeqs(second, "initiator"), []);
  const third = sync(a, hub);
  assert.ok(
    third.initiator.sentBytes < 150 && third.responder.sentBytes < 150,
    `${third.initiator.sentBytes} ${third.responder.sentBytes}`,
  );
});

test("after a clean session new events go with the first flight", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 10);
  sync(a, hub);
  pushMany(a, 10);
  const pair = sync(a, hub, { latencyMs: 600 });
  assert.match(traceOf(pair), /^>hello >vector >batch/);
  assert.deepEqual(digestOf(hub), digestOf(a));
  assert.equal(pair.summaries().initiator.isComplete, true);
  // One round trip from the first flight to the goodbye.
  assert.ok(
    pair.traces.filter((t) => t.from === "initiator").every((t) => t.atMs - startMs <= 1200),
  );
  assert.equal(new Set(sentSeqs(pair, "initiator")).size, sentSeqs(pair, "initiator").length);
});

test("what a hub addresses to a clinic reaches it, and others' streams do not", () => {
  const a = createNode("clinic_a", "clinic");
  const b = createNode("clinic_b", "clinic", 77);
  const hub = createNode("hub", "hub");
  pushMany(b, 5);
  pushMany(hub, 3, { lane: "to/clinic_a" });
  pushMany(hub, 4, { lane: "to/clinic_b/urgent" });
  pushMany(hub, 2);
  sync(b, hub);
  const pair = sync(a, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(
    digestOf(a),
    digestOf(hub, (author, lane) => author === "hub" && lane === "to/clinic_a"),
  );
  assert.equal(digestOf(b).length, 9);
});

test("policy all gives others' streams too, and does not repeat them", () => {
  const a = createNode("clinic_a", "clinic");
  const b = createNode("clinic_b", "clinic", 77);
  const hub = createNode("hub", "hub");
  pushMany(b, 50);
  pushMany(hub, 4, { lane: "to/clinic_b" });
  sync(b, hub, { policy: "all" });
  sync(a, hub, { policy: "all" });
  assert.deepEqual(
    digestOf(a),
    digestOf(hub, (_author, lane) => lane === ""),
  );
  const again = sync(a, hub, { policy: "all" });
  assert.deepEqual(sentSeqs(again, "responder"), []);
  assert.equal(again.summaries().initiator.isComplete, true);
});

test("urgent events overtake a backlog, also ones that come in mid-session", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const random = createSeededRandom(3);
  for (let i = 0; i < 2000; i++)
    a.log.push([{ lane: "", type: 0, payload: random.bytes(50) }], startMs - 5000 + i, () => {});
  let pushed = false;
  const pair = sync(a, hub, {
    latencyMs: 300,
    rateBytesPerS: 5000,
    onStep: (p) => {
      if (pushed || p.initiator.sentBytes < 5000) return;
      pushed = true;
      pushMany(a, 1, { lane: "urgent", tag: "emergency" });
      p.logChanged(p.initiator);
    },
  });
  const seqs = sentSeqs(pair, "initiator");
  const at = seqs.findIndex((text) => text.includes(" urgent "));
  assert.ok(pushed && at > 0 && at < 1200, `urgent was number ${at}`);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a certificate of one node and a hello of another is closed before anything is told", () => {
  const a = createNode("clinic_a", "clinic");
  const b = createNode("clinic_b", "clinic", 77);
  const hub = createNode("hub", "hub");
  pushMany(b, 5);
  sync(b, hub);
  pushMany(a, 3);
  const pair = sync(a, hub, { from: { self: { nodeId: "clinic_b", role: "clinic" } } });
  assert.equal(traceOf(pair), ">hello >vector <error");
  assert.equal(pair.summaries().responder.error?.code, "Z503");
  assert.equal(pair.summaries().initiator.error?.code, "Z514");
  assert.equal(digestOf(hub).length, 5);
});

test("ping measures round trips and moves no events", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 3);
  const pair = sync(a, hub, { latencyMs: 600, from: { pingCount: 3 } });
  assert.deepEqual(pair.summaries().initiator.pingMs, [1200, 1200, 1200]);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.equal(digestOf(hub).length, 0);
});

test("two live sides push during the session and both end with everything", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 300);
  pushMany(hub, 300, { lane: "to/clinic_a" });
  let steps = 0;
  const pair = sync(a, hub, {
    latencyMs: 100,
    rateBytesPerS: 20_000,
    onStep: (p) => {
      if (++steps % 50 !== 0 || steps > 500) return;
      pushMany(a, 3);
      pushMany(hub, 2, { lane: "to/clinic_a/urgent" });
      p.logChanged(p.initiator);
      p.logChanged(p.responder);
    },
  });
  assert.deepEqual(codesOf(pair.initiator.reports), []);
  sync(a, hub);
  assert.deepEqual(digestOf(a), digestOf(hub));
});

test("two clinics do not talk", () => {
  const pair = sync(createNode("clinic_a", "clinic"), createNode("clinic_b", "clinic", 9));
  assert.equal(pair.summaries().initiator.error?.code, "Z522");
});
