import assert from "node:assert/strict";
import { test } from "node:test";
import { FileFault, type FileStore, type StoreFile } from "../core/ports.ts";
import { describeFileStore } from "./file-store-conformance.ts";
import { MemoryStore, SimulatedCrash } from "./memory-store.ts";
import { createSeededRandom } from "./seeded-random.ts";

const random = createSeededRandom(7);

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function readAll(store: FileStore, name: string): Uint8Array {
  const file = store.open(name, "read");
  const out = new Uint8Array(file.size());
  assert.equal(file.read(0, out), out.length);
  file.close();
  return out;
}

function textOf(store: FileStore, name: string): string {
  return new TextDecoder().decode(readAll(store, name));
}

/** A file of `text`, durable with its name. */
function durableFile(store: MemoryStore, name: string, text: string): StoreFile {
  const file = store.open(name, "create");
  file.write(0, bytesOf(text));
  file.syncNow();
  store.syncNow();
  return file;
}

function isFault(kind: string) {
  return (error: unknown) => error instanceof FileFault && error.kind === kind;
}

test("what a sync covered survives every power cut", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "durable");
  for (let i = 0; i < 20; i++) file.write(7 + i * 300, random.bytes(300));
  for (let seed = 0; seed < 300; seed++) {
    const after = store.crash(createSeededRandom(seed));
    assert.equal(textOf(after, "a").slice(0, 7), "durable");
  }
});

test("power cuts give every kind of outcome for bytes that were not synced", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "");
  const written = new Uint8Array(16 * 1024).fill(1);
  file.write(0, written.subarray(0, 8192));
  file.write(8192, written.subarray(8192));
  const seen = { nothing: 0, all: 0, short: 0, hole: 0, garbage: 0, reordered: 0 };
  for (let seed = 0; seed < 500; seed++) {
    const bytes = readAll(store.crash(createSeededRandom(seed)), "a");
    if (bytes.length === 0) seen.nothing++;
    if (bytes.length === written.length && bytes.every((byte) => byte === 1)) seen.all++;
    if (bytes.length > 0 && bytes.length < written.length) seen.short++;
    if (bytes.includes(0)) seen.hole++;
    if (bytes.some((byte) => byte > 1)) seen.garbage++;
    const isLaterHere = bytes.length > 8192 && bytes[8192] === 1;
    if (isLaterHere && bytes[0] !== 1) seen.reordered++;
  }
  for (const [name, count] of Object.entries(seen)) assert.ok(count > 0, name);
});

test("one moment and one seed give one outcome", () => {
  const store = new MemoryStore();
  durableFile(store, "a", "x").write(1, random.bytes(10_000));
  const first = readAll(store.crash(createSeededRandom(5)), "a");
  assert.deepEqual(readAll(store.crash(createSeededRandom(5)), "a"), first);
});

test("a file whose directory was not synced may be gone, whatever its own sync said", () => {
  const store = new MemoryStore();
  const file = store.open("a", "create");
  file.write(0, bytesOf("synced"));
  file.syncNow();
  const outcomes = new Set<boolean>();
  for (let seed = 0; seed < 50; seed++) {
    const after = store.crash(createSeededRandom(seed));
    outcomes.add(after.exists("a"));
    if (after.exists("a")) assert.equal(textOf(after, "a"), "synced");
  }
  assert.deepEqual([...outcomes].sort(), [false, true]);
});

test("an unsynced rename happened or did not, and never loses both files", () => {
  const store = new MemoryStore();
  durableFile(store, "x", "old");
  const next = store.open("x.tmp", "create");
  next.write(0, bytesOf("new"));
  next.syncNow();
  store.rename("x.tmp", "x");
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    const after = store.crash(createSeededRandom(seed));
    outcomes.add(`${textOf(after, "x")} ${after.exists("x.tmp")}`);
  }
  assert.deepEqual([...outcomes].sort(), ["new false", "old false", "old true"]);
});

test("a rename without a sync of the file before it can leave an empty file", () => {
  const store = new MemoryStore();
  const next = store.open("x.tmp", "create");
  next.write(0, bytesOf("new"));
  store.rename("x.tmp", "x");
  store.syncNow();
  const sizes = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    sizes.add(readAll(store.crash(createSeededRandom(seed)), "x").length);
  }
  assert.ok(sizes.has(0) && sizes.has(3));
});

test("a removed file may be back, and a file in a lost folder is gone with it", () => {
  const store = new MemoryStore();
  durableFile(store, "a", "a");
  store.remove("a");
  store.makeFolder("f");
  store.open("f/b", "create").close();
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const after = store.crash(createSeededRandom(seed));
    outcomes.add(`${after.exists("a")} ${after.exists("f/b")}`);
  }
  assert.equal(outcomes.size, 4);
});

test("a failed sync forgets its data: later syncs succeed, and the bytes are lost in the cut", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "0000");
  const rule = store.faults.add({ operation: "sync", name: /^a$/ });
  file.write(0, bytesOf("1111"));
  assert.throws(() => file.syncNow(), isFault("io"));
  assert.equal(rule.fired, 1);
  assert.equal(textOf(store, "a"), "1111");
  file.write(4, bytesOf("2222"));
  file.syncNow();
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    outcomes.add(textOf(store.crash(createSeededRandom(seed)), "a"));
  }
  assert.ok(outcomes.has("00002222"));
  for (const text of outcomes) assert.equal(text.slice(4), "2222");
});

