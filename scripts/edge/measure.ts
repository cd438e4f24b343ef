/**
 * `npm run edge:measure`: what the small device takes, beside Node for the same work.
 * Memory is the kernel's: the peak resident set of the whole process (wait4, VmHWM).
 * `--quick` leaves out the million events. Prints a table in Markdown.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { takeEvents } from "../../lab/clinic-events.ts";
import { architectures } from "./architectures.ts";
import { withProgram } from "./build.ts";
import { startHub } from "./hub-process.ts";
import { BuildError, run } from "./run.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "zamsync-measure-"));
const peakTool = join(folder, "peak");
const peakFile = join(folder, "peak.out");

type Kind = "edge" | "node";
const edgePath = join(folder, "zamsync-edge");

const nodeMain = join(root, "src", "cli", "main.ts");
/** Node with the small device's codecs, window and tables. */
const smallNode = ["--import", join(root, "test", "edge", "small-node.ts"), nodeMain];

function commandOf(kind: Kind): readonly string[] {
  return kind === "edge" ? [edgePath] : [process.execPath, nodeMain];
}

interface Measured {
  readonly stdout: string;
  readonly peakKiB: number;
  readonly ms: number;
}

/** Runs one command to its end, which must be a good one. */
function measured(kind: Kind, args: readonly string[], input?: string): Promise<Measured> {
  return measuredAs(commandOf(kind), args, input);
}

