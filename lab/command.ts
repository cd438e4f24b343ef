/**
 * The `zamsync` command as the lab and the scenarios use it: run to its end, or
 * kept running as a hub. Every process started here is killed when this one ends,
 * however it ends, and no other process is ever touched.
 */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const projectRoot: string = fileURLToPath(new URL("..", import.meta.url));

/** The command from its sources; a compiled package is given as another entry. */
export const sourceEntry: string = join(projectRoot, "src", "cli", "main.ts");

export interface Ran {
  readonly args: readonly string[];
  /** Exit status, or -1 when a signal ended it. */
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Killed, and reported as an error, after so long; default a minute. */
  readonly timeoutMs?: number;
  readonly entry?: string;
  /** Gets stderr as it comes (progress). */
  readonly onStderr?: (text: string) => void;
  /** Gets the process once it runs, to kill it in the middle. */
  readonly onStart?: (child: ChildProcess) => void;
  /** Wraps the command, such as ["prlimit", "--fsize=65536"]. */
  readonly wrapper?: readonly string[];
}

const living = new Set<ChildProcess>();

process.on("exit", () => {
  for (const child of living) child.kill("SIGKILL");
});

/** Kills everything that was started here and still runs; returns how many. */
export function killAll(): number {
  const count = living.size;
  for (const child of living) child.kill("SIGKILL");
  return count;
}

function start(args: readonly string[], options: RunOptions): ChildProcess {
  const command = [
    ...(options.wrapper ?? []),
    process.execPath,
    options.entry ?? sourceEntry,
    ...args,
  ];
  const child = spawn(command[0] ?? process.execPath, command.slice(1), {
    cwd: options.cwd ?? projectRoot,
    env: cleanEnvironment(options.env),
    stdio: ["pipe", "pipe", "pipe"],
  });
  living.add(child);
  child.on("close", () => living.delete(child));
  child.stdin?.on("error", () => {});
  return child;
}

/** The caller's environment without what would change the command's behaviour. */
function cleanEnvironment(extra: RunOptions["env"]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of Object.keys(env)) {
    if (name.startsWith("ZAMSYNC_") || name.startsWith("NODE_TEST") || name === "NODE_OPTIONS")
      delete env[name];
  }
  return { ...env, NO_COLOR: "1", ...extra };
}

/** Runs one command to its end, whatever its exit status. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(args, options);
  options.onStart?.(child);
  child.stdin?.end(options.input ?? "");
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(text);
  });
  const timeoutMs = options.timeoutMs ?? 60_000;
  return new Promise<Ran>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new Error(`zamsync ${args.join(" ")}: not done after ${timeoutMs} ms\n${stderr}`));
    }, timeoutMs);
    child.on("error", reject);
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      resolve({ args, status: status ?? -1, signal, stdout, stderr });
    });
  });
}

/** Runs one command that must succeed. */
export async function runOk(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(args, options);
  if (ran.status !== 0) throw new Error(`${describe(ran)} failed`);
  return ran;
}

export function describe(ran: Ran): string {
  return `zamsync ${ran.args.join(" ")}: exit ${ran.status}${ran.signal ?? ""}\n${ran.stdout.slice(-2000)}${ran.stderr.slice(-2000)}\n`;
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

/** The last JSON object on stdout: a command's summary. */
export function summaryOf<T>(ran: Ran): T {
  const last = jsonLines<T>(ran.stdout).at(-1);
  if (last === undefined) throw new Error(`${describe(ran)} printed no JSON`);
  return last;
}

export interface CommandError {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly context: Readonly<Record<string, unknown>>;
}

/** The error that a `--json` command printed on stderr, or undefined. */
export function errorOf(ran: Ran): CommandError | undefined {
  return jsonLines<{ readonly error?: CommandError }>(ran.stderr).findLast(
    (line) => line.error !== undefined,
  )?.error;
}

/** A line of `serve --json` about a session that ended; with `error` when it ended badly. */
export interface SessionLine {
  readonly event: string;
  readonly peer: string;
  readonly eventsSent: number;
  readonly eventsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly endedBy: string;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A line of `serve --json` about something that is no session: a stranger that was refused, a fork that was found. */
export interface ReportLine {
  readonly event: string;
  readonly peer: string;
  readonly code: string;
  readonly message: string;
}

export interface Serving {
  readonly child: ChildProcess;
  /** "HOST:PORT". */
  readonly address: string;
  readonly port: number;
  /** Everything printed so far. */
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  readonly sessions: () => readonly SessionLine[];
  readonly reports: () => readonly ReportLine[];
  /** Waits until the condition holds. */
  readonly until: (condition: () => boolean, timeoutMs?: number) => Promise<void>;
  /** SIGTERM, then its exit status. */
  readonly stop: () => Promise<number>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
}

/** Starts `serve --json` on a directory and waits until it listens. */
export async function serve(
  args: readonly string[],
  options: RunOptions & { readonly bind?: string } = {},
): Promise<Serving> {
  const bind = options.bind ?? "127.0.0.1:0";
  const child = start(["serve", ...args, "--bind", bind, "--json"], options);
  let stdout = "";
  let stderr = "";
  let ended: { readonly status: number } | undefined;
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    options.onStderr?.(text);
  });
  const closed = new Promise<number>((resolve) => {
    child.on("close", (status) => {
      ended = { status: status ?? -1 };
      resolve(ended.status);
    });
  });
  const until = (condition: () => boolean, timeoutMs = 20_000) => waitUntil(condition, timeoutMs);

  interface Listening {
    readonly event: string;
    readonly address: string;
  }
  const listening = () => jsonLines<Listening>(stdout).find((line) => line.event === "listening");
  await waitUntil(() => listening() !== undefined || ended !== undefined, 30_000);
  const address = listening()?.address;
  if (address === undefined)
    throw new Error(`serve ${args.join(" ")}: exit ${ended?.status ?? "?"}\n${stdout}${stderr}`);

  return {
    child,
    address,
    port: Number(address.slice(address.lastIndexOf(":") + 1)),
    output: () => ({ stdout, stderr }),
    sessions: () => jsonLines<SessionLine>(stdout).filter((line) => line.event === "session"),
    reports: () => jsonLines<ReportLine>(stdout).filter((line) => line.event === "report"),
    until,
    async stop() {
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

/** A line of `audit --json`. */
export interface AuditLine {
  readonly ts: string;
  readonly hlc: string;
  readonly node: string;
  readonly epoch: string;
  readonly lane: string;
  readonly seq: number;
  readonly type: number;
  readonly size: number;
  readonly sha256: string;
  readonly chain: string;
  readonly received: string;
}

/** Every event that a directory holds, as `audit --json` lists it. */
export async function auditOf(dir: string, options: RunOptions = {}): Promise<AuditLine[]> {
  return jsonLines<AuditLine>((await runOk(["audit", dir, "--json"], options)).stdout);
}

/** The digest of SCENARIOS.md: what is there, each (node, epoch, lane, seq, sha256) once and sorted. */
export function digestOf(rows: readonly AuditLine[]): string[] {
  return rows
    .map(({ node, epoch, lane, seq, sha256 }) => `${node} ${epoch} ${lane}#${seq} ${sha256}`)
    .sort();
}