test("bytes made durable after a failed sync are not undone by what it forgot", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "0000");
  store.faults.add({ operation: "sync" });
  file.write(0, bytesOf("1111"));
  assert.throws(() => file.syncNow(), isFault("io"));
  file.write(1, bytesOf("22"));
  file.syncNow();
  for (let seed = 0; seed < 100; seed++) {
    assert.equal(textOf(store.crash(createSeededRandom(seed)), "a").slice(1, 3), "22");
  }
});

test("a full disk takes the part that fits, and the rest once there is room", () => {
  const store = new MemoryStore({ capacityBytes: 10 });
  const file = store.open("a", "create");
  file.write(0, bytesOf("12345678"));
  assert.throws(() => file.write(8, bytesOf("abcd")), isFault("noSpace"));
  assert.equal(textOf(store, "a"), "12345678ab");
  assert.equal(store.freeBytes(), 0);
  file.write(0, bytesOf("overwrites need none"[0] ?? ""));
  store.capacityBytes = 12;
  file.write(8, bytesOf("abcd"));
  assert.equal(store.freeBytes(), 0);
});

test("rules fail the n-th matching call, and only that", () => {
  const store = new MemoryStore();
  const rule = store.faults.add({ operation: "write", name: /b/, nth: 2, partialBytes: 1 });
  const a = store.open("a", "create");
  const b = store.open("b", "create");
  for (const text of ["1", "2", "3"]) a.write(0, bytesOf(text));
  b.write(0, bytesOf("xx"));
  assert.throws(() => b.write(2, bytesOf("yy")), isFault("io"));
  b.write(3, bytesOf("z"));
  assert.equal(textOf(store, "b"), "xxyz");
  assert.equal(rule.fired, 1);
});

test("an unreadable range fails the reads that touch it", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "0123456789");
  store.faults.add({ operation: "read", times: 99, range: { from: 4, to: 5 } });
  const out = new Uint8Array(4);
  assert.equal(file.read(0, out), 4);
  assert.throws(() => file.read(2, out), isFault("io"));
  assert.equal(file.read(5, out), 4);
});

test("queued syncs cover what was written before they were asked for, and report when run", () => {
  const store = new MemoryStore({ syncs: "queued" });
  const file = store.open("a", "create");
  store.syncNow();
  const done: string[] = [];
  file.write(0, bytesOf("one"));
  file.sync(() => done.push("first"));
  file.write(3, bytesOf("two"));
  assert.deepEqual(done, []);
  assert.equal(store.pendingSyncs, 1);
  store.runSyncs();
  assert.deepEqual(done, ["first"]);
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 100; seed++) {
    outcomes.add(textOf(store.crash(createSeededRandom(seed)), "a").slice(0, 3));
  }
  assert.deepEqual([...outcomes], ["one"]);
  store.runSyncs();
  assert.deepEqual(done, ["first"], "a sync cut by the crash never reports");
});

test("a crash point stops the call itself and everything after it", () => {
  const store = new MemoryStore();
  store.crashAt(2);
  const file = store.open("a", "create");
  file.write(0, bytesOf("x"));
  const isCrash = (error: unknown) => error instanceof SimulatedCrash && error.atOperation === 2;
  assert.throws(() => file.syncNow(), isCrash);
  assert.throws(() => file.size(), SimulatedCrash);
  assert.throws(() => store.list(), SimulatedCrash);
  assert.deepEqual(store.operations, ["create a", "write a 0+1"]);
});

test("a killed process leaves what it wrote, and a copy lives apart", () => {
  const store = new MemoryStore();
  const file = store.open("a", "create");
  file.write(0, bytesOf("unsynced"));
  const image = store.copy();
  file.write(0, bytesOf("X"));
  assert.equal(textOf(image, "a"), "unsynced");
  const next = store.kill();
  assert.equal(textOf(next, "a"), "Xnsynced");
  const outcomes = new Set<boolean>();
  for (let seed = 0; seed < 50; seed++) {
    outcomes.add(next.crash(createSeededRandom(seed)).exists("a"));
  }
  assert.equal(outcomes.size, 2, "what it did not sync is still at risk");
});

test("flipped bits are durable, and a read-only disk refuses every change", () => {
  const store = new MemoryStore();
  const file = durableFile(store, "a", "@");
  store.flip("a", 0);
  assert.equal(textOf(store, "a"), "A");
  store.isReadOnly = true;
  assert.throws(() => file.write(0, bytesOf("x")), isFault("readOnly"));
  assert.throws(() => store.remove("a"), isFault("readOnly"));
  assert.throws(() => store.rename("a", "b"), isFault("readOnly"));
  assert.throws(() => store.open("b", "create"), isFault("readOnly"));
  assert.equal(textOf(store.crash(createSeededRandom(1)), "a"), "A");
});

describeFileStore({ name: "memory store", create: () => new MemoryStore() });
describeFileStore({
  name: "memory store with queued syncs",
  create: () => new MemoryStore({ syncs: "queued" }),
  runSyncs: (store) => {
    if (store instanceof MemoryStore) store.runSyncs();
  },
});
