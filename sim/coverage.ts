/**
 * How often each fault was really met, and each path of recovery taken. Over a
 * long run none may stay at zero: a fault that never fires proves nothing.
 */
import type { CrashTally } from "../src/testing/memory-content.ts";
import { attackNames } from "./attack-names.ts";

const faultNames = [
  "clean restart",
  "process killed",
  "power cut",
  "power cut inside an operation",
  "power cut while opening",
  "unsynced write lost",
  "writes reordered",
  "sector torn",
  "unwritten sector of zeros",
  "unwritten sector of garbage",
  "unwritten sector with stale bytes",
  "rename or creation lost",
  "sector beside the written one destroyed",
  "bit flipped",
  "sector zeroed",
  "sector stale",
  "older image restored",
  "restored from a snapshot",
  "card cloned",
  "new log under the old name",
  "other key under the old name",
  "peer sidecars lost",
  "disk full",
  "write fails",
  "read fails",
  "fsync fails once",
  "disk read-only",
  "slow disk",
  "connection cut",
  "connection cut at a byte",
  "connection blackholed",
  "bytes delayed",
  "split into pieces",
  "single bytes",
  "second connection of one device",
  "late bytes of an abandoned connection",
  "hub unreachable",
  "clock jumps ahead",
  "clock jumps by years",
  "clock jumps back",
  "clock stops",
  "clock restarts at 1970",
  "clock drifts",
  "byte limit",
  "room given back",
  "old events expired",
  "retention at the hub",
  "snapshot taken",
  "new data key",
  "device revoked",
  "alarm acknowledged",
  "everything verified",
  "event held back by a schema",
  ...attackNames.map((name) => `attack: ${name}` as const),
] as const;

const pathNames = [
  "sync completed",
  "torn tail cut",
  "unproven tail copied",
  "damage set aside",
  "head behind (Z213)",
  "fresh epoch after unexplained loss (Z214)",
  "hole healed",
  "lost at source (Z516)",
  "rollback found (Z507)",
  "branch re-homed (Z508)",
  "epoch renewed by clock (Z518)",
  "clock difference reported (Z517)",
  "event from the future (Z519)",
  "speculative push",
  "batch by a codec",
  "codec primed with shared events",
  "relative vector",
  "whole vector asked for",
  "chains asked for",
  "gap answered",
  "fork answered",
  "fragment resumed",
  "segment rolled",
  "session fenced (Z520)",
  "silent peer given up (Z505)",
  "push refused: disk full",
  "push refused: sync failed",
  "push refused: read-only",
  "idempotent repeat",
  "urgent sent before a backlog",
  "log would not open",
  "re-homing repeated",
  "floor set",
  "segments written anew",
  "interrupted rekey gone on with",
  "opened with the new key of an interrupted rekey",
  "revoked device turned away",
  "live session of a revoked device ended",
  "hostile peer cut off",
  "other key refused (Z512)",
  "stream that may not be delivered (Z511)",
  "stream refused by the peer (Z510)",
  "told what is held back (Z524)",
  "held back event let in",
] as const;

/** Counted, and not asked for: two branches that meet far from their origin take three faults in a row. */
const rareNames = ["stream frozen (Z509)"] as const;

export type FaultName = (typeof faultNames)[number];
export type PathName = (typeof pathNames)[number] | (typeof rareNames)[number];

const crashFaults: Readonly<Record<keyof CrashTally, FaultName>> = {
  lostWrites: "unsynced write lost",
  reorderedWrites: "writes reordered",
  tornSectors: "sector torn",
  zeroedSectors: "unwritten sector of zeros",
  garbageSectors: "unwritten sector of garbage",
  staleSectors: "unwritten sector with stale bytes",
  lostNames: "rename or creation lost",
};

export class Coverage {
  private readonly counts = new Map<string, number>();

  add(name: FaultName | PathName, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  /** What a power cut did to the disk. */
  addCrash(tally: CrashTally): void {
    for (const [key, count] of Object.entries(tally) as [keyof CrashTally, number][])
      if (count > 0) this.add(crashFaults[key], count);
  }

  get(name: FaultName | PathName): number {
    return this.counts.get(name) ?? 0;
  }

  merge(other: Coverage): void {
    for (const [name, count] of other.counts)
      this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  get missing(): readonly string[] {
    return [...faultNames, ...pathNames].filter((name) => this.get(name) === 0);
  }

  describe(): string {
    const row = (name: FaultName | PathName): string =>
      `  ${String(this.get(name)).padStart(8)}  ${name}`;
    return [
      "faults that fired:",
      ...faultNames.map(row),
      "recovery paths taken:",
      ...pathNames.map(row),
      ...rareNames.map(row),
    ].join("\n");
  }
}
