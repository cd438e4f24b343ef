/**
 * What every `FileStore` must do, as a suite of `node:test`: give it a factory
 * and it registers one test a claim. Durability itself is not observable from
 * inside a process; power cuts are `MemoryStore`'s, and kill -9 the engine's.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FileFault, type FileFaultKind, type FileStore, type StoreFile } from "../core/ports.ts";

export interface FileStoreFactory {
  /** Shown in front of each test. */
  readonly name: string;
  /** A fresh, empty store. */
  readonly create: () => FileStore | Promise<FileStore>;
  /** Runs what is needed for asked syncs to complete; default nothing. */
  readonly runSyncs?: (store: FileStore) => void;
  readonly dispose?: (store: FileStore) => void | Promise<void>;
}

type Claim = readonly [name: string, check: (store: FileStore, kit: Kit) => void | Promise<void>];

interface Kit {
  /** Resolves when the sync has called back. */
  synced(target: FileStore | StoreFile): Promise<void>;
}

/** Registers the whole suite for one kind of store. */
export function describeFileStore(factory: FileStoreFactory): void {
  for (const [name, check] of claims) {
    test(`${factory.name}: ${name}`, async () => {
      const store = await factory.create();
      const kit: Kit = {
        synced: (target) =>
          new Promise((resolve, reject) => {
            target.sync((fault) => (fault === undefined ? resolve() : reject(fault)));
            factory.runSyncs?.(store);
          }),
      };
      try {
        await check(store, kit);
      } finally {
        await factory.dispose?.(store);
      }
    });
  }
}

const claims: readonly Claim[] = [
  ["reads back what was written, at any offset", readsBack],
  ["reads short only at the end of the file", readsShort],
  ["writing beyond the end leaves zeros between", leavesZeros],
  ["truncates and extends with zeros", truncates],
  ["open modes create, refuse and empty as they say", openModes],
  ["renames onto an existing file, and open files go on", renames],
  ["removes, and an open file stays readable", removes],
  ["lists files by folder, and a missing folder is empty", lists],
  ["a folder is made once and again, and files need theirs", folders],
  ["syncs call back once, for files, the directory and after close", syncs],
  ["a closed file refuses everything but closing", closed],
  ["two handles on one file see the same bytes", twoHandles],
  ["names that leave the directory are refused", names],
  ["says how much space is free", freeSpace],
  ["keeps 3 MiB written in odd pieces", largeFile],
];

function readsBack(store: FileStore): void {
  const file = store.open("a", "create");
  file.write(0, bytes(1, 2, 3, 4));
  file.write(2, bytes(9, 9, 9));
  assert.deepEqual(readAt(file, 0, 5), [1, 2, 9, 9, 9]);
  assert.deepEqual(readAt(file, 3, 1), [9]);
  assert.equal(file.size(), 5);
  file.write(1, bytes());
  assert.equal(file.size(), 5);
  file.close();
}

function readsShort(store: FileStore): void {
  const file = store.open("a", "create");
  file.write(0, bytes(1, 2, 3));
  const out = new Uint8Array(5).fill(7);
  assert.equal(file.read(1, out), 2);
  assert.deepEqual([...out], [2, 3, 7, 7, 7]);
  assert.equal(file.read(3, out), 0);
  assert.equal(file.read(1000, out), 0);
  assert.equal(file.read(0, new Uint8Array(0)), 0);
  file.close();
}

function leavesZeros(store: FileStore): void {
  const file = store.open("a", "create");
  file.write(4, bytes(5));
  assert.deepEqual(readAt(file, 0, 5), [0, 0, 0, 0, 5]);
  file.close();
}

function truncates(store: FileStore): void {
  const file = store.open("a", "create");
  file.write(0, bytes(1, 2, 3, 4));
  file.truncate(2);
  assert.equal(file.size(), 2);
  file.truncate(4);
  assert.deepEqual(readAt(file, 0, 4), [1, 2, 0, 0]);
  file.close();
}

function openModes(store: FileStore): void {
  refuses("notFound", () => store.open("a", "read"));
  refuses("notFound", () => store.open("a", "write"));
  assert.equal(store.exists("a"), false);
  const made = store.open("a", "create");
  made.write(0, bytes(1));
  made.close();
  refuses("exists", () => store.open("a", "create"));
  const readOnly = store.open("a", "read");
  assert.throws(() => readOnly.write(0, bytes(2)), FileFault);
  assert.deepEqual(readAt(readOnly, 0, 1), [1]);
  readOnly.close();
  const emptied = store.open("a", "replace");
  assert.equal(emptied.size(), 0);
  emptied.close();
  store.open("b", "replace").close();
  assert.equal(store.exists("b"), true);
}

