/** What a part of the benchmarks gets, and what it gives back. */
import type { Stage } from "../stage.ts";

export interface BenchContext {
  /** Removed when the benchmarks end. */
  readonly scratch: string;
  readonly stage: Stage;
  /** 1 for the published figures; less for a quick look. */
  readonly scale: number;
}

/** One figure, in a unit that its name ends with. `bound` says what the project promises. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly bound?: { readonly atLeast: number } | { readonly atMost: number };
}

export type Section = (context: BenchContext) => Promise<readonly Figure[]>;

export function holds({ value, bound }: Figure): boolean {
  if (bound === undefined) return true;
  return "atLeast" in bound ? value >= bound.atLeast : value <= bound.atMost;
}
