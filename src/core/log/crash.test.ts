/**
 * The power is cut at every write, rename and sync of a workload that rolls
 * segments, writes checkpoints, fragments and marks. Whatever the disk keeps of
 * what was not synced: a repeat may happen, a hole may not.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore, SimulatedCrash } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log, PushedEvent } from "./api.ts";
import {
  arrivals,
  assertIncludes,
  create,
  digest,
  event,
  mapsEqual,
  open,
  sha,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };

interface Workload {
  readonly acked: Map<string, string>;
  readonly ackedIds: Map<string, number>;
  createdAt: number;
}

/** Runs until the crash; returns what had been acknowledged by then. */
function work(store: MemoryStore): Workload {
  const done: Workload = { acked: new Map(), ackedIds: new Map(), createdAt: -1 };
  try {
    let log = create(store, sizes);
    done.createdAt = store.operations.length;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 6; i++) step(log, round, i, done);
      log.close();
      log = open(store, sizes).log;
    }
    log.close();
  } catch (error) {
    if (!(error instanceof SimulatedCrash)) throw error;
  }
  return done;
}

function step(log: Log, round: number, i: number, done: Workload): void {
  const name = `event ${round} ${i} `.repeat(20);
  if (i === 2) log.mark({ kind: "trustedTime", ms: 5 }, 1_000_000, () => undefined);
  const lane = i === 4 ? "urgent" : "";
  const isBig = i === 5;
  const idempotency = new Uint8Array(16).fill(round * 10 + i + 1);
  const events = [
    event(isBig ? name.repeat(60) : name, { lane, idempotency }),
    event(`${name} second`, { lane }),
  ];
  const pushed: { now: readonly PushedEvent[] } = { now: [] };
  let isAcked = false;
  pushed.now = log.push(events, 1_000_000, (error) => {
    assert.equal(error, undefined);
    isAcked = true;
  });
  assert.ok(isAcked, "a synchronous host is durable before push returns");
  pushed.now.forEach(({ stream, seq }, at) => {
    const key = `${stream.node}/${stream.epoch.toString(16)}/${stream.lane}/${seq}`;
    done.acked.set(key, sha(events[at]?.payload ?? new Uint8Array(0)));
  });
  done.ackedIds.set(sha(idempotency), pushed.now[0]?.seq ?? 0);
}

function reopenAndCheck(disk: MemoryStore, done: Workload, label: string): void {
  const first = open(disk, sizes);
  const found = digest(first.log);
  assertIncludes(found, done.acked, label);
  assert.equal(first.recovery.reports.length, 0, `${label}: ${String(first.recovery.reports[0])}`);
  assert.equal(first.log.damages.length, 0, label);
  assert.equal(new Set(arrivals(first.log)).size, found.size, label);
  assert.equal(first.log.recordCount, found.size, label);
  const second = open(disk.kill(), sizes);
  mapsEqual(digest(second.log), found);
  assert.equal(second.log.changeOrdinal >= first.log.changeOrdinal, true, label);
  const before = new Set(found.keys());
  let isAcked = false;
  const after = second.log.push([event("after"), event("u", { lane: "urgent" })], 1_000_001, () => {
    isAcked = true;
  });
  assert.ok(isAcked);
  for (const { stream, seq } of after) {
    const key = `${stream.node}/${stream.epoch.toString(16)}/${stream.lane}/${seq}`;
    assert.ok(!before.has(key), `${label}: ${key} is issued twice`);
  }
  for (const [id, seq] of done.ackedIds) assert.ok(seq > 0 && id.length > 0);
  let problems = 0;
  const verifier = second.log.verify(() => problems++);
  while (verifier.step());
  assert.equal(problems, 0, label);
  second.log.close();
}

test("nothing acknowledged is lost when the power is cut at any call", () => {
  const whole = new MemoryStore();
  const all = work(whole);
  const total = whole.operations.length;
  assert.ok(
    whole.operations.some((text) => text.startsWith("rename")),
    "segments were rolled",
  );
  assert.ok(
    whole.operations.some((text) => text.includes("checkpoint-b")),
    "checkpoints were written",
  );
  assert.ok(all.acked.size >= 36);
  let checked = 0;
  for (let at = 0; at < total; at++) {
    for (let seed = 0; seed < 2; seed++) {
      const store = new MemoryStore();
      store.crashAt(at);
      const done = work(store);
      const disk = store.crash(createSeededRandom(at * 1000 + seed));
      const label = `crash at ${at} (${whole.operations[at]}), seed ${seed}`;
      if (done.createdAt < 0) {
        // The log was never handed out: opening may fail, with a code.
        try {
          open(disk, sizes);
        } catch (error) {
          assert.ok(error instanceof ZamError, `${label}: ${String(error)}`);
        }
        continue;
      }
      try {
        reopenAndCheck(disk, done, label);
      } catch (error) {
        if (error instanceof Error && !error.message.includes("crash at"))
          error.message = `${label}: ${error.message}`;
        throw error;
      }
      checked++;
    }
  }
  assert.ok(checked > 200, `${checked} crashes were checked`);
});

test("a kill at any call keeps what the process had written, and what was acknowledged", () => {
  const whole = new MemoryStore();
  work(whole);
  for (let at = 20; at < whole.operations.length; at += 3) {
    const store = new MemoryStore();
    store.crashAt(at);
    const done = work(store);
    if (done.createdAt >= 0)
      reopenAndCheck(store.kill(), done, `kill at ${at} (${whole.operations[at]})`);
  }
});
