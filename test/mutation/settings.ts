/** What a run of the mutation tests can be told; the runner's process gets it within Stryker's options. */

export interface Settings {
  /** Uniformly drawn share of the mutants that is tried, and what it is drawn with. */
  readonly sample: number;
  readonly seed: number;
  /** Whether the long tests of core are asked too (`test/long-tests.ts`). */
  readonly isLong: boolean;
  /**
   * Tests are asked until those that a mutant got would take this long without one; a test further
   * down the order is never asked, so a score is a lower bound.
   */
  readonly budgetMs: number;
  /** Folders and files whose tests are asked. */
  readonly tests: readonly string[];
  /** The folder that is written to. */
  readonly reports: string;
}

export const standardSettings: Settings = {
  sample: 1,
  seed: 1,
  isLong: false,
  budgetMs: 1000,
  tests: ["src/core"],
  reports: "reports/mutation",
};

/** The name under which Stryker's options hold the settings. */
export const settingsKey = "coreTests";

/** What makes a mutant that mutant, from run to run; lines and columns from 0, as in the runner. */
export interface MutantIdentity {
  readonly fileName: string;
  readonly location: { readonly start: Place; readonly end: Place };
  readonly mutatorName: string;
  readonly replacement?: string | undefined;
}
interface Place {
  readonly line: number;
  readonly column: number;
}

/** The same of a result, where Stryker counts lines and columns from 1. */
export function identityOf<T extends MutantIdentity>(result: T): MutantIdentity {
  const { start, end } = result.location;
  const from0 = ({ line, column }: Place): Place => ({ line: line - 1, column: column - 1 });
  return { ...result, location: { start: from0(start), end: from0(end) } };
}

/** Whether a mutant belongs to the sample; each has the same chance, by a hash of what it is. */
export function isDrawn(mutant: MutantIdentity, { sample, seed }: Settings): boolean {
  if (sample >= 1) return true;
  const { start, end } = mutant.location;
  const name = mutant.fileName.slice(mutant.fileName.indexOf("src/core/"));
  const text = `${name} ${start.line}:${start.column}-${end.line}:${end.column} ${mutant.mutatorName} ${mutant.replacement ?? ""}`;
  let hash = (2166136261 ^ seed) >>> 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 16777619);
  // The last step of FNV mixes its low bits best into the high ones; fold them once more.
  hash = Math.imul(hash ^ (hash >>> 15), 2246822519);
  hash = Math.imul(hash ^ (hash >>> 13), 3266489917);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000 < sample;
}
