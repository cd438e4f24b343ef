/** A new data key, at any point of failure: what is there stays, and the former key alone opens nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore, SimulatedCrash } from "../../testing/memory-store.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log, RekeyStep } from "./api.ts";
import { hashIdempotencyKey } from "./chain.ts";
import { decodeFileHeader, keyFit } from "./file-header.ts";
import { type FileKind, fileHeaderBytes, fileName } from "./format.ts";
import {
  arrivals,
  create,
  dataKey,
  digest,
  event,
  mapsEqual,
  open,
  pushNow,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };
const newKey = new Uint8Array(32).fill(9);
const underNew = { ...sizes, dataKey: newKey };

/** Runs to the end; what the host was told on the way, and the error it ended with, if any. */
function rekeyNow(log: Log, key?: Uint8Array): { told: string[]; error: ZamError | undefined } {
  const work = log.rekey(key);
  const told: string[] = [];
  for (let steps = 0; steps < 10_000; steps++) {
    const state: { now: RekeyStep | "open" } = { now: "open" };
    work.step((step) => {
      state.now = step;
    });
    assert.notEqual(state.now, "open", "each step calls back at once");
    if (state.now instanceof ZamError) return { told, error: state.now };
    if (state.now !== "more") told.push(state.now);
    if (state.now === "done") return { told, error: undefined };
  }
  throw new Error("the rekey does not end");
}

/** Several segments with keys, fragments of which some lie in another segment than their event, two lanes. */
function fill(log: Log): void {
  for (let i = 1; i <= 20; i++) {
    const idempotency = hashIdempotencyKey(nodeCrypto, `id ${i}`);
    pushNow(log, event(`event ${i} `.repeat(i === 7 ? 2200 : 12), { idempotency }));
    pushNow(log, event(`urgent ${i} `.repeat(i === 12 ? 1700 : 5), { lane: "urgent" }));
  }
}

let image: { readonly store: MemoryStore; readonly all: Map<string, string> } | undefined;

/** A closed log of its own, on a disk of its own. */
function filled(): { readonly store: MemoryStore; readonly all: Map<string, string> } {
  if (image === undefined) {
    const store = new MemoryStore();
    const log = create(store, sizes);
    fill(log);
    image = { store, all: digest(log) };
    log.close();
  }
  return { store: image.store.copy(), all: image.all };
}

function problemsOf(log: Log): number {
  let problems = 0;
  const verifier = log.verify(() => problems++);
  while (verifier.step());
  return problems;
}

/** Which files have a header that fits the key. */
function namesUnder(store: MemoryStore, key: Uint8Array): readonly string[] {
  return [...store.dump()].flatMap(([name, bytes]) => {
    const kinds: readonly FileKind[] = ["segment", "manifest", "checkpoint", "index", "formerKey"];
    const header = kinds
      .map((kind) => decodeFileHeader(kind, bytes.subarray(0, fileHeaderBytes)))
      .find((found) => typeof found !== "string");
    const isFit =
      typeof header === "object" && keyFit({ crypto: nodeCrypto, dataKey: key }, header) === "fits";
    return isFit ? [name] : [];
  });
}

function refuses(store: MemoryStore, key: Uint8Array | undefined, codes = ["Z301"]): void {
  const before = store.dump();
  assert.throws(
    () => open(store, { ...sizes, dataKey: key }),
    (error) => error instanceof ZamError && codes.includes(error.code),
  );
  assert.deepEqual(store.dump(), before, "not one byte changed");
}

test("everything is under the new key, at its place, and the former key opens nothing", () => {
  const { store, all } = filled();
  const { log } = open(store, sizes);
  const order = arrivals(log);
  const { told, error } = rekeyNow(log, newKey);
  assert.equal(error, undefined);
  assert.deepEqual(told, ["install", "sealSidecars", "done"]);
  assert.equal(log.isRekeying, false);
  mapsEqual(digest(log), all);
  assert.equal(problemsOf(log), 0);
  assert.deepEqual(namesUnder(store, dataKey), []);
  const [pushed] = pushNow(log, event("after"));
  assert.equal(pushed?.seq, 21);
  log.close();
  refuses(store, dataKey);
  refuses(store, new Uint8Array(32));
  refuses(store, undefined, ["Z302"]);
  const again = open(store, underNew);
  assert.deepEqual(again.recovery.reports, []);
  assert.deepEqual(arrivals(again.log).slice(0, -1), order);
  const idempotency = hashIdempotencyKey(nodeCrypto, "id 7");
  assert.equal(again.log.findIdempotency(idempotency)?.seq, 7);
  again.log.close();
  for (const name of store.list())
    if (name.startsWith("checkpoint") || name.endsWith(".idx") || name.startsWith("manifest"))
      store.remove(name);
  const bare = open(store, underNew);
  assert.deepEqual(arrivals(bare.log).slice(0, -1), order, "also without sidecars");
  assert.equal(bare.log.findIdempotency(idempotency)?.seq, 7);
});

