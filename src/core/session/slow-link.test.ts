/** What a slow link shows of the session: how long what is urgent waits, and that the link is not left idle. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textToUtf8 } from "../bytes.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { SessionPair } from "../../testing/session-pair.ts";
import type { Handshake } from "./flight-window.ts";
import {
  createNode,
  createPair,
  keepStates,
  pushMany,
  settle,
  startMs,
  type TestNode,
} from "./session.test-kit.ts";

/** 23 kbit/s, 600 ms one way, and buffers that take whatever they are given. */
const rural = { latencyMs: 600, rateBytesPerS: 2_875, queueBytesMax: 1024 * 1024 } as const;

/** Events that nothing makes smaller. */
function pushRandom(node: TestNode, count: number): void {
  const random = createSeededRandom(11);
  for (let i = 0; i < count; i++)
    node.log.push(
      [{ lane: "", type: 1, payload: random.bytes(180) }],
      startMs - 60_000 + i,
      () => {},
    );
  settle(node);
}

interface Urgent {
  readonly atMs: number;
  durableMs: number;
}

/** Pushes an urgent event at each of these times, and notes when it is durable at the hub. */
function syncWithUrgent(input: {
  readonly backlog: number;
  readonly atS: readonly number[];
  readonly hasHandshake?: boolean;
}): { readonly urgent: readonly Urgent[]; readonly pair: SessionPair } {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const urgent: Urgent[] = [];
  pushRandom(a, input.backlog);
  const pair = createPair(a, hub, {
    ...rural,
    ...(input.hasHandshake === true
      ? { from: { handshake: { bytes: 2_500, ms: 3_300, tcpMs: 1_200 } } }
      : {}),
    onStep: (p) => {
      const lane = hub.log.findStream({ node: a.id, epoch: a.log.ownEpoch, lane: "urgent" });
      const held = lane === undefined ? 0 : hub.log.streamHead(lane);
      for (const event of urgent.slice(0, held)) event.durableMs ||= p.nowMs;
    },
  }).run(startMs);
  for (const s of input.atS) {
    pair.continue(startMs + s * 1000);
    pushMany(a, 1, { lane: "urgent" });
    urgent.push({ atMs: pair.nowMs, durableMs: 0 });
    pair.logChanged(pair.initiator);
  }
  pair.continue(startMs + (input.atS.at(-1) ?? 0) * 1000 + 20_000);
  keepStates(pair, a, hub);
  return { urgent, pair };
}

test("an urgent event overtakes a backlog that is under way, on 23 kbit/s within seconds", () => {
  const { urgent, pair } = syncWithUrgent({
    backlog: 1800,
    atS: [20, 31, 33.3, 47, 61.7, 75],
    hasHandshake: true,
  });
  for (const { atMs, durableMs } of urgent) {
    assert.ok(durableMs > 0, "it arrived");
    assert.ok(durableMs - atMs < 4_500, `${durableMs - atMs} ms after ${atMs - startMs} ms`);
  }
  const { initiator } = pair.summaries();
  assert.ok(initiator.remaining > 100, "the backlog was still under way");
});

test("what the session knows of the link comes from the last one", () => {
  const { pair } = syncWithUrgent({ backlog: 1000, atS: [30] });
  const known = pair.initiator.session.peerState()?.link;
  assert.ok(
    known !== undefined && Math.abs(known.rateBytesPerS - 2_875) < 600,
    JSON.stringify(known),
  );
});

