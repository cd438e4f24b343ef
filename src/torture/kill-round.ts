/**
 * kill -9 of the clinic's processes, the hub's, or both, at a random moment while
 * events are pushed on both sides and synced.
 *
 * kill -9 loses what a process had not handed to the kernel, not what the kernel had
 * not written: that takes a power cut.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { ChildProcess } from "node:child_process";
import type { Ran } from "./children.ts";
import { mustSucceed, type World } from "./world.ts";

export interface KillInput {
  readonly victims: "clinic" | "hub" | "both";
  /** The kill comes at once when it aborts. */
  readonly signal: AbortSignal;
}

/** How many processes were killed in hand: they had neither succeeded nor failed by themselves. */
export async function killRound(world: World, input: KillInput): Promise<number> {
  const { random, clinic, hub } = world;
  const atClinic: ChildProcess[] = [];
  const atHub: ChildProcess[] = [];
  const started = (list: ChildProcess[]) => ({
    onStart: (child: ChildProcess) => void list.push(child),
  });
  // Slow enough that a sync takes a while, and so can be hit.
  const pace = random.pick([[], ["--budget-kbps", "300"], ["--budget-kbps", "3000"]]);
  const running = Promise.all([
    world.push(clinic, world.batch(clinic, random.between(1, 300)), started(atClinic)),
    world.push(clinic, world.batch(clinic, 1), started(atClinic)),
    world.push(hub, world.batch(hub, random.between(1, 40)), started(atHub)),
    world.sync(started(atClinic), ["--timeout", "5s", ...pace]),
  ]);
  const afterMs = random.between(20, Math.round(2 * world.startMs) + 300);
  await sleep(afterMs, undefined, { signal: input.signal }).catch(() => undefined);
  if (input.victims !== "clinic") {
    await world.killHub();
    for (const child of atHub) child.kill("SIGKILL");
  }
  if (input.victims !== "hub") for (const child of atClinic) child.kill("SIGKILL");
  const [push, single, answer, sync] = await running;
  // Only a sync may fail by itself, when the other end is gone.
  for (const ran of [push, single, answer]) if (!isKilled(ran)) mustSucceed(ran);
  const hubCount = input.victims === "clinic" ? 0 : 1;
  return [push, single, answer, sync].filter(isKilled).length + hubCount;
}

function isKilled({ signal }: Ran): boolean {
  return signal === "SIGKILL";
}