function renames(store: FileStore): void {
  const old = fileWith(store, "x", 1);
  const next = fileWith(store, "x.tmp", 2);
  store.rename("x.tmp", "x");
  assert.equal(store.exists("x.tmp"), false);
  const found = store.open("x", "read");
  assert.deepEqual(readAt(found, 0, 1), [2]);
  assert.deepEqual(readAt(old, 0, 1), [1]);
  next.write(1, bytes(3));
  assert.deepEqual(readAt(found, 0, 2), [2, 3]);
  refuses("notFound", () => store.rename("missing", "x"));
  assert.deepEqual(readAt(found, 0, 1), [2]);
  for (const file of [old, next, found]) file.close();
}

function removes(store: FileStore): void {
  const file = fileWith(store, "a", 1);
  store.remove("a");
  assert.equal(store.exists("a"), false);
  assert.deepEqual(store.list(), []);
  assert.deepEqual(readAt(file, 0, 1), [1]);
  file.close();
  refuses("notFound", () => store.remove("a"));
}

function lists(store: FileStore): void {
  assert.deepEqual(store.list(), []);
  assert.deepEqual(store.list("side"), []);
  store.makeFolder("side");
  for (const name of ["b", "a", "side/c"]) store.open(name, "create").close();
  assert.deepEqual([...store.list()].sort(), ["a", "b"]);
  assert.deepEqual(store.list("side"), ["c"]);
  store.rename("a", "side/a");
  assert.deepEqual(store.list(), ["b"]);
  assert.deepEqual([...store.list("side")].sort(), ["a", "c"]);
}

function folders(store: FileStore): void {
  refuses("notFound", () => store.open("side/a", "create"));
  store.makeFolder("side");
  store.makeFolder("side");
  fileWith(store, "side/a", 4).close();
  assert.equal(store.exists("side/a"), true);
  refuses("notFound", () => store.rename("side/a", "none/a"));
}

async function syncs(store: FileStore, kit: Kit): Promise<void> {
  const file = fileWith(store, "a", 1);
  await kit.synced(file);
  file.syncNow();
  store.makeFolder("side");
  store.open("side/b", "create").close();
  await kit.synced(store);
  store.syncNow();
  const lastSync = kit.synced(file);
  file.close();
  await lastSync;
}

function closed(store: FileStore): void {
  const file = fileWith(store, "a", 1);
  file.close();
  file.close();
  assert.throws(() => file.read(0, new Uint8Array(1)), FileFault);
  assert.throws(() => file.write(0, bytes(1)), FileFault);
  assert.throws(() => file.truncate(0), FileFault);
  assert.throws(() => file.size(), FileFault);
  assert.throws(() => file.syncNow(), FileFault);
  assert.throws(() => file.sync(() => undefined), FileFault);
}

function twoHandles(store: FileStore): void {
  const first = fileWith(store, "a", 1);
  const second = store.open("a", "write");
  second.write(1, bytes(2));
  assert.deepEqual(readAt(first, 0, 2), [1, 2]);
  assert.equal(first.size(), 2);
  first.close();
  assert.deepEqual(readAt(second, 0, 2), [1, 2]);
  second.close();
}

function names(store: FileStore): void {
  for (const name of ["", ".", "..", "../a", "a/..", "/a", "a/", "a/b/c", "a b", "ä", "a\0"]) {
    assert.throws(() => store.open(name, "create"), /invariant/, JSON.stringify(name));
    assert.throws(() => store.exists(name), /invariant/);
    assert.throws(() => store.remove(name), /invariant/);
  }
  assert.throws(() => store.makeFolder(".."), /invariant/);
  assert.throws(() => store.list("a/b"), /invariant/);
  fileWith(store, "clinic_a.b-1.peer", 1).close();
}

function freeSpace(store: FileStore): void {
  const free = store.freeBytes();
  assert.ok(Number.isSafeInteger(free) && free >= 0, String(free));
}

function largeFile(store: FileStore): void {
  const file = store.open("a", "create");
  const whole = new Uint8Array(3 * 1024 * 1024);
  for (let i = 0; i < whole.length; i++) whole[i] = (i * 7 + (i >> 9)) & 0xff;
  for (let at = 0; at < whole.length; at += 65_521) {
    file.write(at, whole.subarray(at, at + 65_521));
  }
  const out = new Uint8Array(whole.length);
  assert.equal(file.read(0, out), whole.length);
  assert.ok(out.every((byte, i) => byte === whole[i]));
  file.close();
}

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

function fileWith(store: FileStore, name: string, value: number): StoreFile {
  const file = store.open(name, "create");
  file.write(0, bytes(value));
  return file;
}

function readAt(file: StoreFile, offset: number, count: number): number[] {
  const out = new Uint8Array(count);
  return [...out.subarray(0, file.read(offset, out))];
}

function refuses(kind: FileFaultKind, call: () => unknown): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof FileFault, String(error));
    assert.equal(error.kind, kind);
    return true;
  });
}
