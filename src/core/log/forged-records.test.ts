/**
 * Records whose checksums and seals hold, and that are still not what they should be: of a kind that a
 * later version writes, which is nobody's damage, or with fields that are none, which is.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, RekeyStep, WorkStep } from "./api.ts";
import { decodeFileHeader } from "./file-header.ts";
import { fileHeaderBytes, recordKind } from "./format.ts";
import {
  arrivals,
  create,
  dataKey,
  digest,
  epoch,
  event,
  markNow,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";
import { newRecordHeader, SegmentCipher } from "./segment-cipher.ts";

const name = "00000001.seg";

interface Found {
  readonly kind: number;
  readonly offset: number;
  readonly totalBytes: number;
  readonly back: number;
}

/** The records of the first segment, and a way to put others in their place. */
function openSegment(store: MemoryStore, key: Uint8Array | undefined) {
  const bytes = store.dump().get(name) ?? new Uint8Array(0);
  const header = decodeFileHeader("segment", bytes);
  assert.ok(typeof header === "object");
  const { logId, salt } = header;
  const cipher = new SegmentCipher({ crypto: nodeCrypto, dataKey: key, logId, segment: 1, salt });
  const records: Found[] = [];
  const found = newRecordHeader();
  for (let at = fileHeaderBytes; cipher.parseHeader(bytes, at, at, found); at += found.totalBytes)
    records.push({ ...found, offset: at });
  const replace = (record: Found, kind: number, node: string, alias = 1): void => {
    const plain = new Uint8Array(record.totalBytes - cipher.recordBytes(0)).fill(0xff);
    const { offset, back } = record;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const fields = { kind, flags: 0, alias, node, plain };
    cipher.write({ ...fields, offset, groupStart: offset - back }, bytes, view, offset);
    const file = store.open(name, "write");
    file.write(0, bytes);
    file.close();
  };
  return { records, replace };
}

function run(work: { step(done: (step: WorkStep | RekeyStep) => void): void }) {
  for (let steps = 0; steps < 1_000; steps++) {
    const state: { answer: WorkStep | RekeyStep } = { answer: "done" };
    work.step((step) => {
      state.answer = step;
    });
    const { answer } = state;
    if (answer === "done" || typeof answer !== "string") return answer;
  }
  throw new Error("it does not end");
}

const keys = [
  ["an encrypted", dataKey],
  ["a plaintext", undefined],
] as const;

