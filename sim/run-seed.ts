/** One run: a world from a seed, its deeds, its healing, its verdict. Never throws for what it finds. */
import { Deeds } from "./deeds.ts";
import type { Coverage } from "./coverage.ts";
import {
  checkAgreement,
  checkFloors,
  checkOrder,
  checkReopening,
  heal,
  settle,
} from "./healing.ts";
import type { Mutant } from "./mutant.ts";
import { checkQuarantine } from "./schema.ts";
import { Trace } from "./trace.ts";
import { type InvariantName, Violation } from "./violation.ts";
import { World } from "./world.ts";

export interface SeedResult {
  readonly seed: number;
  /** Of everything that happened; two runs of a seed give the same. */
  readonly digest: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly coverage: Coverage | undefined;
  readonly failure:
    | { readonly invariant: InvariantName; readonly message: string; readonly stack: string }
    | undefined;
  readonly recent: readonly string[];
}

export interface SeedOptions {
  readonly mutant?: Mutant;
  readonly sink?: (line: string) => void;
}

/** A run that does more than this hangs. */
const stepsMax = 3_000_000;

export function runSeed(seed: number, options: SeedOptions = {}): SeedResult {
  const trace = new Trace(options.sink);
  let world: World | undefined;
  let failure: SeedResult["failure"];
  try {
    world = new World(seed, trace, options.mutant);
    live(world);
  } catch (error) {
    failure = describe(error);
    trace.note(`failed: ${failure.message}`);
  }
  return {
    seed,
    digest: trace.digest(),
    simulatedMs: world?.queue.nowMs ?? 0,
    events: world?.oracle.facts.size ?? 0,
    coverage: world?.coverage,
    failure,
    recent: trace.recent,
  };
}

function live(world: World): void {
  const deeds = new Deeds(world);
  deeds.planAll();
  let steps = 0;
  while (world.queue.step()) {
    if (++steps > stepsMax) throw new Violation("runs end", `${steps} steps`);
  }
  deeds.countFired();
  heal(world);
  settle(world);
  checkAgreement(world);
  checkOrder(world);
  checkFloors(world);
  checkQuarantine(world);
  checkReopening(world);
  checkAgreement(world);
}

function describe(error: unknown): NonNullable<SeedResult["failure"]> {
  if (!(error instanceof Error))
    return { invariant: "nothing throws", message: String(error), stack: "" };
  const invariant = error instanceof Violation ? error.invariant : "nothing throws";
  return { invariant, message: `${error.name}: ${error.message}`, stack: error.stack ?? "" };
}
