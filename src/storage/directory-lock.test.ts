import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import { acquireLock, tryLock } from "./directory-lock.ts";

function scratch(): string {
  return mkdtempSync(join(tmpdir(), "zamsync-lock-"));
}

/** A process that takes the lock, says so, and holds it until it is killed or told to let go. */
async function holder(directory: string): Promise<ChildProcess> {
  const module = new URL("./directory-lock.ts", import.meta.url).href;
  const script = `
    const { tryLock } = await import(${JSON.stringify(module)});
    const lock = tryLock(${JSON.stringify(directory)});
    console.log(lock === undefined ? "refused" : "held");
    process.stdin.on("data", () => { lock.release(); console.log("released"); });
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  assert.equal(await nextLine(child), "held");
  return child;
}

function nextLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.stdout?.once("data", (data: Buffer) => resolve(data.toString().trim()));
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof ZamError && error.code === "Z207";
}

test("one process holds the lock; another is refused with how long it waited", async () => {
  const directory = scratch();
  const child = await holder(directory);
  assert.equal(tryLock(directory), undefined);
  const waiting = acquireLock(directory, { timeoutMs: 120 });
  await assert.rejects(waiting, (error) => {
    assert.ok(isBusy(error) && error instanceof ZamError);
    assert.ok(Number(error.context.waitedMs) >= 100, String(error.context.waitedMs));
    return true;
  });
  child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

test("kill -9 of the holder frees the lock for one that waits", async () => {
  const directory = scratch();
  const child = await holder(directory);
  const waiting = acquireLock(directory, { timeoutMs: 10_000 });
  let isEventLoopFree = false;
  setTimeout(() => {
    isEventLoopFree = true;
    child.kill("SIGKILL");
  }, 80);
  const lock = await waiting;
  assert.ok(isEventLoopFree, "waiting does not block the event loop");
  lock.release();
  rmSync(directory, { recursive: true });
});

test("releasing lets another process in, and back again", async () => {
  const directory = scratch();
  const first = tryLock(directory);
  assert.ok(first);
  first.release();
  first.release();
  const child = await holder(directory);
  assert.equal(tryLock(directory), undefined);
  child.stdin?.write("go\n");
  assert.equal(await nextLine(child), "released");
  const second = tryLock(directory);
  assert.ok(second);
  second.release();
  child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

test("the same process is refused a second time, also by another path to the directory", async () => {
  const directory = scratch();
  const link = `${directory}-link`;
  symlinkSync(directory, link);
  const lock = tryLock(directory);
  assert.ok(lock);
  assert.equal(tryLock(directory), undefined);
  assert.equal(tryLock(link), undefined);
  await assert.rejects(acquireLock(link, { timeoutMs: 0 }), isBusy);
  // The refusals must not have freed the kernel's lock.
  const module = new URL("./directory-lock.ts", import.meta.url).href;
  const script = `const { tryLock } = await import(${JSON.stringify(module)});
    console.log(tryLock(${JSON.stringify(directory)}) === undefined ? "refused" : "held");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(await nextLine(child), "refused");
  lock.release();
  rmSync(link);
  rmSync(directory, { recursive: true });
});

test("an old release does not free the lock of a later holder", () => {
  const directory = scratch();
  const first = tryLock(directory);
  first?.release();
  const second = tryLock(directory);
  assert.ok(second);
  first?.release();
  assert.equal(tryLock(directory), undefined);
  second.release();
  rmSync(directory, { recursive: true });
});

test("the lock leaves one empty file, 0600, and nothing beside it", () => {
  const directory = scratch();
  const before = process.umask(0o022);
  const lock = tryLock(directory);
  process.umask(before);
  assert.ok(lock);
  assert.deepEqual(readdirSync(directory), ["lock"]);
  lock.release();
  assert.deepEqual(readdirSync(directory), ["lock"]);
  assert.equal(statSync(join(directory, "lock")).mode & 0o777, 0o600);
  assert.equal(statSync(join(directory, "lock")).size, 0);
  rmSync(directory, { recursive: true });
});

test("garbage in the lock file changes nothing", () => {
  for (const garbage of ["short", "no database ".repeat(1000)]) {
    const directory = scratch();
    writeFileSync(join(directory, "lock"), garbage);
    const lock = tryLock(directory);
    assert.ok(lock);
    assert.equal(tryLock(directory), undefined);
    lock.release();
    rmSync(directory, { recursive: true });
  }
});

test("a directory that cannot be used is said to be, at once", async () => {
  const directory = scratch();
  const isUnusable = (error: unknown) => error instanceof ZamError && error.code === "Z211";
  await assert.rejects(acquireLock(join(directory, "no"), { timeoutMs: 5000 }), isUnusable);
  writeFileSync(join(directory, "file"), "");
  assert.throws(() => tryLock(join(directory, "file")), isUnusable);
  rmSync(directory, { recursive: true });
});

test("waiting ends when its signal is aborted", async () => {
  const directory = scratch();
  const lock = tryLock(directory);
  const abort = new AbortController();
  const waiting = acquireLock(directory, { timeoutMs: 60_000, signal: abort.signal });
  setTimeout(() => abort.abort(), 30);
  await assert.rejects(waiting, { name: "AbortError" });
  lock?.release();
  rmSync(directory, { recursive: true });
});

test("many processes that want it at once hold it one after the other", async () => {
  const directory = scratch();
  const module = new URL("./directory-lock.ts", import.meta.url).href;
  const script = `
    import { appendFileSync } from "node:fs";
    const { acquireLock } = await import(${JSON.stringify(module)});
    const lock = await acquireLock(${JSON.stringify(directory)}, { timeoutMs: 20000 });
    const file = ${JSON.stringify(join(directory, "trace"))};
    appendFileSync(file, "[");
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(file, "]");
    lock.release();`;
  const ends = Array.from({ length: 5 }, () => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: "inherit",
    });
    return new Promise<number | null>((resolve) => child.once("exit", resolve));
  });
  assert.deepEqual(await Promise.all(ends), [0, 0, 0, 0, 0]);
  const { readFileSync } = await import("node:fs");
  assert.equal(readFileSync(join(directory, "trace"), "utf8"), "[][][][][]");
  rmSync(directory, { recursive: true });
});

test("a lock file that may only be read locks nothing, so nobody gets it", async () => {
  const directory = scratch();
  chmodSync(directory, 0o777);
  writeFileSync(join(directory, "lock"), "");
  chmodSync(join(directory, "lock"), 0o444);
  const module = new URL("./directory-lock.ts", import.meta.url).href;
  // To root every file may be written.
  const script = `
    const { tryLock } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) process.setuid(65534);
    try {
      console.log(String(tryLock(${JSON.stringify(directory)})));
    } catch ({ code, context }) {
      console.log(code, context.problem);
    }`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  assert.equal(await nextLine(child), "Z211 it cannot be locked (EACCES)");
  rmSync(directory, { recursive: true });
});
