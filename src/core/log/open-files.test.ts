/** A closed log has no file open, whatever happened before: a hub that runs for years never runs out of them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, RekeyStep, WorkStep } from "./api.ts";
import { create, dataKey, digest, event, open, pushMany, pushNow } from "./log.test-kit.ts";

const sizes = { segmentBytes: 2_000, checkpointBytes: 1_500 };

function run(work: { step(done: (step: WorkStep | RekeyStep) => void): void }): string {
  for (let steps = 0; steps < 1_000; steps++) {
    let answer = "";
    work.step((step) => {
      answer = typeof step === "string" ? step : step.code;
    });
    if (!["more", "install", "sealSidecars"].includes(answer)) return answer;
  }
  return "no end";
}

/** Several segments, more than are kept open at a time, in every one of which something is read. */
function filled(): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushNow(log, event("x".repeat(40_000)));
  for (let i = 0; i < 12; i++) pushNow(log, event(`event ${i} `.repeat(150)));
  pushMany(log, 20);
  assert.equal(digest(log).size, 33);
  log.close();
  assert.deepEqual(store.openFiles, []);
  return store;
}

const pristine = filled();

function checked(label: string, change: (store: MemoryStore) => void, use: (log: Log) => void) {
  const store = pristine.copy();
  change(store);
  const { log } = open(store, sizes);
  use(log);
  assert.ok(store.openFiles.length > 0, `${label}: what was read is kept open until the close`);
  assert.ok(store.openFiles.length <= 10, `${label}: ${store.openFiles.join(" ")}`);
  log.close();
  assert.deepEqual(store.openFiles, [], label);
}

const segmentsOf = (store: MemoryStore): readonly string[] =>
  store
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();

const nothing = (): void => undefined;

test("after reads, damage, a torn end and a missing segment", () => {
  checked("reads", nothing, digest);
  checked("rot", (store) => store.flip("00000003.seg", 200), digest);
  checked("a missing segment", (store) => store.remove("00000003.seg"), digest);
  checked("a missing index", (store) => store.remove("00000003.idx"), digest);
  const torn = (store: MemoryStore): void => {
    const name = segmentsOf(store).at(-1) ?? "";
    store.overwrite(name, (store.dump().get(name) ?? new Uint8Array(0)).slice(0, -9));
  };
  checked("a torn end", torn, digest);
  checked("a lost manifest", (store) => store.remove("manifest"), digest);
  checked("a reader's refusals", nothing, (log) => {
    log.verify(nothing).step();
    log.readArrivals(5, { events: 3, bytes: 100 });
  });
});

test("after cutting, clearing away, a new key and a snapshot", () => {
  checked("all of it", nothing, (log) => {
    log.cut([{ index: 0, seq: 8, byOrigin: true }], 1_000_000, nothing);
    assert.equal(run(log.reclaim(1_000_000)), "done");
    log.snapshot();
    assert.equal(run(log.rekey(new Uint8Array(32).fill(9))), "done");
    digest(log);
  });
});

test("wherever the disk has no room, or fails a write, a sync, a rename or a removal", () => {
  let fired = 0;
  for (const operation of [
    "write",
    "sync",
    "rename",
    "remove",
    "truncate",
    "syncDirectory",
  ] as const) {
    for (let nth = 1; nth < 200; nth += 1 + (nth >> 1)) {
      const store = pristine.copy();
      const name = segmentsOf(store).at(-1) ?? "";
      store.overwrite(name, (store.dump().get(name) ?? new Uint8Array(0)).slice(0, -9));
      const kind = operation === "write" ? "noSpace" : "io";
      const rule = store.faults.add({ operation, nth, kind });
      const { log } = open(store, sizes);
      try {
        for (let i = 0; i < 8; i++) pushNow(log, event(`more ${i}`.repeat(150)));
      } catch {
        // The fault itself, told to whoever pushes; the rest is tried all the same.
      }
      if (log.readOnlyReason === undefined)
        log.cut([{ index: 0, seq: 8, byOrigin: true }], 1_000_000, nothing);
      run(log.reclaim(1_000_000));
      run(log.rekey(new Uint8Array(32).fill(9)));
      log.close();
      assert.deepEqual(store.openFiles, [], `${operation} ${nth} fails`);
      if (rule.fired === 0) break;
      fired++;
    }
  }
  assert.ok(fired > 20, `${fired} faults were met`);
});

test("nor has one that was not opened", () => {
  const store = pristine.copy();
  assert.throws(() => open(store, { ...sizes, dataKey: new Uint8Array(32) }), { code: "Z301" });
  assert.deepEqual(store.openFiles, []);
  assert.throws(() => open(store, { ...sizes, dataKey, nodeId: "clinic_b" }), /./);
  assert.deepEqual(store.openFiles, []);
  let refused = 0;
  for (let nth = 1; nth < 40; nth++) {
    const disk = pristine.copy();
    disk.isReadOnly = true;
    disk.faults.add({ operation: "open", nth });
    try {
      open(disk, sizes).log.close();
    } catch {
      refused++;
    }
    assert.deepEqual(disk.openFiles, [], `open ${nth} fails`);
  }
  assert.ok(refused > 0);
});

test("nor has one that could not be made, and none is made where there are segments already", () => {
  let failed = 0;
  for (const operation of ["write", "sync", "rename", "syncDirectory"] as const) {
    for (let nth = 1; ; nth++) {
      const store = new MemoryStore();
      const rule = store.faults.add({ operation, nth });
      try {
        create(store, sizes).close();
      } catch {
        failed++;
      }
      assert.deepEqual(store.openFiles, [], `${operation} ${nth} fails`);
      if (rule.fired === 0) break;
    }
  }
  assert.ok(failed > 5, `${failed} were not made`);
  const bare = pristine.copy();
  for (const name of bare.list()) if (!name.endsWith(".seg")) bare.remove(name);
  const before = bare.dump();
  assert.throws(() => create(bare, sizes), { code: "Z202" });
  assert.deepEqual(bare.dump(), before);
});

test("rot is looked for in more files than are kept open, and the log goes on reading and writing", () => {
  let searches = 0;
  for (const name of segmentsOf(pristine).slice(0, 3))
    for (let at = 64; at < (pristine.dump().get(name)?.length ?? 0); at += 997) {
      const store = pristine.copy();
      store.flip(name, at);
      const { log } = open(store, sizes);
      if (log.damages.length > 0) searches++;
      assert.equal(log.readOnlyReason, undefined, `${name}, byte ${at}`);
      digest(log);
      pushNow(log, event("goes on"));
      log.close();
    }
  assert.ok(searches > 5, `${searches}`);
});
