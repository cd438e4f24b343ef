/** What the receiving side refuses or takes only in part: shapes, limits, and ranges that lie over holes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { type EventContent, fragmentBytesMax, type StreamId } from "../event.ts";
import type { Log, ReceivedRange, ReceiveOutcome } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import { create, digest, epoch, open } from "./log.test-kit.ts";
import { epochsPerNodeMax, lanesPerNodeMax } from "./receive.ts";

const stream: StreamId = { node: "clinic_b", epoch: 9, lane: "" };

/** `count` events of a stream as their author has them, each with the chains around it. */
function authored(of: StreamId, count: number, change: Partial<EventContent> = {}) {
  const made: { event: EventContent; before: Uint8Array; after: Uint8Array }[] = [];
  let before = chainZero(nodeCrypto, of);
  for (let seq = 1; seq <= count; seq++) {
    const hlc = { ms: 1000 + seq, counter: 0 };
    const payload = new Uint8Array(20).fill(seq);
    const event = { seq, hlc, type: 3, known: Uint8Array.of(0), payload, ...change };
    const after = nextChain(nodeCrypto, before, event);
    made.push({ event, before, after });
    before = after;
  }
  return made;
}

function rangeOf(
  made: ReturnType<typeof authored>,
  change: Partial<ReceivedRange> = {},
): ReceivedRange {
  const first = made[0];
  const last = made[made.length - 1];
  assert.ok(first !== undefined && last !== undefined);
  return {
    stream,
    from: first.event.seq,
    events: made.map(({ event }) => event),
    chainBefore8: first.before.slice(0, 8),
    chainAfter8: last.after.slice(0, 8),
    receivedFrom: "clinic_b",
    receivedMs: 1_000_000,
    ...change,
  };
}

function take(log: Log, range: ReceivedRange): ReceiveOutcome {
  let calls = 0;
  const outcome = log.receive(range, (error) => {
    assert.equal(error, undefined);
    calls++;
  });
  assert.equal(calls, outcome.kind === "stored" || outcome.kind === "duplicate" ? 1 : 0);
  return outcome;
}

