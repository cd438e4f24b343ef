/** The scrubber over a real log: finds rot, says so, goes on where it was, and waits a week. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, dataKey, open, pushMany } from "../core/log/log.test-kit.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { sleep } from "./backoff.ts";
import { decodeScrubState, readScrubState, scrubAlways } from "./scrubber.ts";

function memoryFolder() {
  const files = new Map<string, Uint8Array>();
  return {
    list: () => [...files.keys()],
    read: (name: string) => files.get(name),
    write: async (name: string, content: Uint8Array) => void files.set(name, content),
  };
}

async function until(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 2000 && !isTrue(); tries++) await sleep(5);
  assert.ok(isTrue());
}

test("a pass finds rot, its end is remembered, and the next one is due in a week", async () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 300_000, dataKey });
  pushMany(log, 4000);
  store.flip("00000001.seg", 5000, 2);
  const folder = memoryFolder();
  const stop = new AbortController();
  let wallMs = Date.UTC(2026, 5, 1);
  const work = scrubAlways({ log, folder, wallMs: () => wallMs, signal: stop.signal });
  await until(() => readScrubState(folder).finishedMs > 0);
  const state = readScrubState(folder);
  assert.equal(state.finishedMs, wallMs);
  assert.equal(state.place, undefined);
  assert.equal(state.found.length, 1);
  assert.equal(log.damages.length, 1);
  stop.abort();
  await work;

  wallMs += 86_400_000;
  const again = new AbortController();
  const idle = scrubAlways({ log, folder, wallMs: () => wallMs, signal: again.signal });
  await sleep(20);
  again.abort();
  await idle;
  assert.deepEqual(readScrubState(folder), state, "nothing is due after a day");
});

test("a pass that was stopped goes on from its place, in the next process too", async () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 300_000, dataKey });
  pushMany(log, 6000);
  const folder = memoryFolder();
  const wallMs = () => Date.UTC(2026, 5, 1);
  const stop = new AbortController();
  const work = scrubAlways({ log, folder, wallMs, signal: stop.signal });
  stop.abort();
  await work;
  const first = readScrubState(folder);
  assert.equal(first.finishedMs, 0);
  log.close();
  const reopened = open(store, { dataKey }).log;
  const place = { segment: 2, generation: 0, offset: 64 };
  assert.ok(reopened.scrub(place, 1000).next !== undefined);
  const next = new AbortController();
  const rest = scrubAlways({ log: reopened, folder, wallMs, signal: next.signal });
  await until(() => readScrubState(folder).finishedMs > 0);
  next.abort();
  await rest;
});

test("a log that takes no writes is left alone, and the disk with it", async () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  store.faults.add({ operation: "sync", name: /\.seg$/ });
  assert.throws(() => pushMany(log, 1), { code: "Z205" });
  const folder = memoryFolder();
  let writes = 0;
  const counted = {
    ...folder,
    write: async (name: string, content: Uint8Array) => {
      writes++;
      await folder.write(name, content);
    },
  };
  const stop = new AbortController();
  const work = scrubAlways({ log, folder: counted, wallMs: Date.now, signal: stop.signal });
  await sleep(100);
  assert.equal(writes, 0);
  stop.abort();
  await work;
});

test("any bytes decode to a state or to nothing", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 37 + length) & 0xff);
    assert.doesNotThrow(() => decodeScrubState(bytes));
  }
});
