/**
 * `npm run test:kill`: kill -9 of the clinic and of the hub at random moments, over
 * and over on the same two directories, while events are pushed and synced.
 *
 * Claims, checked after every round: each event whose push exited 0 is in the
 * clinic's log exactly once; nothing is there twice; seqs have no gaps; every
 * directory opens again without a complaint; the hub holds nothing that the clinic
 * does not hold, and everything that the clinic believes it holds. At the end, after
 * one undisturbed sync, both logs are equal and verify.
 *
 * kill -9 loses what a process had not handed to the kernel, not what the kernel had
 * not written: power cuts are the simulator's business.
 */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { connectNode, openNode } from "../src/engine/index.ts";
import type { AuditRow, NodeApi } from "../src/engine/api.ts";
import { createSeededRandom } from "../src/testing/seeded-random.ts";
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { digestOf, killAll, run, runOk, serve } from "./command.ts";
import type { Ran, Serving } from "./command.ts";
import { startLink } from "./link.ts";
import { drawUuid, seedFromEnvironment } from "./random.ts";
import { createStage } from "./stage.ts";

export interface KillLoopOptions {
  readonly rounds: number;
  readonly seed: number;
  /** Gets a line a round. */
  readonly onRound?: (line: string) => void;
}

export interface KillLoopResult {
  readonly rounds: number;
  readonly clinicKills: number;
  readonly hubKills: number;
  /** Kills that hit a command in the middle: it had neither succeeded nor failed by itself. */
  readonly commandsKilled: number;
  readonly acked: number;
  readonly stored: number;
}

/** A violated claim, with what is needed to repeat the run. */
export class ClaimBroken extends Error {}

interface World {
  readonly clinic: string;
  readonly hub: string;
  readonly random: SeededRandom;
  /** SHA-256 of payloads whose push exited 0. */
  readonly acked: Set<string>;
  serving: Serving;
  readonly hubBind: string;
}

function claim(holds: boolean, text: string): void {
  if (!holds) throw new ClaimBroken(text);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

export async function runKillLoop(options: KillLoopOptions): Promise<KillLoopResult> {
  const dir = await mkdtemp(join(tmpdir(), "zk-"));
  const random = createSeededRandom(options.seed);
  const clinic = join(dir, "clinic_a");
  const hub = join(dir, "hub");
  await Promise.all([runOk(["keygen", hub, "--hub"]), runOk(["keygen", clinic])]);
  await runOk(["sign", join(clinic, "tls", "node.csr"), "--ca", hub]);
  const serving = await serve([hub]);
  const world: World = {
    clinic,
    hub,
    random,
    acked: new Set(),
    serving,
    hubBind: serving.address,
  };
  // Slow enough that a sync takes a while, and so can be hit.
  const link = await startLink({
    to: { port: serving.port },
    delayMs: 20,
    rateBytesPerS: 150_000,
    seed: options.seed,
  });
  const counts = { clinicKills: 0, hubKills: 0, commandsKilled: 0, stored: 0 };
  try {
    for (let round = 1; round <= options.rounds; round++) {
      const victims = await playRound(world, link.address);
      counts.clinicKills += victims.clinic ? 1 : 0;
      counts.hubKills += victims.hub ? 1 : 0;
      counts.commandsKilled += victims.commandsKilled;
      if (victims.hub) world.serving = await serve([hub], { bind: world.hubBind });
      counts.stored = await checkRound(world, round);
      options.onRound?.(
        `round ${round}: ${describeVictims(victims)}, ${world.acked.size} acked, ${counts.stored} stored`,
      );
    }
    await checkEnd(world, link.address);
    await rm(dir, { recursive: true, force: true });
  } catch (error) {
    if (error instanceof ClaimBroken) error.message += ` (seed ${options.seed}, kept in ${dir})`;
    throw error;
  } finally {
    await world.serving.kill();
    await link.close();
  }
  return { rounds: options.rounds, ...counts, acked: world.acked.size };
}

interface Victims {
  readonly clinic: boolean;
  readonly hub: boolean;
  readonly commandsKilled: number;
}

function describeVictims({ clinic, hub, commandsKilled }: Victims): string {
  const who = [clinic ? "clinic" : "", hub ? "hub" : ""].filter((name) => name !== "");
  return `kill -9 ${who.join(" and ")} (${commandsKilled} commands in hand)`;
}

/** Starts pushes and a sync side by side, and kills one end or both at a random moment. */
async function playRound(world: World, address: string): Promise<Victims> {
  const { random, clinic } = world;
  const pids: number[] = [];
  const onStart = (child: { readonly pid?: number | undefined }) => {
    if (child.pid !== undefined) pids.push(child.pid);
  };
  const kills = random.pick(["clinic", "clinic", "hub", "both"]);
  const killAfterMs = random.between(100, 1500);
  const batches = [random.between(1, 300), 1];
  const pushes = batches.map((size) => pushBatch(world, size, onStart));
  const syncing = run(["sync", clinic, "--hub", address, "--timeout", "2s", "--json"], { onStart });
  const all = Promise.all([...pushes, syncing]);

  await new Promise((resolve) => setTimeout(resolve, killAfterMs));
  const isHubHit = kills !== "clinic";
  if (isHubHit) await world.serving.kill();
  if (kills !== "hub") for (const pid of pids) killQuietly(pid);
  const ran = await all;
  return {
    clinic: kills !== "hub",
    hub: isHubHit,
    commandsKilled: ran.filter(({ signal }) => signal === "SIGKILL").length,
  };
}

async function pushBatch(
  world: World,
  size: number,
  onStart: (child: { readonly pid?: number | undefined }) => void,
): Promise<Ran> {
  const payloads = Array.from({ length: size }, (_, n) =>
    JSON.stringify({ event: "visit", id: drawUuid(world.random), n }),
  );
  const ran = await run(["push", world.clinic, "--stdin", "--json"], {
    input: `${payloads.join("\n")}\n`,
    onStart,
  });
  if (ran.status === 0) for (const payload of payloads) world.acked.add(sha256(payload));
  else claim(ran.signal === "SIGKILL", `a push failed by itself: ${ran.stderr}`);
  return ran;
}

/** These are our own children; one that has ended by itself cannot be killed any more. */
function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // ended before
  }
}