async function measuredAs(
  command: readonly string[],
  args: readonly string[],
  input?: string,
): Promise<Measured> {
  const child = spawn(peakTool, [peakFile, ...command, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  let stdout = "";
  child.stdout.on("data", (text: Buffer) => {
    stdout += text.toString();
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(input ?? "");
  const [status] = (await once(child, "close")) as [number];
  if (status !== 0) throw new BuildError(`${command[0]} ${args.join(" ")} ended with ${status}`);
  const [peakKiB = 0, ms = 0] = readFileSync(peakFile, "utf8").trim().split(" ").map(Number);
  return { stdout, peakKiB, ms };
}

async function makeHub(name: string): Promise<string> {
  const dir = join(folder, name, "hub");
  await measured("node", ["keygen", dir, "--hub"]);
  return dir;
}

async function makeClinic(hub: string, id: string): Promise<string> {
  const dir = join(hub, "..", id);
  const bundle = `${dir}.bundle`;
  await measured("edge", ["keygen", dir]);
  await measured("edge", ["sign", join(dir, "tls", "node.csr"), "--ca", hub, "--out", bundle]);
  await measured("edge", ["install", bundle, "--data-dir", dir]);
  return dir;
}

interface Synced {
  readonly bytesSent: number;
}

function summaryOf({ stdout }: Measured): Synced {
  return JSON.parse(stdout) as Synced;
}

const mib = (kib: number): string => `${(kib / 1024).toFixed(1)} MB`;
const rows: (readonly string[])[] = [];

function row(what: string, edge: string, node: string, must: string): void {
  rows.push([what, edge, node, must]);
  console.error(`${what}: ${edge}${node === "" ? "" : `, Node ${node}`} (must: ${must})`);
}

function visits(count: number, seed = 1): string {
  return takeEvents("visit", count, seed)
    .map(({ payload }) => `${payload}\n`)
    .join("");
}

async function clinicOf1000(): Promise<void> {
  const pushed: Partial<Record<Kind, number>> = {};
  const synced: Partial<Record<Kind, number>> = {};
  const lines = visits(1000);
  for (const kind of ["edge", "node"] as const) {
    const hub = await makeHub(`clinic-${kind}`);
    const clinic = await makeClinic(hub, "clinic_a");
    pushed[kind] = (await measured(kind, ["push", clinic, "--stdin"], lines)).peakKiB;
    const server = await startHub(commandOf("node"), hub);
    const done = await measured(kind, ["sync", clinic, "--hub", server.address, "--json"]);
    synced[kind] = done.peakKiB;
    await server.stop();
  }
  const peak = (kind: Kind): string => mib(Math.max(pushed[kind] ?? 0, synced[kind] ?? 0));
  row("clinic: 1,000 visits pushed, synced; peak RSS", peak("edge"), peak("node"), "4.2 MB");
}

type Sender = "edge" | "small";

/**
 * To a hub that is known, by resumed TLS: neither what a first contact sends before the hub has said what it
 * reads nor Node's ML-KEM is a matter of the codec. All events are pushed before the sync.
 */
async function wireBytes(): Promise<void> {
  const senders: Readonly<Record<Sender, readonly string[]>> = {
    edge: [edgePath],
    small: [process.execPath, ...smallNode],
  };
  const hub = await makeHub("wire");
  await makeClinic(hub, "clinic_a");
  const first = join(hub, "..");
  for (const codec of ["zstd", "tokens", "mix"]) {
    const sent: Record<Sender, number[]> = { edge: [], small: [] };
    for (let at = 0; at < 3; at++)
      for (const sender of ["edge", "small"] as const) {
        const base = join(folder, `wire-${codec}-${sender}-${at}`);
        cpSync(first, base, { recursive: true });
        const clinic = join(base, "clinic_a");
        const server = await startHub(commandOf("edge"), join(base, "hub"));
        const sync = ["sync", clinic, "--hub", server.address, "--codec", codec, "--json"];
        await measuredAs(senders[sender], sync);
        await measured("edge", ["push", clinic, "--stdin"], visits(1000));
        sent[sender].push(summaryOf(await measuredAs(senders[sender], sync)).bytesSent);
        await server.stop();
      }
    wireRow(codec, sent);
  }
}

function wireRow(codec: string, sent: Readonly<Record<Sender, readonly number[]>>): void {
  const median = (of: readonly number[]): number => of.toSorted((a, b) => a - b)[1] ?? 0;
  const [edge, node] = [median(sent.edge), median(sent.small)];
  const percent = (100 * (edge - node)) / node;
  const ratio = `${percent < 0 ? "−" : "+"}${Math.abs(percent).toFixed(1)} %`;
  const verdict = Math.abs(percent) > 2 ? `${ratio}: beyond 2 %` : ratio;
  const count = (of: number): string => of.toLocaleString("en");
  console.error(`  edge ${sent.edge.join(", ")}; Node ${sent.small.join(", ")}`);
  row(
    `bytes up, 1,000 visits by ${codec}, median of 3; Node with the device's window and tables`,
    `${count(edge)} (${verdict})`,
    count(node),
    "within 2 %",
  );
}

async function hubOf5(): Promise<void> {
  const peak: Partial<Record<Kind, string>> = {};
  for (const kind of ["edge", "node"] as const) {
    const hub = await makeHub(`five-${kind}`);
    const clinics: string[] = [];
    for (let at = 0; at < 5; at++) {
      const clinic = await makeClinic(hub, `clinic_${at}`);
      await measured("edge", ["push", clinic, "--stdin"], visits(1000, at + 1));
      clinics.push(clinic);
    }
    const server = await startHub(commandOf(kind), hub);
    const [command = "", ...before] = commandOf("node");
    await Promise.all(
      clinics.map((clinic) =>
        run(command, [...before, "sync", clinic, "--hub", server.address, "--json"]),
      ),
    );
    peak[kind] = mib(server.memory("VmHWM"));
    await server.stop();
  }
  row("hub: 5 clinics at once, 5,000 visits; peak RSS", peak.edge ?? "", peak.node ?? "", "7.8 MB");
}

async function hubOf64(): Promise<void> {
  const hub = await makeHub("idle");
  const server = await startHub(commandOf("edge"), hub);
  const children = [];
  for (let at = 0; at < 64; at++) {
    const clinic = await makeClinic(hub, `clinic_${at}`);
    const child = spawn(edgePath, ["daemon", clinic, "--hub", server.address, "--json"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    children.push(child);
  }
  await new Promise((resolve) => setTimeout(resolve, 2000));
  row("hub: 64 connected clinics, idle; RSS", mib(server.memory("VmRSS")), "", "12 MB");
  for (const child of children) child.kill("SIGTERM");
  await Promise.all(children.map((child) => once(child, "close")));
  await server.stop();
}

async function coldStart(): Promise<void> {
  const best = async (kind: Kind, dir: string): Promise<number> => {
    const times: number[] = [];
    for (let at = 0; at < 20; at++)
      times.push((await measured(kind, ["push", dir, "--payload", '{"pulse":72}'])).ms);
    times.sort((a, b) => a - b);
    return times[10] ?? 0;
  };
  const dir = join(folder, "cold", "clinic_a");
  await measured("edge", ["keygen", dir]);
  const edge = await best("edge", dir);
  const node = await best("node", dir);
  row(
    "cold start to a durable push, median of 20",
    `${edge.toFixed(0)} ms`,
    `${node.toFixed(0)} ms`,
    "30 ms",
  );
}

async function million(): Promise<void> {
  const hub = await makeHub("million");
  const clinic = await makeClinic(hub, "clinic_a");
  const chunk = Array.from(
    { length: 100_000 },
    (_, at) => `{"n":${at},"pulse":${60 + (at % 41)}}\n`,
  ).join("");
  for (let at = 0; at < 10; at++)
    await measured("node", ["push", clinic, "--stdin", "--quiet"], chunk);
  const server = await startHub(commandOf("node"), hub);
  await measured("node", [
    "sync",
    clinic,
    "--hub",
    server.address,
    "--codec",
    "raw",
    "--timeout",
    "30m",
  ]);
  const peak: Partial<Record<Kind, number>> = {};
  for (const kind of ["edge", "node"] as const) {
    const pushed = await measured(kind, ["push", clinic, "--payload", '{"pulse":72}']);
    const synced = await measured(kind, ["sync", clinic, "--hub", server.address]);
    peak[kind] = Math.max(pushed.peakKiB, synced.peakKiB);
  }
  await server.stop();
  row(
    "clinic: 1,000,000 events in the log, push one, sync; peak RSS",
    mib(peak.edge ?? 0),
    mib(peak.node ?? 0),
    "8 MB",
  );
}

try {
  const { x86_64 } = architectures;
  if (x86_64 === undefined) throw new BuildError("there is no build for x86_64");
  const sizeBytes = await withProgram(x86_64, (built) => {
    copyFileSync(built.path, edgePath);
    return built.sizeBytes;
  });
  await run("gcc", ["-O1", "-o", peakTool, join(root, "scripts", "edge", "peak.c")]);
  const nodeBytes = statSync(process.execPath).size;
  row(
    "executable, x86-64",
    `${(sizeBytes / 1e6).toFixed(2)} MB`,
    `${(nodeBytes / 1e6).toFixed(0)} MB`,
    "2.5 MB",
  );
  await clinicOf1000();
  await coldStart();
  await wireBytes();
  await hubOf5();
  await hubOf64();
  if (!flags.quick) await million();
  const table = [["", "zamsync-edge", "Node", "must"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |\n`)
    .join("");
  console.log(table);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  console.error(`edge:measure: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
