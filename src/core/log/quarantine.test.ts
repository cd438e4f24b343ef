/**
 * Events that are held back: stored, acknowledged and counted as held, but not among the
 * arrivals until they are let in, and then once, in the place of that moment.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore, SimulatedCrash } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { fragmentBytesMax, type StreamId } from "../event.ts";
import type { Judge, Log, ReceivedRange } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import {
  arrivals,
  create,
  dataKey,
  digest,
  epoch,
  event,
  markNow,
  open,
  pushNow,
} from "./log.test-kit.ts";
import { Quarantine, quarantineRunsMax } from "./quarantine.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };
const hubOptions = { nodeId: "hub", ...sizes };
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
/** Whatever says "bad" is to be held back. */
const judge: Judge = ({ payload }) => {
  const text = textOf(payload);
  return text.includes("bad") ? `at /: ${text.slice(0, 20)}` : undefined;
};

/** A clinic's events as they travel; those of these seqs are bad. */
function clinicWith(count: number, bad: readonly number[]): Log {
  const clinic = create(new MemoryStore(), { segmentBytes: 1 << 20 });
  for (let seq = 1; seq <= count; seq++)
    pushNow(clinic, event(`${bad.includes(seq) ? "bad" : "good"} ${seq} ${"x".repeat(100)}`));
  return clinic;
}

function rangeOf(clinic: Log, from: number, count: number): ReceivedRange {
  const events = clinic.readStream(clinic.findStream(stream) ?? 0, from, {
    events: count,
    bytes: 1 << 20,
  });
  const [first] = events;
  const last = events[events.length - 1];
  assert.ok(first !== undefined && last !== undefined);
  return {
    stream,
    from,
    events,
    chainBefore8: first.chainBefore.slice(0, 8),
    chainAfter8: last.chain.slice(0, 8),
    receivedFrom: "clinic_a",
    receivedMs: 3_000_000,
  };
}

function take(hub: Log, range: ReceivedRange): boolean {
  let isDurable = false;
  const outcome = hub.receive(range, (error) => {
    assert.equal(error, undefined);
    isDurable = true;
  });
  assert.ok(outcome.kind === "stored" || outcome.kind === "duplicate", outcome.kind);
  return isDurable;
}

const seqsOf = (log: Log): number[] =>
  arrivals(log)
    .filter((name) => name.startsWith("clinic_a"))
    .map((name) => Number(name.split("/")[3]));

const heldSeqs = (log: Log): number[] =>
  log
    .quarantined()
    .flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, at) => from + at));

function release(log: Log, seq: number): void {
  markNow(log, { kind: "release", stream, seq });
}

