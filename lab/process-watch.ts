/**
 * Peak resident memory of the processes on either side, children included. Linux
 * only: elsewhere the peak stays 0.
 */
import { readFileSync, readdirSync } from "node:fs";

export type Side = "hub" | "clinic";

export interface ProcessWatch {
  add(pid: number | undefined, side: Side): void;
  /** The largest that any single process of that side has been since the last reset, in MiB. */
  peakMiB(side: Side): number;
  /** Forgets the peaks; what has been added stays. */
  reset(): void;
  close(): void;
}

const everyMs = 100;

export function startProcessWatch(): ProcessWatch {
  const roots = new Map<number, Side>();
  const peaks = { hub: 0, clinic: 0 };
  const look = () => {
    for (const [pid, side] of roots)
      for (const one of familyOf(pid)) peaks[side] = Math.max(peaks[side], residentMiB(one));
  };
  const timer = setInterval(look, everyMs).unref();
  return {
    add(pid, side) {
      if (pid !== undefined) roots.set(pid, side);
    },
    peakMiB: (side) => peaks[side],
    reset() {
      peaks.hub = 0;
      peaks.clinic = 0;
      look();
    },
    close: () => clearInterval(timer),
  };
}

/** A process and what it started, as long as they live. */
function familyOf(pid: number): number[] {
  const family = [pid];
  for (let at = 0; at < family.length; at++) {
    const folder = `/proc/${family[at]}/task`;
    for (const thread of orNothing(() => readdirSync(folder)) ?? []) {
      const text = orNothing(() => readFileSync(`${folder}/${thread}/children`, "utf8")) ?? "";
      family.push(...text.split(" ").filter(Boolean).map(Number));
    }
  }
  return family;
}

function residentMiB(pid: number): number {
  const text = orNothing(() => readFileSync(`/proc/${pid}/status`, "utf8")) ?? "";
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0) / 1024;
}

/** A process may end between two looks, and other systems have no /proc. */
function orNothing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
