/** Cut streams, and the room given back: what must stay stays, at any point of failure. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore, SimulatedCrash } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log, StreamCut } from "./api.ts";
import { hashIdempotencyKey } from "./chain.ts";
import {
  arrivals,
  assertIncludes,
  create,
  digest,
  event,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };
const wallMs = 1_000_000;

export function cutNow(log: Log, ...cuts: StreamCut[]): void {
  let isDurable = false;
  log.cut(cuts, wallMs, (error) => {
    assert.equal(error, undefined);
    isDurable = true;
  });
  assert.ok(isDurable, "a synchronous host is durable before cut returns");
}

/** Runs to the end; the error it ended with, if any. */
export function reclaimNow(log: Log, atMs = wallMs): ZamError | undefined {
  const work = log.reclaim(atMs);
  for (let steps = 0; steps < 10_000; steps++) {
    const state: { now: "more" | "done" | ZamError | "open" } = { now: "open" };
    work.step((step) => {
      state.now = step;
    });
    if (state.now === "done") return undefined;
    if (state.now !== "more") {
      assert.ok(state.now instanceof ZamError, "each step calls back at once");
      return state.now;
    }
  }
  throw new Error("reclaiming does not end");
}

function indexOf(log: Log, lane = ""): number {
  const index = log.findStream({ node: "clinic_a", epoch: 0x1234, lane });
  assert.ok(index !== undefined);
  return index;
}

function without(
  all: ReadonlyMap<string, string>,
  isGone: (lane: string, seq: number) => boolean,
): Map<string, string> {
  return new Map(
    [...all].filter(([name]) => {
      const parts = name.split("/");
      return !isGone(parts[2] ?? "", Number(parts[3]));
    }),
  );
}

function problemsOf(log: Log): number {
  let problems = 0;
  const verifier = log.verify(() => problems++);
  while (verifier.step());
  return problems;
}

/** 60 events in two lanes, some of them large, with idempotency keys, over many segments. */
function fill(log: Log): void {
  for (let i = 1; i <= 30; i++) {
    const idempotency = hashIdempotencyKey(nodeCrypto, `id ${i}`);
    pushNow(log, event(`event ${i} `.repeat(i === 7 ? 4000 : 12), { idempotency }));
    pushNow(log, event(`urgent ${i} `.repeat(i === 20 ? 4000 : 5), { lane: "urgent" }));
  }
}

test("what is cut is gone, its room is given back, and everything else is where it was", () => {
  const store = new MemoryStore();
  const log = create(store, sizes);
  fill(log);
  const all = digest(log);
  const order = arrivals(log);
  const before = log.sizeBytes;
  cutNow(log, { index: indexOf(log), seq: 25, byOrigin: true });
  const left = without(all, (lane, seq) => lane === "" && seq <= 25);
  mapsEqual(digest(log), left);
  assert.equal(reclaimNow(log), undefined);
  mapsEqual(digest(log), left);
  assert.ok(log.sizeBytes < before / 2 + 40_000, `${before} to ${log.sizeBytes} bytes`);
  assert.equal(log.recordCount, left.size);
  const kept = new Set(left.keys());
  assert.deepEqual(
    arrivals(log),
    order.filter((name) => kept.has(name)),
  );
  const [after] = pushNow(log, event("after"));
  assert.equal(after?.seq, 31);
  assert.equal(problemsOf(log), 0);
  log.close();
  const again = open(store, sizes);
  assert.deepEqual(again.recovery.reports, []);
  assert.equal(again.log.recordCount, left.size + 1);
  assertIncludes(digest(again.log), left);
  const floor = again.log.stream(indexOf(again.log)).floor;
  assert.equal(floor?.seq, 25);
  assert.equal(floor?.byOrigin, true);
});

