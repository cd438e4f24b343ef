/**
 * What one run is like, drawn from its seed (swarm testing: Groce et al., 2012):
 * each run has only some of the faults, and those more often, so that rare
 * combinations come up that a mix of everything would drown.
 */
import type { SeededRandom } from "../src/testing/seeded-random.ts";
import { clockDeeds } from "./deeds/clocks.ts";
import { diskDeeds } from "./deeds/disks.ts";
import { linkDeeds } from "./deeds/links.ts";
import { machineDeeds } from "./deeds/machines.ts";
import { operatorDeeds } from "./deeds/operators.ts";
import { pushDeeds } from "./deeds/pushes.ts";

const deedNames = [
  ...pushDeeds,
  "sync",
  ...machineDeeds,
  ...diskDeeds,
  ...operatorDeeds,
  ...linkDeeds,
  ...clockDeeds,
  "attack",
] as const;

export type DeedName = (typeof deedNames)[number];

/** Weight of a deed in a run that has it. */
const weights: Readonly<Record<DeedName, number>> = {
  push: 16,
  pushMany: 5,
  pushLarge: 2,
  pushUrgent: 4,
  pushAddressed: 5,
  pushIdempotent: 4,
  sync: 18,
  restart: 2,
  kill: 2,
  powerCut: 3,
  powerCutInside: 4,
  powerCutBeside: 1,
  takeImage: 3,
  restoreImage: 2,
  clone: 1,
  reprovision: 0.5,
  losePeerFiles: 1,
  flip: 2,
  zeroSector: 1,
  staleSector: 1,
  diskFull: 2,
  writeFault: 2,
  readFault: 1,
  syncFault: 2,
  readOnlyDisk: 1,
  slowDisk: 1,
  compact: 3,
  expire: 2,
  snapshot: 2,
  restoreSnapshot: 1,
  revoke: 1,
  readmit: 2,
  ackAlarm: 1,
  verify: 1,
  rekey: 2,
  cutConnection: 3,
  blackhole: 2,
  delay: 2,
  abandon: 2,
  connectTwice: 2,
  hubUnreachable: 1,
  clockAhead: 1,
  clockBack: 1,
  clockStop: 1,
  clock1970: 1,
  clockDrift: 1,
  attack: 3,
};

const alwaysThere: readonly DeedName[] = ["push", "sync"];

export interface Plan {
  readonly clinics: number;
  readonly policy: "own" | "all";
  readonly isEncrypted: boolean;
  readonly segmentBytes: number;
  readonly checkpointBytes: number;
  readonly deeds: number;
  readonly pauseMs: number;
  readonly weights: ReadonlyMap<DeedName, number>;
  readonly link: {
    readonly latencyMs: number;
    readonly jitterMs: number;
    readonly rateBytesPerS: number;
    readonly splits: readonly ("whole" | "pieces" | "bytes")[];
    readonly cutShare: number;
  };
  readonly diskMs: number;
  /** Share of syncs with a byte limit. */
  readonly limitShare: number;
}

export function drawPlan(random: SeededRandom): Plan {
  const share = random.pick([0.15, 0.35, 0.6]);
  const chosen = new Map<DeedName, number>();
  for (const name of deedNames) {
    const isWork = name === "sync" || name.startsWith("push");
    if (!alwaysThere.includes(name) && !random.chance(isWork ? 0.7 : share)) continue;
    chosen.set(name, weights[name] * random.pick([0.5, 1, 1, 2]));
  }
  const clinics = random.chance(0.06) ? random.between(8, 30) : random.between(1, 5);
  return {
    clinics,
    policy: random.chance(0.75) ? "own" : "all",
    isEncrypted: random.chance(0.6),
    segmentBytes: random.pick([8, 16, 64, 1024]) * 1024,
    checkpointBytes: random.pick([2, 8, 64]) * 1024,
    deeds: random.between(40, 160) + clinics * 4,
    pauseMs: random.pick([300, 5_000, 60_000, 900_000]),
    weights: chosen,
    link: {
      latencyMs: random.pick([5, 50, 300, 600, 2500]),
      jitterMs: random.pick([0, 20, 200]),
      rateBytesPerS: random.pick([2_000, 10_000, 30_000, 1_000_000]),
      splits: random.pick([["whole"], ["whole", "pieces"], ["whole", "pieces", "bytes"]] as const),
      cutShare: random.pick([0, 0, 0.2, 0.6]),
    },
    diskMs: random.pick([1, 8, 40]),
    limitShare: random.pick([0, 0, 0.3]),
  };
}
