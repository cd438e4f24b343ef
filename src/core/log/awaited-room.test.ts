/** A log that was opened while its disk was full is read until there is room, and goes on then. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { ConfirmedHead, Log } from "./api.ts";
import type { AwaitedRoom } from "./open.ts";
import {
  create,
  digest,
  epoch,
  event,
  lastSegment,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_a", epoch, lane: "" };
const acked = 6;
const now = { wallMs: 2_000_000, confirmed: [] };

/** Killed with six acknowledged events, and bytes of a seventh that was torn off. */
function killed(tornBytes = 40): { readonly disk: MemoryStore; readonly tornBytes: number } {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, acked - 1);
  pushNow(log, event("on another lane", { lane: "urgent" }));
  const disk = store.kill().copy();
  const name = lastSegment(disk);
  const whole = disk.dump().get(name) ?? new Uint8Array(0);
  const torn = new Uint8Array(whole.length + tornBytes).fill(0x5a);
  torn.set(whole);
  disk.overwrite(name, torn);
  disk.remove("reserve");
  return { disk, tornBytes };
}

function awaited(opened: { readonly awaitedRoom?: AwaitedRoom }): AwaitedRoom {
  assert.ok(opened.awaitedRoom !== undefined, "the disk was full");
  return opened.awaitedRoom;
}

/** The first event of another clinic. */
function receiveOne(log: Log): void {
  const other = create(new MemoryStore(), { nodeId: "clinic_b" });
  pushNow(other, event("of another clinic"));
  const [first] = other.readStream(0, 1, { events: 1, bytes: 1_000 });
  assert.ok(first !== undefined);
  const outcome = log.receive(
    {
      ...{ stream: first.stream, from: 1, events: [first] },
      chainBefore8: first.chainBefore.slice(0, 8),
      chainAfter8: first.chain.slice(0, 8),
      ...{ receivedFrom: "clinic_b", receivedMs: 2_000_000 },
    },
    (error) => assert.equal(error, undefined),
  );
  assert.equal(outcome.kind, "stored");
}

describe("a log opened on a full disk", () => {
  test("is read while there is no room, and goes on with every acknowledged event when there is", () => {
    const { disk } = killed();
    disk.capacityBytes = disk.usedBytes;
    const opened = open(disk);
    const { log } = opened;
    const before = digest(log);
    const heard: number[] = [];
    log.onDurable((ordinal) => heard.push(ordinal));
    log.setJudge(() => "held back");
    assert.equal(log.readOnlyReason?.code, "Z204");
    assert.throws(() => pushNow(log, event("x")), { code: "Z204" });

    const room = awaited(opened);
    for (let times = 0; times < 3; times++) {
      assert.equal(room.tryOpening(now), undefined);
      assert.equal(log.readOnlyReason?.code, "Z204");
      mapsEqual(digest(log), before);
    }
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    const beside = room.tryOpening(now);
    assert.ok(beside !== undefined);
    assert.ok(beside.recovery.copiedBytes > 0);
    mapsEqual(digest(log), before);
    beside.takeOver();

    assert.equal(log.readOnlyReason, undefined);
    assert.equal(digest(log).size, acked);
    assert.deepEqual(heard, [log.lastOrdinal], "who waits for news is told of the tail");
    assert.equal(pushNow(log, event("next"))[0]?.seq, acked);
    assert.equal(heard.length, 2, "listeners went along");
    receiveOne(log);
    assert.equal(log.quarantinedCount, 1, "and so did the judge");
    log.close();
    const { recovery, log: after } = open(disk);
    assert.equal(recovery.isClean, true, "what took over was closed");
    assert.equal(digest(after).size, acked + 2);
  });

  test("loses nothing at whatever byte an attempt finds the disk full, nor by a crash after it", () => {
    let failures = 0;
    let isThrough = false;
    for (let roomBytes = 0; !isThrough; roomBytes += 7) {
      assert.ok(roomBytes < 20_000);
      const { disk } = killed();
      const fullBytes = disk.usedBytes;
      disk.capacityBytes = fullBytes;
      const opened = open(disk);
      const before = digest(opened.log);
      disk.capacityBytes = fullBytes + roomBytes;
      const beside = awaited(opened).tryOpening(now);
      if (beside === undefined) {
        failures++;
        mapsEqual(digest(opened.log), before);
        const crashed = disk.copy();
        crashed.capacityBytes = Number.POSITIVE_INFINITY;
        assert.equal(digest(open(crashed).log).size, acked, `crash after ${roomBytes} bytes`);
        disk.capacityBytes = Number.POSITIVE_INFINITY;
        awaited(opened).tryOpening(now)?.takeOver();
      } else {
        beside.takeOver();
        disk.capacityBytes = Number.POSITIVE_INFINITY;
        isThrough = true;
      }
      assert.equal(digest(opened.log).size, acked, `${roomBytes} bytes of room`);
      assert.equal(pushNow(opened.log, event("next"))[0]?.seq, acked);
      assert.equal(digest(open(disk.kill()).log).size, acked + 1);
    }
    assert.ok(failures > 50, `${failures} attempts found the disk full`);
  });

  test("never uses a seq again that a peer has confirmed, however little room there is", () => {
    const far: ConfirmedHead = { stream, seq: 50, chain: new Uint8Array(16).fill(9) };
    let written = 0;
    for (let roomBytes = 0; roomBytes < 3_000; roomBytes += 7) {
      const { disk } = killed();
      disk.capacityBytes = disk.usedBytes + roomBytes;
      const opened = open(disk, { confirmed: [far] });
      const isFull = opened.log.readOnlyReason !== undefined;
      disk.capacityBytes = Number.POSITIVE_INFINITY;
      if (isFull)
        awaited(opened)
          .tryOpening({ ...now, confirmed: [far] })
          ?.takeOver();
      else written++;
      assert.equal(pushNow(opened.log, event("next"))[0]?.seq, 51, `${roomBytes} bytes of room`);
    }
    assert.ok(written > 50);
  });

  test("keeps a torn end where it is when there is no room for a copy of it", () => {
    const { disk, tornBytes } = killed(4_000);
    const name = lastSegment(disk);
    const before = disk.dump().get(name);
    disk.capacityBytes = disk.usedBytes + tornBytes - 1;
    const { log } = open(disk);
    assert.equal(log.readOnlyReason, undefined, "there is room for all the rest");
    assert.deepEqual(disk.list("set-aside"), [], "no part of a copy takes up room");
    assert.deepEqual(disk.dump().get(name), before);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    assert.equal(digest(open(disk.kill()).log).size, acked);
  });

  test("is not tried again when the disk fails otherwise", () => {
    const { disk } = killed();
    disk.capacityBytes = disk.usedBytes;
    const opened = open(disk);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    disk.faults.add({ operation: "sync", name: /\.seg$/ });
    assert.equal(awaited(opened).tryOpening(now), undefined);
    assert.equal(opened.log.readOnlyReason?.code, "Z205", "the log says what is wrong now");
    assert.throws(() => pushNow(opened.log, event("x")), { code: "Z208" });
  });

  test("awaits nothing when it was opened for reading, or is refused for another reason", () => {
    const { disk } = killed();
    assert.equal(open(disk, { readOnly: true }).awaitedRoom, undefined);
    disk.isReadOnly = true;
    assert.equal(open(disk).awaitedRoom, undefined);
  });
});
