/**
 * `zamsync-edge` itself, and the Node command beside it, as processes: what the tests of
 * the product drive. `ZAMSYNC_EDGE` as in runner.ts.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { architectures } from "../../scripts/edge/architectures.ts";
import { withProgram } from "../../scripts/edge/build.ts";
import { hasTool, MissingError } from "../../scripts/edge/run.ts";
import { sourceEntry } from "../../lab/command.ts";
import { testsOver, variant } from "./runner.ts";

export type Kind = "node" | "edge";

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Served {
  readonly port: number;
  readonly child: ChildProcess;
  /** SIGTERM, and its end. */
  stop(): Promise<void>;
}

/** A hub, and a clinic that its CA has signed. */
export interface Pair {
  readonly hub: string;
  readonly clinic: string;
}

export interface Summary {
  readonly eventsSent: number;
  readonly eventsConfirmed: number;
  readonly eventsReceived: number;
  readonly bytesReceived: number;
  readonly complete: boolean;
  readonly attempts: number;
}

/** A row of `audit`. */
export interface Row {
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly sha256: string;
}

export interface Product {
  readonly folder: string;
  start(kind: Kind, args: readonly string[]): ChildProcess;
  run(kind: Kind, args: readonly string[], input?: string): Promise<Result>;
  /** Must succeed; the JSON objects on its stdout. */
  json<T>(kind: Kind, args: readonly string[], input?: string): Promise<T[]>;
  serve(kind: Kind, dir: string): Promise<Served>;
  dispose(): void;
}

/** `test` for a file of tests of the product. */
export function productTests(): (name: string, act: (made: Product) => Promise<void>) => void {
  return testsOver(createProduct);
}

/** The built product, or a text that says what is missing for it. */
async function createProduct(): Promise<Product | string> {
  const isSanitized = variant === "sanitized";
  const architecture = architectures[isSanitized ? "x86_64" : variant];
  if (architecture === undefined) throw new Error(`ZAMSYNC_EDGE=${variant} is no variant`);
  const isForeign = variant !== "x86_64" && !isSanitized;
  if (isForeign && !hasTool(architecture.emulator))
    return `${architecture.emulator} is missing: apt-get install qemu-user-static`;
  try {
    const emulator = isForeign ? architecture.emulator : undefined;
    return await withProgram(architecture, ({ path }) => productOver(path, emulator), {
      isSanitized,
    });
  } catch (error) {
    if (error instanceof MissingError) return error.message;
    throw error;
  }
}

/** A script that starts the executable under its own name, which the torture's processes are then started by as well. */
function emulated(emulator: string, path: string): string {
  const script = `${path}.sh`;
  writeFileSync(script, `#!/bin/sh\nexec ${emulator} -0 "$0" "${path}" "$@"\n`, { mode: 0o755 });
  return script;
}

/** Has an executable of its own: the one that was built may be built again at any time. */
function productOver(built: string, emulator: string | undefined): Product {
  const folder = mkdtempSync(join(tmpdir(), "zamsync-product-"));
  const path = join(folder, "zamsync-edge");
  copyFileSync(built, path);
  const commands: Readonly<Record<Kind, readonly string[]>> = {
    node: [process.execPath, sourceEntry],
    edge: [emulator === undefined ? path : emulated(emulator, path)],
  };
  const children = new Set<ChildProcess>();
  const start = (kind: Kind, args: readonly string[]): ChildProcess => {
    const [command = "", ...before] = commands[kind];
    const child = spawn(command, [...before, ...args], {
      cwd: folder,
      stdio: ["pipe", "pipe", "pipe"],
      // Leaks of the interpreter at exit() are no leaks of a running process.
      env: { ...process.env, NO_COLOR: "1", ASAN_OPTIONS: "detect_leaks=0" },
    });
    children.add(child);
    child.on("close", () => children.delete(child));
    return child;
  };
  const run: Product["run"] = (kind, args, input) => {
    const child = start(kind, args);
    const ended = resultOf(child);
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
    return ended;
  };
  return {
    folder,
    start,
    run,
    async json<T>(kind: Kind, args: readonly string[], input?: string): Promise<T[]> {
      const result = await run(kind, [...args, "--json"], input);
      assert.equal(result.status, 0, `${kind} ${args.join(" ")}: ${result.stderr}`);
      return linesOf(result.stdout).map((line) => JSON.parse(line) as T);
    },
    async serve(kind, dir) {
      const child = start(kind, ["serve", dir, "--bind", "127.0.0.1:0", "--json"]);
      const ended = resultOf(child);
      assert.ok(child.stdout);
      const port = await listeningPort(child);
      return {
        port,
        child,
        async stop() {
          child.kill("SIGTERM");
          const { status, stderr } = await ended;
          assert.equal(status, 0, `SIGTERM ends it: ${stderr}`);
        },
      };
    },
    dispose() {
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Each is made by its own command. */
export async function makePair(made: Product, hubKind: Kind, clinicKind: Kind): Promise<Pair> {
  const base = mkdtempSync(join(made.folder, "pair-"));
  const pair = { hub: join(base, "hub"), clinic: join(base, "clinic_a") };
  const bundle = join(base, "bundle");
  await made.json(hubKind, ["keygen", pair.hub, "--hub"]);
  await made.json(clinicKind, ["keygen", pair.clinic]);
  const csr = join(pair.clinic, "tls", "node.csr");
  await made.json(hubKind, ["sign", csr, "--ca", pair.hub, "--out", bundle]);
  await made.json(clinicKind, ["install", bundle, "--data-dir", pair.clinic]);
  return pair;
}

/** For `push --stdin`. */
export function visits(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, at) => {
    const n = from + at;
    const name = ["Amina", "Joseph", "Wanjirũ"][n % 3];
    return `${JSON.stringify({ visit: n, patient: `p-${(n * 7919) % 97}`, name, pulse: 60 + (n % 41) })}\n`;
  }).join("");
}

/** What a directory holds. */
export async function digest(made: Product, kind: Kind, dir: string): Promise<readonly string[]> {
  const rows = await made.json<Row>(kind, ["audit", dir]);
  return rows
    .map(({ node, epoch, lane, seq, sha256 }) => `${node} ${epoch} ${lane} ${seq} ${sha256}`)
    .sort();
}

function listeningPort(child: ChildProcess): Promise<number> {
  assert.ok(child.stdout);
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    child.on("close", (status) => reject(new Error(`serve ended with ${status}`)));
    lines.on("line", (line) => {
      const told = JSON.parse(line) as { readonly event?: string; readonly address?: string };
      if (told.event === "listening") resolve(Number(told.address?.split(":").at(-1)));
    });
  });
}

export function resultOf(child: ChildProcess): Promise<Result> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr?.on("data", (text: Buffer) => {
    stderr += text.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

export function linesOf(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "");
}
