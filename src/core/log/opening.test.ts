/** What an opening does about what it found: cuts, names, explains, or begins a fresh epoch. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore, SimulatedCrash } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { StreamId } from "../event.ts";
import {
  assertIncludes,
  create,
  digest,
  epoch,
  event,
  lastSegment,
  mapsEqual,
  markNow,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const chain = new Uint8Array(16).fill(9);
const sizes = { segmentBytes: 3_000, checkpointBytes: 1 << 20 };

const sizeOf = (store: MemoryStore, name: string): number => store.dump().get(name)?.length ?? 0;

/** A log whose last group was torn by a power cut, and how much of it is proven. */
function torn(): { store: MemoryStore; name: string; wholeBytes: number; tornBytes: number } {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const name = lastSegment(store);
  const wholeBytes = sizeOf(store, name);
  pushNow(log, event("torn by the power cut"));
  const disk = store.kill();
  const bytes = disk.dump().get(name)?.slice(0, -7) ?? new Uint8Array(0);
  disk.overwrite(name, bytes);
  return { store: disk, name, wholeBytes, tornBytes: bytes.length - wholeBytes };
}

describe("after an unclean end", () => {
  test("what is torn is copied aside, durably, and cut off; the tail moves to a new segment", () => {
    const { store, name, wholeBytes, tornBytes } = torn();
    const before = store.dump().get(name)?.slice(wholeBytes);
    const { log, recovery } = open(store);
    assert.deepEqual([recovery.isClean, recovery.tornBytes], [false, tornBytes]);
    assert.ok(recovery.copiedBytes > 0, "the last whole group was not proven durable");
    assert.equal(sizeOf(store, name), wholeBytes - recovery.copiedBytes, "the old file ends there");
    assert.notEqual(lastSegment(store), name);
    const disk = store.kill();
    const [aside] = disk.list("set-aside");
    assert.deepEqual(disk.dump().get(`set-aside/${aside}`), before);
    assert.equal(digest(open(disk).log).size, 5);
    assert.equal(log.damages.length, 0);
  });

  test("a reader says what a writer would find, and changes nothing", () => {
    const { store, tornBytes } = torn();
    const operations = store.operations.length;
    const { log, recovery } = open(store, { readOnly: true });
    assert.equal(recovery.needsWriter, true);
    assert.equal(recovery.isClean, false);
    assert.ok(recovery.tornBytes >= tornBytes);
    assert.equal(store.operations.length, operations);
    assert.ok(log.recordCount >= 4);
    log.close();
    assert.equal(store.operations.length, operations, "a reader's close writes nothing either");
  });

  test("a disk that takes no more opens to read, says why, and is mended by the next opening", () => {
    const { store } = torn();
    store.isReadOnly = true;
    const { log } = open(store);
    assert.match(log.readOnlyReason?.code ?? "", /^Z20/);
    assert.equal(digest(log).size, 4, "what is not proven durable is not shown");
    assert.throws(() => pushNow(log, event("x")), { code: "Z208" });
    store.isReadOnly = false;
    const { log: again } = open(store.copy());
    assert.equal(again.readOnlyReason, undefined);
    assert.equal(pushNow(again, event("six"))[0]?.seq, 6);
  });

  test("of a clean log the segment goes on, and nothing is copied", () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 5);
    log.close();
    const name = lastSegment(store);
    const { log: again, recovery } = open(store);
    assert.deepEqual(recovery, {
      isClean: true,
      needsWriter: false,
      tornBytes: 0,
      copiedBytes: 0,
      reports: [],
    });
    pushNow(again, event("six"));
    assert.equal(lastSegment(store), name);
  });
});

test("a power cut at any call of an opening, or behind it, leaves what is torn in its segment or in the copy", () => {
  const { store: image, name, wholeBytes } = torn();
  const bytes = image.dump().get(name)?.subarray(wholeBytes);
  assert.ok(bytes !== undefined && bytes.length > 0);
  const whole = image.copy();
  open(whole);
  let copied = 0;
  for (let at = 0; at <= whole.operations.length; at++) {
    for (let seed = 1; seed <= 8; seed++) {
      const disk = image.copy();
      disk.crashAt(at);
      if (at < whole.operations.length) assert.throws(() => open(disk), SimulatedCrash);
      else open(disk);
      const files = disk.crash(createSeededRandom(seed)).dump();
      const left: readonly string[] = [...files.keys()].filter((file) =>
        Buffer.from(files.get(file) ?? []).includes(bytes),
      );
      assert.ok(left.length > 0, `power cut at ${whole.operations[at]}, seed ${seed}`);
      if (left.every((file) => file.startsWith("set-aside/"))) copied++;
    }
  }
  assert.ok(copied > 0, "the copy was all that was left of it");
});

