/** Large events are read in turns with everybody else, and nothing that happens meanwhile mixes two of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as breathe } from "node:timers/promises";
import { create, epoch, event, lastSegment, pushNow } from "../core/log/log.test-kit.ts";
import { epochToText } from "../core/event.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { hasNews } from "./cursor.ts";
import { readEvent, readPage } from "./paging.ts";

const mib = 1024 * 1024;
const stream = { node: "clinic_a", epoch, lane: "" };
const name = { ...stream, epoch: epochToText(epoch), seq: 1 };
const all = { limit: 100, bytesMax: 64 * mib };

function patterned(sizeBytes: number): Uint8Array {
  return new Uint8Array(sizeBytes).map((_, at) => (at * 31 + (at >> 9)) & 0xff);
}

test("others get their turn while a large event is read", async () => {
  const log = create(new MemoryStore());
  const payload = patterned(8 * mib);
  pushNow(log, event("", { payload }));
  for (const read of [
    async () => (await readEvent(log, name))?.payload,
    async () => (await readPage(log, all)).events[0]?.payload,
  ]) {
    let turns = 0;
    let isReading = true;
    const counting = (async () => {
      while (isReading) {
        await breathe();
        turns++;
      }
    })();
    const found = await read();
    isReading = false;
    await counting;
    assert.ok(turns >= 16, `${turns} turns`);
    assert.ok(found !== undefined && Buffer.compare(found, payload) === 0);
  }
});

test("a large event that moves to another epoch while it is read comes once, whole, under its new name", async () => {
  const log = create(new MemoryStore());
  const payload = patterned(3 * mib);
  pushNow(log, event("before"), event("", { payload }), event("after"));
  const reading = readPage(log, all);
  const byName = readEvent(log, { ...name, seq: 2 });
  await breathe();
  const note = (error?: unknown) => assert.equal(error, undefined);
  log.mark({ kind: "newEpoch", reason: "Z507" }, 1, note);
  log.mark({ kind: "rehome", stream, from: 2 }, 1, note);
  const { events, isEnd } = await reading;
  const moved = epochToText(log.stream(1).id.epoch);
  assert.deepEqual(
    events.map((found) => [found.epoch, found.seq, found.payload.length]),
    [
      [name.epoch, 1, 6],
      [moved, 1, 3 * mib],
      [moved, 2, 5],
    ],
  );
  assert.ok(Buffer.compare(events[1]?.payload ?? new Uint8Array(), payload) === 0);
  assert.equal(isEnd, true);
  assert.equal(await byName, undefined, "nothing is there under its former name");
});

test("whoever waits to read a large event reads it when it may, and is asked with what it comes to", async () => {
  const log = create(new MemoryStore());
  pushNow(log, event("small"), event("", { payload: patterned(mib) }));
  const asked: number[] = [];
  let go = (): void => {};
  const beforeLarge = (sizeBytes: number): Promise<void> => {
    asked.push(sizeBytes);
    return new Promise((resolve) => {
      go = resolve;
    });
  };
  let isThere = false;
  const reading = readPage(log, { ...all, beforeLarge }).then((page) => {
    isThere = true;
    return page;
  });
  for (let turns = 0; turns < 20; turns++) await breathe();
  assert.deepEqual([asked, isThere], [[mib + 5], false]);
  go();
  assert.equal((await reading).events.length, 2);
});

test("behind the last event there is no news, also once it cannot be read any more", async () => {
  const store = new MemoryStore();
  const log = create(store);
  pushNow(log, event("one"), event("two"), event("three"));
  const whole = await readPage(log, all);
  assert.equal(whole.events.length, 3);
  // The last event rots under a hub that runs.
  const segment = lastSegment(store);
  store.flip(segment, (store.dump().get(segment)?.length ?? 0) - 5);
  const page = await readPage(log, { ...all, after: whole.events[1]?.cursor });
  assert.deepEqual([page.events, page.isEnd], [[], true]);
  assert.notEqual(page.cursor, whole.cursor, "it has no check value");
  for (const { cursor } of [whole, page]) assert.equal(hasNews(log, cursor), false);
  assert.equal(hasNews(log, whole.events[1]?.cursor ?? ""), true);
  pushNow(log, event("four"));
  for (const { cursor } of [whole, page]) assert.equal(hasNews(log, cursor), true);
});
