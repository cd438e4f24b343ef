/**
 * The `zamsync` command from its sources, as the lab and the scenarios use it. The
 * processes themselves are the torture kit's (`src/torture/children.ts`).
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type CommandError,
  describe,
  errorOf,
  jsonLines,
  keepUntilExit,
  killAll,
  type Ran,
  type RunOptions as RunChildOptions,
  runChild,
  serveChild,
  type ServingChild,
  waitUntil,
} from "../src/torture/children.ts";

export { describe, errorOf, jsonLines, keepUntilExit, killAll, waitUntil };
export type { CommandError, Ran };

export const projectRoot: string = fileURLToPath(new URL("..", import.meta.url));

/** The command from its sources; a compiled package is given as another entry. */
export const sourceEntry: string = join(projectRoot, "src", "cli", "main.ts");

export type RunOptions = Partial<RunChildOptions>;

/** Runs one command to its end, whatever its exit status. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return runChild(args, { entry: sourceEntry, cwd: projectRoot, ...options });
}

/** Runs one command that must succeed. */
export async function runOk(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await run(args, options);
  if (ran.status !== 0) throw new Error(`${describe(ran)} failed`);
  return ran;
}

/** The last JSON object on stdout: a command's summary. */
export function summaryOf<T>(ran: Ran): T {
  const last = jsonLines<T>(ran.stdout).at(-1);
  if (last === undefined) throw new Error(`${describe(ran)} printed no JSON`);
  return last;
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

export interface Serving extends ServingChild {
  readonly sessions: () => readonly SessionLine[];
  readonly reports: () => readonly ReportLine[];
  /** Waits until the condition holds. */
  readonly until: (condition: () => boolean, timeoutMs?: number) => Promise<void>;
}

/** Starts `serve --json` on a directory and waits until it listens. */
export async function serve(
  args: readonly string[],
  options: RunOptions & { readonly bind?: string } = {},
): Promise<Serving> {
  const serving = await serveChild(args, { entry: sourceEntry, cwd: projectRoot, ...options });
  const lines = <T extends { readonly event: string }>(event: string) =>
    jsonLines<T>(serving.output().stdout).filter((line) => line.event === event);
  return {
    ...serving,
    sessions: () => lines<SessionLine>("session"),
    reports: () => lines<ReportLine>("report"),
    until: (condition, timeoutMs = 20_000) => waitUntil(condition, timeoutMs),
  };
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
