/**
 * A real file system of a few megabytes, for disks that are full, full in part, or pulled out:
 * a tmpfs, mounted at a folder of its own until the test ends. Only root may mount; elsewhere
 * the tests that need it are skipped by name.
 */
import { spawnSync } from "node:child_process";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  rmdirSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface SmallDisk {
  readonly dir: string;
  resize(sizeBytes: number): void;
  /** Takes up all the room but this much, by a file of others. */
  fill(leftBytes?: number): void;
  /** That file goes. */
  free(): void;
  /** Takes it away, also from under processes that use it; the empty folder below shows. */
  pullOut(): void;
}

function mount(...args: readonly string[]): boolean {
  return spawnSync("mount", ["-t", "tmpfs", ...args], { stdio: "ignore" }).status === 0;
}

function unmount(dir: string): void {
  spawnSync("umount", ["--lazy", dir], { stdio: "ignore" });
}

function canMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const dir = mkdtempSync(join(tmpdir(), "zs-mount-"));
  const isPossible = mount("-o", "size=64k", "tmpfs", dir);
  if (isPossible) unmount(dir);
  rmdirSync(dir);
  return isPossible;
}

/** For the `skip` option of a test. */
export const skipWithoutMount: string | false = canMount() ? false : "needs root, to mount a tmpfs";

export function mountSmallDisk(t: TestContext, sizeBytes: number): SmallDisk {
  const dir = mkdtempSync(join(tmpdir(), "zs-disk-"));
  if (!mount("-o", `size=${sizeBytes}`, "tmpfs", dir)) throw new Error(`cannot mount ${dir}`);
  const ballast = join(dir, "ballast");
  const pullOut = () => unmount(dir);
  t.after(() => {
    pullOut();
    rmSync(dir, { recursive: true, force: true });
  });
  return {
    dir,
    resize(bytes) {
      mount("-o", `remount,size=${bytes}`, "tmpfs", dir);
    },
    fill: (leftBytes = 0) => fillUp(dir, ballast, leftBytes),
    free: () => rmSync(ballast, { force: true }),
    pullOut,
  };
}

function fillUp(dir: string, ballast: string, leftBytes: number): void {
  const page = Buffer.alloc(4096);
  const file = openSync(ballast, "a");
  try {
    for (;;) writeSync(file, page);
  } catch (error) {
    if (Reflect.get(Object(error), "code") !== "ENOSPC") throw error;
  }
  if (leftBytes > 0) ftruncateSync(file, Math.max(0, fstatSync(file).size - leftBytes));
  closeSync(file);
  const { bavail, bsize } = statfsSync(dir);
  if (bavail * bsize > leftBytes) throw new Error(`${bavail * bsize} bytes are still free`);
}
