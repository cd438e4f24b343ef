/** What a read returns, and how much of it; what verifying finds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, VerifyProblem } from "./api.ts";
import { chainZero } from "./chain.ts";
import { create, epoch, event, open, pushMany, pushNow } from "./log.test-kit.ts";

const stream = { node: "clinic_a", epoch, lane: "" };
const all = { events: 1000, bytes: 1 << 20 };
const large = new Uint8Array(40_000).map((_, i) => (i * 7) & 0xff);

/** Twenty events of ten bytes in several segments, with another lane between them. */
function twenty(): { readonly log: Log; readonly store: MemoryStore } {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 1200 });
  for (let i = 1; i <= 20; i++) {
    pushNow(log, event(`event ${String(i).padStart(4, "0")}`));
    if (i % 3 === 0) pushNow(log, event("between", { lane: "lab" }));
  }
  return { log, store };
}

describe("reading a stream", () => {
  test("returns events from any seq on, in order, across segments and other streams", () => {
    const { log } = twenty();
    for (let from = 1; from <= 20; from++) {
      const found = log.readStream(0, from, all);
      assert.deepEqual(
        found.map(({ seq }) => seq),
        Array.from({ length: 21 - from }, (_, i) => from + i),
      );
      assert.ok(found.every((each) => each.stream.lane === "" && each.payload.length === 10));
    }
    for (const seq of [0, 21, -1]) assert.deepEqual(log.readStream(0, seq, all), []);
  });

  test("returns each event of dozens of segments, before and after a restart", () => {
    const store = new MemoryStore();
    const log = create(store, { segmentBytes: 600 });
    pushMany(log, 250);
    const segments = store.list().filter((name) => name.endsWith(".seg"));
    assert.ok(segments.length > 40, `${segments.length} segments`);
    log.close();
    for (const each of [log, open(store, { segmentBytes: 600 }).log]) {
      for (const seq of [1, 20, 125, 250])
        assert.equal(each.readStream(0, seq, { events: 1, bytes: 1 })[0]?.seq, seq);
      assert.equal(each.readStream(0, 1, all).length, 250);
    }
  });

  test("stops at the limit of events or of bytes, and returns one at least", () => {
    const { log } = twenty();
    const count = (events: number, bytes: number) => log.readStream(0, 3, { events, bytes }).length;
    assert.deepEqual(
      [count(1, 1000), count(5, 1000), count(18, 1000), count(99, 1000)],
      [1, 5, 18, 18],
    );
    assert.deepEqual([count(99, 1), count(99, 10), count(99, 11), count(99, 19)], [1, 1, 1, 1]);
    assert.deepEqual([count(99, 20), count(99, 29), count(99, 30)], [2, 2, 3]);
  });

  test("by arrival has the same limits, goes on behind any ordinal, and misses none", () => {
    const { log } = twenty();
    const ordinals = log.readArrivals(0, all).map(({ ordinal }) => ordinal);
    assert.equal(ordinals.length, 26);
    assert.equal(ordinals.at(-1), log.lastOrdinal);
    for (const [i, ordinal] of ordinals.entries()) {
      const rest = log.readArrivals(ordinal, all).map((each) => each.ordinal);
      assert.deepEqual(rest, ordinals.slice(i + 1));
      const one = log.readArrivals(ordinal, { events: 1, bytes: 1 });
      assert.equal(one.length, i + 1 < ordinals.length ? 1 : 0);
    }
    assert.equal(log.readArrivals(0, { events: 99, bytes: 20 }).length, 2);
    assert.equal(log.readArrivals(0, { events: 99, bytes: 19 }).length, 1);
  });

  test("gives chains from the beginning to the head, and none beyond", () => {
    const { log } = twenty();
    assert.deepEqual(log.chainAt(0, 0), chainZero(nodeCrypto, stream));
    for (const each of log.readStream(0, 1, all)) {
      assert.deepEqual(log.chainAt(0, each.seq), each.chain);
      assert.deepEqual(log.chainAt(0, each.seq - 1), each.chainBefore);
    }
    assert.deepEqual(log.chainAt(0, 20), log.stream(0).chain);
    for (const seq of [21, -1]) assert.equal(log.chainAt(0, seq), undefined);
  });
});

