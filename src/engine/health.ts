/** The health block that rides in HELLO (RULES 41), from what the node knows anyway. */
import type { Log } from "../core/log/api.ts";
import { FileFault } from "../core/ports.ts";
import type { HealthBlock } from "../core/session/api.ts";
import { countRanges } from "../core/vector/ranges.ts";
import type { NodeStore } from "../storage/node-store.ts";
import { buildMs } from "./build.ts";
import { clockHealth } from "./status.ts";
import { version } from "./version.ts";

/** 0 also when it cannot be told: the card was pulled out from under a running process. */
export function freeBytesOf(store: NodeStore): number {
  try {
    return store.freeBytes();
  } catch (error) {
    if (error instanceof FileFault) return 0;
    throw error;
  }
}

/** With less free than two segments the next pushes may fail: a person is told (Z220). */
export const diskFreeBytesMin = 32 * 1024 * 1024;

/** Codes of what needs a person here: the clock, the disk, a log that takes no writes, open alarms. */
function troublesOf(
  log: Log,
  now: { readonly freeBytes: number; readonly isClockOk: boolean },
): readonly string[] {
  const codes = new Set(log.alarms.map(({ code }) => code));
  if (!now.isClockOk) codes.add("Z517");
  if (now.freeBytes < diskFreeBytesMin) codes.add("Z220");
  if (log.readOnlyReason !== undefined) codes.add(log.readOnlyReason.code);
  return [...codes].sort();
}

export function computeHealth(
  log: Log,
  disk: { readonly freeBytes: number; readonly certDaysLeft: number },
): HealthBlock {
  let damagedCount = 0;
  for (let index = 0; index < log.streamCount; index++)
    damagedCount += countRanges(log.stream(index).holes);
  const clock = clockHealth({ log, wallMs: Date.now(), buildMs });
  return {
    version,
    diskFreeBytes: disk.freeBytes,
    damagedCount,
    quarantinedCount: log.quarantinedCount,
    troubles: troublesOf(log, { freeBytes: disk.freeBytes, isClockOk: clock.ok }),
    certDaysLeft: disk.certDaysLeft,
  };
}
