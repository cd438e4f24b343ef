/**
 * The `zamsync` command as processes of their own: run to its end, or kept running
 * as a hub. Every process started here is killed when this one ends, and a hub also
 * when this one is killed itself. No other process is ever touched.
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { commandLine } from "./command-line.ts";

export interface Ran {
  readonly args: readonly string[];
  /** Exit status, or -1 when a signal ended it. */
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ChildOptions {
  /** The command's main file. */
  readonly entry: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Wraps the command, such as ["prlimit", "--fsize=65536"]. */
  readonly wrapper?: readonly string[];
  /** In a process group of its own: what interrupts this process at a terminal does not reach it. */
  readonly isApart?: boolean;
  /** Gets stderr as it comes (progress). */
  readonly onStderr?: (text: string) => void;
}

export interface RunOptions extends ChildOptions {
  readonly input?: string | Uint8Array;
  /** Killed, and reported as an error, after so long; default a minute. */
  readonly timeoutMs?: number;
  /** Gets the process once it runs, to kill it in the middle. */
  readonly onStart?: (child: ChildProcess) => void;
}

const living = new Set<ChildProcess>();

process.on("exit", killAll);

/** Kills everything that was started here and still runs; returns how many. */
export function killAll(): number {
  const count = living.size;
  for (const child of living) child.kill("SIGKILL");
  return count;
}

/** Sees to it that a process does not outlive this one, whoever started it. */
export function keepUntilExit<Child extends ChildProcess>(child: Child): Child {
  living.add(child);
  child.on("close", () => living.delete(child));
  return child;
}

function start(args: readonly string[], options: ChildOptions, isKept = false) {
  const [file = "", ...rest] = [
    ...(options.wrapper ?? []),
    ...commandLine(options.entry, isKept),
    ...args,
  ];
  const child = spawn(file, rest, {
    cwd: options.cwd ?? process.cwd(),
    env: cleanEnvironment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
    detached: options.isApart ?? false,
  });
  keepUntilExit(child);
  child.stdin.on("error", () => {});
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
    options.onStderr?.(text);
  });
  return { child, output };
}

/** The caller's environment without what would change the command's behaviour. */
function cleanEnvironment(extra: ChildOptions["env"]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) {
    if (name.startsWith("ZAMSYNC_") || name.startsWith("NODE_TEST") || name === "NODE_OPTIONS")
      delete env[name];
  }
  return { ...env, NO_COLOR: "1", ...extra };
}

/** Runs one command to its end, whatever its exit status. */
export async function runChild(args: readonly string[], options: RunOptions): Promise<Ran> {
  const { child, output } = start(args, options);
  options.onStart?.(child);
  child.stdin.end(options.input ?? "");
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise<Ran>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      const command = `zamsync ${args.join(" ")}`;
      reject(new Error(`${command}: not done after ${timeoutMs} ms\n${output.stderr}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ args, status: status ?? -1, signal, ...output });
    });
  });
}

export interface ServingChild {
  readonly child: ChildProcess;
  /** "HOST:PORT". */
  readonly address: string;
  readonly port: number;
  /** Everything printed so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  /** SIGTERM, then its exit status. */
  readonly stop: () => Promise<number>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
}

/** Starts `serve --json` on a directory and waits until it listens. @throws what kept it from starting, or ended it */
export async function serveChild(
  args: readonly string[],
  options: ChildOptions & { readonly bind?: string },
): Promise<ServingChild> {
  const bind = options.bind ?? "127.0.0.1:0";
  const { child, output } = start(["serve", ...args, "--bind", bind, "--json"], options, true);
  let ended: number | undefined;
  let failure: Error | undefined;
  child.on("error", (error) => {
    failure = error;
  });
  const closed = new Promise<number>((resolve) => {
    child.on("close", (status) => {
      ended = status ?? -1;
      resolve(ended);
    });
  });
  interface Line {
    readonly event: string;
    readonly address: string;
  }
  const listening = () =>
    jsonLines<Line>(output.stdout).find((line) => line.event === "listening")?.address;
  const isDecided = () => listening() !== undefined || ended !== undefined || failure !== undefined;
  await waitUntil(isDecided, 60_000);
  if (failure !== undefined) throw failure;
  const address = listening();
  if (address === undefined)
    throw new Error(`serve ${args.join(" ")}: exit ${ended}\n${output.stdout}${output.stderr}`, {
      cause: errorOf(output),
    });
  return {
    child,
    address,
    port: Number(address.slice(address.lastIndexOf(":") + 1)),
    output: () => output,
    stop() {
      child.kill("SIGTERM");
      return closed;
    },
    async kill() {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

/** Polls a condition; throws when it does not come true in time. */
export async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`condition not met after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Every complete line of `text` that is JSON. */
export function jsonLines<T>(text: string): T[] {
  const values: T[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("{")) continue;
    try {
      values.push(JSON.parse(line) as T);
    } catch {
      // a progress line that only looks like JSON, or the cut end of one
    }
  }
  return values;
}

export interface CommandError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** The error that a `--json` command printed on stderr, or undefined. */
export function errorOf(ran: Pick<Ran, "stderr">): CommandError | undefined {
  return jsonLines<{ readonly error?: CommandError }>(ran.stderr).findLast(
    (line) => line.error !== undefined,
  )?.error;
}

export function describe(ran: Ran): string {
  return `zamsync ${ran.args.join(" ")}: exit ${ran.status}${ran.signal ?? ""}\n${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}\n`;
}
