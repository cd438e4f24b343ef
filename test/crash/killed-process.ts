/**
 * A process that is killed at a call of its choice, in pretence: from that call on, nothing that
 * would change a file does so any more, and throws. Everything before it has happened, which is what
 * a kill -9 leaves. The call itself may have got half of its bytes across.
 *
 * What a power cut would take as well is judged by order: whether a file was synced before it got its
 * name, and the folder afterwards (`undurable`).
 *
 * Sees `node:fs` in all its three forms, and only what happens below one folder. One at a time.
 */
import assert from "node:assert/strict";
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { dirname, resolve } from "node:path";

export class Killed extends Error {
  constructor(call: string) {
    super(`killed at ${call}`);
  }
}

export interface KilledRun {
  /** Calls that change something or make it durable, in order, as "rename path". */
  readonly calls: readonly string[];
  /** Files that had another name before. */
  readonly temporaries: readonly string[];
  /** What a power cut after the last call could take away although the operation was over. */
  readonly undurable: readonly string[];
  /** Files that got their name before their bytes were synced. */
  readonly tooEarly: readonly string[];
  /** What the operation threw, if it did. */
  readonly error: unknown;
}

type Call = (...args: never[]) => unknown;
type Owner = Record<string, unknown>;

/** By name: which argument is a path or descriptor, and whether bytes follow it. */
const pathCalls = [
  "rename",
  "unlink",
  "rm",
  "mkdir",
  "rmdir",
  "chmod",
  "writeFile",
  "appendFile",
  "truncate",
];
const descriptorCalls = ["write", "writev", "ftruncate", "fsync", "fdatasync", "fchmod"];
const handleCalls = [
  "write",
  "writeFile",
  "appendFile",
  "writev",
  "truncate",
  "sync",
  "datasync",
  "chmod",
];
const syncs = new Set(["fsync", "fdatasync", "sync", "datasync"]);
const fills = new Set(["write", "writev", "writeFile", "appendFile", "truncate", "ftruncate"]);

class Watch {
  readonly calls: string[] = [];
  readonly temporaries: string[] = [];
  readonly tooEarly: string[] = [];
  private readonly root: string;
  private readonly killAt: number;
  private readonly isTorn: boolean;
  private readonly pathOf = new Map<number, string>();
  private readonly dirty = new Set<string>();
  private readonly unnamed = new Set<string>();

  constructor(root: string, killAt: number, isTorn: boolean) {
    this.root = root;
    this.killAt = killAt;
    this.isTorn = isTorn;
  }

  get undurable(): string[] {
    return [...this.dirty, ...this.unnamed].filter((path) => fs.existsSync(path));
  }

  /** Before a call: throws from the fatal one on. `tear` puts half of its bytes across. */
  pass(name: string, target: unknown, tear?: () => void): void {
    const path = typeof target === "number" ? this.pathOf.get(target) : resolve(String(target));
    if (path === undefined || !path.startsWith(this.root)) return;
    const call = `${name} ${path.slice(this.root.length + 1)}`;
    if (this.calls.length >= this.killAt) {
      if (this.calls.length === this.killAt && this.isTorn) tear?.();
      this.calls.push(call);
      throw new Killed(call);
    }
    this.calls.push(call);
    if (syncs.has(name)) this.synced(path);
    else if (fills.has(name)) this.dirty.add(path);
    else if (name === "mkdir") this.unnamed.add(path);
  }

  opened(descriptor: number, path: unknown, isNew: boolean): void {
    const whole = resolve(String(path));
    this.pathOf.set(descriptor, whole);
    if (isNew && whole.startsWith(this.root)) this.unnamed.add(whole);
  }

  renamed(from: unknown, to: unknown): void {
    const [before, after] = [resolve(String(from)), resolve(String(to))];
    if (!before.startsWith(this.root)) return;
    if (this.dirty.has(before)) this.tooEarly.push(after);
    if (fs.statSync(after).isFile()) this.temporaries.push(before);
    for (const set of [this.dirty, this.unnamed])
      for (const path of [...set]) {
        if (path !== before && !path.startsWith(`${before}/`)) continue;
        set.delete(path);
        if (set === this.dirty || path !== before) set.add(after + path.slice(before.length));
      }
    this.unnamed.add(after);
  }

  private synced(path: string): void {
    this.dirty.delete(path);
    for (const name of [...this.unnamed]) if (dirname(name) === path) this.unnamed.delete(name);
  }
}

