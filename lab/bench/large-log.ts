/**
 * What a log of 1,000,000 events costs: opening it against one of 1,000, reading a
 * hundred events from its middle, and the memory of a hub that has it open while five
 * clinics are connected.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openNode } from "../../src/engine/index.ts";
import { takeEvents } from "../clinic-events.ts";
import { run, runOk, serve, sourceEntry } from "../command.ts";
import { startLink } from "../link.ts";
import { grouped } from "../stage.ts";
import { bareNodeMiB, compilePackage, fillLog } from "./hub-process.ts";
import { bytesReadSoFar, median, residentMiB, timed } from "./machine.ts";
import type { BenchContext, Figure } from "./section.ts";

const mib = 1024 * 1024;
const clinicCount = 5;

interface OpenCost {
  readonly ms: number;
  readonly bytes: number;
}

/** Median time and bytes read of opening each directory, in turns, after a warm-up. */
async function openCosts(dirs: readonly string[]): Promise<readonly OpenCost[]> {
  const costs: OpenCost[][] = dirs.map(() => []);
  for (let turn = 0; turn < 21; turn++) {
    for (const [index, dir] of dirs.entries()) {
      const before = bytesReadSoFar();
      const { value: node, ms } = await timed(() => openNode({ dataDir: dir }));
      if (turn > 0) costs[index]?.push({ ms, bytes: bytesReadSoFar() - before });
      await node.close();
    }
  }
  return costs.map((each) => ({
    ms: median(each.map(({ ms }) => ms)),
    bytes: median(each.map(({ bytes }) => bytes)),
  }));
}

async function middleCost(dir: string, count: number): Promise<number> {
  const node = await openNode({ dataDir: dir });
  const [first] = await node.pull({ limit: 1 });
  // A cursor ends in the arrival ordinal, base 36 (src/engine/cursor.ts).
  const since = `${first?.cursor.split("-")[0]}-${Math.floor(count / 2).toString(36)}`;
  const before = bytesReadSoFar();
  const events = await node.pull({ since, limit: 100 });
  const bytes = bytesReadSoFar() - before;
  await node.close();
  if (events.length !== 100) throw new Error(`${events.length} events from the middle`);
  return bytes;
}

/** A hub with the log open, and five clinics that are held in the middle of a sync. */
async function hubMemory(context: BenchContext, hub: string): Promise<readonly Figure[]> {
  const { stage, scratch } = context;
  const entry = await compilePackage();
  const clinics = Array.from({ length: clinicCount }, (_, index) =>
    join(scratch, `clinic_${index}`),
  );
  for (const clinic of clinics) {
    await runOk(["keygen", clinic]);
    await runOk(["sign", join(clinic, "tls", "node.csr"), "--ca", hub]);
    const input = takeEvents("visit", 2000, 3)
      .map(({ payload }) => payload)
      .join("\n");
    await runOk(["push", clinic, "--stdin"], { input });
  }
  const bare = await bareNodeMiB();
  const serving = await serve([hub], { entry });
  const idle = residentMiB(serving.child.pid ?? 0);
  const links = await Promise.all(
    clinics.map(() =>
      startLink({ to: { port: serving.port }, delayMs: 50, rateBytesPerS: 20_000 }),
    ),
  );
  const syncs = clinics.map((clinic, index) =>
    run(["sync", clinic, "--hub", links[index]?.address ?? "", "--json"], { entry: sourceEntry }),
  );
  let peak = idle;
  const isInTransfer = () => links.every((link) => link.counters().upBytes > 12_000);
  for (let turn = 0; turn < 600 && !isInTransfer(); turn++) {
    await sleep(50);
    peak = Math.max(peak, residentMiB(serving.child.pid ?? 0));
  }
  const connected = links.filter((link) =>
    link.counters().connections.some((c) => c.ended === undefined),
  ).length;
  for (let turn = 0; turn < 20; turn++) {
    await sleep(50);
    peak = Math.max(peak, residentMiB(serving.child.pid ?? 0));
  }
  const ended = await Promise.all(syncs);
  peak = Math.max(peak, residentMiB(serving.child.pid ?? 0));
  for (const link of links) await link.close();
  await serving.stop();
  if (ended.some(({ status }) => status !== 0)) throw new Error("a clinic's sync failed");
  stage.note(
    `bare Node ${bare.toFixed(1)} MiB, hub with the log open ${idle.toFixed(1)} MiB, ` +
      `${connected} clinics in transfer ${peak.toFixed(1)} MiB at most`,
  );
  return [
    { name: "bare Node, MiB resident", value: bare },
    { name: "hub with that log open, MiB above bare Node", value: idle - bare },
    {
      name: `hub with ${connected} clinics in transfer, MiB above bare Node`,
      value: peak - bare,
      bound: { atMost: 40 },
    },
  ];
}

export async function largeLog(context: BenchContext): Promise<readonly Figure[]> {
  const { stage, scratch, scale } = context;
  const large = Math.round(1_000_000 * scale);
  const small = 1000;
  const hub = join(scratch, "hub");
  await runOk(["keygen", hub, "--hub"]);
  await runOk(["keygen", join(scratch, "small")]);
  const filled = await timed(() => fillLog(hub, large));
  stage.note(`${grouped(large)} events written in ${(filled.ms / 1000).toFixed(1)} s`);
  await fillLog(join(scratch, "small"), small);
  const [ofSmall, ofLarge] = await openCosts([join(scratch, "small"), hub]);
  if (ofSmall === undefined || ofLarge === undefined) throw new Error("nothing was opened");
  const middle = await middleCost(hub, large);
  return [
    { name: `open ${grouped(small)} events, ms`, value: ofSmall.ms },
    { name: `open ${grouped(large)} events, ms`, value: ofLarge.ms },
    {
      name: "open large / open small, times",
      value: ofLarge.ms / ofSmall.ms,
      bound: { atMost: 3 },
    },
    {
      name: `read to open ${grouped(large)} events, MiB`,
      value: ofLarge.bytes / mib,
      bound: { atMost: 2 },
    },
    { name: "read for 100 events from the middle, MiB", value: middle / mib, bound: { atMost: 1 } },
    ...(await hubMemory(context, hub)),
  ];
}
