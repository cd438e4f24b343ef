/**
 * A disk that is full for one node's process, without filling anybody's disk: the
 * shell's `ulimit -f` ends every file at a size just above the log's, at any byte
 * of a record, and the kernel refuses the rest (EFBIG, which the log treats as
 * ENOSPC). Other processes and other files of the device are not touched.
 *
 * Claims: what does not fit is refused with Z204, never acknowledged; once the limit
 * is gone the same pushes go through and every event is there once.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, errorOf, type Ran, type RunOptions } from "./children.ts";
import type { World } from "./world.ts";

/** POSIX counts `ulimit -f` in blocks of this size; some shells count twice as much, which does no harm. */
const blockBytes = 512;
const diskFull = "Z204";
/** The file that is being written may have far to go to the size of the largest one. */
const batchesMax = 12;

/** How many commands met the full disk. */
export async function fullRound(world: World, victim: "clinic" | "hub"): Promise<number> {
  const { random } = world;
  const options = await limitedOptions(world, victim);
  if (victim === "clinic") {
    for (let batches = 0; batches < batchesMax; batches++) {
      if (isRefused(await world.push(world.clinic, largeBatch(world), options))) return 1;
    }
    return 0;
  }
  await world.push(world.clinic, largeBatch(world));
  await world.killHub();
  await world.startHub(options);
  let isFull = false;
  for (let batches = 0; batches < batchesMax && !isFull; batches++) {
    if (batches > 0) await world.push(world.clinic, largeBatch(world));
    const ran = await world.sync({}, ["--timeout", random.pick(["2s", "4s"])]);
    isFull = ran.status !== 0;
  }
  await world.restartHub();
  return isFull ? 1 : 0;
}

/** More than the limit leaves room for, however the shell counts, when the largest file is the one being written. */
function largeBatch(world: World) {
  return world.batch(world.clinic, world.random.between(1200, 1600));
}

async function limitedOptions(
  world: World,
  victim: "clinic" | "hub",
): Promise<Partial<RunOptions>> {
  const log = join(world[victim].dir, "log");
  const names = (await readdir(log)).filter((name) => name.endsWith(".seg"));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(log, name))).size));
  const limit = Math.max(...sizes) + world.random.between(0, 30_000);
  const blocks = Math.ceil(limit / blockBytes);
  return {
    wrapper: ["/bin/sh", "-c", `ulimit -f ${blocks} && exec "$@"`, "sh"],
    // Node would cut its own cache of compiled sources short.
    env: { NODE_DISABLE_COMPILE_CACHE: "1" },
  };
}

function isRefused(ran: Ran): boolean {
  if (ran.status === 0) return false;
  if (errorOf(ran)?.code === diskFull) return true;
  throw new Error(`a push on a full disk ended otherwise: ${describe(ran)}`);
}
