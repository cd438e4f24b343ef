/** Full disks, failing syncs and slow ones: nothing unacknowledged is believed, nothing acknowledged is lost. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log } from "./api.ts";
import {
  assertIncludes,
  create,
  digest,
  event,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const id = (n: number) => new Uint8Array(16).fill(n);

function tryPush(log: Log, text: string, n: number): ZamError | "acked" | "open" {
  const outcome: { now: ZamError | "acked" | "open" } = { now: "open" };
  log.push([event(text, { idempotency: id(n) }), event(`${text} b`)], 1_000_000, (error) => {
    outcome.now = error ?? "acked";
  });
  return outcome.now;
}

test("a disk that fills at any byte of a push gives an error, and the same push works once there is room", () => {
  for (const segmentBytes of [1 << 20, 1500]) {
    let failures = 0;
    for (let room = 0; room < 700; room += segmentBytes > 2000 ? 1 : 3) {
      const store = new MemoryStore();
      const log = create(store, { segmentBytes });
      pushMany(log, 7);
      const before = digest(log);
      store.capacityBytes = store.usedBytes + room;
      const outcome = tryPush(log, "x".repeat(100), 1);
      if (outcome !== "acked") {
        failures++;
        assert.ok(
          outcome !== "open" && outcome.code === "Z204",
          `room ${room}: ${String(outcome)}`,
        );
        mapsEqual(digest(log), before);
        assert.equal(log.readOnlyReason, undefined);
        const disk = store.copy();
        disk.capacityBytes = Number.POSITIVE_INFINITY;
        mapsEqual(digest(open(disk, { segmentBytes }).log), before);
      }
      store.capacityBytes = Number.POSITIVE_INFINITY;
      assert.equal(tryPush(log, "x".repeat(100), 1), "acked", `room ${room}`);
      assert.equal(tryPush(log, "x".repeat(100), 1), "acked");
      const seqs = [...digest(log).keys()];
      const expected = outcome === "acked" ? 11 : 10;
      assert.equal(seqs.length, expected + (outcome === "acked" ? 0 : 0), `room ${room}`);
      const whole = digest(log);
      mapsEqual(digest(open(store.kill(), { segmentBytes }).log), whole);
    }
    assert.ok(failures > 50, "the disk was full at many bytes");
  }
});

test("a push of many pieces that meets a full disk leaves no trace", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 2);
  const before = digest(log);
  store.capacityBytes = store.usedBytes + 600_000;
  const payload = new Uint8Array(1_000_000).fill(5);
  assert.throws(() => pushNow(log, event("", { payload })), { code: "Z204" });
  mapsEqual(digest(log), before);
  store.capacityBytes = Number.POSITIVE_INFINITY;
  assert.equal(pushNow(log, event("", { payload }))[0]?.seq, 3);
  const after = open(store.kill()).log;
  assert.equal(digest(after).size, 3);
  const [large] = after.readStream(0, 3, { events: 1, bytes: 1 });
  assert.equal(large?.payloadSize, 1_000_000);
});

test("a push that fails where a new segment begins leaves no file behind", () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 600 });
  while (!store.exists("00000002.seg")) pushMany(log, 1);
  const rule = store.faults.add({ operation: "write", name: /00000003\.seg$/ });
  let before = digest(log);
  let outcome = tryPush(log, "event", 1);
  for (let n = 2; outcome === "acked"; n++) {
    before = digest(log);
    outcome = tryPush(log, "event", n);
  }
  assert.ok(outcome instanceof ZamError && rule.fired === 1);
  mapsEqual(digest(log), before);
  assert.deepEqual(
    store.list().filter((name) => name.startsWith("00000003")),
    [],
  );
  assert.equal(tryPush(log, "once more", 99), "acked");
  assert.equal(digest(open(store.copy()).log).size, before.size + 2);
});

test("a failed fsync is final: nothing is acknowledged on that descriptor, and the log says why", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const acked = digest(log);
  const rule = store.faults.add({ operation: "sync", name: /\.seg$/ });
  assert.throws(() => pushNow(log, event("lost")), { code: "Z205" });
  assert.equal(rule.fired, 1, "the fault was met");
  assert.equal(log.readOnlyReason?.code, "Z205");
  assert.throws(() => pushNow(log, event("later")), { code: "Z208" });
  mapsEqual(digest(log), acked);
  log.close();
  for (let seed = 0; seed < 30; seed++) {
    const disk = store.crash(createSeededRandom(seed));
    const { log: after } = open(disk);
    assertIncludes(digest(after), acked);
    const seq = pushNow(after, event("next"))[0]?.seq ?? 0;
    assert.ok(seq === 6 || seq === 7);
  }
});

test("what a killed process had written but not synced is made durable before it is listed", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  store.faults.add({ operation: "sync", name: /\.seg$/ });
  assert.throws(() => pushNow(log, event("forgotten by the disk")), { code: "Z205" });
  // The page cache still shows it. Once it is listed, no power cut may take it away.
  const disk = store;
  const { log: after } = open(disk);
  const listed = digest(after);
  assert.equal(listed.size, 6);
  for (let seed = 0; seed < 20; seed++) {
    mapsEqual(digest(open(disk.crash(createSeededRandom(seed))).log), listed);
  }
});

test("pushes while a group is being synced share the next one", () => {
  const store = new MemoryStore();
  create(store).close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of store.dump()) slow.overwrite(name, bytes);
  const { log } = open(slow);
  const acked: number[] = [];
  const push = (n: number) => log.push([event(`event ${n}`)], 1_000_000, () => acked.push(n));
  push(1);
  const writes = slow.counters.writes;
  for (let n = 2; n <= 50; n++) push(n);
  assert.equal(slow.counters.writes, writes, "nothing more is written while a sync is in flight");
  assert.equal(log.recordCount, 0, "nothing staged is visible");
  assert.equal(log.lastOrdinal, 0);
  slow.runSyncs(1);
  assert.deepEqual(acked, [1]);
  assert.equal(slow.counters.writes, writes + 1);
  slow.runSyncs();
  assert.deepEqual(
    acked,
    Array.from({ length: 50 }, (_, i) => i + 1),
  );
  assert.equal(digest(log).size, 50);
});

test("a repeat of an id in flight waits for the first one's sync", () => {
  const store = new MemoryStore();
  create(store).close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of store.dump()) slow.overwrite(name, bytes);
  const { log } = open(slow);
  const order: string[] = [];
  const push = (name: string, text = "same") =>
    log.push([event(text, { idempotency: id(9) })], 1_000_000, (error) =>
      order.push(error?.code ?? name),
    );
  const first = push("first");
  const second = push("second");
  assert.deepEqual(order, []);
  assert.deepEqual([second[0]?.seq, second[0]?.isRepeat], [first[0]?.seq, true]);
  assert.throws(() => push("third", "other"), { code: "Z602" });
  slow.runSyncs();
  assert.deepEqual(order, ["first", "second"]);
  assert.equal(digest(log).size, 1);
});

test("a failing sync fails all that was gathered behind it, in order", () => {
  const store = new MemoryStore();
  create(store).close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of store.dump()) slow.overwrite(name, bytes);
  const { log } = open(slow);
  const rule = slow.faults.add({ operation: "sync", name: /\.seg$/ });
  const codes: string[] = [];
  for (let n = 1; n <= 3; n++) {
    log.push([event(`event ${n}`)], 1_000_000, (error) => codes.push(`${n} ${error?.code}`));
  }
  slow.runSyncs();
  assert.equal(rule.fired, 1);
  assert.deepEqual(codes, ["1 Z205", "2 Z205", "3 Z205"]);
});

test("closing finishes what is in flight", () => {
  const store = new MemoryStore();
  create(store, { segmentBytes: 2000 }).close();
  const slow = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of store.dump()) slow.overwrite(name, bytes);
  const { log } = open(slow, { segmentBytes: 2000 });
  let acked = 0;
  for (let n = 1; n <= 40; n++)
    log.push([event(`event ${n} `.repeat(9))], 1_000_000, () => acked++);
  log.close();
  assert.equal(acked, 40);
  slow.runSyncs();
  const disk = slow.crash(createSeededRandom(1));
  const { log: after, recovery } = open(disk, { segmentBytes: 2000 });
  assert.equal(digest(after).size, 40);
  assert.equal(recovery.isClean, true);
  assert.throws(() => log.push([event("x")], 1, () => undefined), { code: "Z210" });
});

test("a full disk at opening leaves a log that can be read", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const disk = store.kill();
  disk.remove("reserve");
  disk.capacityBytes = disk.usedBytes;
  const { log: after } = open(disk);
  assert.equal(after.readOnlyReason?.code, "Z204");
  assert.ok(digest(after).size >= 4);
});

test("a disk that takes no writes and does not open a file either is an error with a code", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 3);
  let refused = 0;
  for (let nth = 1; nth < 40; nth++) {
    const disk = store.copy();
    disk.isReadOnly = true;
    const rule = disk.faults.add({ operation: "open", nth });
    try {
      open(disk);
    } catch (error) {
      assert.ok(error instanceof ZamError, `open ${nth}: ${String(error)}`);
      refused++;
    }
    if (rule.fired === 0) break;
  }
  assert.ok(refused > 0);
});

test("a file that the disk will not open for a moment is refused by name, and is no damage", () => {
  const store = new MemoryStore();
  const first = create(store, { segmentBytes: 1500 });
  pushMany(first, 200);
  pushNow(first, event("y".repeat(100_000)));
  first.close();
  const fill = { events: 1000, bytes: 1 << 20 };
  const { log } = open(store.copy(), { segmentBytes: 1500 });
  const whole = log.readArrivals(0, fill).map(({ ordinal }) => ordinal);
  let refusals = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let nth = 1; nth <= 60; nth++) {
    const faulty = store.copy();
    const again = open(faulty, { segmentBytes: 1500 }).log;
    const index = again.findStream({ node: again.nodeId, epoch: again.ownEpoch, lane: "" }) ?? 0;
    const rule = faulty.faults.add({ operation: "open", nth, times: 1 });
    const found = again.readArrivals(0, fill).map(({ ordinal }) => ordinal);
    const { readRefusal } = again;
    const part = again.readPayload(index, 201, { offset: 0, sizeBytes: 100_000 });
    const verified: string[] = [];
    const run = again.verify(({ problem }) => verified.push(problem));
    while (run.step());
    if (rule.fired === 0) break;
    refusals++;
    const isCutShort = found.length < whole.length;
    assert.deepEqual(found, whole.slice(0, found.length), `open ${nth}: nothing is skipped`);
    assert.equal(isCutShort, readRefusal !== undefined, `open ${nth}`);
    if (isCutShort) {
      fewest = Math.min(fewest, found.length);
      assert.equal(readRefusal?.code, "Z206");
    }
    assert.ok(part === undefined || part.length === 100_000);
    // It opens again: all is there, and nothing was taken for damaged.
    assert.deepEqual(
      again.readArrivals(0, fill).map(({ ordinal }) => ordinal),
      whole,
    );
    assert.equal(again.readRefusal, undefined);
    assert.deepEqual([again.damages, again.stream(index).holes], [[], []]);
  }
  assert.ok(refusals > 20);
  assert.ok(fewest < whole.length, "some reading was cut short");
});