const isWriting = (flags: unknown): boolean => typeof flags === "string" && !/^r$|^rs$/.test(flags);

/** Runs `action`, killed at call `killAt` of those below `root`. Whatever it throws is in the result. */
export async function runKilled(
  root: string,
  action: () => unknown,
  options: { readonly killAt?: number; readonly isTorn?: boolean } = {},
): Promise<KilledRun> {
  const { killAt = Number.POSITIVE_INFINITY, isTorn = false } = options;
  const watch = new Watch(resolve(root), killAt, isTorn);
  const restore = await install(watch);
  let error: unknown;
  try {
    await action();
  } catch (cause) {
    error = cause;
  } finally {
    restore();
  }
  const { calls, temporaries, undurable, tooEarly } = watch;
  return { calls, temporaries, undurable, tooEarly, error };
}

async function install(watch: Watch): Promise<() => void> {
  const undo: (() => void)[] = [];
  const replace = (owner: object, name: string, make: (real: Call) => Call): void => {
    const real = (owner as Owner)[name] as Call;
    assert.equal(typeof real, "function", `there is a call ${name}`);
    (owner as Owner)[name] = make(real);
    undo.push(() => {
      (owner as Owner)[name] = real;
    });
  };
  watchSync(watch, replace);
  watchPromises(watch, replace);
  await watchHandles(watch, replace);
  syncBuiltinESMExports();
  return () => {
    for (const step of undo.reverse()) step();
    syncBuiltinESMExports();
  };
}

type Replace = (owner: object, name: string, make: (real: Call) => Call) => void;

function half(bytes: unknown): Uint8Array {
  const whole = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
  return whole instanceof Uint8Array ? whole.subarray(0, whole.length >> 1) : new Uint8Array(0);
}

function watchSync(watch: Watch, replace: Replace): void {
  for (const name of [...pathCalls, ...descriptorCalls]) {
    if (`${name}Sync` in fs)
      replace(fs, `${name}Sync`, (real) => (...args: unknown[]) => {
        const [target, bytes, offset, length, position] = args;
        watch.pass(name, target, () => {
          if (name !== "write") return;
          const from = typeof offset === "number" ? offset : 0;
          const count = typeof length === "number" ? length >> 1 : half(bytes).length;
          const at = typeof position === "number" ? position : null;
          (real as unknown as typeof fs.writeSync)(
            target as number,
            bytes as Uint8Array,
            from,
            count,
            at,
          );
        });
        const result = real(...(args as never[]));
        if (name === "rename") watch.renamed(args[0], args[1]);
        return result;
      });
  }
  replace(fs, "openSync", (real) => (...args: unknown[]) => {
    const [path, flags] = args;
    const isNew = isWriting(flags) && !fs.existsSync(String(path));
    if (isWriting(flags)) watch.pass("open", path);
    const descriptor = real(...(args as never[])) as number;
    watch.opened(descriptor, path, isNew);
    return descriptor;
  });
  for (const name of ["fsync", "fdatasync"])
    replace(fs, name, (real) => (...args: unknown[]) => {
      try {
        watch.pass(name, args[0]);
      } catch (error) {
        const done = args[args.length - 1] as (error: unknown) => void;
        queueMicrotask(() => done(error));
        return;
      }
      real(...(args as never[]));
    });
}

function watchPromises(watch: Watch, replace: Replace): void {
  for (const name of pathCalls)
    if (name in promises)
      replace(promises, name, (real) => async (...args: unknown[]) => {
        watch.pass(name, args[0]);
        const result = await real(...(args as never[]));
        if (name === "rename") watch.renamed(args[0], args[1]);
        return result;
      });
  replace(promises, "open", (real) => async (...args: unknown[]) => {
    const [path, flags] = args;
    const isNew = isWriting(flags) && !fs.existsSync(String(path));
    if (isWriting(flags)) watch.pass("open", path);
    const handle = (await real(...(args as never[]))) as promises.FileHandle;
    watch.opened(handle.fd, path, isNew);
    return handle;
  });
}

async function watchHandles(watch: Watch, replace: Replace): Promise<void> {
  const handle = await promises.open("/dev/null", "r");
  const prototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const name of handleCalls)
    replace(
      prototype,
      name,
      (real) =>
        async function (this: promises.FileHandle, ...args: unknown[]) {
          watch.pass(name, this.fd, () => {
            if (name === "write" || name === "writeFile") fs.writeSync(this.fd, half(args[0]));
          });
          return real.apply(this, args as never[]);
        },
    );
}
