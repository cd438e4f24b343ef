import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FileFault } from "../core/ports.ts";
import { describeFileStore } from "../testing/file-store-conformance.ts";
import { toFileFault } from "./file-faults.ts";
import { makeDirectory, NodeStore } from "./node-store.ts";

function scratch(): string {
  return mkdtempSync(join(tmpdir(), "zamsync-store-"));
}

function hasKind(kind: string) {
  return (error: unknown) => error instanceof FileFault && error.kind === kind;
}

const isRoot = process.getuid?.() === 0;

describeFileStore({
  name: "node store",
  create: () => new NodeStore(scratch()),
  dispose: (store) => {
    if (store instanceof NodeStore) rmSync(store.directory, { recursive: true, force: true });
  },
});

test("files are 0600 and folders 0700 under any umask", () => {
  const directory = scratch();
  for (const umask of [0o000, 0o022, 0o277]) {
    const before = process.umask(umask);
    try {
      const store = new NodeStore(directory);
      store.open(`f${umask}`, "create").close();
      store.open(`r${umask}`, "replace").close();
      store.makeFolder(`d${umask}`);
      makeDirectory(join(directory, `deep${umask}`, "er"));
    } finally {
      process.umask(before);
    }
    const modeOf = (name: string) => statSync(join(directory, name)).mode & 0o777;
    assert.equal(modeOf(`f${umask}`), 0o600);
    assert.equal(modeOf(`r${umask}`), 0o600);
    assert.equal(modeOf(`d${umask}`), 0o700);
    assert.equal(modeOf(`deep${umask}`), 0o700);
    assert.equal(modeOf(`deep${umask}/er`), 0o700);
  }
  rmSync(directory, { recursive: true });
});

test("errno codes become the kinds that the core knows", () => {
  const kindOf = (code: string) => toFileFault({ code }, "write", "p").kind;
  assert.equal(kindOf("ENOSPC"), "noSpace");
  assert.equal(kindOf("EDQUOT"), "noSpace");
  assert.equal(kindOf("EFBIG"), "noSpace");
  assert.equal(kindOf("EIO"), "io");
  assert.equal(kindOf("EROFS"), "readOnly");
  assert.equal(kindOf("EACCES"), "permission");
  assert.equal(kindOf("EPERM"), "permission");
  assert.equal(kindOf("EMFILE"), "other");
  const fault = toFileFault(new Error("x"), "write", "p");
  assert.equal(toFileFault(fault, "other", "q"), fault);
});

test("a missing directory lists as empty and cannot be written", () => {
  const store = new NodeStore(join(scratch(), "gone"));
  assert.deepEqual(store.list(), []);
  assert.throws(() => store.open("a", "create"), hasKind("notFound"));
  assert.throws(() => store.syncNow(), hasKind("notFound"));
});

test("counters say what was read, written and synced", async () => {
  const directory = scratch();
  const store = new NodeStore(directory);
  const file = store.open("a", "create");
  file.write(0, new Uint8Array(1000));
  file.read(0, new Uint8Array(400));
  file.syncNow();
  await new Promise<void>((resolve) => file.sync(() => resolve()));
  store.syncNow();
  file.close();
  const { bytesRead, bytesWritten, syncs, directorySyncs } = store.counters;
  assert.deepEqual([bytesRead, bytesWritten, syncs, directorySyncs], [400, 1000, 2, 1]);
  rmSync(directory, { recursive: true });
});

test("closing during a sync keeps the descriptor until the sync is done", async () => {
  const directory = scratch();
  const store = new NodeStore(directory);
  for (let round = 0; round < 50; round++) {
    const file = store.open(`f${round}`, "create");
    file.write(0, new Uint8Array(5000));
    const synced = new Promise<unknown>((resolve) => file.sync(resolve));
    file.close();
    // A descriptor freed too early would be taken by this file, and its sync would hit the wrong one.
    store.open(`g${round}`, "create").close();
    assert.equal(await synced, undefined);
  }
  rmSync(directory, { recursive: true });
});

test("no descriptor is left open", () => {
  const directory = scratch();
  const store = new NodeStore(directory);
  const countOpen = () => Number(execFileSync("sh", ["-c", `ls /proc/${process.pid}/fd | wc -l`]));
  if (!existsSync("/proc/self/fd")) return;
  const before = countOpen();
  for (let i = 0; i < 20; i++) {
    store.open("a", "replace").close();
    store.syncNow();
  }
  assert.ok(countOpen() <= before + 1);
  rmSync(directory, { recursive: true });
});

test("a folder without permission is reported as such", { skip: isRoot && "root may all" }, () => {
  const directory = scratch();
  chmodSync(directory, 0o500);
  const store = new NodeStore(directory);
  assert.throws(() => store.open("a", "create"), hasKind("permission"));
  chmodSync(directory, 0o700);
  rmSync(directory, { recursive: true });
});

const mountProblem = isRoot ? tryTmpfs() : "needs root for a small tmpfs";

test("a full file system is noSpace, keeps the old bytes and goes on once there is room", {
  skip: mountProblem ?? false,
}, () => {
  const directory = scratch();
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", directory]);
  try {
    const store = new NodeStore(directory);
    const kept = store.open("kept", "create");
    kept.write(0, new Uint8Array(1000).fill(7));
    kept.syncNow();
    const filler = store.open("filler", "create");
    filler.write(0, new Uint8Array(128 * 1024));
    assert.throws(() => kept.write(1000, new Uint8Array(256 * 1024)), hasKind("noSpace"));
    assert.ok(store.freeBytes() < 4096);
    assert.ok(
      readFileSync(join(directory, "kept"))
        .subarray(0, 1000)
        .every((byte) => byte === 7),
    );
    filler.close();
    store.remove("filler");
    kept.write(1000, new Uint8Array(64 * 1024).fill(8));
    kept.syncNow();
    kept.close();
  } finally {
    execFileSync("umount", [directory]);
  }
});

test("a file system that is read-only is said to be", { skip: mountProblem ?? false }, () => {
  const directory = scratch();
  mkdirSync(join(directory, "m"));
  const mounted = join(directory, "m");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", mounted]);
  try {
    const store = new NodeStore(mounted);
    store.open("a", "create").close();
    execFileSync("mount", ["-o", "remount,ro", mounted]);
    assert.throws(() => store.open("a", "write"), hasKind("readOnly"));
    assert.throws(() => store.open("b", "create"), hasKind("readOnly"));
    assert.throws(() => store.remove("a"), hasKind("readOnly"));
    store.open("a", "read").close();
  } finally {
    execFileSync("umount", [mounted]);
  }
});

/** Undefined when a tmpfs can be mounted here, else why not. */
function tryTmpfs(): string | undefined {
  const directory = scratch();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", directory], { stdio: "pipe" });
    execFileSync("umount", [directory]);
    return undefined;
  } catch {
    return "mounting is not allowed here";
  }
}
