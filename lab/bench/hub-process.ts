/** What the benchmarks of a hub's process share: the published package, a large log, bare Node. */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { buildPage } from "../../scripts/dashboard-page.ts";
import { openNode } from "../../src/engine/index.ts";
import { takeEvents, clinicEvents } from "../clinic-events.ts";
import { projectRoot } from "../command.ts";
import { residentMiB } from "./machine.ts";

const batch = 5000;

export async function fillLog(dir: string, count: number): Promise<void> {
  const node = await openNode({ dataDir: dir });
  const supply = clinicEvents("visit", 8);
  for (let done = 0; done < count; done += batch) {
    const events = takeEvents(supply, Math.min(batch, count - done));
    await node.push(
      // Half a visit: the figures are about numbers of events and not about their size.
      events.map(({ type, payload }) => ({ type, payload: Buffer.from(payload.slice(0, 200)) })),
    );
  }
  await node.close();
}

/** The package as it is published: compiled, run without type stripping. */
export async function compilePackage(): Promise<string> {
  const dir = join(projectRoot, "node_modules", ".cache", "zamsync-bench");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  cpSync(join(projectRoot, "package.json"), join(dir, "package.json"));
  cpSync(join(projectRoot, "bin"), join(dir, "bin"), { recursive: true });
  const built = spawnSync(
    process.execPath,
    [
      join(projectRoot, "node_modules", "ts7", "bin", "tsc"),
      ...["-p", join(projectRoot, "tsconfig.build.json"), "--outDir", join(dir, "dist")],
    ],
    { encoding: "utf8" },
  );
  const entry = join(dir, "bin", "zamsync.js");
  if (!existsSync(join(dir, "dist", "cli", "main.js")))
    throw new Error(`tsc: ${built.stdout}${built.stderr}`);
  writeFileSync(join(dir, "dist", "hub", "dashboard", "page.html"), await buildPage());
  return entry;
}

/** Resident memory of a Node that does nothing. */
export async function bareNodeMiB(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  await sleep(1000);
  const resident = residentMiB(child.pid ?? 0);
  child.kill();
  return resident;
}