test("seqs, chains and keys survive a log that was emptied, also without checkpoints", () => {
  const store = new MemoryStore();
  const log = create(store, sizes);
  fill(log);
  const chain = log.chainAt(indexOf(log), 30);
  cutNow(
    log,
    { index: indexOf(log), seq: 30, byOrigin: true },
    { index: indexOf(log, "urgent"), seq: 30, byOrigin: true },
  );
  assert.equal(reclaimNow(log), undefined);
  assert.equal(log.recordCount, 0);
  assert.ok(log.sizeBytes < 15_000, `${log.sizeBytes} bytes`);
  log.close();
  for (const name of ["checkpoint-a", "checkpoint-b"]) if (store.exists(name)) store.remove(name);
  for (const name of store.list()) if (name.endsWith(".idx")) store.remove(name);
  const again = open(store, sizes);
  assert.deepEqual(again.recovery.reports, []);
  assert.equal(again.log.recordCount, 0);
  assert.deepEqual(again.log.chainAt(indexOf(again.log), 30), chain);
  const idempotency = hashIdempotencyKey(nodeCrypto, "id 7");
  const [repeat] = pushNow(again.log, event("event 7 ".repeat(4000), { idempotency }));
  assert.equal(repeat?.isRepeat, true);
  assert.equal(repeat?.seq, 7);
  assert.throws(
    () => pushNow(again.log, event("something else", { idempotency })),
    (error) => error instanceof ZamError && error.code === "Z602",
  );
  const [next] = pushNow(again.log, event("next"));
  assert.equal(next?.seq, 31);
  const nextChain = again.log.readStream(indexOf(again.log), 31, { events: 1, bytes: 1 })[0];
  assert.deepEqual(nextChain?.chainBefore, chain);
});

test("an idempotency key is forgotten 30 days after its event was dropped, not before", () => {
  const store = new MemoryStore();
  const log = create(store, sizes);
  const day = 86_400_000;
  const idempotency = hashIdempotencyKey(nodeCrypto, "old");
  pushNow(log, event("old", { idempotency }));
  pushMany(log, 20);
  cutNow(log, { index: indexOf(log), seq: 5, byOrigin: true });
  assert.equal(reclaimNow(log), undefined);
  cutNow(log, { index: indexOf(log), seq: 6, byOrigin: true });
  assert.equal(reclaimNow(log, wallMs + 29 * day), undefined);
  assert.equal(log.findIdempotency(idempotency)?.seq, 1);
  cutNow(log, { index: indexOf(log), seq: 7, byOrigin: true });
  assert.equal(reclaimNow(log, wallMs + 31 * day), undefined);
  assert.equal(log.findIdempotency(idempotency), undefined);
});

test("small segments are merged, and nothing of them is dropped", () => {
  const store = new MemoryStore();
  for (let round = 0; round < 6; round++) {
    const log = round === 0 ? create(store) : open(store).log;
    pushMany(log, 5, round * 5);
    // No clean close: the next opening begins a new segment.
    if (round === 5) {
      const all = digest(log);
      const before = store.list().filter((name) => name.endsWith(".seg")).length;
      assert.ok(before > 2, `${before} segments`);
      assert.equal(reclaimNow(log), undefined);
      assert.equal(store.list().filter((name) => name.endsWith(".seg")).length, 2);
      mapsEqual(digest(log), all);
      log.close();
      const again = open(store);
      mapsEqual(digest(again.log), all);
      assert.equal(problemsOf(again.log), 0);
    }
  }
});

test("pushes go on between the steps", () => {
  const store = new MemoryStore();
  const log = create(store, sizes);
  fill(log);
  const all = digest(log);
  cutNow(log, { index: indexOf(log), seq: 20, byOrigin: true });
  const work = log.reclaim(wallMs);
  let isDone = false;
  for (let i = 0; !isDone && i < 10_000; i++) {
    pushNow(log, event(`meanwhile ${i}`, { lane: "other" }));
    work.step((step) => {
      assert.ok(step === "more" || step === "done", String(step));
      isDone = step === "done";
    });
  }
  const left = without(all, (lane, seq) => lane === "" && seq <= 20);
  assertIncludes(digest(log), left);
  assert.equal(problemsOf(log), 0);
  log.close();
  assertIncludes(digest(open(store, sizes).log), left);
});

/** From a filled log: cut, reclaim, cut more, reclaim, close. Until the crash. */
function care(store: MemoryStore): void {
  const { log } = open(store, sizes);
  cutNow(log, { index: indexOf(log), seq: 12, byOrigin: true });
  assert.equal(reclaimNow(log), undefined);
  pushNow(log, event("between"));
  cutNow(
    log,
    { index: indexOf(log), seq: 25, byOrigin: true },
    { index: indexOf(log, "urgent"), seq: 21, byOrigin: true },
  );
  assert.equal(reclaimNow(log), undefined);
  log.close();
}

function filled(): { readonly store: MemoryStore; readonly all: Map<string, string> } {
  const store = new MemoryStore();
  const log = create(store, sizes);
  fill(log);
  const all = digest(log);
  log.close();
  return { store, all };
}