async function rowsOf(node: NodeApi): Promise<readonly AuditRow[]> {
  const rows: AuditRow[] = [];
  for await (const row of node.audit({})) rows.push(row);
  return rows;
}

/** Opens what was killed and checks every claim; returns how many events the clinic holds. */
async function checkRound(world: World, round: number): Promise<number> {
  const clinic = await openNode({ dataDir: world.clinic });
  const hub = await connectNode({ dataDir: world.hub });
  try {
    const [atClinic, atHub] = [await rowsOf(clinic), await rowsOf(hub)];
    const status = await clinic.status();
    claim(status.damaged === 0, `round ${round}: ${status.damaged} damaged records`);
    claim(status.alarms.length === 0, `round ${round}: ${JSON.stringify(status.alarms)}`);
    claim(
      new Set(atClinic.map((row) => row.sha256)).size === atClinic.length,
      `round ${round}: an event is in the clinic's log twice`,
    );
    const held = new Set(atClinic.map((row) => row.sha256));
    const lost = [...world.acked].filter((hash) => !held.has(hash));
    claim(lost.length === 0, `round ${round}: ${lost.length} acknowledged events are lost`);
    const isContiguous = atClinic
      .map(({ seq }) => seq)
      .sort((a, b) => a - b)
      .every((seq, index) => seq === index + 1);
    claim(isContiguous, `round ${round}: seqs have gaps or repeats`);
    const clinicDigest = new Set(digestOf(atClinic));
    const hubDigest = digestOf(atHub);
    claim(new Set(hubDigest).size === hubDigest.length, `round ${round}: twice at the hub`);
    claim(
      hubDigest.every((row) => clinicDigest.has(row)),
      `round ${round}: the hub holds what the clinic has lost`,
    );
    claim(
      atClinic.length - status.pending <= atHub.length,
      `round ${round}: the clinic believes ${atClinic.length - status.pending} confirmed, the hub holds ${atHub.length}`,
    );
    return atClinic.length;
  } finally {
    await hub.close();
    await clinic.close();
  }
}

async function checkEnd(world: World, address: string): Promise<void> {
  await runOk(["sync", world.clinic, "--hub", address, "--json"]);
  const stored = await checkRound(world, -1);
  const hub = await connectNode({ dataDir: world.hub });
  const atHub = await rowsOf(hub).finally(() => hub.close());
  claim(atHub.length === stored, `at the end the hub holds ${atHub.length} of ${stored}`);
  for (const dir of [world.clinic, world.hub]) {
    const verified = await run(["audit", dir, "--verify", "--json"]);
    claim(verified.status === 0, `audit --verify: ${verified.stdout}${verified.stderr}`);
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { rounds: { type: "string", default: "100" }, seed: { type: "string" } },
  });
  const seed = Number(values.seed ?? seedFromEnvironment());
  const stage = createStage();
  stage.step(`Kill loop: ${values.rounds} rounds, seed ${seed}`);
  process.once("SIGINT", () => {
    killAll();
    process.exit(130);
  });
  const startMs = performance.now();
  try {
    const result = await runKillLoop({
      rounds: Number(values.rounds),
      seed,
      onRound: (line) => stage.live(line),
    });
    stage.check(
      "no acknowledged event lost, no duplicate, every reopen clean",
      true,
      `${result.rounds} rounds, ${result.clinicKills} kills of the clinic, ${result.hubKills} of the hub, ` +
        `${result.commandsKilled} commands killed in hand, ${result.acked} events acked, ${result.stored} stored, ` +
        `${Math.round((performance.now() - startMs) / 1000)} s`,
    );
  } catch (error) {
    stage.check(error instanceof Error ? error.message : String(error), false);
  } finally {
    killAll();
  }
  return stage.failures.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
