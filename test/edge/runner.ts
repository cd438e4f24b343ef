/**
 * Builds the small device's host for one architecture, or with sanitizers, and
 * runs TypeScript on it. `ZAMSYNC_EDGE=x86_64|armv7|aarch64|sanitized`, default the
 * first. Where a compiler, an emulator or the sources are missing, the tests are
 * skipped, and say what is missing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { architectures } from "../../scripts/edge/architectures.ts";
import { withRunner } from "../../scripts/edge/build.ts";
import { edgeModules } from "../../scripts/edge/bundle.ts";
import { compileScript } from "../../scripts/edge/program.ts";
import { hasTool, MissingError } from "../../scripts/edge/run.ts";
import { fileURLToPath } from "node:url";
import { bundleGuest } from "../quickjs/bundle.ts";

export const variant = process.env.ZAMSYNC_EDGE ?? "x86_64";
const ports = fileURLToPath(new URL("../../src/edge/ports.ts", import.meta.url));

export interface Guest {
  /** Runs a script's whole life. */
  run(script: string, args?: readonly string[]): Promise<GuestResult>;
  /** Compiles TypeScript, imports relative to the root of the tree; the path of its bytecode. */
  compile(code: string): Promise<string>;
  start(script: string, args?: readonly string[]): ChildProcess;
  /** An empty folder of this guest's. */
  readonly folder: string;
  dispose(): void;
}

export interface GuestResult {
  readonly lines: readonly string[];
  readonly errors: string;
  readonly status: number | null;
}

/**
 * `test` for a file of tests of one thing, which is made before them and ends after them.
 * Where it cannot be made they are skipped, and say what is missing.
 */
export function testsOver<T extends { dispose(): void }>(
  create: () => Promise<T | string>,
): (name: string, act: (made: T) => Promise<void>) => void {
  let made: T | undefined;
  let missing = "";
  before(async () => {
    const created = await create();
    if (typeof created === "string") missing = created;
    else made = created;
  });
  after(() => made?.dispose());
  return (name, act) => {
    void test(name, async (t) => (made === undefined ? t.skip(missing) : act(made)));
  };
}

/** The host, or a text that says why there is none here. */
export async function createGuest(): Promise<Guest | string> {
  const isSanitized = variant === "sanitized";
  const architecture = architectures[isSanitized ? "x86_64" : variant];
  if (architecture === undefined) throw new Error(`ZAMSYNC_EDGE=${variant} is no variant`);
  const isForeign = variant !== "x86_64" && !isSanitized;
  if (isForeign && !hasTool(architecture.emulator))
    return `${architecture.emulator} is missing: apt-get install qemu-user-static`;
  try {
    const emulator = isForeign ? [architecture.emulator] : [];
    return await withRunner(architecture, (built) => guestOver(built, emulator), { isSanitized });
  } catch (error) {
    if (error instanceof MissingError) return error.message;
    throw error;
  }
}

/** Has a runner of its own: the one that was built may be built again at any time. */
function guestOver(
  built: { readonly path: string; readonly compiler: string },
  emulator: readonly string[],
): Guest {
  const folder = mkdtempSync(join(tmpdir(), "zamsync-edge-"));
  const runner = join(folder, "runner");
  copyFileSync(built.path, runner);
  const [command = runner, ...before] = [...emulator, runner];
  let scripts = 0;
  const children = new Set<ChildProcess>();
  const start = (script: string, args: readonly string[] = []): ChildProcess => {
    const child = spawn(command, [...before, script, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.add(child);
    child.on("close", () => children.delete(child));
    return child;
  };
  return {
    folder,
    start,
    async compile(code) {
      const out = join(folder, `script-${scripts++}`);
      await compileScript(built.compiler, {
        script: await bundleGuest({ code, ports, plugins: [edgeModules] }),
        out,
      });
      return out;
    },
    run: (script, args) => resultOf(start(script, args)),
    dispose() {
      // What a test that took too long has left behind would keep a processor busy.
      for (const child of children) child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function resultOf(child: ChildProcess): Promise<GuestResult> {
  let out = "";
  let errors = "";
  child.stdout?.on("data", (text: Buffer) => {
    out += text.toString();
  });
  child.stderr?.on("data", (text: Buffer) => {
    errors += text.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => {
      resolve({ lines: out.split("\n").filter((line) => line !== ""), errors, status });
    });
  });
}
