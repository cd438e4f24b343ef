import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { CodecMemory, codecStateBytes } from "../codec/codec-memory.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall } from "../codec/codecs.ts";
import { drawDocument } from "../codec/payloads.test-kit.ts";
import { CodingMeter, CodingPace } from "./coding-meter.ts";
import type { CodecName } from "./codec-choice.ts";
import {
  cloneNode,
  codesOf,
  createNode,
  createPair,
  digestOf,
  rowsOnly,
  sentSeqs,
  settle,
  startMs,
  sync,
  type TestNode,
  traceOf,
} from "./session.test-kit.ts";

const random = createSeededRandom(17);
let pushed = 0;

function pushDocuments(node: TestNode, count: number, lane = ""): void {
  for (let i = 0; i < count; i++)
    node.log.push(
      [{ lane, type: 2, payload: drawDocument(random) }],
      startMs - 900_000 + ++pushed * 50,
      () => {},
    );
  settle(node);
}

function twoNodes(): readonly [TestNode, TestNode] {
  return [createNode("clinic_a", "clinic"), createNode("hub", "hub")];
}

/** Each look at the clock finds it so much later, in turns. */
function clockOf(...steps: readonly number[]): () => number {
  let ms = 0;
  let looks = 0;
  return () => (ms += steps[looks++ % steps.length] ?? 0);
}

/** Codecs of the batches that went, and `range` for what did not go as one. */
function codecsOf(pair: ReturnType<typeof sync>): readonly (number | "range")[] {
  const seen = new Set<number | "range">();
  for (const { frame } of pair.traces) {
    if (frame.type === "batch") seen.add(frame.codec);
    if (frame.type === "range") seen.add("range");
  }
  return [...seen];
}

test("a node of the version before exchanges rows with one of this version, whichever calls", () => {
  for (const older of ["from", "to"] as const) {
    const [a, hub] = twoNodes();
    // They have met: what the very first contact may send is told in first-contact.test.ts.
    sync(a, hub, { [older]: rowsOnly });
    pushDocuments(a, 200);
    pushDocuments(hub, 50, "to/clinic_a");
    for (let round = 0; round < 3; round++) {
      const pair = sync(a, hub, { [older]: rowsOnly });
      assert.equal(pair.summaries().initiator.isComplete, true);
      assert.ok(!traceOf(pair).includes("batch") && !traceOf(pair).includes("history"));
      assert.deepEqual(digestOf(a), digestOf(hub));
      pushDocuments(a, 10);
      pushDocuments(hub, 10, "to/clinic_a");
    }
  }
});

test("a forced level is used as far as the peer reads it", () => {
  const cases: readonly (readonly [CodecName | undefined, number | undefined, number | "range"])[] =
    [
      [undefined, undefined, codecMix],
      ["mix", undefined, codecMix],
      ["tokens", undefined, codecTokens],
      ["zstd", undefined, "range"],
      ["raw", undefined, "range"],
      ["mix", 0b110011, codecMixSmall],
      ["mix", 0b010011, codecTokensSmall],
      ["mix", 0b000111, codecTokens],
      ["mix", 0b000001, "range"],
    ];
  for (const [codec, codecs, expected] of cases) {
    const [a, hub] = twoNodes();
    const options = {
      from: codec === undefined ? {} : { codec },
      to: codecs === undefined ? {} : { codecs },
    };
    sync(a, hub, options);
    pushDocuments(a, 150);
    const pair = sync(a, hub, options);
    assert.deepEqual(codecsOf(pair), [expected]);
    const block = pair.traces.find(({ frame }) => frame.type === "range")?.frame;
    if (codec === "raw") assert.ok(block?.type === "range" && block.codec === 0);
    assert.deepEqual(digestOf(a), digestOf(hub));
    // What was agreed on before also holds in the next first flight.
    pushDocuments(a, 20);
    const next = sync(a, hub, { from: codec === undefined ? {} : { codec } });
    assert.equal(next.summaries().initiator.isComplete, true);
    assert.deepEqual(digestOf(a), digestOf(hub));
  }
});

