/**
 * How often each fault was really met, and each path of recovery taken. Over a
 * long run none may stay at zero: a fault that never fires proves nothing.
 */
export const faultNames = [
  "clean restart",
  "process killed",
  "power cut",
  "power cut inside an operation",
  "power cut while opening",
  "bit flipped",
  "sector zeroed",
  "older image restored",
  "card cloned",
  "new log under the old name",
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
  "single bytes",
  "late bytes of an abandoned connection",
  "hub unreachable",
  "clock jumps ahead",
  "clock jumps back",
  "clock stops",
  "clock restarts at 1970",
  "clock drifts",
  "byte limit",
] as const;

export const pathNames = [
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
] as const;

/** Counted, and not asked for: two branches that meet far from their origin take three faults in a row. */
export const rareNames = ["stream frozen (Z509)"] as const;

export type FaultName = (typeof faultNames)[number];
export type PathName = (typeof pathNames)[number] | (typeof rareNames)[number];

export class Coverage {
  private readonly counts = new Map<string, number>();

  add(name: FaultName | PathName, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
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