describe("a quarantined event", () => {
  test("is stored and held, and readers get the others", () => {
    const clinic = clinicWith(6, [2, 3, 5]);
    const store = new MemoryStore();
    const hub = create(store, hubOptions);
    hub.setJudge(judge);
    take(hub, rangeOf(clinic, 1, 6));
    assert.equal(hub.streamHead(hub.findStream(stream) ?? 0), 6);
    assert.equal(hub.recordCount, 6);
    assert.deepEqual(digest(hub), digest(clinic));
    assert.deepEqual(seqsOf(hub), [1, 4, 6]);
    assert.equal(hub.quarantinedCount, 3);
    assert.deepEqual(
      hub.quarantined().map(({ from, to, reason }) => [from, to, reason.slice(0, 10)]),
      [
        [2, 2, "at /: bad "],
        [3, 3, "at /: bad "],
        [5, 5, "at /: bad "],
      ],
    );
    const all = hub.readArrivals(0, { events: 50, bytes: 1 << 20, withQuarantined: true });
    assert.deepEqual(
      all.map(({ seq, isQuarantined }) => (isQuarantined ? -seq : seq)),
      [1, -2, -3, 4, -5, 6],
    );
    // What came already is a duplicate, whatever a judge says of it now.
    hub.setJudge(() => "everything");
    take(hub, rangeOf(clinic, 1, 6));
    assert.equal(hub.quarantinedCount, 3);
  });

  test("stays so over a close, a kill and a restart without a checkpoint", () => {
    const clinic = clinicWith(6, [2, 5]);
    const taken = (): { readonly store: MemoryStore; readonly hub: Log } => {
      const store = new MemoryStore();
      const hub = create(store, hubOptions);
      hub.setJudge(judge);
      take(hub, rangeOf(clinic, 1, 6));
      return { store, hub };
    };
    const killed = open(taken().store.kill(), hubOptions).log;
    assert.deepEqual(
      [heldSeqs(killed), seqsOf(killed)],
      [
        [2, 5],
        [1, 3, 4, 6],
      ],
    );
    const { store, hub } = taken();
    hub.close();
    const closed = open(store, hubOptions).log;
    assert.deepEqual(
      [heldSeqs(closed), seqsOf(closed)],
      [
        [2, 5],
        [1, 3, 4, 6],
      ],
    );
    release(closed, 2);
    closed.close();
    const again = open(store, hubOptions).log;
    assert.deepEqual([heldSeqs(again), seqsOf(again)], [[5], [1, 3, 4, 6, 2]]);
    const copy = store.kill();
    for (const name of copy.list()) if (name.startsWith("checkpoint")) copy.remove(name);
    const replayed = open(copy, hubOptions).log;
    assert.deepEqual([heldSeqs(replayed), seqsOf(replayed)], [[5], [1, 3, 4, 6, 2]]);
  });

  test("arrives once when it is let in, for who has passed it and for who has not", () => {
    const clinic = clinicWith(8, [2, 5]);
    const hub = create(new MemoryStore(), hubOptions);
    hub.setJudge(judge);
    take(hub, rangeOf(clinic, 1, 6));
    const passed = hub.lastOrdinal;
    let told = 0;
    hub.onDurable((lastOrdinal) => {
      told = lastOrdinal;
    });
    release(hub, 5);
    assert.ok(told > passed, "a follower is told");
    take(hub, rangeOf(clinic, 7, 2));
    release(hub, 2);
    // A second release changes nothing but the log's length.
    assert.deepEqual(seqsOf(hub), [1, 3, 4, 6, 5, 7, 8, 2]);
    const news = hub.readArrivals(passed, { events: 50, bytes: 1 << 20 });
    assert.deepEqual(
      news.map(({ seq }) => seq),
      [5, 7, 8, 2],
    );
    assert.equal(textOf(news[0]?.payload ?? new Uint8Array(0)).slice(0, 5), "bad 5");
    assert.equal(hub.quarantinedCount, 0);
    // A page may end anywhere.
    let after = 0;
    const paged: number[] = [];
    for (;;) {
      const [one] = hub.readArrivals(after, { events: 1, bytes: 1 });
      if (one === undefined) break;
      after = one.ordinal;
      paged.push(one.seq);
    }
    assert.deepEqual(paged, [1, 3, 4, 6, 5, 7, 8, 2]);
  });

  /** A large event of so many bytes, piece by piece; `between` is called before its last piece. */
  function takeLarge(hub: Log, text: string, between: () => Log): Log {
    const payload = new TextEncoder().encode(text);
    const before = chainZero(nodeCrypto, stream);
    const link = { seq: 1, hlc: { ms: 1000, counter: 0 }, type: 7, known: Uint8Array.of(0) };
    const chain = nextChain(nodeCrypto, before, { ...link, payload });
    let at = hub;
    for (let offset = 0; offset < payload.length; offset += fragmentBytesMax) {
      if (offset + fragmentBytesMax >= payload.length) at = between();
      const outcome = at.receiveFragment(
        {
          ...link,
          stream,
          totalBytes: payload.length,
          offset,
          bytes: payload.subarray(offset, offset + fragmentBytesMax),
          chainBefore8: before.slice(0, 8),
          chainAfter8: chain.slice(0, 8),
          receivedFrom: "clinic_a",
          receivedMs: 1_000_000,
        },
        () => undefined,
      );
      assert.equal(outcome.kind, "stored");
    }
    return at;
  }

  for (const isRestarted of [false, true]) {
    const when = isRestarted ? "came before a restart" : "came just before";
    test(`in fragments is judged as a whole, whose pieces ${when}`, () => {
      for (const end of ["bad", "fine"]) {
        const text = `${"y".repeat(20_000)}${"z".repeat(20_000)} ${end}`;
        const store = new MemoryStore();
        const seen: string[] = [];
        const noting: Judge = (each) => {
          seen.push(textOf(each.payload));
          return judge(each);
        };
        const first = create(store, hubOptions);
        first.setJudge(noting);
        const hub = takeLarge(first, text, () => {
          if (!isRestarted) return first;
          const again = open(store.kill(), hubOptions).log;
          again.setJudge(noting);
          return again;
        });
        assert.deepEqual(seen, [text], "the judge has seen the payload, once");
        const expected = end === "bad" ? [[1], []] : [[], [1]];
        assert.deepEqual([heldSeqs(hub), seqsOf(hub)], expected);
        if (end === "bad") release(hub, 1);
        assert.deepEqual(seqsOf(hub), [1]);
      }
    });
  }

  test("of which a piece rotted before the last came is held back unjudged, and says so", () => {
    const store = new MemoryStore();
    const hub = create(store, { ...hubOptions, dataKey: undefined });
    hub.setJudge(judge);
    takeLarge(hub, "v".repeat(40_000), () => {
      for (const [name, bytes] of store.dump()) {
        const at = name.endsWith(".seg") ? Buffer.from(bytes).indexOf("vvvvvvvv") : -1;
        if (at < 0) continue;
        store.flip(name, at);
        return hub;
      }
      return assert.fail("the piece is in no segment");
    });
    assert.match(hub.quarantined()[0]?.reason ?? "", /could not be read/);
    assert.deepEqual(seqsOf(hub), []);
  });

  test("is forgotten when retention drops it, and survives the rewriting of segments", () => {
    const clinic = clinicWith(60, [2, 30, 50]);
    const hub = create(new MemoryStore(), hubOptions);
    hub.setJudge(judge);
    for (let from = 1; from <= 60; from += 10) take(hub, rangeOf(clinic, from, 10));
    release(hub, 30);
    const index = hub.findStream(stream) ?? 0;
    hub.cut([{ index, seq: 20, byOrigin: false }], 4_000_000, () => undefined);
    const work = hub.reclaim(4_000_000);
    let isOver = false;
    for (let turn = 0; turn < 100 && !isOver; turn++)
      work.step((step) => {
        isOver = step !== "more";
      });
    assert.deepEqual(heldSeqs(hub), [50]);
    const seqs = seqsOf(hub);
    assert.equal(seqs.length, 39);
    assert.equal(seqs[seqs.length - 1], 30);
    assert.ok(!seqs.includes(50));
  });

  test("has a bound: beyond it nothing bad is taken, and good events still are", () => {
    const hub = create(new MemoryStore(), { nodeId: "hub", dataKey });
    let n = 0;
    // Each has a reason of its own, so that no two make one run.
    const refusing: Judge = () => `reason ${n++}`;
    hub.setJudge(refusing);
    const clinic = create(new MemoryStore());
    const count = quarantineRunsMax + 2;
    pushNow(clinic, ...Array.from({ length: count }, (_, at) => event(`${at}`)));
    for (let from = 1; from <= quarantineRunsMax; from += 64) take(hub, rangeOf(clinic, from, 64));
    assert.equal(hub.quarantinedCount, quarantineRunsMax);
    const next = rangeOf(clinic, quarantineRunsMax + 1, 1);
    const refused = hub.receive(next, () => assert.fail("nothing was stored"));
    assert.ok(refused.kind === "refused");
    assert.equal(refused.error.code, "Z215");
    const { hlc } = clinic.readStream(0, quarantineRunsMax + 1, { events: 1, bytes: 1 })[0] ?? {};
    const before = clinic.chainAt(0, quarantineRunsMax);
    assert.ok(hlc !== undefined && before !== undefined);
    const link = { seq: quarantineRunsMax + 1, hlc, type: 7, known: Uint8Array.of(0) };
    const payload = new Uint8Array(fragmentBytesMax + 1);
    const chain = nextChain(nodeCrypto, before, { ...link, payload });
    const kinds = [0, fragmentBytesMax].map((offset) => {
      const bytes = payload.subarray(offset, offset + fragmentBytesMax);
      const piece = { ...link, stream, totalBytes: payload.length, offset, bytes };
      const chains = { chainBefore8: before.slice(0, 8), chainAfter8: chain.slice(0, 8) };
      const from = { receivedFrom: "clinic_a", receivedMs: 1_000_000 };
      return hub.receiveFragment({ ...piece, ...chains, ...from }, () => undefined).kind;
    });
    assert.deepEqual(kinds, ["stored", "refused"], "a large one neither");
    assert.equal(hub.stream(hub.findStream(stream) ?? 0).partialBytes, undefined);
    assert.equal(hub.quarantinedCount, quarantineRunsMax);
    hub.setJudge(() => undefined);
    take(hub, next);
    hub.setJudge(refusing);
    release(hub, 1);
    take(hub, rangeOf(clinic, quarantineRunsMax + 2, 1));
    assert.equal(hub.quarantinedCount, quarantineRunsMax);
  });

  test("is never delivered too early, twice or never, wherever the power is cut", () => {
    const clinic = clinicWith(24, [3, 9, 10, 17]);
    const ranges = [1, 7, 13, 19].map((from) => rangeOf(clinic, from, 6));
    const whole = new MemoryStore();
    const run = (store: MemoryStore): { acked: number; released: number } => {
      const done = { acked: 0, released: 0 };
      try {
        const hub = create(store, hubOptions);
        hub.setJudge(judge);
        for (const [at, range] of ranges.entries()) {
          if (take(hub, range)) done.acked += 6;
          if (at === 2) {
            release(hub, 9);
            done.released = 1;
          }
        }
        hub.close();
      } catch (error) {
        if (!(error instanceof SimulatedCrash)) throw error;
      }
      return done;
    };
    run(whole);
    let checked = 0;
    for (let at = 0; at < whole.operations.length; at++) {
      const store = new MemoryStore();
      store.crashAt(at);
      const done = run(store);
      if (done.acked === 0) continue;
      const label = `crash at ${at} (${whole.operations[at]})`;
      const hub = open(store.crash(createSeededRandom(at)), hubOptions).log;
      hub.setJudge(judge);
      const early = seqsOf(hub);
      assert.equal(new Set(early).size, early.length, label);
      for (const seq of [3, 10, 17]) assert.ok(!early.includes(seq), `${label}: ${seq} is out`);
      if (done.released === 0 && early.includes(9)) checked++;
      // The clinic sends again what was not acknowledged.
      const head = hub.streamHead(hub.findStream(stream) ?? 0);
      assert.ok(head >= done.acked, label);
      if (head < 24) take(hub, rangeOf(clinic, head + 1, 24 - head));
      for (const seq of heldSeqs(hub)) release(hub, seq);
      const seqs = seqsOf(hub).sort((a, b) => a - b);
      assert.deepEqual(
        seqs,
        Array.from({ length: 24 }, (_, index) => index + 1),
        label,
      );
      checked++;
    }
    assert.ok(checked > 20, `${checked} cuts were checked`);
  });
});

