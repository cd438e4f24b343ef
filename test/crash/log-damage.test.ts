/**
 * A card that rots: bits, sectors and whole files of a log that was closed in
 * good order. What is damaged is named, everything else stays readable, and no
 * seq is issued twice.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Log } from "../../src/core/log/api.ts";
import type { MemoryStore } from "../../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";
import { contents, createWorld, openQuietly, push, randomEvents, type World } from "./harness.ts";

const seed = Number(process.env.CRASH_SEED ?? 1);
const rounds = Number(process.env.CRASH_ROUNDS ?? 150);
const segmentBytes = 6000;
/** Header, nonce, tag, CRC and the least fields: no event is smaller. */
const recordBytesMin = 90;
/** A clean-close mark has at least this much. */
const tailBytes = 80;
const isSidecar = (name: string) => !name.endsWith(".seg");

/** A closed log of 60 events in several segments. */
function closedLog(): World {
  const world = createWorld({ seed, segmentBytes });
  const lanes = ["", "", "urgent", "to/hub"];
  for (let i = 0; i < 30; i++) {
    push(world, randomEvents(world.random, { count: 2, bytesMax: 600, lanes }));
  }
  assert.equal(world.book.acked.size, 60);
  world.log.close();
  return world;
}

/**
 * Opens a damaged copy, checks what must hold for any damage, and returns how many events are missing.
 * A damaged end of a small log, its clean-close mark included, looks like a torn one: only a
 * peer that has confirmed those events can tell (RULES 9).
 */
function verifyDamaged(store: MemoryStore, world: World, isTail: boolean): number {
  const log = openQuietly(store, segmentBytes);
  if (log instanceof ZamError) throw log;
  const { acked } = world.book;
  const held = contents(log);
  for (const [key, payload] of held) assert.equal(payload, acked.get(key), `${key} is genuine`);
  const missing = acked.size - held.size;
  // A range may be met only now, by the reading above.
  const settled = contents(log);
  assert.deepEqual([...settled], [...held]);
  if (isTail) return missing;
  if (missing > 0) assert.ok(isNamed(log), `${missing} events are missing, and it is said`);
  verifyNextSeqs(log, world);
  log.close();
  const again = openQuietly(store, segmentBytes);
  if (again instanceof ZamError) throw again;
  const later = contents(again);
  for (const key of held.keys()) assert.ok(later.has(key), `${key} is still there`);
  again.close();
  return missing;
}

function isNamed(log: Log): boolean {
  let holes = 0;
  for (let index = 0; index < log.streamCount; index++) holes += log.stream(index).holes.length;
  return log.damages.length + holes + log.alarms.length > 0;
}

/** New events collide with no acknowledged one: a higher seq, or another epoch. */
function verifyNextSeqs(log: Log, world: World): void {
  const epochBefore = world.log.ownEpoch;
  for (const lane of ["", "urgent", "to/hub"]) {
    let isDurable = false;
    const event = { lane, type: 1, payload: Uint8Array.of(1) };
    const [pushed] = log.push([event], 0, (error) => {
      isDurable = error === undefined;
    });
    assert.ok(isDurable && pushed !== undefined);
    if (pushed.stream.epoch !== epochBefore) continue;
    assert.equal(world.book.acked.has(`${lane}/${pushed.seq}`), false, `${lane}/${pushed.seq}`);
  }
}

function forEachDamage(
  choose: (name: string) => boolean,
  damage: (store: MemoryStore, name: string, size: number, random: SeededRandom) => string,
  missingMax: number,
): void {
  const world = closedLog();
  const files = [...world.store.dump()].filter(([name]) => choose(name));
  const last =
    [...world.store.dump().keys()]
      .filter((name) => !isSidecar(name))
      .sort()
      .pop() ?? "";
  assert.ok(files.length > 0);
  const random = createSeededRandom(seed);
  for (let round = 0; round < rounds; round++) {
    const [name, bytes] = random.pick(files);
    const store = world.store.copy();
    const what = damage(store, name, bytes.length, random);
    try {
      const before = world.store.dump().get(last) ?? new Uint8Array(0);
      const after = store.dump().get(last);
      const tail = before.length - tailBytes;
      const isTail = after !== undefined && !isSame(before.subarray(tail), after.subarray(tail));
      const missing = verifyDamaged(store, world, isTail);
      assert.ok(missing <= missingMax, `${missing} events are missing`);
    } catch (error) {
      throw new Error(`${what} in ${name} of ${bytes.length} bytes, seed ${seed}`, {
        cause: error,
      });
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function flipBit(store: MemoryStore, name: string, size: number, random: SeededRandom): string {
  const offset = random.below(size);
  const bit = random.below(8);
  store.flip(name, offset, 1 << bit);
  return `bit ${bit} of byte ${offset} flipped`;
}

function overwriteRange(input: { readonly sizeBytes: number; readonly isGarbage: boolean }) {
  return (store: MemoryStore, name: string, size: number, random: SeededRandom): string => {
    const { sizeBytes, isGarbage } = input;
    const from = random.below(Math.ceil(size / sizeBytes)) * sizeBytes;
    const bytes = store.dump().get(name) ?? new Uint8Array(0);
    const to = Math.min(size, from + sizeBytes);
    if (isGarbage) bytes.set(random.bytes(to - from), from);
    else bytes.fill(0, from, to);
    store.overwrite(name, bytes);
    return `${isGarbage ? "garbage" : "zeros"} from ${from} to ${to}`;
  };
}

test("one flipped bit in a segment costs at most the event it is in", () => {
  forEachDamage((name) => name.endsWith(".seg"), flipBit, 1);
});

test("one flipped bit in any other file costs nothing", () => {
  forEachDamage(isSidecar, flipBit, 0);
});

for (const isGarbage of [false, true]) {
  const what = isGarbage ? "garbage" : "zeros";
  test(`a sector of ${what} in a segment costs the events that it touches`, () => {
    const damage = overwriteRange({ sizeBytes: 512, isGarbage });
    forEachDamage((name) => name.endsWith(".seg"), damage, Math.ceil(512 / recordBytesMin) + 2);
  });

  test(`a sector of ${what} in any other file costs nothing`, () => {
    forEachDamage(isSidecar, overwriteRange({ sizeBytes: 512, isGarbage }), 0);
  });
}

test("any file but a segment may be gone, empty or replaced by garbage", () => {
  forEachDamage(
    isSidecar,
    (store, name, size, random) => {
      const kind = random.below(3);
      if (kind === 0) store.remove(name);
      if (kind === 1) store.overwrite(name, new Uint8Array(0));
      if (kind === 2) store.overwrite(name, random.bytes(size));
      return ["removed", "emptied", "garbage"][kind] ?? "";
    },
    0,
  );
});

test("a segment may be gone, cut short or replaced by garbage: only its own events are missing", () => {
  forEachDamage(
    (name) => name.endsWith(".seg"),
    (store, name, size, random) => {
      const kind = random.below(3);
      if (kind === 0) store.remove(name);
      const bytes = store.dump().get(name) ?? new Uint8Array(0);
      if (kind === 1) store.overwrite(name, bytes.subarray(0, random.below(size)));
      if (kind === 2) store.overwrite(name, random.bytes(size));
      return ["removed", "cut short", "garbage"][kind] ?? "";
    },
    Math.ceil((segmentBytes * 1.3) / recordBytesMin),
  );
});
