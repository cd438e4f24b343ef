/**
 * A hub and many clinics signed by it, and processes that drive them. Keys and
 * certificates take the time, so they are made once and kept in node_modules/.cache;
 * every run works on copies, whose logs are empty.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createNode, signNode } from "../src/engine/index.ts";
import { jsonLines, projectRoot } from "./command.ts";
import type { DrivenSync } from "./clinic-driver.ts";

const cacheDir = join(projectRoot, "node_modules", ".cache", "zamsync-clinics");
const driver = fileURLToPath(new URL("./clinic-driver.ts", import.meta.url));

export interface ManyClinics {
  readonly hub: string;
  readonly clinics: readonly string[];
}

/** Copies of a hub and its first `count` clinics below `dir`. */
export async function makeClinics(dir: string, count: number): Promise<ManyClinics> {
  const names = Array.from({ length: count }, (_, index) => `clinic_${index}`);
  await fillCache(names);
  mkdirSync(dir, { recursive: true });
  for (const name of ["hub", ...names])
    cpSync(join(cacheDir, name), join(dir, name), { recursive: true });
  return { hub: join(dir, "hub"), clinics: names.map((name) => join(dir, name)) };
}

/** A hub and `count` clinics of their own below `dir`: 15 ms of processor time each. */
export async function createClinics(dir: string, count: number): Promise<ManyClinics> {
  const hub = join(dir, "hub");
  await createNode({ dir: hub, isHub: true });
  const clinics = Array.from({ length: count }, (_, index) => join(dir, `clinic_${index}`));
  for (const clinic of clinics) await createClinic(hub, clinic);
  return { hub, clinics };
}

async function createClinic(hubDir: string, dir: string, nodeId?: string): Promise<void> {
  const { csrPath } = await createNode({ dir, nodeId });
  await signNode({ csrPath, hubDir, replace: true });
}

async function fillCache(names: readonly string[]): Promise<void> {
  const hub = join(cacheDir, "hub");
  if (!existsSync(hub)) await createNode({ dir: hub, isHub: true });
  for (const name of names) {
    const dir = join(cacheDir, name);
    if (existsSync(dir)) continue;
    // Made aside: an interrupted run leaves no half of a clinic.
    const aside = join(cacheDir, "making");
    rmSync(aside, { recursive: true, force: true });
    await createClinic(hub, aside, name);
    renameSync(aside, dir);
  }
}

/** A process that has its clinics open and waits for the word. */
export interface Driver {
  /** All sync at once; resolves when the last is done. */
  go(): Promise<readonly DrivenSync[]>;
  kill(): void;
}

export async function startDriver(
  clinics: readonly { readonly dir: string; readonly hub: string }[],
  env: Readonly<Record<string, string>> = {},
): Promise<Driver> {
  const args = clinics.flatMap(({ dir, hub }) => [hub, dir]);
  const child = spawn(process.execPath, [driver, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  let text = "";
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.startsWith("ready")) resolve();
    });
    child.once("close", () => reject(new Error("a driver of clinics ended early")));
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await ready;
  return {
    async go() {
      child.stdin.write("go\n");
      await ended;
      return jsonLines<DrivenSync>(text);
    },
    kill: () => child.kill("SIGKILL"),
  };
}
