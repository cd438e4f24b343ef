/** Segments written anew: which ones, what is left of the old ones, and what stops it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { Log, ReclaimWork } from "./api.ts";
import {
  arrivals,
  assertIncludes,
  create,
  dataKey,
  digest,
  event,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };
const wallMs = 1_000_000;

/** Every answer up to the last; an error counts by its code. */
function runAll(work: ReclaimWork): string[] {
  const answers: string[] = [];
  while (answers.length < 1_000) {
    const before = answers.length;
    work.step((step) => answers.push(typeof step === "string" ? step : step.code));
    assert.equal(answers.length, before + 1, "each step calls back at once");
    if (answers[before] !== "more") break;
  }
  return answers;
}

function reclaimNow(log: Log): ReclaimWork {
  const work = log.reclaim(wallMs);
  assert.equal(runAll(work).pop(), "done");
  return work;
}

function cutNow(log: Log, seq: number): void {
  log.cut([{ index: 0, seq, byOrigin: true }], wallMs, (error) => assert.equal(error, undefined));
}

const segmentsOf = (store: MemoryStore): string[] =>
  store
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();

function filled(count = 80): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, count);
  return { store, log };
}

/** As after power cuts: one small segment for each opening. */
function manySmall(openings: number, events: number): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  let log = create(store, sizes);
  for (let round = 0; round < openings; round++) {
    pushMany(log, events, 1 + round * events);
    if (round + 1 < openings) log = open(store, sizes).log;
  }
  return { store, log };
}

test("full segments of which nothing was cut are left alone", () => {
  const { store, log } = filled(120);
  const before = segmentsOf(store);
  assert.ok(before.length > 3);
  const work = reclaimNow(log);
  assert.deepEqual(segmentsOf(store), before);
  assert.deepEqual([work.freedBytes, work.skippedSegments], [0, 0]);
});

test("small neighbours become one up to the size of a segment, and no larger one", () => {
  const { store, log } = manySmall(12, 5);
  const all = digest(log);
  const order = arrivals(log);
  const before = segmentsOf(store).length;
  const work = reclaimNow(log);
  const sealed = segmentsOf(store).slice(0, -1);
  assert.ok(sealed.length > 1 && sealed.length < before / 2, `${before} to ${sealed.length}`);
  for (const name of sealed) {
    const size = store.dump().get(name)?.length ?? 0;
    assert.ok(size > 1_000 && size <= 3_000, `${name} has ${size} bytes`);
    assert.ok(store.exists(name.replace(".seg", ".idx")), "each sealed one has its index");
  }
  assert.equal(store.list().filter((name) => name.endsWith(".idx")).length, sealed.length);
  assert.ok(work.freedBytes > 0);
  const check = (each: Log) => {
    mapsEqual(digest(each), all);
    assert.deepEqual(arrivals(each), order);
    assert.equal(each.damages.length, 0);
  };
  check(log);
  check(open(store.kill(), sizes).log);
});

test("small neighbours on both sides of a branch that moved stay apart, and what moved stays moved", () => {
  const { store, log: before } = manySmall(4, 5);
  const { stream: own } = before.readStream(0, 1, { events: 1, bytes: 1 })[0] ?? {};
  assert.ok(own !== undefined);
  const note = (error?: unknown) => assert.equal(error, undefined);
  before.mark({ kind: "newEpoch", reason: "Z507" }, wallMs, note);
  before.mark({ kind: "rehome", stream: own, from: 13 }, wallMs, note);
  let log = before;
  for (let round = 0; round < 4; round++) {
    pushMany(log, 5, 100 + round * 5);
    log = open(store, sizes).log;
  }
  const all = digest(log);
  const order = arrivals(log);
  assert.equal(all.size, 40);
  const count = segmentsOf(store).length;
  reclaimNow(log);
  const merged = segmentsOf(store);
  assert.ok(merged.length < count && merged.length > 2, `${count} to ${merged.length}`);
  const check = (each: Log) => {
    mapsEqual(digest(each), all);
    assert.deepEqual(arrivals(each), order);
    assert.deepEqual(each.damages, []);
  };
  check(log);
  log.close();
  check(open(store.copy(), sizes).log);
  for (const name of store.list()) if (/^checkpoint|idx$/.test(name)) store.remove(name);
  check(open(store, sizes).log);
});

