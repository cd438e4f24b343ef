/**
 * The loop: inputs drawn from what is known to be interesting, run, and kept when
 * they do something new. New is an outcome that no input had before, or, with a
 * coverage meter, a block of the sources that none had reached.
 *
 * One seed gives the same inputs as long as the pool at the start is the same.
 */
import type { SeededRandom } from "../../src/testing/seeded-random.ts";
import type { CoverageMeter } from "./coverage.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { drawInput } from "./mutate.ts";

export interface FuzzInput {
  readonly random: SeededRandom;
  readonly corpus: readonly Uint8Array[];
  /** Asked before each batch, with the number of inputs so far. */
  readonly isOver: (executions: number) => boolean;
  readonly coverage?: CoverageMeter;
  readonly onInteresting?: (input: Uint8Array, outcome: string) => void;
}

export interface FuzzReport {
  readonly executions: number;
  /** Outcome to number of inputs. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly interesting: number;
}

/** An input that broke a claim, made as short as it could be. */
export class FuzzFailure extends Error {
  readonly target: string;
  readonly input: Uint8Array;

  constructor(target: string, input: Uint8Array, cause: unknown) {
    super(`${target}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.target = target;
    this.input = input;
  }
}

const batchSize = 200;
const inputBytesDefault = 512;
/** Past this something hangs: the longest honest input takes a hundredth of it. */
const inputMsMax = 20_000;

export async function fuzz(target: FuzzTarget, input: FuzzInput): Promise<FuzzReport> {
  const { random, coverage } = input;
  const inputBytesMax = target.inputBytesMax ?? inputBytesDefault;
  const pool = [...target.samples, ...input.corpus];
  const outcomes = new Map<string, number>();
  const known = new Set<string>();
  let executions = 0;
  let interesting = 0;
  const keep = (bytes: Uint8Array, outcome: string): void => {
    pool.push(bytes);
    interesting++;
    input.onInteresting?.(bytes, outcome);
  };
  for (const bytes of pool) known.add(await runOne(target, bytes));
  coverage?.learn();
  while (!input.isOver(executions)) {
    const batch: Uint8Array[] = [];
    for (let count = 0; count < batchSize; count++) {
      const bytes = drawInput(random, { inputs: pool, inputBytesMax });
      const outcome = await runOne(target, bytes);
      executions++;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (known.has(outcome)) batch.push(bytes);
      else {
        known.add(outcome);
        keep(bytes, outcome);
      }
    }
    for (const bytes of (await coverage?.findNew(batch, (one) => runOne(target, one))) ?? [])
      keep(bytes, "coverage");
  }
  return { executions, outcomes, interesting };
}

/** @throws FuzzFailure */
export async function runOne(target: FuzzTarget, bytes: Uint8Array): Promise<string> {
  try {
    return await timed(target, bytes);
  } catch (error) {
    const shortest = await shorten(target, bytes);
    throw new FuzzFailure(target.name, shortest.bytes, shortest.error ?? error);
  }
}

async function timed(target: FuzzTarget, bytes: Uint8Array): Promise<string> {
  const startedMs = performance.now();
  const result = target.run(bytes);
  const outcome = typeof result === "string" ? result : await result;
  const tookMs = performance.now() - startedMs;
  if (tookMs > inputMsMax) throw new Error(`${Math.round(tookMs)} ms for one input`);
  return outcome;
}

const shortenTriesMax = 400;

/** Leaves out pieces, halves first, as long as it still fails. */
async function shorten(
  target: FuzzTarget,
  failing: Uint8Array,
): Promise<{ readonly bytes: Uint8Array; readonly error: unknown }> {
  let bytes = failing;
  let error: unknown;
  let tries = 0;
  for (let piece = Math.ceil(bytes.length / 2); piece >= 1; piece = Math.floor(piece / 2)) {
    for (let at = 0; at < bytes.length && tries < shortenTriesMax; tries++) {
      const shorter = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + piece)]);
      try {
        await timed(target, shorter);
        at += piece;
      } catch (cause) {
        bytes = shorter;
        error = cause;
      }
    }
  }
  return { bytes, error };
}
