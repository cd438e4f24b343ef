/**
 * Disks that fail without losing power: full, unwilling, or failing to sync once
 * and then pretending that nothing was. After each the process is restarted, or
 * the power is cut, and the claims of harness.ts must hold.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { FaultInput } from "../../src/testing/fault-plan.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import {
  contents,
  createWorld,
  openQuietly,
  randomEvents,
  tryPush,
  verifyAfterCrash,
  type World,
} from "./harness.ts";

const seed = Number(process.env.CRASH_SEED ?? 1);
const segmentBytes = 4096;
const lanes = ["", "urgent"];

/** Pushes of one to three events over several segments, on a disk with one fault. Returns undefined when the log could not be made. */
function runWithFault(fault: FaultInput, pushes = 20): { world: World; fired: number } | undefined {
  const store = new MemoryStore();
  const rule = store.faults.add(fault);
  let world: World;
  try {
    world = createWorld({ seed, segmentBytes, store });
  } catch (error) {
    assert.ok(error instanceof ZamError, String(error));
    return undefined;
  }
  for (let i = 0; i < pushes; i++) {
    const count = world.random.between(1, 3);
    tryPush(world, randomEvents(world.random, { count, bytesMax: 700, lanes }));
  }
  return { world, fired: rule.fired };
}

function verifyBothWays(world: World, outcomeSeed: number): void {
  const { book } = world;
  world.store.faults.clear();
  verifyAfterCrash(world.store.crash(createSeededRandom(outcomeSeed)), book, {
    seed: outcomeSeed,
    segmentBytes,
  });
  verifyAfterCrash(world.store.kill(), book, { seed: outcomeSeed, segmentBytes });
}

function inEvery(fault: Omit<FaultInput, "nth">, check: (world: World, nth: number) => void): void {
  let fired = 0;
  for (let nth = 1; nth < 400; nth++) {
    const run = runWithFault({ ...fault, nth });
    if (run === undefined) continue;
    if (run.fired === 0) break;
    fired++;
    try {
      check(run.world, nth);
      verifyBothWays(run.world, seed * 1000 + nth);
    } catch (error) {
      throw new Error(`${fault.operation} number ${nth}, seed ${seed}`, { cause: error });
    }
  }
  assert.ok(fired > 0, "the fault was met");
}

test("a sync that fails once makes the log read-only, and what it forgot is never relied upon", () => {
  inEvery({ operation: "sync" }, ({ log, store }) => {
    assert.equal(log.readOnlyReason?.code, "Z205");
    assert.throws(() => log.push([], 0, () => undefined), { code: "Z208" });
    assert.equal(contents(log).size, log.recordCount, "reading goes on");
    assert.ok(store.counters.syncs > 0);
  });
});

test("a directory sync that fails once makes the log read-only, and nothing acknowledged is lost", () => {
  inEvery({ operation: "syncDirectory" }, ({ log }) => {
    assert.equal(log.readOnlyReason?.code, "Z205");
  });
});

for (const partialBytes of [0, 1, 30, 200]) {
  test(`a write that fails once, ${partialBytes} bytes in, fails its push alone`, () => {
    inEvery({ operation: "write", partialBytes }, (world) => {
      assert.equal(world.log.readOnlyReason, undefined);
      const events = randomEvents(world.random, { count: 2, bytesMax: 300, lanes });
      assert.equal(tryPush(world, events), "durable");
    });
  });
}

test("files that cannot be opened, renamed, cut or removed once lose nothing", () => {
  inEvery({ operation: "open", name: /^[^c]/ }, () => undefined);
  inEvery({ operation: "rename" }, () => undefined);
});

test("a write and the cutting back after it may both fail", () => {
  let cuts = 0;
  for (let nth = 1; nth < 15; nth++) {
    const store = new MemoryStore();
    const world = createWorld({ seed, segmentBytes, store });
    const write = store.faults.add({ operation: "write", name: /seg$/, nth, partialBytes: 90 });
    const cut = store.faults.add({ operation: "truncate", times: 5 });
    for (let i = 0; i < 15; i++) {
      tryPush(world, randomEvents(world.random, { count: 1, bytesMax: 300, lanes }));
    }
    assert.equal(write.fired, 1);
    cuts += cut.fired;
    verifyBothWays(world, nth);
  }
  assert.ok(cuts > 5, `${cuts} cuts failed`);
});

test("a disk that fills at any byte fails the push, keeps the rest, and takes it once there is room", () => {
  const idempotency = new Uint8Array(16).fill(9);
  let refused = 0;
  for (let roomBytes = 0; roomBytes < 700; roomBytes += 7) {
    const world = createWorld({ seed, segmentBytes });
    for (let i = 0; i < 3; i++) {
      tryPush(world, randomEvents(world.random, { count: 1, bytesMax: 200, lanes }));
    }
    const before = contents(world.log);
    world.store.capacityBytes = world.store.usedBytes + roomBytes;
    const event = { lane: "", type: 1, payload: world.random.bytes(400), idempotency };
    const outcome = tryPush(world, [event]);
    if (outcome === "failed") {
      refused++;
      assert.deepEqual(contents(world.log), before);
      assert.equal(tryPush(world, [event]), "failed");
      world.store.capacityBytes = Number.POSITIVE_INFINITY;
      assert.equal(tryPush(world, [event]), "durable");
    }
    world.store.capacityBytes = Number.POSITIVE_INFINITY;
    assert.equal(contents(world.log).size, before.size + 1);
    const again = world.log.push([event], 0, () => undefined);
    assert.equal(again[0]?.isRepeat, true);
    verifyBothWays(world, roomBytes);
  }
  assert.ok(refused > 50, `${refused} pushes met the full disk`);
});

test("a disk that stays full for a while, segments and checkpoints included, loses nothing", () => {
  let failed = 0;
  for (let roomBytes = 0; roomBytes < 12_000; roomBytes += 397) {
    const world = createWorld({ seed: seed + roomBytes, segmentBytes });
    for (let i = 0; i < 8; i++) {
      tryPush(world, randomEvents(world.random, { count: 2, bytesMax: 700, lanes }));
    }
    world.store.capacityBytes = world.store.usedBytes + roomBytes;
    for (let i = 0; i < 12; i++) {
      const events = randomEvents(world.random, { count: 2, bytesMax: 700, lanes });
      if (tryPush(world, events) === "failed") failed++;
    }
    assert.equal(world.log.readOnlyReason, undefined);
    world.store.capacityBytes = Number.POSITIVE_INFINITY;
    const events = randomEvents(world.random, { count: 2, bytesMax: 700, lanes });
    assert.equal(tryPush(world, events), "durable");
    verifyBothWays(world, roomBytes);
  }
  assert.ok(failed > 20, `${failed} pushes failed`);
});

test("opening on a full disk loses nothing and can be repeated", () => {
  for (let roomBytes = 0; roomBytes < 9000; roomBytes += 211) {
    const world = createWorld({ seed, segmentBytes });
    for (let i = 0; i < 9; i++) {
      tryPush(world, randomEvents(world.random, { count: 2, bytesMax: 500, lanes }));
    }
    const full = world.store.crash(createSeededRandom(roomBytes));
    full.capacityBytes = full.usedBytes + roomBytes;
    const probe = full.kill();
    openQuietly(probe, segmentBytes);
    probe.capacityBytes = Number.POSITIVE_INFINITY;
    verifyAfterCrash(probe.kill(), world.book, { seed: roomBytes, segmentBytes });
  }
});