test("what was freed is what the log is smaller by, and nothing is left over", () => {
  const { store, log } = filled();
  cutNow(log, 60);
  const left = digest(log);
  const before = log.sizeBytes;
  const work = reclaimNow(log);
  assert.ok(work.freedBytes > 5_000);
  assert.equal(before - log.sizeBytes, work.freedBytes);
  const segments = segmentsOf(store);
  const numbers = segments.map((name) => name.slice(0, 8));
  assert.equal(new Set(numbers).size, numbers.length, "one generation of each");
  for (const name of store.list()) {
    assert.ok(!name.endsWith(".idx") || segments.includes(name.replace(/idx$/, "seg")), name);
  }
  assert.ok(store.exists("reserve"));
  const again = open(store.kill(), sizes);
  assert.deepEqual(again.recovery.reports, []);
  mapsEqual(digest(again.log), left);
  assert.equal(again.log.sizeBytes, log.sizeBytes);
});

test("a damaged segment is not written anew, and parts its neighbours", () => {
  const { store, log } = manySmall(5, 3);
  log.close();
  store.flip("00000003.seg", 200);
  const { log: again, recovery } = open(store, sizes);
  assert.equal(recovery.reports.length, 1);
  const held = digest(again);
  reclaimNow(again);
  assert.ok(store.exists("00000003.seg"), "it stays as it is");
  assert.deepEqual(
    segmentsOf(store).slice(0, 2),
    ["00000002-1.seg", "00000003.seg"],
    "those before it are one",
  );
  mapsEqual(digest(again), held);
  mapsEqual(digest(open(store.kill(), sizes).log), held);
});

test("a segment whose file is gone is not asked for, and stays named", () => {
  const { store, log } = manySmall(5, 3);
  log.close();
  store.remove("00000003.seg");
  const { log: again } = open(store, sizes);
  const held = digest(again);
  assert.equal(again.damages.length, 1);
  const missing = again.damages[0]?.missing;
  assert.equal(reclaimNow(again).skippedSegments, 0);
  mapsEqual(digest(again), held);
  const after = open(store.kill(), sizes).log;
  assert.deepEqual(after.damages[0]?.missing, missing);
  mapsEqual(digest(after), held);
});

test("files that an interrupted run left are removed, those of other logs are not", () => {
  const { store, log } = filled();
  cutNow(log, 60);
  for (let round = 0; round < 3; round++) reclaimNow(log);
  const other = new MemoryStore();
  create(other).close();
  const live = segmentsOf(store);
  const gone = ["00000001.seg", "00000002.seg"].filter((name) => !live.includes(name));
  assert.deepEqual(gone, ["00000001.seg", "00000002.seg"]);
  const ours = store.dump().get(live[0] ?? "") ?? new Uint8Array(0);
  const generationOf = live[0]?.replace(/(-\d+)?\.seg$/, "-9.seg") ?? "";
  store.overwrite("00000001.seg", ours);
  store.overwrite("00000002.seg", other.dump().get("00000001.seg") ?? ours);
  store.overwrite("00000002.idx", new Uint8Array(10));
  store.overwrite(generationOf, ours);
  store.overwrite("manifest.new", ours);
  const held = digest(log);
  reclaimNow(log);
  assert.deepEqual(
    ["00000001.seg", generationOf, "manifest.new", "00000002.seg", "00000002.idx"].map((name) =>
      store.exists(name),
    ),
    [false, false, false, true, true],
  );
  for (const name of live) assert.ok(store.exists(name), name);
  mapsEqual(digest(log), held);
});

test("verifying that goes on while segments are merged under it finds no problem", () => {
  for (const stepsBefore of [0, 1, 3, 6]) {
    const { log } = manySmall(12, 5);
    const problems: unknown[] = [];
    const walk = log.verify((problem) => problems.push(problem));
    for (let steps = 0; steps < stepsBefore; steps++) assert.equal(walk.step(), true);
    reclaimNow(log);
    let steps = 0;
    while (walk.step()) steps++;
    assert.ok(steps < 12);
    assert.deepEqual(problems, []);
    assert.equal(walk.step(), false, "it is over");
  }
});

