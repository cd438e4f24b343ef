import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import { backoffMs, sinceWorking } from "./backoff.ts";
import { create, open, pushMany } from "../core/log/log.test-kit.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { cursorToOrdinal, ordinalToCursor } from "./cursor.ts";
import { decodePeerRecord, encodePeerRecord, type PeerRecord } from "./peer-record.ts";

function logOf(count: number) {
  const log = create(new MemoryStore());
  pushMany(log, count);
  return log;
}

test("a cursor comes back as the ordinal it was made from", () => {
  const log = logOf(40);
  for (const ordinal of [0, 1, 35, 36, 40]) {
    const cursor = ordinalToCursor(log, ordinal);
    assert.equal(cursorToOrdinal(log, cursor), ordinal);
    // As they were before they had a check.
    assert.equal(cursorToOrdinal(log, cursor.split("-").slice(0, 2).join("-")), ordinal);
  }
});

test("a cursor that is ahead, or stands for another event by now, is refused", () => {
  const store = new MemoryStore();
  const first = create(store);
  pushMany(first, 5);
  first.close();
  const { log } = open(store.copy());
  pushMany(log, 5);
  const kept = ordinalToCursor(log, 5);
  const outlived = ordinalToCursor(log, 8);
  const { log: restored } = open(store.copy(), { wallMs: 2_000_000 });
  assert.throws(() => cursorToOrdinal(restored, outlived), { code: "Z615" });
  pushMany(restored, 5, 101);
  assert.throws(() => cursorToOrdinal(restored, outlived), { code: "Z621" });
  assert.equal(cursorToOrdinal(restored, kept), 5);
});

test("a cursor of an event that a full disk hides is refused for now, and good again with room", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const { lastOrdinal } = log;
  const cursor = ordinalToCursor(log, lastOrdinal);
  const disk = store.kill();
  disk.remove("reserve");
  disk.capacityBytes = disk.usedBytes;
  const { log: full, awaitedRoom } = open(disk);
  assert.throws(() => cursorToOrdinal(full, cursor), { code: "Z204", isRetryable: true });
  disk.capacityBytes = Number.POSITIVE_INFINITY;
  awaitedRoom?.tryOpening({ confirmed: [], wallMs: 2_000_000 })?.takeOver();
  assert.equal(cursorToOrdinal(full, cursor), lastOrdinal);
});

test("a cursor of another log, or no cursor at all, is refused with Z605", () => {
  const log = logOf(5);
  const cursor = ordinalToCursor(log, 5);
  const [tag = ""] = cursor.split("-");
  const foreign = cursor.replace(tag, "00070e15");
  const texts = [foreign, "", "5", `${tag}-`, `${tag}-zzzzzzzzzzzz`, `${tag}--1`, `${cursor}0`];
  for (const text of texts)
    assert.throws(
      () => cursorToOrdinal(log, text),
      (error) => error instanceof ZamError && error.code === "Z605",
      text,
    );
});

test("backoff grows, stays below its bound, and never spins", () => {
  const bounds = { firstMs: 1_000, maxMs: 60_000 };
  assert.equal(backoffMs(bounds, 1, 1), 1_000);
  assert.equal(backoffMs(bounds, 1, 0), 250);
  assert.equal(backoffMs(bounds, 4, 1), 8_000);
  assert.equal(backoffMs(bounds, 1_000, 1), 60_000);
});

test("a link that worked a moment ago is tried more often than one that never did", () => {
  const bounds = { firstMs: 1_000, maxMs: 60_000 };
  assert.equal(backoffMs(sinceWorking(bounds, 5_000), 10, 1), 2_500);
  assert.equal(backoffMs(sinceWorking(bounds, 100), 10, 1), 1_000);
  assert.equal(backoffMs(sinceWorking(bounds, Number.POSITIVE_INFINITY), 10, 1), 60_000);
});

test("a peer record survives its encoding, and garbage is no record", () => {
  const record: PeerRecord = {
    peerId: "hub",
    role: "hub",
    address: "192.168.1.10:7700",
    lastSyncMs: 1_795_000_000_000,
    result: "complete",
    policy: "all",
    state: undefined,
  };
  const bytes = encodePeerRecord(record);
  assert.deepEqual(decodePeerRecord(bytes), record);
  for (let size = 0; size < bytes.length; size++)
    assert.equal(decodePeerRecord(bytes.subarray(0, size)), undefined);
  assert.equal(decodePeerRecord(Uint8Array.from([9, ...bytes.subarray(1)])), undefined);
});