test("history that the receiver has not is answered with NO_WINDOW, and all arrives once", () => {
  for (const codec of ["mix", "tokens"] as const) {
    const [a, hub] = twoNodes();
    pushDocuments(a, 300);
    sync(a, hub);
    const old = cloneNode(hub);
    pushDocuments(a, 30);
    sync(a, hub);
    pushDocuments(a, 10);
    // The hub comes back from a backup: what the clinic names is not there.
    const pair = sync(a, old, { latencyMs: 300, from: { codec } });
    assert.match(traceOf(pair), />batch.*<noWindow.*>history >batch/);
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.deepEqual(codesOf(pair.initiator.reports), []);
    assert.deepEqual(digestOf(old), digestOf(a));
    assert.equal(digestOf(old).length, 340);
    assert.equal(new Set(sentSeqs(sync(a, old), "initiator")).size, 0);
  }
});

test("ten events more cost little, in both directions and in the first flight", () => {
  const [a, hub] = twoNodes();
  pushDocuments(a, 300);
  pushDocuments(hub, 300, "to/clinic_a");
  sync(a, hub);
  pushDocuments(a, 10);
  pushDocuments(hub, 10, "to/clinic_a");
  const pair = sync(a, hub, { latencyMs: 300 });
  assert.match(traceOf(pair), /^>hello >vector >batch <hello <vector <batch/);
  for (const { frame } of pair.traces) {
    if (frame.type !== "batch") continue;
    // The line of the vector says where it ends, and its history where it starts.
    assert.ok(frame.history !== undefined && frame.chainAfter8 === undefined);
    assert.ok(frame.start !== undefined && "chainBefore4" in frame.start);
  }
  assert.ok(pair.initiator.sentBytes < 260, `${pair.initiator.sentBytes} up`);
  assert.ok(pair.responder.sentBytes < 260, `${pair.responder.sentBytes} down`);
});

test("a history is told by the first of many batches, wherever that ends", () => {
  const [a, hub] = twoNodes();
  pushDocuments(a, 300);
  sync(a, hub);
  pushDocuments(a, 2_500);
  const pair = sync(a, hub, { latencyMs: 300 });
  const batches = pair.traces.flatMap(({ frame }) => (frame.type === "batch" ? [frame] : []));
  assert.ok(batches.length > 2, `${batches.length}`);
  const [first, ...rest] = batches;
  assert.ok(first?.history !== undefined && first.chainAfter8 !== undefined);
  // What no line of the vector says is told in full, once.
  assert.ok(first.start !== undefined && "from" in first.start);
  assert.ok(rest.every(({ history, start }) => history === undefined && start === undefined));
  assert.deepEqual(digestOf(hub), digestOf(a));
  assert.ok(!traceOf(pair).includes("noWindow"));
});