/** A log whose syncs wait, cut and ready to be reclaimed. */
function slow(): { store: MemoryStore; log: Log } {
  const { store: made, log } = filled();
  cutNow(log, 60);
  log.close();
  const store = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of made.dump()) store.overwrite(name, bytes);
  return { store, log: open(store, sizes).log };
}

/** Steps until the new file waits for its sync. */
function untilInstalling(store: MemoryStore, work: ReclaimWork): string[] {
  const answers: string[] = [];
  for (let steps = 0; steps < 100 && store.pendingSyncs === 0; steps++) {
    work.step((step) => answers.push(typeof step === "string" ? step : step.code));
  }
  assert.equal(store.pendingSyncs, 1);
  return answers;
}

test("damage that is met while the new file waits for its sync leaves the old one in place", () => {
  const { store, log } = slow();
  const work = log.reclaim(wallMs);
  const before = segmentsOf(store);
  const answers = untilInstalling(store, work);
  const made = segmentsOf(store).find((name) => !before.includes(name));
  assert.ok(made !== undefined, "the new file is there");
  const source = before.find((name) => name.startsWith(made.slice(0, 8)));
  assert.ok(source !== undefined);
  store.flip(source, 500);
  assert.equal(log.scrub(undefined, 1 << 20).found.length, 1);
  const steps = answers.length;
  store.runSyncs();
  assert.equal(answers[steps], "more");
  assert.equal(work.skippedSegments, 1);
  assert.ok(store.exists(source) && !store.exists(made));
});

test("a close finishes what waits and ends the work; a disk that fails to sync ends it with all files kept", () => {
  for (const code of ["Z210", "Z205"]) {
    const { store, log } = slow();
    const held = digest(log);
    const before = segmentsOf(store);
    const work = log.reclaim(wallMs);
    const rule =
      code === "Z205" ? store.faults.add({ operation: "sync", name: /-1\.seg$/ }) : undefined;
    const answers = untilInstalling(store, work);
    if (code === "Z210") log.close();
    store.runSyncs();
    // A close finishes what waits; the work ends at its next step.
    assert.equal(answers.pop(), rule === undefined ? "more" : code);
    if (rule !== undefined) assert.equal(rule.fired, 1);
    if (rule === undefined) assert.deepEqual(runAll(work), ["Z210"]);
    else assert.deepEqual(segmentsOf(store), before, "only the new file is gone");
    mapsEqual(digest(open(store.copy(), sizes).log), held);
  }
});

test("a disk that fails to sync anywhere in it has lost nothing, and takes nothing more, but where nothing listed was to be synced", () => {
  let failed = 0;
  let goneOn = 0;
  for (const operation of ["sync", "syncDirectory", "rename"] as const) {
    for (let nth = 1; ; nth++) {
      const { store, log } = filled();
      cutNow(log, 60);
      const held = digest(log);
      const rule = store.faults.add({ operation, nth });
      const answer = runAll(log.reclaim(wallMs)).pop();
      if (rule.fired === 0) {
        assert.equal(answer, "done");
        break;
      }
      failed++;
      assert.equal(answer, "Z205", `${operation} ${nth}`);
      mapsEqual(digest(log), held);
      if (log.readOnlyReason === undefined) {
        // A new segment that no manifest names: it is gone, and another one is written.
        goneOn++;
        assert.equal(operation, "sync");
        reclaimNow(log);
        pushNow(log, event("on"));
        continue;
      }
      assert.equal(log.readOnlyReason.code, "Z205", `${operation} ${nth}`);
      assert.throws(() => pushNow(log, event("no")), { code: "Z208" });
      log.close();
      mapsEqual(digest(open(store.crash(createSeededRandom(nth)), sizes).log), held);
    }
  }
  assert.ok(failed > 10, `${failed} syncs and renames failed`);
  assert.ok(goneOn > 0 && goneOn < failed / 3, `${goneOn} of ${failed} went on`);
});

