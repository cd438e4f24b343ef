/** Which seed finds each deliberate bug first, and by which promise. */
import { mutants } from "./mutants.ts";
import { runSeed } from "./run-seed.ts";
import type { InvariantName } from "./violation.ts";

export interface MutantRun {
  readonly name: string;
  /** Sound seeds that were run until one found it, that one included. */
  readonly seedsNeeded: number | undefined;
  readonly seed: number | undefined;
  readonly invariant: InvariantName | undefined;
}

/** Runs each mutant from `from` on until it is found; status 1 when one is not found in `seeds`. */
export function runMutants(from: number, seeds: number, print: (line: string) => void): number {
  const sound = new Map<number, boolean>();
  // A seed that fails anyway tells nothing about a mutant.
  const isSound = (seed: number): boolean => {
    const known = sound.get(seed) ?? runSeed(seed).failure === undefined;
    sound.set(seed, known);
    return known;
  };
  let missed = 0;
  for (const name of Object.keys(mutants)) {
    const run = findMutant(name, { from, seeds, isSound });
    if (run.seed === undefined) missed++;
    print(
      run.seed === undefined
        ? `NOT FOUND in ${seeds} seeds: ${name}`
        : `${String(run.seedsNeeded).padStart(4)} seeds (${run.seed}): ${name}; ${run.invariant}`,
    );
  }
  print(
    `${Object.keys(mutants).length} deliberate bugs, ${missed} not found within ${seeds} seeds`,
  );
  return missed > 0 ? 1 : 0;
}

function findMutant(
  name: string,
  input: {
    readonly from: number;
    readonly seeds: number;
    readonly isSound: (seed: number) => boolean;
  },
): MutantRun {
  const mutant = mutants[name];
  let seedsNeeded = 0;
  for (let seed = input.from; mutant !== undefined && seed < input.from + input.seeds; seed++) {
    const { failure } = runSeed(seed, { mutant });
    if (failure !== undefined && !input.isSound(seed)) continue;
    seedsNeeded++;
    if (failure !== undefined) return { name, seedsNeeded, seed, invariant: failure.invariant };
  }
  return { name, seedsNeeded: undefined, seed: undefined, invariant: undefined };
}
