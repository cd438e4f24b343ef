/** What the figures were measured on, and how to measure without disturbing. */
import { readFileSync, statfsSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { grouped } from "../stage.ts";

export function describeMachine(scratch: string): readonly (readonly [string, string])[] {
  const [first] = cpus();
  const type = statfsSync(scratch).type.toString(16);
  const name = { ef53: "ext4", "1021994": "tmpfs", "9123683e": "btrfs", "58465342": "xfs" }[type];
  return [
    ["processor", `${first?.model ?? "?"} × ${cpus().length}`],
    ["memory", `${grouped(totalmem() / 1024 / 1024)} MiB`],
    ["system", `${process.platform} ${release()}, Node ${process.version}`],
    ["file system", `${name ?? `type ${type}`} at the scratch folder`],
  ];
}

/** Bytes that this process has read from files and sockets so far; Linux only. */
export function bytesReadSoFar(): number {
  try {
    const match = /^rchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"));
    return match === null ? Number.NaN : Number(match[1]);
  } catch {
    return Number.NaN;
  }
}

/** Resident memory of another process, in MiB. */
export function residentMiB(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return match === null ? Number.NaN : Number(match[1]) / 1024;
}

/** Processor time of another process so far; Linux counts it in hundredths of a second. */
export function processorMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the command's name, which may hold blanks: fields 14 and 15 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export interface Timed<T> {
  readonly value: T;
  readonly ms: number;
}

export async function timed<T>(work: () => Promise<T>): Promise<Timed<T>> {
  const startMs = performance.now();
  const value = await work();
  return { value, ms: performance.now() - startMs };
}