describe("heads that peers have confirmed", () => {
  test("leave holes that are named by their stream, the furthest head of each counts", () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 4);
    pushNow(log, event("u", { lane: "urgent" }));
    log.close();
    const urgent = { ...stream, lane: "urgent" };
    const far = new Uint8Array(16).fill(7);
    const confirmed = [
      { stream, seq: 6, chain },
      { stream, seq: 9, chain: far },
      { stream, seq: 7, chain },
      { stream, seq: 3, chain },
      { stream: urgent, seq: 2, chain },
      { stream: { ...stream, lane: "new" }, seq: 3, chain },
      { stream: { ...stream, lane: "odd" }, seq: 3, chain: new Uint8Array(15) },
    ];
    const reader = open(store.copy(), { confirmed, readOnly: true });
    assert.equal(reader.recovery.needsWriter, true);
    assert.equal(reader.log.stream(0).head, 9, "a reader knows them as well");
    const { log: after, recovery } = open(store, { confirmed });
    const named = recovery.reports.map(({ code, context }) => [
      code,
      context.stream,
      context.from,
      context.to,
    ]);
    assert.deepEqual(named, [
      ["Z213", "clinic_a", 5, 9],
      ["Z213", "clinic_a/urgent", 2, 2],
      ["Z213", "clinic_a/new", 1, 3],
    ]);
    assert.equal(recovery.isClean, false);
    assert.equal(after.ownEpoch, epoch, "all of it is explained");
    assert.deepEqual(after.stream(0).chain, far);
    assert.equal(after.findStream({ ...stream, lane: "odd" }), undefined);
    for (const each of [after, open(store.copy()).log]) {
      assert.deepEqual(each.stream(0).holes, [{ from: 5, to: 9 }]);
      const added = each.stream(each.findStream({ ...stream, lane: "new" }) ?? 0);
      assert.deepEqual([added.head, added.holes], [3, [{ from: 1, to: 3 }]]);
    }
    assert.equal(pushNow(after, event("n", { lane: "new" }))[0]?.seq, 4);
  });
});

test("a log that finds no room for what its peers confirmed takes no event, whose seq it might use again", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 4);
  log.close();
  store.capacityBytes = store.usedBytes;
  const { log: after } = open(store, { confirmed: [{ stream, seq: 6, chain }] });
  store.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal(after.readOnlyReason?.code, "Z204");
  assert.throws(() => pushNow(after, event("5 again")), { code: "Z204" });
});

/** Segments of events by turns; the urgent ones are all in one early segment. No checkpoint. */
function withoutCheckpoint(): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, 30);
  pushNow(log, event("urgent 1", { lane: "urgent" }), event("urgent 2", { lane: "urgent" }));
  pushMany(log, 60, 31);
  const disk = store.kill();
  for (const name of ["checkpoint-a", "checkpoint-b"]) if (disk.exists(name)) disk.remove(name);
  return disk;
}

/** The segment whose loss takes the lane away. */
function segmentOfUrgent(): string {
  const names = withoutCheckpoint().list();
  for (const name of names.filter((file) => file.endsWith(".seg"))) {
    const disk = withoutCheckpoint();
    disk.remove(name);
    const { log } = open(disk, sizes);
    if (![...digest(log).keys()].some((event) => event.includes("urgent"))) return name;
  }
  return assert.fail("one of the segments holds the lane");
}

describe("a segment whose file is gone, with no checkpoint behind it", () => {
  test("and that held the only events of a lane begins a fresh epoch: its seqs are never used twice", () => {
    const disk = withoutCheckpoint();
    disk.remove(segmentOfUrgent());
    const { log, recovery } = open(disk, sizes);
    assert.ok(recovery.reports.some(({ code }) => code === "Z214"));
    assert.notEqual(log.ownEpoch, epoch);
    assert.equal(log.alarms[0]?.code, "Z214");
    const [pushed] = pushNow(log, event("urgent", { lane: "urgent" }));
    assert.deepEqual([pushed?.seq, pushed?.stream.epoch], [1, log.ownEpoch]);
    log.close();
    const again = open(disk, sizes);
    assert.equal(again.log.alarms.length, 1, "said once");
    assert.ok(!again.recovery.reports.some(({ code }) => code === "Z214"));
  });

  test("and whose streams are known to be further on costs its events, and no epoch", () => {
    const urgent = segmentOfUrgent();
    const whole = withoutCheckpoint();
    const all = digest(open(whole.copy(), sizes).log);
    const names = whole.list().filter((name) => name.endsWith(".seg") && name !== urgent);
    assert.ok(names.length >= 3);
    const name = names[1] ?? "";
    whole.remove(name);
    const { log, recovery } = open(whole, sizes);
    assert.deepEqual(
      recovery.reports.map(({ code, context }) => [code, context.path]),
      [["Z209", name]],
    );
    assert.equal(log.ownEpoch, epoch);
    const held = digest(log);
    assertIncludes(all, held);
    const count = log.stream(0).holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    assert.equal(held.size + count, all.size);
    assert.equal(recovery.reports[0]?.context.count, count);
    assert.equal(pushNow(log, event("next"))[0]?.seq, 91);
  });
});