test("pushes go on between the steps, and from the first step on a wrong key changes nothing", () => {
  const { store, all } = filled();
  const { log } = open(store, sizes);
  const work = log.rekey(newKey);
  const state: { last: RekeyStep } = { last: "more" };
  for (let i = 0; state.last !== "done"; i++) {
    pushNow(log, event(`meanwhile ${i}`, { lane: "other" }));
    work.step((step) => {
      state.last = step;
    });
    if (i % 5 === 0 && !(state.last instanceof ZamError) && log.isRekeying) {
      const disk = store.copy();
      refuses(disk, dataKey);
      refuses(disk, new Uint8Array(32).fill(1));
      const { log: opened } = open(disk, underNew);
      for (const [name, value] of all) assert.equal(digest(opened).get(name), value, name);
    }
  }
  for (const [name, value] of all) assert.equal(digest(log).get(name), value, name);
  assert.equal(problemsOf(log), 0);
});

test("what is damaged stays where it was, named as before, and heals as before", () => {
  const { store } = filled();
  store.flip("00000001.seg", 400, 1);
  store.flip("00000002.seg", 800, 8);
  const names = store.list().filter((name) => name.endsWith(".seg"));
  assert.ok(names.length > 3, names.join());
  store.remove(names[2] ?? "");
  const { log } = open(store, sizes);
  const before = digest(log);
  const { damages } = log;
  assert.ok(damages.length >= 2, `${damages.length} damages`);
  const states = Array.from({ length: log.streamCount }, (_, index) => log.stream(index).holes);
  const { error } = rekeyNow(log, newKey);
  assert.equal(error, undefined);
  mapsEqual(digest(log), before);
  log.close();
  const again = open(store, underNew).log;
  mapsEqual(digest(again), before);
  assert.deepEqual(
    Array.from({ length: again.streamCount }, (_, index) => again.stream(index).holes),
    states,
  );
  assert.deepEqual(
    namesUnder(store, dataKey).filter((name) => name.endsWith(".seg")),
    [],
  );
});

test("damage that the rekey itself finds is set aside, and it goes on", () => {
  const { store, all } = filled();
  const { log } = open(store, sizes);
  store.flip("00000003.seg", 700, 4);
  const { error } = rekeyNow(log, newKey);
  assert.equal(error, undefined);
  assert.equal(log.damages.length, 1);
  const left = digest(log);
  assert.ok(left.size < all.size && left.size > all.size - 5);
  assert.ok(store.exists(`set-aside/3-${log.damages[0]?.fromOffset}`));
  log.close();
  mapsEqual(digest(open(store, underNew).log), left);
});

/** From a filled log: a rekey with a push in the middle, and a close. Until the crash. */
function care(store: MemoryStore, key: Uint8Array): void {
  const { log } = open(store, { ...sizes, dataKey: key });
  const { error } = rekeyNow(log, key === newKey ? undefined : newKey);
  assert.equal(error, undefined);
  pushNow(log, event("late"));
  log.close();
}

/** The key by which a log that was left anywhere in a rekey opens; exactly one of the two. */
function keyInForce(disk: MemoryStore): Uint8Array {
  const fits = [dataKey, newKey].filter((key) => {
    try {
      open(disk.copy(), { ...sizes, dataKey: key });
      return true;
    } catch (error) {
      assert.ok(error instanceof ZamError && error.code === "Z301");
      return false;
    }
  });
  assert.equal(fits.length, 1, "one of the keys opens it, the other does not");
  return fits[0] ?? dataKey;
}

function checkAfter(disk: MemoryStore, all: ReadonlyMap<string, string>, label: string): void {
  const key = keyInForce(disk);
  const { log, recovery } = open(disk, { ...sizes, dataKey: key });
  assert.deepEqual(recovery.reports, [], label);
  const found = digest(log);
  for (const [name, value] of all) assert.equal(found.get(name), value, `${label}: ${name}`);
  assert.ok(found.size <= all.size + 2, label);
  const { error } = rekeyNow(log, key === newKey ? undefined : newKey);
  assert.equal(error, undefined, label);
  mapsEqual(digest(log), found);
  assert.equal(problemsOf(log), 0, label);
  const killed = disk.kill();
  assert.deepEqual(namesUnder(killed, dataKey), [], label);
  refuses(killed, dataKey);
  mapsEqual(digest(open(killed, underNew).log), found);
}

