/** The scrubber's part of the log: it reads all of it, in steps, and finds what has rotted. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, ScrubPlace } from "./api.ts";
import { create, open, pushMany } from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };

function scrubAll(log: Log, from?: ScrubPlace) {
  let place = from;
  let bytes = 0;
  let steps = 0;
  const found = [];
  do {
    const step = log.scrub(place, 500);
    steps++;
    assert.ok(step.bytes <= 500 + 3_000, `${step.bytes} bytes in one step`);
    bytes += step.bytes;
    found.push(...step.found);
    place = step.next;
  } while (place !== undefined);
  return { bytes, found, steps };
}

function filled(): { store: MemoryStore; log: Log } {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, 80);
  return { store, log };
}

test("a pass reads every segment in small steps, and finds nothing in a good log", () => {
  const { store, log } = filled();
  const { bytes, found, steps } = scrubAll(log);
  const segments = [...store.dump()].filter(([name]) => name.endsWith(".seg"));
  const total = segments.reduce((sum, [, content]) => sum + content.length - 64, 0);
  assert.ok(segments.length >= 3);
  assert.equal(bytes, total);
  assert.ok(steps > 10);
  assert.deepEqual(found, []);
  assert.equal(log.damages.length, 0);
});

test("rot that no reader has met is set aside, and its events become holes", () => {
  const { store, log } = filled();
  store.flip("00000002.seg", 900, 16);
  const { found } = scrubAll(log);
  assert.equal(found.length, 1);
  assert.equal(found[0]?.segment, 2);
  assert.equal(log.damages.length, 1);
  assert.equal(log.stream(0).holes.length, 1);
  assert.ok(store.list("set-aside").length === 1);
  assert.deepEqual(scrubAll(log).found, [], "what was set aside is stepped over");
  log.close();
  const again = open(store, sizes).log;
  assert.equal(again.stream(0).holes.length, 1);
});

test("a place outlives a restart, and a segment that was written anew is read from its beginning", () => {
  const { store, log } = filled();
  const half = log.scrub(undefined, 2_000).next;
  assert.ok(half !== undefined && half.offset > 64);
  const rest = scrubAll(log, half).bytes;
  log.close();
  const again = open(store, sizes).log;
  assert.ok(scrubAll(again, half).bytes >= rest);
  assert.ok(scrubAll(again, { ...half, generation: 7 }).bytes > rest);
  const beyond = { segment: 999, generation: 0, offset: 64 };
  assert.deepEqual(again.scrub(beyond, 500), { next: undefined, bytes: 0, found: [] });
});
