/**
 * Kills an operation on files (file-operations.ts) at its calls, one after another, checks what is
 * left, runs it again to its end, and verifies. In every other one the call got half of its bytes
 * across; in every third the repetition is killed as well.
 */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { FileOperation } from "./file-operations.ts";
import { Killed, type KilledRun, runKilled } from "./killed-process.ts";

export interface FilesCovered {
  readonly operation: string;
  readonly calls: number;
  readonly kills: number;
  /** Kills in the repetition. */
  readonly again: number;
  /** Temporary files that lay there already, with nonsense in them. */
  readonly stale: number;
}

/** At every call, or at about `killsMax` of them, beginning where the seed says. */
export async function enumerateFiles(
  operation: FileOperation,
  options: { readonly killsMax?: number; readonly seed: number },
): Promise<FilesCovered> {
  const scratch = mkdtempSync(join(tmpdir(), "zs-kill-"));
  try {
    const image = join(scratch, "image");
    mkdirSync(image);
    await operation.prepare(image);
    const whole = await onCopy(scratch, image, "whole", async (root) => {
      const run = await runKilled(root, () => operation.run(root));
      assert.equal(run.error, undefined);
      assertDurable(operation, run);
      await operation.verify(root);
      return run;
    });
    const stale = await withStale(scratch, image, operation, whole);
    let kills = 0;
    let again = 0;
    const { killsMax = whole.calls.length, seed } = options;
    const stride = Math.ceil(whole.calls.length / killsMax);
    for (let at = seed % stride; at < whole.calls.length; at += stride) {
      const label = `${operation.name}: killed at ${at} (${whole.calls[at]})`;
      try {
        again += await onCopy(scratch, image, `at-${at}`, (root) => killedAt(root, operation, at));
      } catch (error) {
        throw new Error(label, { cause: error });
      }
      kills++;
    }
    return { operation: operation.name, calls: whole.calls.length, kills, again, stale };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Returns how often the repetition was killed too. */
async function killedAt(root: string, operation: FileOperation, at: number): Promise<number> {
  const killed = await runKilled(root, () => operation.run(root), {
    killAt: at,
    isTorn: at % 2 === 1,
  });
  assert.ok(killed.calls.length > at, "it got as far");
  await operation.check(root);
  let again = 0;
  if (at % 3 === 0) {
    const next = await runKilled(root, () => operation.run(root), { killAt: at % 7 });
    if (next.error instanceof Killed || next.calls.length > at % 7) again = 1;
    await operation.check(root);
  }
  await operation.run(root);
  await operation.verify(root);
  return again;
}

/** Files of the same temporary names, left by something else: never believed, and in nobody's way. */
async function withStale(
  scratch: string,
  image: string,
  operation: FileOperation,
  whole: KilledRun,
): Promise<number> {
  return onCopy(scratch, image, "stale", async (root) => {
    const foreign = whole.temporaries.filter((path) => operation.isOwnOnly?.(path) !== true);
    const names = new Set(foreign.map((path) => path.slice(join(scratch, "whole").length)));
    for (const name of names) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), "what somebody else left here");
    }
    await operation.run(root);
    await operation.verify(root);
    return names.size;
  });
}

/** The log's reserve holds nothing, and is made again at an opening that misses it. */
function assertDurable(operation: FileOperation, { undurable, tooEarly }: KilledRun): void {
  assert.deepEqual(tooEarly, [], `${operation.name}: synced before it gets its name`);
  const owed = undurable.filter((path) => !path.endsWith("/log/reserve"));
  assert.deepEqual(owed, [], `${operation.name}: durable when it returns`);
}

async function onCopy<T>(
  scratch: string,
  image: string,
  name: string,
  work: (root: string) => Promise<T>,
): Promise<T> {
  const root = join(scratch, name);
  cpSync(image, root, { recursive: true });
  try {
    return await work(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