describe("a payload in pieces", () => {
  test("is read from any offset, as far as it goes", () => {
    const log = create(new MemoryStore());
    pushNow(log, event("", { payload: large }), event("small"));
    const read = (seq: number, offset: number, sizeBytes: number) =>
      log.readPayload(0, seq, { offset, sizeBytes });
    for (const [offset, size] of [
      [0, 40_000],
      [0, 1],
      [16_383, 2],
      [16_384, 16_384],
      [39_999, 5],
      [40_000, 5],
      [50_000, 5],
      [5, 0],
    ] as const) {
      assert.deepEqual(read(1, offset, size), large.slice(offset, offset + size), `${offset}`);
    }
    assert.deepEqual(read(2, 1, 3), new TextEncoder().encode("mal"));
    assert.equal(read(3, 0, 1), undefined);
    const [stored] = log.readStream(0, 1, { events: 1, bytes: 1 });
    assert.deepEqual(
      [stored?.isFragmented, stored?.payloadSize, stored?.payload.length],
      [true, 40_000, 0],
    );
  });
});

describe("verifying", () => {
  const problems = (log: Log): { readonly found: VerifyProblem[]; readonly steps: number } => {
    const found: VerifyProblem[] = [];
    const work = log.verify((problem) => found.push(problem));
    let steps = 1;
    while (work.step()) steps++;
    return { found, steps };
  };

  /** Flips a bit of what is written once in the segments. */
  function rot(store: MemoryStore, text: string): string {
    for (const [name, bytes] of store.dump()) {
      const at = name.endsWith(".seg") ? Buffer.from(bytes).indexOf(text) : -1;
      if (at < 0) continue;
      store.flip(name, at + 1);
      return name;
    }
    return assert.fail("it is in no segment");
  }

  test("finds nothing in a whole log, a step at a time", () => {
    const { log } = twenty();
    pushNow(log, event("", { payload: large }));
    log.mark({ kind: "trustedTime", ms: 5 }, 1_000_000, () => {});
    const { found, steps } = problems(log);
    assert.deepEqual(found, []);
    assert.ok(steps > 3, "more than one segment, each in a step of its own");
    const many = create(new MemoryStore());
    pushMany(many, 600);
    assert.ok(problems(many).steps > 2, "a long segment takes several");
  });

  test("names a record that rotted, and goes on behind it", () => {
    const store = new MemoryStore();
    const log = create(store, { dataKey: undefined });
    pushMany(log, 9);
    rot(store, "event 4");
    rot(store, "event 7");
    const { found } = problems(log);
    assert.deepEqual(
      found.map(({ segment, problem }) => [segment, problem]),
      [
        [1, "not a valid record"],
        [1, "not a valid record"],
      ],
    );
    assert.ok((found[0]?.offset ?? 0) < (found[1]?.offset ?? 0));
    assert.deepEqual(log.stream(0).holes, [], "it changes nothing");
  });

  test("names the event of which a piece cannot be read", () => {
    const store = new MemoryStore();
    const log = create(store, { dataKey: undefined });
    const payload = new Uint8Array(40_000).fill(1);
    payload.set(new TextEncoder().encode("here it rots"), 20_000);
    pushNow(log, event("first"), event("", { payload }));
    rot(store, "here it rots");
    const named = problems(log).found.filter((problem) => problem.seq !== undefined);
    assert.deepEqual(
      named.map((problem) => [problem.problem, problem.stream, problem.seq]),
      [["its payload cannot be read whole", stream, 2]],
    );
  });
});

test("who listens hears of each commit until it listens no more, and nobody else is concerned", () => {
  const log = create(new MemoryStore());
  const heard: string[] = [];
  const stop = log.onDurable((ordinal) => heard.push(`first ${ordinal}`));
  log.onDurable((ordinal) => heard.push(`second ${ordinal}`));
  pushMany(log, 1);
  stop();
  stop();
  pushMany(log, 1, 2);
  const [one, two] = log.readArrivals(0, all).map(({ ordinal }) => ordinal);
  assert.deepEqual(heard, [`first ${one}`, `second ${one}`, `second ${two}`]);
});
