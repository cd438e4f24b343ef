/**
 * Load: a thousand clinics, each with its own certificate and ten events, come to one
 * hub process in the same moment. All must be done within a minute, none refused. And
 * what a connection costs the hub that waits for a place, its certificate shown.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "node:tls";
import type { TLSSocket } from "node:tls";
import { openNode } from "../../src/engine/index.ts";
import { takeEvents } from "../clinic-events.ts";
import { serve } from "../command.ts";
import { grouped } from "../stage.ts";
import { median, processorMs, residentMiB, timed } from "./machine.ts";
import type { ReportLine } from "../command.ts";
import type { DrivenSync } from "../clinic-driver.ts";
import { makeClinics, startDriver } from "../many-clinics.ts";
import type { BenchContext, Figure } from "./section.ts";

const driverCount = 4;
const eventsEach = 10;

export async function pushEach(
  dirs: readonly string[],
  count: number,
  seed: number,
): Promise<void> {
  for (const [index, dataDir] of dirs.entries()) {
    const node = await openNode({ dataDir });
    const events = takeEvents("visit", count, seed + index);
    await node.push(events.map(({ type, payload }) => ({ type, payload: Buffer.from(payload) })));
    await node.close();
  }
}

interface Rush {
  readonly syncs: readonly DrivenSync[];
  readonly ms: number;
  readonly hubProcessorMs: number;
  readonly hubPeakMiB: number;
  readonly reports: readonly ReportLine[];
}

async function rush(hub: string, clinics: readonly string[]): Promise<Rush> {
  const serving = await serve([hub]);
  const pid = serving.child.pid ?? 0;
  const drivers = await Promise.all(
    Array.from({ length: driverCount }, (_, index) =>
      startDriver(
        clinics
          .filter((__, at) => at % driverCount === index)
          .map((dir) => ({ dir, hub: serving.address })),
      ),
    ),
  );
  const idle = { miB: residentMiB(pid), ms: processorMs(pid) };
  let peakMiB = idle.miB;
  const watch = setInterval(() => {
    peakMiB = Math.max(peakMiB, residentMiB(pid));
  }, 50);
  const { value, ms } = await timed(() => Promise.all(drivers.map((driver) => driver.go())));
  clearInterval(watch);
  const hubProcessorMs = processorMs(pid) - idle.ms;
  await serving.stop();
  const reports = serving.reports();
  return { syncs: value.flat(), ms, hubProcessorMs, hubPeakMiB: peakMiB - idle.miB, reports };
}

/** KiB of the hub for each of many connections that have shown their certificates and wait. */
async function waitingKiB(hub: string, clinics: readonly string[]): Promise<number> {
  const serving = await serve([hub, "--max-peers", "1"]);
  const pid = serving.child.pid ?? 0;
  const before = residentMiB(pid);
  const sockets: TLSSocket[] = [];
  for (const dir of clinics) {
    const file = (name: string) => readFileSync(join(dir, "tls", name));
    const socket = connect({
      ...{ host: "127.0.0.1", port: serving.port, minVersion: "TLSv1.3" },
      ...{ key: file("node.key"), cert: file("node.crt"), ca: file("ca.crt") },
      checkServerIdentity: () => undefined,
    });
    socket.on("error", () => undefined);
    await once(socket, "secureConnect");
    // As long as a HELLO. Whoever has no place is not read.
    socket.write(Buffer.alloc(200));
    sockets.push(socket);
  }
  await sleep(500);
  const after = residentMiB(pid);
  for (const socket of sockets) socket.destroy();
  await serving.stop();
  return ((after - before) * 1024) / clinics.length;
}

export async function load(context: BenchContext): Promise<readonly Figure[]> {
  const { scratch, stage, scale } = context;
  const count = Math.round(1000 * scale);
  const made = await timed(() => makeClinics(join(scratch, "load"), count));
  stage.note(`${grouped(count)} clinics with certificates: ${(made.ms / 1000).toFixed(1)} s`);
  const { hub, clinics } = made.value;
  await pushEach(clinics, eventsEach, 1);
  const waiting = await waitingKiB(hub, clinics.slice(0, 500));
  const { syncs, ms, hubProcessorMs, hubPeakMiB, reports } = await rush(hub, clinics);
  const failed = syncs.filter(
    ({ isComplete, confirmed }) => !isComplete || confirmed !== eventsEach,
  );
  for (const { clinic, error } of failed.slice(0, 3))
    stage.note(`${clinic}: ${error ?? "incomplete"}`);
  for (const { code, message } of reports.slice(0, 3)) stage.note(`the hub: ${code} ${message}`);
  const times = syncs.map(({ durationMs }) => durationMs);
  return [
    { name: "clinics done", value: syncs.length - failed.length, bound: { atLeast: count } },
    { name: "all within, s", value: ms / 1000, bound: { atMost: 60 } },
    { name: "a clinic's own time, median, ms", value: median(times) },
    { name: "the slowest, ms", value: Math.max(...times) },
    { name: "hub's processor time for one, ms", value: hubProcessorMs / count },
    {
      name: "connections beyond the first of each clinic",
      value: syncs.reduce((sum, { attempts }) => sum + attempts - 1, 0),
      bound: { atMost: 0 },
    },
    { name: "refused or let go by the hub", value: reports.length, bound: { atMost: 0 } },
    { name: "a waiting connection, KiB of the hub", value: waiting, bound: { atMost: 200 } },
    { name: "hub at its peak above idle, MiB", value: hubPeakMiB },
  ];
}