for (const [label, key] of keys) {
  describe(`in ${label} log`, () => {
    const options = { dataKey: key, segmentBytes: 2_500 };

    /** Twenty events with a mark among them, in the place of which there is something of a later version. */
    function withLater(): { readonly store: MemoryStore; readonly all: Map<string, string> } {
      const store = new MemoryStore();
      const log = create(store, options);
      pushMany(log, 5);
      markNow(log, { kind: "trustedTime", ms: 5 });
      pushMany(log, 15, 6);
      const all = digest(log);
      log.close();
      const { records, replace } = openSegment(store, key);
      const [, mark] = records.filter(({ kind }) => kind === recordKind.mark);
      assert.ok(mark !== undefined, "the first one is the log's beginning");
      replace(mark, 9, "");
      for (const file of store.list()) if (file.startsWith("checkpoint")) store.remove(file);
      return { store, all };
    }

    test("a record of a later version's kind is no damage, and stands in nobody's way", () => {
      const { store, all } = withLater();
      const { log, recovery } = open(store, options);
      assert.deepEqual(recovery.reports, []);
      assert.deepEqual(log.damages, []);
      assert.deepEqual(digest(log), all);
      assert.equal(arrivals(log).length, all.size);
      const problems: unknown[] = [];
      const walk = log.verify((problem) => problems.push(problem));
      while (walk.step());
      assert.deepEqual(problems, []);
      assert.equal(pushNow(log, event("next"))[0]?.seq, 21);
    });

    test("nothing of a segment with such a record is dropped or sealed anew", () => {
      const { store } = withLater();
      const { log } = open(store, options);
      pushMany(log, 40, 100);
      const note = (error?: unknown) => assert.equal(error, undefined);
      log.cut([{ index: 0, seq: 40, byOrigin: true }], 1_000_000, note);
      const work = log.reclaim(1_000_000);
      assert.equal(run(work), "done");
      assert.equal(work.skippedSegments, 1);
      assert.ok(store.exists(name));
      if (key === undefined) return;
      const answer = run(log.rekey(new Uint8Array(32).fill(9)));
      assert.ok(typeof answer !== "string");
      assert.deepEqual([answer.code, answer.context.count], ["Z229", 1]);
      assert.equal(log.isRekeying, true);
      assert.equal(digest(log).size, 20, "and all that was not cut is read under both keys");
    });

    /** The same events, of which the sixth has fields that are none. */
    function forge(store: MemoryStore): void {
      const { records, replace } = openSegment(store, key);
      const sixth = records.filter(({ kind }) => kind === recordKind.event)[5];
      assert.ok(sixth !== undefined);
      replace(sixth, recordKind.event, "clinic_a");
    }

    const hole = [{ from: 6, to: 6 }];
    const ways: readonly (readonly [string, (log: Log) => unknown])[] = [
      ["by stream", (log) => log.readStream(0, 1, { events: 50, bytes: 1 << 20 })],
      ["by arrival", (log) => log.readArrivals(0, { events: 50, bytes: 1 << 20 })],
    ];
    for (const [way, read] of ways) {
      test(`an event without valid fields is a hole for who reads ${way}, and costs no other`, () => {
        const store = new MemoryStore();
        const log = create(store, options);
        pushMany(log, 12);
        const all = digest(log);
        forge(store);
        read(log);
        assert.deepEqual(log.stream(0).holes, hole);
        assert.equal(log.damages.length, 1);
        for (const each of [log, open(store.copy(), options).log]) {
          assert.deepEqual(each.stream(0).holes, hole);
          const held = digest(each);
          assert.equal(held.size, 11);
          for (const [event, value] of held) assert.equal(all.get(event), value);
          assert.equal(arrivals(each).length, 11);
        }
      });
    }

    for (const kind of ["mark", "alias"] as const) {
      test(`nothing of a segment with ${kind === "mark" ? "a mark" : "a definition"} without valid fields is dropped`, () => {
        const store = new MemoryStore();
        const log = create(store, options);
        pushMany(log, 40);
        const { records, replace } = openSegment(store, key);
        const record = records.find((each) => each.kind === recordKind[kind]);
        assert.ok(record !== undefined);
        replace(record, recordKind[kind], "");
        const note = (error?: unknown) => assert.equal(error, undefined);
        log.cut([{ index: 0, seq: 2, byOrigin: true }], 1_000_000, note);
        const work = log.reclaim(1_000_000);
        assert.equal(run(work), "done");
        assert.equal(work.skippedSegments, 1);
        assert.ok(store.exists(name));
      });
    }

    test("a mark without valid fields is damage that costs no event, named by who opens the log", () => {
      const store = new MemoryStore();
      const log = create(store, options);
      pushMany(log, 5);
      markNow(log, { kind: "trustedTime", ms: 5 });
      pushMany(log, 5, 6);
      const all = digest(log);
      log.close();
      const { records, replace } = openSegment(store, key);
      const [, mark] = records.filter(({ kind }) => kind === recordKind.mark);
      assert.ok(mark !== undefined);
      replace(mark, recordKind.mark, "");
      for (const file of store.list()) if (file.startsWith("checkpoint")) store.remove(file);
      const { log: again, recovery } = open(store, options);
      const [first] = recovery.reports;
      assert.deepEqual([first?.code, first?.context.from], ["Z209", mark.offset]);
      assert.deepEqual(digest(again), all);
    });

    test("an event without valid fields is named by whoever would write its segment anew, and left there", () => {
      const store = new MemoryStore();
      const log = create(store, options);
      pushMany(log, 40);
      forge(store);
      const note = (error?: unknown) => assert.equal(error, undefined);
      log.cut([{ index: 0, seq: 2, byOrigin: true }], 1_000_000, note);
      const work = log.reclaim(1_000_000);
      assert.equal(run(work), "done");
      assert.equal(work.skippedSegments, 1);
      assert.equal(log.damages.length, 1);
      assert.deepEqual(log.stream(0).holes, hole);
      assert.ok(store.exists(name));
      assert.equal(digest(log).size, 37);
    });

    test("verifying names each of them by its place, and nothing else", () => {
      const store = new MemoryStore();
      const log = create(store, { ...options, segmentBytes: 1 << 20 });
      pushMany(log, 5);
      markNow(log, { kind: "trustedTime", ms: 5 });
      pushMany(log, 5, 6);
      const { records, replace } = openSegment(store, key);
      const of = (kind: number) => records.filter((record) => record.kind === kind);
      const [[, mark], [alias], events] = [of(recordKind.mark), of(recordKind.alias), of(1)];
      const [, third, , fifth] = events;
      assert.ok(mark && alias && third && fifth);
      replace(mark, recordKind.mark, "");
      replace(alias, recordKind.alias, "");
      replace(third, recordKind.event, "clinic_a");
      replace(fifth, recordKind.event, "clinic_a", 77);
      const problems = new Map<number, string>();
      const walk = log.verify(({ offset, problem }) => problems.set(offset, problem));
      while (walk.step());
      const places = [mark, alias, third, fifth].map(({ offset }) => problems.get(offset) ?? "");
      const [own, definition, event, foreign] = places;
      for (const problem of [own, definition, event]) assert.match(problem ?? "", /do not fit/);
      assert.match(foreign ?? "", /stream is unknown/);
      assert.equal(problems.size, 4);
    });

    test("an event without valid fields is a hole for who opens the log, named once", () => {
      const store = new MemoryStore();
      const log = create(store, options);
      pushMany(log, 12);
      log.close();
      forge(store);
      const { log: again, recovery } = open(store, options);
      assert.deepEqual(
        recovery.reports.map(({ code, context }) => [code, context.count]),
        [["Z209", 1]],
      );
      assert.deepEqual(again.stream(0).holes, hole);
      assert.equal(again.ownEpoch, epoch);
      assert.equal(pushNow(again, event("next"))[0]?.seq, 13);
    });
  });
}