function checkAfter(disk: MemoryStore, all: ReadonlyMap<string, string>, label: string): void {
  const kept = without(all, (lane, seq) => (lane === "" ? seq <= 25 : seq <= 21));
  const first = open(disk, sizes);
  assert.deepEqual(first.recovery.reports, [], label);
  assert.equal(first.log.damages.length, 0, label);
  assertIncludes(digest(first.log), kept, label);
  for (const [name, value] of digest(first.log))
    assert.ok(all.get(name) === value || name.endsWith("/31"), `${label}: ${name} came up`);
  assert.equal(problemsOf(first.log), 0, label);
  // Again, and again.
  for (let round = 0; round < 2; round++) {
    cutNow(
      first.log,
      { index: indexOf(first.log), seq: 25, byOrigin: true },
      { index: indexOf(first.log, "urgent"), seq: 21, byOrigin: true },
    );
    assert.equal(reclaimNow(first.log), undefined, label);
  }
  const after = digest(first.log);
  const isNew = after.size - kept.size;
  assert.ok(isNew === 0 || isNew === 1, label);
  assertIncludes(after, kept, label);
  assert.equal(problemsOf(first.log), 0, label);
  const killed = disk.kill();
  const second = open(killed, sizes);
  mapsEqual(digest(second.log), after);
  const listed = killed.list().filter((name) => name.endsWith(".seg")).length;
  const indexes = killed.list().filter((name) => name.endsWith(".idx")).length;
  assert.ok(indexes <= listed, `${label}: no leftovers`);
  const [pushed] = pushNow(second.log, event("u", { lane: "urgent" }));
  assert.equal(pushed?.seq, 31, label);
}

test("the power is cut at every call of a cut and its clearing away", () => {
  const whole = filled();
  const from = whole.store.operations.length;
  care(whole.store);
  const total = whole.store.operations.length;
  const calls = whole.store.operations.slice(from);
  assert.ok(
    calls.some((text) => text.includes("-1.seg")),
    "segments were written anew",
  );
  assert.ok(
    calls.some((text) => text.startsWith("remove")),
    "old files were removed",
  );
  let checked = 0;
  for (let at = from; at < total; at++) {
    const { store, all } = filled();
    store.crashAt(at);
    try {
      care(store);
      assert.fail("the crash fires");
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
    }
    const seed = at * 7 + 1;
    const label = `crash at ${at} (${whole.store.operations[at]}), seed ${seed}`;
    const disk = at % 3 === 0 ? store.kill() : store.crash(createSeededRandom(seed));
    checkAfter(disk, all, label);
    checked++;
  }
  assert.ok(checked > 50, `${checked} crashes were checked`);
});

test("the disk is full at any write: the log is as it was, and it works when there is room again", () => {
  let failed = 0;
  for (let spare = 0; spare < 90_000; spare += 3_000) {
    const { store, all } = filled();
    const { log } = open(store, sizes);
    cutNow(log, { index: indexOf(log), seq: 25, byOrigin: true });
    const left = without(all, (lane, seq) => lane === "" && seq <= 25);
    let used = 0;
    for (const name of store.list()) {
      const file = store.open(name, "read");
      used += file.size();
      file.close();
    }
    store.capacityBytes = used + spare;
    const error = reclaimNow(log);
    if (error !== undefined) {
      failed++;
      assert.ok(error.code === "Z204" || error.code === "Z206", error.code);
      assert.equal(log.readOnlyReason, undefined);
    }
    mapsEqual(digest(log), left);
    store.capacityBytes = Number.POSITIVE_INFINITY;
    assert.equal(reclaimNow(log), undefined);
    mapsEqual(digest(log), left);
    log.close();
    mapsEqual(digest(open(store, sizes).log), left);
  }
  assert.ok(failed > 3, `${failed} runs met a full disk`);
});

test("a damaged segment is left as it is, and what others may heal is not forgotten", () => {
  const { store } = filled();
  store.flip("00000002.seg", 400, 1);
  const { log } = open(store, sizes);
  const holes = log.stream(indexOf(log)).holes;
  cutNow(log, { index: indexOf(log), seq: 2, byOrigin: true });
  assert.equal(reclaimNow(log), undefined);
  assert.deepEqual(
    log.stream(indexOf(log)).holes,
    holes.filter(({ from }) => from > 2),
  );
  log.close();
  const again = open(store, sizes).log;
  assert.deepEqual(again.stream(indexOf(again)).holes, log.stream(indexOf(log)).holes);
});
