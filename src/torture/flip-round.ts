/**
 * Bits that rot in one node's log while nothing runs, and healing from the peer.
 *
 * Both sides hold everything before, because what only the rotten log held cannot
 * come back from anywhere. Claims: `doctor` sees the damage, two syncs heal it,
 * and both logs re-read whole afterwards.
 */
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { examine, openNode } from "../engine/index.ts";
import type { SeededRandom } from "../testing/seeded-random.ts";
import type { TorturedNode, World } from "./world.ts";

export interface FlipOutcome {
  readonly flippedBits: number;
  /** Records that could not be read any more, and came back. */
  readonly healedRecords: number;
}

/** Damage at one side may only show the other what it lacks: the second sync brings it. */
const syncsToHeal = 2;

export async function flipRound(world: World, victim: "clinic" | "hub"): Promise<FlipOutcome> {
  const node = world[victim];
  await world.push(world.clinic, world.batch(world.clinic, world.random.between(1, 200)));
  await world.push(world.hub, world.batch(world.hub, world.random.between(1, 40)));
  await world.pushAgain();
  await world.syncFully();
  await world.stopHub();
  const before = await findingsOf(node);
  const flips = await flipBits(join(node.dir, "log"), world.random);
  const after = await findingsOf(node);
  if (after.every((finding) => before.includes(finding)))
    throw new Error(`doctor does not see a bit flipped at ${flips.join(", ")}`);
  const damaged = await openDamaged(node);
  await world.startHub();
  for (let times = 0; times < syncsToHeal; times++) await world.syncFully();
  await clearAlarms(world, victim);
  await world.check({ isSettled: true });
  await world.verify();
  return { flippedBits: flips.length, healedRecords: damaged };
}

async function findingsOf({ dir }: TorturedNode): Promise<readonly string[]> {
  const { findings } = await examine({ dataDir: dir });
  return findings.map(({ code, message }) => `${code} ${message}`);
}

/** Names the flipped bytes. */
async function flipBits(log: string, random: SeededRandom): Promise<readonly string[]> {
  const names = (await readdir(log)).filter((name) => name.endsWith(".seg")).sort();
  const flips: string[] = [];
  for (let count = random.between(1, 3); count > 0; count--) {
    const name = random.pick(names);
    const file = await open(join(log, name), "r+");
    try {
      const { size } = await file.stat();
      if (size === 0) continue;
      const at = random.below(size);
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, at);
      byte[0] = (byte[0] ?? 0) ^ (1 << random.below(8));
      await file.write(byte, 0, 1, at);
      await file.sync();
      flips.push(`${name}:${at}`);
    } finally {
      await file.close();
    }
  }
  return flips;
}

/** Opening sets damage aside; how many records that cost. */
async function openDamaged({ dir }: TorturedNode): Promise<number> {
  const node = await openNode({ dataDir: dir });
  try {
    return (await node.status()).damaged;
  } finally {
    await node.close();
  }
}

/** Alarms that the damage raised are what a person would clear after the sync. */
async function clearAlarms(world: World, victim: "clinic" | "hub"): Promise<void> {
  const { dir } = world[victim];
  if (victim === "hub") await world.stopHub();
  const node = await openNode({ dataDir: dir });
  try {
    for (const { id, code } of (await node.status()).alarms)
      if (id !== code) await node.acknowledge(id);
  } finally {
    await node.close();
  }
  if (victim === "hub") await world.startHub();
}