test("a log that is read only, or closed, has no segment written anew", () => {
  const { store, log } = filled();
  cutNow(log, 60);
  log.close();
  assert.deepEqual(runAll(log.reclaim(wallMs)), ["Z210"]);
  const reader = open(store, { ...sizes, readOnly: true }).log;
  const operations = store.operations.length;
  assert.deepEqual(runAll(reader.reclaim(wallMs)), ["Z208"]);
  assert.equal(store.operations.length, operations, "nothing was written");
  const { log: writer } = open(store, sizes);
  assert.ok(reclaimNow(writer).freedBytes > 0);
  assert.equal(pushNow(writer, event("next"))[0]?.seq, 81);
});

for (const [label, key] of [
  ["an encrypted", dataKey],
  ["a plaintext", undefined],
] as const) {
  test(`a record of ${label} log that rots and is met here first is named, and its segment stays`, () => {
    const store = new MemoryStore();
    const log = create(store, { ...sizes, dataKey: key });
    pushMany(log, 80);
    cutNow(log, 2);
    const before = digest(log);
    store.flip("00000001.seg", 1_500);
    const work = reclaimNow(log);
    assert.equal(work.skippedSegments, 1);
    assert.equal(log.damages.length, 1);
    assert.ok(store.exists("00000001.seg"));
    assertIncludes(before, digest(log));
    assert.equal(digest(log).size, before.size - 1);
  });
}

test("a segment whose index found no room is merged and read as any other", () => {
  const store = new MemoryStore();
  const log = create(store, { ...sizes, checkpointBytes: 1 << 20 });
  const rule = store.faults.add({
    operation: "open",
    name: /00000002\.idx/,
    kind: "noSpace",
    times: Number.POSITIVE_INFINITY,
  });
  pushMany(log, 80);
  assert.equal(rule.fired, 1, "it is tried again after as much as a checkpoint's distance");
  assert.ok(!store.exists("00000002.idx"));
  store.faults.clear();
  cutNow(log, 30);
  const left = digest(log);
  const order = arrivals(log);
  reclaimNow(log);
  assert.ok(!store.exists("00000002.seg"));
  const check = (each: Log) => {
    mapsEqual(digest(each), left);
    assert.deepEqual(arrivals(each), order);
    assert.deepEqual(each.damages, []);
  };
  check(log);
  pushMany(log, 20, 100);
  const names = segmentsOf(store).map((name) => name.replace(/seg$/, "idx"));
  for (const name of store.list()) if (name.endsWith(".idx")) assert.ok(names.includes(name), name);
  log.close();
});

test("what is cut beside pushes that wait for their sync is given back by the work that follows", () => {
  const { store: made, log: first } = filled(5);
  first.close();
  const store = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of made.dump()) store.overwrite(name, bytes);
  const { log } = open(store, sizes);
  const acked: string[] = [];
  for (const name of ["first", "second"]) log.push([event(name)], wallMs, () => acked.push(name));
  log.cut([{ index: 0, seq: 5, byOrigin: true }], wallMs, () => acked.push("cut"));
  assert.deepEqual(acked, [], "one push is in flight, the other one waits");
  store.runSyncs();
  assert.deepEqual(acked, ["first", "second", "cut"]);
  const work = log.reclaim(wallMs);
  for (let isDone = false, steps = 0; !isDone; steps++) {
    assert.ok(steps < 100);
    work.step((step) => {
      isDone = step === "done";
    });
    store.runSyncs();
  }
  assert.ok(!store.exists("00000001.seg"), "the segment that held them is written anew");
  assert.ok(work.freedBytes > 0);
  assert.equal(digest(log).size, 2);
});

test("a segment of a megabyte is written anew as any other", () => {
  const store = new MemoryStore();
  const options = { segmentBytes: 1 << 20 };
  const log = create(store, options);
  for (let i = 0; i < 100; i++)
    pushNow(log, event("", { payload: new Uint8Array(15_000).fill(i) }));
  cutNow(log, 10);
  const left = digest(log);
  assert.equal(reclaimNow(log).skippedSegments, 0);
  assert.ok(!store.exists("00000001.seg"));
  assert.ok((store.dump().get("00000001-1.seg")?.length ?? 0) > 800_000);
  mapsEqual(digest(log), left);
  mapsEqual(digest(open(store.kill(), options).log), left);
});