test("a 2G link is busy from the first batch to the last, with little in front of it", () => {
  for (let seed = 1; seed <= 4; seed++) {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    pushRandom(a, 800);
    let queueMsMost = 0;
    let confirmedMs = 0;
    const pair = createPair(a, hub, {
      latencyMs: 600,
      jitter: { ms: 100, random: createSeededRandom(seed) },
      rateBytesPerS: 30_000,
      queueBytesMax: 1024 * 1024,
      from: { handshake: { bytes: 4_900, ms: 2_560, tcpMs: 1_200 } },
      onStep: ({ nowMs, initiator }) => {
        // The first flight, before anything is known of the link, is a second of its time.
        if (nowMs > startMs + 1_100)
          queueMsMost = Math.max(queueMsMost, initiator.linkFreeMs - nowMs);
        if (initiator.session.summary().eventsConfirmed === 800) confirmedMs ||= nowMs;
      },
    }).run();
    assert.equal(pair.summaries().initiator.isComplete, true);
    const airMs = (pair.initiator.sentBytes * 1000) / 30_000;
    const tookMs = confirmedMs - startMs;
    const what = `seed ${seed}: ${tookMs} ms for ${airMs} ms of bytes, ${queueMsMost} ms of them waiting`;
    // The bytes, and the last one's way and acknowledgement.
    assert.ok(tookMs < airMs * 1.06 + 1_200 + 300, what);
    // What a cut loses: what is on its way, and this.
    assert.ok(queueMsMost < 900, what);
  }
});

test("a write, of which nothing can be read before all of it is there, holds a batch", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const random = createSeededRandom(12);
  // Of 450 bytes some 16 are news: a batch is full before it takes a write's worth.
  for (let i = 0; i < 2000; i++) {
    const news = `"${random.bytes(16).join("")}"`;
    const payload = textToUtf8(`{"n":${news},"note":"${"fever since three days ".repeat(17)}"}`);
    a.log.push([{ lane: "", type: 1, payload }], startMs - 60_000 + i, () => {});
  }
  settle(a);
  const pair = createPair(a, hub, {
    latencyMs: 600,
    rateBytesPerS: 30_000,
    from: { handshake: { bytes: 4_900, ms: 2_560, tcpMs: 1_200 } },
  }).run();
  assert.equal(pair.summaries().initiator.isComplete, true);
  const batches = pair.traces.flatMap(({ frame }) =>
    frame.type === "batch" || frame.type === "range" ? [frame.block.length] : [],
  );
  const writes = pair.responder.received.map(({ length }) => length);
  // Heads of frames, and what goes before the first or after the last.
  const most = Math.max(...batches) + 120;
  const longer = writes.filter((length) => length > most).length;
  // While batches grow, one may be joined to a much smaller one.
  assert.ok(longer <= 2, `${longer} of ${writes.length} writes are longer than ${most} bytes`);
  assert.ok(batches.length > 10);
});

test("on a link that connecting showed to be slow HELLO goes alone: its answer tells the round trip", () => {
  const first = (handshake: { from?: { handshake: Handshake } }): number => {
    const a = createNode("clinic_a", "clinic");
    pushMany(a, 20);
    const pair = createPair(a, createNode("hub", "hub"), { ...rural, ...handshake }).run();
    return pair.responder.received[0]?.length ?? 0;
  };
  const slow = first({ from: { handshake: { bytes: 2_500, ms: 3_300, tcpMs: 1_200 } } });
  assert.ok(slow > 0 && slow < 150 && first({}) > 2 * slow, `${slow} and ${first({})} bytes`);
});

test("what is small shares a write", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 20);
  keepStates(createPair(a, hub).run(), a, hub);
  pushMany(a, 10);
  const pair = createPair(a, hub, { latencyMs: 600, rateBytesPerS: 30_000 }).run();
  assert.equal(pair.summaries().initiator.eventsSent, 10);
  const [first] = pair.responder.received;
  const frames = pair.traces
    .filter(({ from }) => from === "initiator")
    .map(({ frame }) => frame.type);
  assert.deepEqual(frames.slice(0, 3), ["hello", "vector", "batch"]);
  const bytes = pair.initiator.sentBytes;
  assert.ok((first?.length ?? 0) > bytes - 30, `${first?.length} of ${bytes} bytes in one write`);
});