test("an open session lets its codecs go when it rests, and begins anew from what both hold", () => {
  const [a, hub] = twoNodes();
  const memory = new CodecMemory();
  pushDocuments(a, 200);
  const keepOpen = { from: { keepOpen: true }, to: { keepOpen: true } };
  const pair = createPair(a, hub, { ...keepOpen, latencyMs: 100, memory });
  pair.run(startMs + 3_000);
  const begun = memory.usedBytes;
  assert.ok(begun >= codecStateBytes(codecMix) * 2, `${begun} bytes while data flows`);
  pair.continue(startMs + 90_000);
  assert.equal(memory.usedBytes, 0);
  const before = pair.traces.length;
  pushDocuments(a, 10);
  pair.logChanged(pair.initiator);
  pair.continue(startMs + 91_000);
  const trace = pair.traces.slice(before).map(({ from, frame }) => `${from[0]}${frame.type}`);
  assert.deepEqual(trace, ["ibatch", "idone", "rack"]);
  const batch = pair.traces.slice(before)[0]?.frame;
  assert.ok(batch?.type === "batch" && batch.history === 192);
  // Where it starts is where the last one ended.
  assert.equal(batch.start, undefined);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("who waits for its rate does not rest: its codec stays", () => {
  const [a, hub] = twoNodes();
  pushDocuments(a, 300);
  // A batch pays for itself in more than the five seconds after which a rest begins.
  const pair = sync(a, hub, { latencyMs: 50, from: { rateBytesPerS: 100 } });
  const batches = pair.traces.flatMap(({ frame }) => (frame.type === "batch" ? [frame] : []));
  const waits = new Set(pair.traces.map(({ atMs }) => Math.floor((atMs - startMs) / 5_000)));
  assert.ok(waits.size > 1 && batches.length > 3, `${batches.length} batches`);
  assert.ok(batches.every(({ history }) => history === undefined));
  assert.ok(!traceOf(pair).includes("history"));
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a receiver that had to let go of its codec is told everything again", () => {
  const [a, hub] = twoNodes();
  const memory = new CodecMemory(codecStateBytes(codecMix) * 2);
  pushDocuments(a, 50);
  const keepOpen = { from: { keepOpen: true }, to: { keepOpen: true } };
  const pair = createPair(a, hub, { ...keepOpen, latencyMs: 100, memory });
  pair.run(startMs + 2_000);
  // Another session needs the room, so that who rests must go: the sender will not know.
  const other = { restingSinceMs: () => undefined, release: () => {} };
  assert.ok(memory.take(other, codecStateBytes(codecMix) * 2));
  memory.give(other);
  pushDocuments(a, 5);
  pair.logChanged(pair.initiator);
  pair.continue(startMs + 4_000);
  assert.deepEqual(digestOf(hub), digestOf(a));
  assert.deepEqual(codesOf(pair.initiator.reports), []);
});

test("without memory for a codec that was announced, the receiver asks for a cheaper one", () => {
  const [a, hub] = twoNodes();
  const memory = new CodecMemory(codecStateBytes(codecMix) * 2);
  pushDocuments(a, 60);
  const other = { restingSinceMs: () => undefined, release: () => {} };
  let isTaken = false;
  const pair = createPair(a, hub, {
    latencyMs: 100,
    memory,
    onStep: (running) => {
      if (isTaken || !traceOf(running).includes(">batch")) return;
      isTaken = true;
      assert.ok(memory.take(other, codecStateBytes(codecMix) - 100_000));
    },
  }).run();
  assert.ok(isTaken);
  assert.match(traceOf(pair), /<codecs <noWindow/);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

/** A machine on which each look at the clock finds it so much later, in turn, for one way of coding. */
function slowly(way: "mix" | "tokens", ...stepsMs: readonly number[]): CodingMeter {
  return Object.assign(new CodingMeter(() => 0), {
    [way]: new CodingPace(clockOf(...stepsMs), 0.6),
  });
}

/** A machine that makes tokens of so many bytes of payload a second, and waits before each batch. */
function tokensMaker(speed: { readonly bytesPerS: number; readonly idleMs: number }): CodingMeter {
  let ms = 0;
  class Pace extends CodingPace {
    override time<T>(code: () => T, bytesOf: (result: T) => number): T {
      ms += speed.idleMs;
      const working = (): T => {
        const result = code();
        ms += (bytesOf(result) * 1000) / speed.bytesPerS;
        return result;
      };
      return super.time(working, bytesOf);
    }
  }
  return Object.assign(new CodingMeter(() => ms), { tokens: new Pace(() => ms, 0.8) });
}

test("a link that carries more than mixing makes is given tokens instead", () => {
  const [a, hub] = twoNodes();
  for (let i = 0; i < 200; i++)
    a.log.push([{ lane: "", type: 1, payload: random.bytes(600) }], startMs, () => {});
  settle(a);
  const slow = sync(a, cloneNode(hub), { latencyMs: 100, rateBytesPerS: 3_000 });
  assert.deepEqual(codecsOf(slow), [codecMix]);
  const fast = sync(a, cloneNode(hub), {
    latencyMs: 1,
    coding: { initiator: slowly("mix", 3) },
  });
  assert.deepEqual(codecsOf(fast), [codecMix, codecTokens]);
  // A look at the start and at its HELLO, and three a batch: before it, after it, and how much that was.
  const mixing = slowly("mix", 900, 1, 1);
  const slowHub = sync(a, hub, { latencyMs: 1, coding: { responder: mixing } });
  assert.match(traceOf(slowHub), /<codecs .*>history >batch/);
  assert.deepEqual(codecsOf(slowHub), [codecMix, codecTokens]);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("tokens go as far as they keep up with the link, and rows where they do not", () => {
  const [a, hub] = twoNodes();
  sync(a, hub);
  const noMix = 0b010111;
  const options = { from: { codecs: noMix }, latencyMs: 600 };
  pushDocuments(a, 2_500);
  // The slow link takes a second or two for each batch; the fast one has carried what there was.
  const waiting = { initiator: tokensMaker({ bytesPerS: 60_000, idleMs: 1_000 }) };
  const slow = sync(a, cloneNode(hub), { ...options, rateBytesPerS: 2_900, coding: waiting });
  assert.deepEqual(codecsOf(slow), [codecTokens]);
  const busy = { initiator: tokensMaker({ bytesPerS: 60_000, idleMs: 1 }) };
  const fast = sync(a, cloneNode(hub), { ...options, rateBytesPerS: 30_000, coding: busy });
  assert.deepEqual(codecsOf(fast), [codecTokens, "range"]);
  assert.equal(fast.summaries().initiator.isComplete, true);
  // Who reads that slowly asks for rows.
  pushDocuments(a, 4_000);
  const reading = slowly("tokens", 900, 1, 1);
  const asking = { ...options, rateBytesPerS: 2_900, coding: { responder: reading } };
  const slowHub = sync(a, hub, asking);
  assert.match(traceOf(slowHub), /<codecs .*>range/);
  assert.deepEqual(codecsOf(slowHub), [codecTokens, "range"]);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a busy hub is sent tokens, and reads what it announced before it was busy", () => {
  const [a, hub] = twoNodes();
  sync(a, hub);
  a.states.clear();
  pushDocuments(a, 20);
  const busy = sync(a, cloneNode(hub), { latencyMs: 100, to: { isBusy: true } });
  assert.deepEqual(codecsOf(busy), [codecTokens]);
  assert.deepEqual(codecsOf(sync(a, hub, { latencyMs: 100 })), [codecMix]);
  pushDocuments(a, 5);
  const remembered = sync(a, hub, { latencyMs: 100, to: { isBusy: true } });
  assert.deepEqual(codecsOf(remembered), [codecMix]);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("a large event that follows a rest leans on nothing from before it", () => {
  const [a, hub] = twoNodes();
  const large = (): void => {
    a.log.push([{ lane: "", type: 1, payload: random.bytes(40_000) }], startMs, () => {});
    settle(a);
  };
  const keepOpen = { keepOpen: true };
  pushDocuments(a, 30);
  large();
  pushDocuments(a, 30);
  const pair = createPair(a, hub, { latencyMs: 50, from: keepOpen, to: keepOpen });
  pair.run(startMs + 20_000);
  large();
  pair.logChanged(pair.initiator);
  pair.continue(startMs + 40_000);
  assert.equal(pair.initiator.isClosed, false);
  assert.match(traceOf(pair), />history >fragment/);
  assert.deepEqual(digestOf(hub), digestOf(a));
});

test("large events and small ones share a direction", () => {
  const [a, hub] = twoNodes();
  for (let round = 0; round < 3; round++) {
    pushDocuments(a, 30);
    a.log.push([{ lane: "", type: 1, payload: random.bytes(40_000) }], startMs, () => {});
    pushDocuments(a, 30);
    a.log.push([{ lane: "urgent", type: 1, payload: drawDocument(random) }], startMs, () => {});
    settle(a);
    const pair = sync(a, hub, { latencyMs: 50, random });
    assert.equal(pair.summaries().initiator.isComplete, true);
    assert.deepEqual(digestOf(hub), digestOf(a));
  }
});