test("the power is cut at every call of a rekey, and of the one that goes on with it", () => {
  const whole = filled();
  const from = whole.store.operations.length;
  care(whole.store, dataKey);
  const total = whole.store.operations.length;
  const calls = whole.store.operations.slice(from);
  assert.ok(calls.some((text) => text.startsWith(`rename ${fileName.formerKey}.new`)));
  assert.ok(calls.some((text) => text === `remove ${fileName.formerKey}`));
  let checked = 0;
  let repeated = 0;
  // Every third call here; test/crash has all of them.
  for (let at = from; at < total; at += 3) {
    const { store, all } = filled();
    store.crashAt(at);
    assert.throws(() => care(store, dataKey), SimulatedCrash);
    const seed = at * 7 + 1;
    const label = `crash at ${at} (${whole.store.operations[at]}), seed ${seed}`;
    const random = createSeededRandom(seed);
    const disk = at % 3 === 0 ? store.kill() : store.crash(random.fork());
    if (at % 4 === 0) {
      const second = disk.copy();
      const key = keyInForce(second);
      second.crashAt(1 + random.below(60));
      try {
        care(second, key);
      } catch (error) {
        if (!(error instanceof SimulatedCrash)) throw error;
        repeated++;
        checkAfter(second.crash(random.fork()), all, `${label}, and again`);
      }
    }
    checkAfter(disk, all, label);
    checked++;
  }
  assert.ok(checked > 40, `${checked} crashes were checked`);
  assert.ok(repeated > 4, `${repeated} crashes in what followed`);
});

test("the disk is full at any write: the rekey stops, the log works, and goes on when there is room", () => {
  let failed = 0;
  for (let spare = 0; spare < 60_000; spare += 1_500) {
    const { store, all } = filled();
    const { log } = open(store, sizes);
    store.capacityBytes = store.usedBytes + spare;
    const { error } = rekeyNow(log, newKey);
    if (error !== undefined) {
      failed++;
      assert.ok(error.code === "Z204" || error.code === "Z206", error.code);
      assert.equal(log.readOnlyReason, undefined);
    }
    mapsEqual(digest(log), all);
    store.capacityBytes = Number.POSITIVE_INFINITY;
    const again = rekeyNow(log, log.isRekeying || error === undefined ? undefined : newKey);
    assert.equal(again.error, undefined);
    log.close();
    refuses(store, dataKey);
    mapsEqual(digest(open(store, underNew).log), all);
  }
  assert.ok(failed > 5, `${failed} runs met a full disk`);
});

test("a sync that fails anywhere in a rekey costs no event", () => {
  let failed = 0;
  for (const operation of ["sync", "syncDirectory", "rename"] as const) {
    for (let nth = 1; ; nth++) {
      const { store, all } = filled();
      const { log } = open(store, sizes);
      store.faults.add({ operation, nth, kind: "io" });
      const { error } = rekeyNow(log, newKey);
      if (error === undefined) break;
      failed++;
      const disk = store.crash(createSeededRandom(nth));
      checkAfter(disk, all, `${operation} ${nth} fails`);
    }
  }
  assert.ok(failed > 50, `${failed} syncs and renames failed`);
});

test("a sealed former key that is stale, foreign or damaged is not believed", () => {
  const { store, all } = filled();
  const { log } = open(store, sizes);
  log.rekey(newKey).step((step) => assert.equal(step, "install"));
  const begun = store.copy();
  const sealed = begun.dump().get(fileName.formerKey);
  assert.ok(sealed !== undefined);

  const stale = filled();
  stale.store.overwrite(`${fileName.formerKey}.new`, sealed);
  stale.store.overwrite(fileName.formerKeyCopy, sealed);
  mapsEqual(digest(open(stale.store, sizes).log), all);
  stale.store.overwrite(fileName.formerKey, new Uint8Array(200).fill(3));
  stale.store.overwrite(fileName.formerKeyCopy, new Uint8Array(0));
  mapsEqual(digest(open(stale.store, sizes).log), all);

  const other = new MemoryStore();
  create(other, sizes).close();
  other.overwrite(fileName.formerKey, sealed);
  open(other, sizes).log.close();
  refuses(other, newKey);

  begun.flip(fileName.formerKey, 100);
  refuses(begun, dataKey);
  mapsEqual(digest(open(begun.copy(), underNew).log), all);
  begun.flip(fileName.formerKeyCopy, 100);
  refuses(begun, newKey);
});

for (const [what, fault, code] of [
  ["has no room", { operation: "write", kind: "noSpace" }, "Z204"],
  ["cannot be read", { operation: "open", kind: "io" }, "Z206"],
] as const) {
  test(`a rekey is not over, and the former key stays, while a checkpoint ${what}`, () => {
    const { store, all } = filled();
    const { log } = open(store, sizes);
    const times = Number.POSITIVE_INFINITY;
    const rule = store.faults.add({ ...fault, name: /^checkpoint/, times });
    const { error } = rekeyNow(log, newKey);
    assert.ok(rule.fired > 0);
    assert.equal(error?.code, code);
    assert.equal(log.isRekeying, true);
    assert.ok(namesUnder(store, dataKey).some((name) => name.startsWith("checkpoint")));
    mapsEqual(digest(open(store.copy(), underNew).log), all);
    store.faults.clear();
    assert.equal(rekeyNow(log, undefined).error, undefined);
    assert.deepEqual(namesUnder(store, dataKey), []);
    log.close();
    mapsEqual(digest(open(store, underNew).log), all);
  });
}
