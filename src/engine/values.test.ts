import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import { backoffMs, sinceWorking } from "./backoff.ts";
import { cursorToOrdinal, ordinalToCursor } from "./cursor.ts";
import { decodePeerRecord, encodePeerRecord, type PeerRecord } from "./peer-record.ts";

const logId = Uint8Array.from({ length: 16 }, (_, i) => i * 7);

test("a cursor comes back as the ordinal it was made from", () => {
  for (const ordinal of [0, 1, 35, 36, 2 ** 31, Number.MAX_SAFE_INTEGER])
    assert.equal(cursorToOrdinal(ordinalToCursor(ordinal, logId), logId), ordinal);
});

test("a cursor of another log, or no cursor at all, is refused with Z605", () => {
  const foreign = ordinalToCursor(
    5,
    Uint8Array.from({ length: 16 }, () => 9),
  );
  for (const text of [foreign, "", "5", "00070e15-", "00070e15-zzzzzzzzzzzz", "00070e15--1"])
    assert.throws(
      () => cursorToOrdinal(text, logId),
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
