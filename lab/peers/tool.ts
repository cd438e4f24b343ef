/** Foreign tools as the lab runs them: found or not, run to their end, or kept as a server. */
import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createConnection, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { keepUntilExit } from "../command.ts";
import type { ProcessWatch, Side } from "../process-watch.ts";
import { retryDelayMs } from "./peer.ts";

/** The first line that a tool prints about its version, or undefined when it is not there. */
export function versionOf(
  tool: string,
  args: readonly string[] = ["--version"],
): string | undefined {
  const ran = spawnSync(tool, args, { encoding: "utf8" });
  return ran.status === 0 ? ran.stdout.split("\n")[0]?.trim() : undefined;
}

export interface ToolOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly watch?: { readonly with: ProcessWatch; readonly side: Side };
}

function start(command: readonly string[], options: ToolOptions): ChildProcess {
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  options.watch?.with.add(child.pid, options.watch.side);
  return keepUntilExit(child);
}

export interface ToolRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function runTool(
  command: readonly string[],
  options: ToolOptions = {},
): Promise<ToolRun> {
  const child = start(command, options);
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status) => resolve({ status: status ?? -1, stdout, stderr }));
  });
}

/** Runs a tool that must succeed. */
export async function runToolOk(
  command: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const ran = await runTool(command, options);
  if (ran.status !== 0) throw new Error(`${command.join(" ")}: exit ${ran.status}\n${ran.stderr}`);
  return ran.stdout;
}

/** `until COMMAND; do sleep 1; done`, for as long as a bad link may take. */
export async function runUntilOk(
  command: readonly string[],
  options: ToolOptions & { readonly triesMax?: number },
): Promise<void> {
  for (let left = options.triesMax ?? 60; ; left--) {
    const ran = await runTool(command, options);
    if (ran.status === 0) return;
    if (left <= 1) throw new Error(`${command.join(" ")}: exit ${ran.status}\n${ran.stderr}`);
    await sleep(retryDelayMs);
  }
}

export interface ToolServer {
  stop(): Promise<void>;
}

/** A server that takes its port from its arguments; returns once something listens there. */
export async function serveTool(
  command: readonly string[],
  options: ToolOptions & { readonly port: number },
): Promise<ToolServer> {
  const child = start(command, options);
  let stderr = "";
  child.stdout?.resume();
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const endMs = performance.now() + 10_000;
  while (!(await accepts(options.port))) {
    if (child.exitCode !== null || performance.now() > endMs)
      throw new Error(`${command.join(" ")} does not listen: ${stderr}`);
    await sleep(50);
  }
  return {
    async stop() {
      child.kill("SIGTERM");
      await closed;
    },
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: "127.0.0.1" });
    const answer = (isOpen: boolean) => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.on("connect", () => answer(true)).on("error", () => answer(false));
  });
}

/** A port that is free now, for tools that cannot choose one and say so. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