describe("a segment whose file stays away", () => {
  /** Opens and closes again and again; what each opening reported, and where its events went. */
  function openings(disk: MemoryStore, count: number) {
    return Array.from({ length: count }, (_, round) => {
      const reader = open(disk.copy(), { ...sizes, readOnly: true });
      const { log, recovery } = open(disk, sizes);
      pushNow(log, event(`opening ${round}`));
      log.close();
      return {
        codes: recovery.reports.map(({ code }) => code),
        isClean: recovery.isClean,
        needsWriter: reader.recovery.needsWriter,
        epoch: log.ownEpoch,
        last: lastSegment(disk),
        damages: log.damages,
      };
    });
  }

  for (const [what, build] of [
    ["behind a checkpoint", closed],
    ["with no checkpoint", withoutCheckpoint],
  ] as const) {
    test(`${what} is reported once, and the log goes on as any other`, () => {
      const disk = build();
      const gone = disk.list().filter((name) => name.endsWith(".seg"))[1] ?? "";
      disk.remove(gone);
      const [first, second, third] = openings(disk, 3);
      assert.ok(first !== undefined);
      assert.ok(first.codes.includes("Z209"));
      assert.equal(first.needsWriter, true);
      assert.equal(first.damages.length, 1);
      for (const later of [second, third]) {
        assert.deepEqual(later, { ...first, codes: [], isClean: true, needsWriter: false });
      }
      disk.remove(disk.list().filter((name) => name.endsWith(".seg"))[1] ?? "");
      const [another] = openings(disk, 1);
      assert.deepEqual(another?.codes.slice(0, 1), ["Z209"], "another one is");
    });
  }

  test("of an epoch that was left before costs no further epoch, at whichever opening", () => {
    const disk = withoutCheckpoint();
    const gone = segmentOfUrgent();
    const { log } = open(disk, sizes);
    markNow(log, { kind: "newEpoch", reason: "Z507" });
    const { ownEpoch } = log;
    pushMany(log, 40);
    log.close();
    for (const name of ["checkpoint-a", "checkpoint-b"]) if (disk.exists(name)) disk.remove(name);
    disk.remove(gone);
    for (const { epoch: own } of openings(disk, 4)) assert.equal(own, ownEpoch);
  });

  test("and held the last events of an epoch that was left before costs no further epoch", () => {
    const disk = new MemoryStore();
    const log = create(disk, sizes);
    pushMany(log, 30);
    while (sizeOf(disk, lastSegment(disk)) < sizes.segmentBytes) pushNow(log, event("more"));
    const last = lastSegment(disk);
    markNow(log, { kind: "newEpoch", reason: "Z507" });
    assert.notEqual(lastSegment(disk), last);
    pushMany(log, 40);
    log.close();
    for (const name of ["checkpoint-a", "checkpoint-b"]) if (disk.exists(name)) disk.remove(name);
    disk.remove(last);
    const [first] = openings(disk, 1);
    assert.deepEqual([first?.codes, first?.epoch], [["Z209"], log.ownEpoch]);
  });
});

test("two segments whose files are gone are two damages, each with what was in it", () => {
  const disk = closed();
  const whole = digest(open(disk.copy(), sizes).log);
  const gone = disk
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();
  for (const name of gone.slice(1, 3)) disk.remove(name);
  const { log, recovery } = open(disk, sizes);
  assert.deepEqual(
    recovery.reports.map(({ context }) => context.path),
    gone.slice(1, 3),
  );
  const named = log.damages.map(({ segment, missing }) => ({
    segment,
    count: missing.reduce((sum, { range }) => sum + range.to - range.from + 1, 0),
  }));
  assert.deepEqual(
    named.map(({ segment }) => segment),
    [2, 3],
  );
  for (const { count } of named) assert.ok(count > 5, `${count} events`);
  assert.equal(digest(log).size + (named[0]?.count ?? 0) + (named[1]?.count ?? 0), whole.size);
});

test("no seq is issued again when the newest event rots, is met by a reader, and the power fails", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const name = lastSegment(store);
  store.flip(name, sizeOf(store, name) - 8);
  assert.equal(digest(log).size, 4);
  assert.deepEqual(log.stream(0).holes, [{ from: 5, to: 5 }]);
  const disk = store.kill();
  const { log: again, recovery } = open(disk);
  const lost = recovery.reports.filter(({ code }) => code === "Z214");
  assert.deepEqual(
    lost.map(({ context }) => context.count),
    [1],
  );
  const [next] = pushNow(again, event("next"));
  assert.ok(next !== undefined && next.stream.epoch !== epoch, "peers may hold another seq 5");
  again.close();
  const { log: later, recovery: second } = open(disk);
  assert.deepEqual(second.reports, [], "said once");
  assert.equal(later.ownEpoch, next.stream.epoch);
});

