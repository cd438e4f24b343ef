/**
 * `npm run edge:instructions`: instructions that the ARMv7 executable takes for a clinic's work,
 * counted under qemu, and the time that they are on a Raspberry Pi 3. Instructions do not depend on
 * how busy this machine is. The hub is the x86-64 executable. Prints a table in Markdown.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { takeEvents } from "../../lab/clinic-events.ts";
import { architectures } from "./architectures.ts";
import { withProgram } from "./build.ts";
import { startHub } from "./hub-process.ts";
import { assertTool, BuildError, run } from "./run.ts";

/** Raspberry Pi 3: four Cortex-A53 at 1.2 GHz, of which the engine uses one. */
const piHz = 1.2e9;
/**
 * Still an assumption. What is published is peaks and Dhrystone, neither of them an interpreter's
 * rate: two instructions a cycle at best (0.5 cycles each), and 2.3 DMIPS/MHz, commonly cited as
 * ARM's (systemonchips.com/?p=408, which says that no conditions are given).
 */
const cyclesPerInstruction = 1.5;

const folder = mkdtempSync(join(tmpdir(), "zamsync-instructions-"));
const plugin = join(folder, "instructions.so");
const countFile = join(folder, "count");
const arm = join(folder, "zamsync-edge-armv7");
const host = join(folder, "zamsync-edge");

interface Done {
  readonly stdout: string;
  readonly instructions: number;
}

async function finished(command: string, args: readonly string[], input = ""): Promise<string> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  let stdout = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString();
  });
  child.stdin.end(input);
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) throw new BuildError(`${args.join(" ")} ended with ${status}`);
  return stdout;
}

async function counted(args: readonly string[], input?: string): Promise<Done> {
  rmSync(countFile, { force: true });
  const counting = ["-plugin", `file=${plugin},out=${countFile}`, arm];
  const stdout = await finished("qemu-arm", [...counting, ...args], input);
  return { stdout, instructions: Number(readFileSync(countFile, "utf8")) };
}

interface Pair {
  readonly hub: string;
  readonly clinic: string;
}

async function makePair(): Promise<Pair> {
  const [hub, clinic] = [join(folder, "first", "hub"), join(folder, "first", "clinic_a")];
  const bundle = join(folder, "bundle");
  await finished(host, ["keygen", hub, "--hub"]);
  await finished(host, ["keygen", clinic]);
  await finished(host, ["sign", join(clinic, "tls", "node.csr"), "--ca", hub, "--out", bundle]);
  await finished(host, ["install", bundle, "--data-dir", clinic]);
  return { hub, clinic };
}

function copyOf(pair: Pair, name: string): Pair {
  const copy = { hub: join(folder, name, "hub"), clinic: join(folder, name, "clinic_a") };
  cpSync(pair.hub, copy.hub, { recursive: true });
  cpSync(pair.clinic, copy.clinic, { recursive: true });
  return copy;
}

/** Serves the hub while `act` runs. */
async function withHub<T>(dir: string, act: (address: string) => Promise<T>): Promise<T> {
  const hub = await startHub([host], dir);
  try {
    return await act(hub.address);
  } finally {
    await hub.stop();
  }
}

function synced({ hub, clinic }: Pair, ...flags: readonly string[]): Promise<Done> {
  return withHub(hub, (address) => counted(["sync", clinic, "--hub", address, "--json", ...flags]));
}

const bytesSentBy = ({ stdout }: Done): number =>
  (JSON.parse(stdout) as { readonly bytesSent: number }).bytesSent;

const piSeconds = (instructions: number): number => (instructions * cyclesPerInstruction) / piHz;

function row(what: string, instructions: number, rate = ""): void {
  const millions = Math.round(instructions / 1e6).toLocaleString("en");
  console.log(`| ${what} | ${millions} million | ${piSeconds(instructions).toFixed(2)} s${rate} |`);
}

async function measure(): Promise<void> {
  const visits = takeEvents("visit", 1000, 1)
    .map(({ payload }) => `${payload}\n`)
    .join("");
  console.log("| | instructions | a Pi 3 |\n| --- | --- | --- |");
  const first = await makePair();
  // Known to each other, and with a ticket: what a first contact costs comes once.
  await withHub(first.hub, (address) => finished(host, ["sync", first.clinic, "--hub", address]));
  const one = copyOf(first, "one");
  const pushedOne = await counted(["push", one.clinic, "--payload", '{"pulse":72}']);
  row("push of one event, from the start of the process", pushedOne.instructions);
  const nothing = await synced(copyOf(first, "nothing"));
  const pushed = await counted(["push", first.clinic, "--stdin", "--quiet"], visits);
  row(`push of 1,000 visits (${Math.round(visits.length / 1000)} KB)`, pushed.instructions);
  row("sync with nothing to send, TLS resumed", nothing.instructions);
  for (const codec of ["zstd", "tokens", "mix"]) {
    const pair = copyOf(first, codec);
    const done = await synced(pair, "--codec", codec);
    const cost = done.instructions - nothing.instructions;
    const kilobytes = (bytesSentBy(done) - bytesSentBy(nothing)) / 1000;
    row(
      `1,000 visits by ${codec} (${kilobytes.toFixed(0)} KB on the wire), without that`,
      cost,
      `: ${(kilobytes / piSeconds(cost)).toFixed(0)} KB/s of wire`,
    );
    await finished(host, ["push", pair.clinic, "--payload", '{"pulse":72}']);
    const again = await synced(pair, "--codec", codec);
    const priming = again.instructions - nothing.instructions;
    row(`one more event after them by ${codec}, priming and all, without that`, priming);
  }
}

try {
  assertTool("qemu-arm", "qemu-user");
  const { armv7, x86_64 } = architectures;
  if (armv7 === undefined || x86_64 === undefined) throw new BuildError("a build is missing");
  await run("gcc", [
    ...["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", plugin],
    fileURLToPath(new URL("instructions.c", import.meta.url)),
  ]);
  await withProgram(armv7, ({ path }) => copyFileSync(path, arm));
  await withProgram(x86_64, ({ path }) => copyFileSync(path, host));
  await measure();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`edge:instructions: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
