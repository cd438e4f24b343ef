import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { textToUtf8 } from "../bytes.ts";
import {
  cloneNode,
  codesOf,
  createNode,
  damageMany,
  digestOf,
  pushMany,
  sentSeqs,
  settle,
  startMs,
  sync,
  type TestNode,
  traceOf,
  rowsOnly,
} from "./session.test-kit.ts";

const random = createSeededRandom(11);

/** Rows go to a peer that reads no batches. */
const rows = { from: rowsOnly, to: rowsOnly };

/** Rows that look like one another without being equal, as real visits do. */
function pushVisits(node: TestNode, count: number, lane = ""): void {
  for (let i = 0; i < count; i++) {
    const visit = {
      patient_id: `BT-${random.below(9000) + 1000}`,
      event: "visit",
      temperature_c: 36 + random.below(40) / 10,
      weight_kg: 3 + random.below(900) / 10,
      diagnosis: random.pick(["malaria", "measles", "healthy", "anaemia", "pneumonia"]),
      clinician: `nurse-${random.below(6)}`,
      notes: random.pick([
        "follow up in two weeks",
        "referred to the district hospital",
        "medication given",
      ]),
    };
    node.log.push(
      [{ lane, type: 7, payload: textToUtf8(JSON.stringify(visit)) }],
      startMs - 900_000 + i,
      () => {},
    );
  }
  settle(node);
}

test("a short delta is compressed against what both sides hold, in both directions and in the first flight", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushVisits(a, 300);
  pushVisits(hub, 300, "to/clinic_a");
  sync(a, hub, rows);
  const size = (): { up: number; down: number; trace: string } => {
    pushVisits(a, 10);
    pushVisits(hub, 10, "to/clinic_a");
    const pair = sync(a, hub, { ...rows, latencyMs: 300 });
    assert.equal(pair.summaries().initiator.isComplete, true);
    return { up: pair.initiator.sentBytes, down: pair.responder.sentBytes, trace: traceOf(pair) };
  };
  const primed = size();
  assert.match(primed.trace, /^>hello >vector >prime >range/);
  assert.match(primed.trace, /<prime <range/);
  assert.ok(!primed.trace.includes("noWindow"));
  assert.ok(
    primed.up < 620 && primed.down < 620,
    `${primed.up} up, ${primed.down} down for 10 events of 180 bytes`,
  );
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("history that the peer has lost meanwhile is answered with NO_WINDOW, and all arrives once, unprimed", () => {
  for (const speculates of [true, false]) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushVisits(a, 300);
    sync(a, hub, rows);
    const old = cloneNode(hub);
    pushVisits(a, 30);
    sync(a, hub, rows);
    pushVisits(a, 10);
    if (!speculates) a.states.clear();
    const stream = { node: "clinic_a", epoch: a.log.ownEpoch, lane: "" };
    if (speculates) {
      // The hub comes back from a backup: what the clinic names is not there.
      const pair = sync(a, old, { ...rows, latencyMs: 300 });
      assert.ok(traceOf(pair).includes("<noWindow"), traceOf(pair));
      assert.equal(pair.summaries().initiator.isComplete, true);
      assert.deepEqual(digestOf(old), digestOf(a));
      assert.equal(digestOf(old).length, 340);
    } else {
      damageMany(hub, stream, [320]);
      const pair = sync(a, hub, { ...rows, latencyMs: 300 });
      assert.ok(!traceOf(pair).includes("noWindow"), "a hole that is known is gone around");
      assert.deepEqual(digestOf(hub), digestOf(a));
    }
  }
});

test("a clinic that cannot follow a hub's history takes everything once, and ends complete", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushVisits(hub, 100, "to/clinic_a");
  sync(a, hub, rows);
  sync(a, hub, rows);
  pushVisits(hub, 20, "to/clinic_a");
  const stream = { node: "hub", epoch: hub.log.ownEpoch, lane: "to/clinic_a" };
  let isDone = false;
  // A sector goes bad between HELLO and the first row.
  const index = a.log.findStream(stream) ?? -1;
  const readStream = a.log.readStream.bind(a.log);
  const blind = Object.create(a.log, {
    readStream: {
      value: (at: number, from: number, limit: { events: number; bytes: number }) => {
        if (at === index && !isDone) {
          isDone = true;
          return [];
        }
        return readStream(at, from, limit);
      },
    },
  });
  const real = a.log;
  a.log = blind;
  const pair = sync(a, hub, { ...rows, latencyMs: 200 });
  a.log = real;
  assert.ok(isDone && traceOf(pair).includes(">noWindow"), traceOf(pair));
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(codesOf(pair.initiator.reports), []);
  assert.equal(digestOf(a).length, 120);
  const again = sync(a, hub, rows);
  assert.deepEqual(sentSeqs(again, "responder"), []);
});

test("priming goes around fragmented events, floors and short streams", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushVisits(a, 3);
  sync(a, hub, rows);
  pushVisits(a, 3);
  const few = sync(a, hub, rows);
  assert.ok(!traceOf(few).includes("prime"));
  a.log.push([{ lane: "", type: 1, payload: random.bytes(40_000) }], startMs, () => {});
  pushVisits(a, 8);
  sync(a, hub, rows);
  pushMany(a, 4);
  const pair = sync(a, hub, rows);
  const prime = pair.traces.find((trace) => trace.frame.type === "prime")?.frame;
  assert.ok(prime?.type === "prime" && prime.from === 8 && prime.to === 15, JSON.stringify(prime));
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
});