test("no seq is issued again when a lane's newest event rots and only another lane's tells that one is gone", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const name = lastSegment(store);
  const end = sizeOf(store, name);
  pushNow(log, event("of another lane", { lane: "urgent" }));
  pushNow(log, event("and one more", { lane: "urgent" }));
  const disk = store.kill();
  disk.flip(name, end - 8);
  const { log: again, recovery } = open(disk);
  assert.deepEqual(
    recovery.reports.map(({ code, context }) => [code, context.count]),
    [
      ["Z209", 0],
      ["Z214", 1],
    ],
  );
  const [next] = pushNow(again, event("next"));
  assert.ok(next !== undefined && next.stream.epoch !== epoch, "peers may hold another seq 5");
});

test("no seq is issued again where no record is left that tells how many are gone", () => {
  const disk = withoutCheckpoint();
  const last = lastSegment(disk);
  const names = disk.list().filter((name) => name.endsWith(".seg") && name < last);
  const before = names.sort()[names.length - 1] ?? "";
  disk.flip(before, sizeOf(disk, before) - 8);
  const bytes = disk.dump().get(last)?.slice() ?? new Uint8Array(0);
  disk.overwrite(last, bytes.fill(0, 64));
  const { log, recovery } = open(disk, sizes);
  assert.ok(recovery.reports.some(({ code }) => code === "Z214"));
  assert.notEqual(log.ownEpoch, epoch);
});

/** The same events as `withoutCheckpoint`, with one. */
function closed(): MemoryStore {
  const disk = withoutCheckpoint();
  const { log } = open(disk, { ...sizes, checkpointBytes: 1 });
  pushNow(log, event("91"));
  log.close();
  assert.ok(disk.exists("checkpoint-a"));
  return disk;
}

for (const segmentBytes of [1 << 20, 1 << 23]) {
  test(`the last MiB of a large log is read at opening, and what lies before it is not (segments of ${segmentBytes})`, () => {
    const store = new MemoryStore();
    const options = { dataKey: undefined, segmentBytes, checkpointBytes: 1 << 16 };
    const log = create(store, options);
    for (let i = 0; i < 200; i++)
      pushNow(log, event("", { payload: new Uint8Array(15_000).fill(i) }));
    const all = digest(log);
    log.close();
    const segments = store.list().filter((name) => name.endsWith(".seg"));
    assert.equal(segments.length > 1, segmentBytes === 1 << 20);
    const early = store.copy();
    early.flip(segments[0] ?? "", 20_000);
    const first = open(early, options);
    assert.deepEqual(first.recovery.reports, []);
    assert.equal(digest(first.log).size, 199, "whoever reads it finds it");
    const last = segments[segments.length - 1] ?? "";
    const places = segments.length > 1 ? [40_000] : [40_000, 900_000];
    for (const back of places) {
      const late = store.copy();
      late.flip(last, sizeOf(late, last) - back);
      const second = open(late, options);
      assert.deepEqual(
        second.recovery.reports.map(({ code, context }) => [code, context.count]),
        [["Z209", 1]],
      );
      assert.equal(second.log.damages.length, 1);
      assert.equal(digest(second.log).size, 199);
    }
    const short = store.copy();
    const kept = segments.length > 1 ? 100_000 : 1_000_000;
    short.overwrite(last, store.dump().get(last)?.slice(0, kept) ?? new Uint8Array(0));
    const { log: third } = open(short, options);
    const holes = third.stream(0).holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
    assert.ok(holes > 10);
    assert.equal(
      digest(third).size,
      200 - holes,
      "all that a short file has lost is known at once",
    );
    mapsEqual(digest(open(store, options).log), all);
  });
}

test("a log of less than 2 MiB is read as a whole at opening, wherever its checkpoint lies", () => {
  const store = new MemoryStore();
  const options = { dataKey: undefined, segmentBytes: 1 << 20, checkpointBytes: 1 << 16 };
  const log = create(store, options);
  for (let i = 0; i < 110; i++)
    pushNow(log, event("", { payload: new Uint8Array(15_000).fill(i) }));
  log.close();
  assert.ok(store.exists("checkpoint-a"));
  for (const offset of [20_000, 400_000, 1_000_000]) {
    const disk = store.copy();
    disk.flip("00000001.seg", offset);
    const { log: again, recovery } = open(disk, options);
    assert.deepEqual(
      recovery.reports.map(({ code, context }) => [code, context.count]),
      [["Z209", 1]],
    );
    assert.equal(again.damages.length, 1);
    again.close();
  }
});