describe("the list of what is held", () => {
  test("has one run for neighbours of one reason, however they came", () => {
    const list = new Quarantine();
    for (const seq of [1, 2, 6, 4, 5]) list.hold(1, { from: seq, to: seq, reason: "a" });
    list.hold(1, { from: 3, to: 3, reason: "b" });
    const runs = () => list.entries()[0]?.held.map(({ from, to, reason }) => [from, to, reason]);
    assert.deepEqual(runs(), [
      [1, 2, "a"],
      [3, 3, "b"],
      [4, 6, "a"],
    ]);
    list.forget(1, { from: 3, to: 3 });
    list.hold(1, { from: 3, to: 3, reason: "a" });
    assert.deepEqual(runs(), [[1, 6, "a"]]);
  });

  test("is that of a set of seqs with their reasons, whatever happens", () => {
    const seed = 20_260;
    const random = createSeededRandom(seed);
    const list = new Quarantine();
    const held = new Map<number, string>();
    const released = new Set<number>();
    for (let step = 0; step < 4000; step++) {
      const from = 1 + random.below(60);
      const to = from + random.below(4);
      const reason = `r${random.below(3)}`;
      switch (random.below(4)) {
        case 0:
        case 1:
          list.hold(1, { from, to, reason });
          for (let seq = from; seq <= to; seq++)
            if (!held.has(seq) && !released.has(seq)) held.set(seq, reason);
          break;
        case 2:
          list.release(1, from);
          held.delete(from);
          released.add(from);
          break;
        default:
          if (random.below(10) > 0) break;
          list.forget(1, { from, to });
          for (let seq = from; seq <= to; seq++) {
            held.delete(seq);
            released.delete(seq);
          }
      }
      assert.equal(list.count, held.size, `step ${step}`);
      for (let seq = 1; seq <= 66; seq++) {
        assert.equal(list.reasonAt(1, seq), held.get(seq), `step ${step}, seq ${seq}`);
        assert.equal(list.isReleased(1, seq), released.has(seq), `step ${step}, seq ${seq}`);
      }
    }
    list.move(1, 2, 30);
    for (let seq = 1; seq <= 66; seq++) {
      const [index, at] = seq < 30 ? [1, seq] : [2, seq - 29];
      assert.equal(list.reasonAt(index, at), held.get(seq));
      assert.equal(list.isReleased(index, at), released.has(seq));
    }
    assert.equal(list.count, held.size);
  });
});