describe("a range", () => {
  test("of impossible shape is malformed, says why, and stores nothing", () => {
    const made = authored(stream, 2);
    const whole = rangeOf(made);
    const wrong: readonly [Partial<ReceivedRange>, RegExp][] = [
      [{ stream: { ...stream, node: "Not A Node" } }, /stream's name/],
      [{ stream: { ...stream, lane: "to/" } }, /stream's name/],
      [{ receivedFrom: "" }, /deliverer's name/],
      [{ events: [] }, /empty/],
      [{ from: 0 }, /empty/],
      [{ from: 2 }, /seqs do not follow/],
      [{ chainBefore8: new Uint8Array(7) }, /chain is too short/],
      [{ chainAfter8: new Uint8Array(7) }, /chain is too short/],
    ];
    const log = create(new MemoryStore());
    const expect = (range: ReceivedRange, problem: RegExp) => {
      const outcome = take(log, range);
      assert.ok(outcome.kind === "malformed", String(problem));
      assert.match(outcome.problem, problem);
    };
    for (const [change, problem] of wrong) expect({ ...whole, ...change }, problem);
    const contents: readonly [Partial<EventContent>, RegExp][] = [
      [{ type: -1 }, /type is out of range/],
      [{ type: 1.5 }, /type is out of range/],
      [{ type: 2 ** 32 }, /type is out of range/],
      [{ known: new Uint8Array(100_000) }, /known block/],
      [{ hlc: { ms: 8e12, counter: 0 } }, /2200/],
      [{ payload: new Uint8Array(fragmentBytesMax + 1) }, /fragments/],
    ];
    for (const [change, problem] of contents) {
      const events = whole.events.map((event) => ({ ...event, ...change }));
      expect({ ...whole, events }, problem);
    }
    const flat = whole.events.map((event) => ({ ...event, hlc: { ms: 1000, counter: 0 } }));
    expect({ ...whole, events: flat }, /HLC does not rise/);
    assert.equal(log.streamCount, 0);
    assert.equal(take(log, whole).kind, "stored");
  });

  test("whose clock does not rise above the head is malformed, though its chains fit", () => {
    const log = create(new MemoryStore());
    const made = authored(stream, 3, { hlc: { ms: 1000, counter: 0 } });
    assert.equal(take(log, rangeOf(made.slice(0, 1))).kind, "stored");
    const outcome = take(log, rangeOf(made.slice(1, 2)));
    assert.deepEqual(outcome, { kind: "malformed", problem: "the HLC does not rise" });
  });

  test("with the largest payload, and long chains, is taken as it is", () => {
    const log = create(new MemoryStore());
    const [only] = authored(stream, 1, { payload: new Uint8Array(fragmentBytesMax) });
    assert.ok(only !== undefined);
    const chains = { chainBefore8: only.before, chainAfter8: only.after };
    assert.equal(take(log, rangeOf([only], chains)).kind, "stored");
    const wrong = only.after.slice();
    wrong[15] = (wrong[15] ?? 0) ^ 1;
    assert.equal(take(log, rangeOf([only], { ...chains, chainAfter8: wrong })).kind, "malformed");
  });
});

describe("what a peer may open", () => {
  function openStreams(log: Log, node: string, ids: readonly Omit<StreamId, "node">[]): string[] {
    return ids.map((id) => {
      const of = { node, ...id };
      const outcome = take(log, rangeOf(authored(of, 1), { stream: of }));
      return outcome.kind === "refused" ? outcome.error.message : outcome.kind;
    });
  }

  const lanes = Array.from({ length: lanesPerNodeMax + 1 }, (_, i) => ({
    epoch: 9,
    lane: `lane-${i}`,
  }));
  const epochs = Array.from({ length: epochsPerNodeMax + 1 }, (_, i) => ({
    epoch: i + 1,
    lane: "",
  }));

  for (const [label, ids, reason] of [
    ["lanes", lanes, /more than 64 lanes/],
    ["epochs", epochs, /more than 64 epochs/],
  ] as const) {
    test(`64 ${label} of a node are taken and no more, of each node by itself`, () => {
      const log = create(new MemoryStore());
      const outcomes = openStreams(log, "clinic_b", ids);
      assert.match(outcomes.pop() ?? "", reason);
      assert.deepEqual(new Set(outcomes), new Set(["stored"]));
      assert.equal(log.streamCount, 64);
      assert.deepEqual(openStreams(log, "clinic_c", ids.slice(0, 2)), ["stored", "stored"]);
      assert.deepEqual(openStreams(log, "clinic_b", ids.slice(0, 1)), ["duplicate"]);
      const again = { node: "clinic_b", epoch: 9, lane: "lane-0", ...ids[0] };
      const more = rangeOf(authored(again, 2).slice(1), { stream: again });
      assert.equal(take(log, more).kind, "stored", "streams that are known go on");
    });
  }

  test("own epochs that this node has left are taken back without a limit", () => {
    const log = create(new MemoryStore());
    const outcomes = openStreams(log, "clinic_a", epochs);
    assert.deepEqual(new Set(outcomes), new Set(["stored"]));
    const [current] = openStreams(log, "clinic_a", [{ epoch, lane: "" }]);
    assert.match(current ?? "", /writes there itself/);
  });
});

describe("a range over holes", () => {
  const made = authored(stream, 10);

  /** Holds 1, 2, 6 and 9 of ten: the others are holes. */
  function withHoles(store: MemoryStore): Log {
    const log = create(store);
    take(log, rangeOf(made));
    const bytes = store.dump().get("00000001.seg")?.slice() ?? new Uint8Array(0);
    const view = new DataView(bytes.buffer);
    const records: number[] = [];
    for (let at = 64; at + 20 <= bytes.length; at += 36 + view.getUint32(at + 8)) {
      if (bytes[at + 2] === 1) records.push(at);
    }
    log.close();
    for (const seq of [3, 4, 5, 7, 8]) store.flip("00000001.seg", (records[seq - 1] ?? 0) + 40);
    return open(store).log;
  }

  test("stores what is missing and nothing twice", () => {
    const store = new MemoryStore();
    const log = withHoles(store);
    const index = log.findStream(stream) ?? 0;
    assert.deepEqual(log.stream(index).holes, [
      { from: 3, to: 5 },
      { from: 7, to: 8 },
    ]);
    const before = log.lastOrdinal;
    assert.equal(take(log, rangeOf(made.slice(3, 4))).kind, "gap", "its chain before is missing");
    assert.equal(take(log, rangeOf(made.slice(1, 4))).kind, "stored");
    assert.deepEqual(log.stream(index).holes, [
      { from: 5, to: 5 },
      { from: 7, to: 8 },
    ]);
    assert.equal(take(log, rangeOf(made)).kind, "stored");
    assert.deepEqual(log.stream(index).holes, []);
    assert.equal(take(log, rangeOf(made)).kind, "duplicate");
    const stored = log.readArrivals(before, { events: 99, bytes: 1 << 20 });
    assert.deepEqual(
      stored.map(({ seq }) => seq),
      [3, 4, 5, 7, 8],
    );
    assert.equal(digest(log).size, 10);
    assert.equal(digest(open(store.copy()).log).size, 10);
  });

  test("counts what is staged and not durable yet as held", () => {
    const made10 = new MemoryStore();
    withHoles(made10).close();
    const slow = new MemoryStore({ syncs: "queued" });
    for (const [name, bytes] of made10.dump()) slow.overwrite(name, bytes);
    const log = open(slow).log;
    const before = log.lastOrdinal;
    const kinds: string[] = [];
    let durable = 0;
    for (const part of [
      made.slice(6, 7),
      made.slice(2, 4),
      made.slice(6, 7),
      made.slice(2, 5),
      made,
    ]) {
      kinds.push(log.receive(rangeOf(part), () => durable++).kind);
    }
    assert.deepEqual(kinds, ["stored", "stored", "duplicate", "stored", "stored"]);
    assert.equal(durable, 0);
    slow.runSyncs();
    assert.equal(durable, 5);
    const stored = log.readArrivals(before, { events: 99, bytes: 1 << 20 });
    assert.deepEqual(
      stored.map(({ seq }) => seq),
      [7, 3, 4, 5, 8],
    );
    assert.equal(digest(log).size, 10);
  });

  test("that parts from what is held behind the hole is a fork where they part", () => {
    const log = withHoles(new MemoryStore());
    const index = log.findStream(stream) ?? 0;
    let before = made[1]?.after ?? new Uint8Array(16);
    const branch = made.slice(2).map(({ event }) => {
      const other = { ...event, payload: new Uint8Array(5).fill(event.seq) };
      const after = nextChain(nodeCrypto, before, other);
      const link = { event: other, before, after };
      before = after;
      return link;
    });
    assert.deepEqual(take(log, rangeOf(branch)), { kind: "fork", atSeq: 5 });
    assert.deepEqual(log.stream(index).holes[0], { from: 3, to: 5 });
  });
});
