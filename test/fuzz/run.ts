/**
 * `npm run fuzz`: every target in turn, guided by coverage, for as long as it is
 * given. Prints executions by target, what was added to the corpus, and for each
 * broken claim a line that repeats it; exits 1 then.
 *
 *     npm run fuzz -- --minutes 20
 *     npm run fuzz -- --minutes 5 --only frames --seed 7
 *     npm run fuzz -- --only frames --input AQID
 */
import { parseArgs } from "node:util";
import { createSeededRandom } from "../../src/testing/seeded-random.ts";
import { addToCorpus, readCorpus } from "./corpus.ts";
import { CoverageMeter } from "./coverage.ts";
import { fuzz, FuzzFailure, runOne } from "./fuzzer.ts";
import type { FuzzTarget } from "./fuzz-target.ts";
import { allTargets } from "./targets/all.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    only: { type: "string" },
    seed: { type: "string" },
    input: { type: "string" },
  },
});

/** Each target gets its share in slices, so that an interrupted run has seen all of them. */
const sliceMs = 10_000;

interface Tally {
  executions: number;
  readonly outcomes: Set<string>;
  added: number;
}

async function main(): Promise<number> {
  const targets = (await allTargets()).filter(({ name }) => name.includes(values.only ?? ""));
  if (targets.length === 0) {
    console.error(`no target is called '${values.only}'`);
    return 2;
  }
  if (values.input !== undefined)
    return replay(targets, Uint8Array.from(Buffer.from(values.input, "base64")));
  const seed = Number(values.seed ?? Date.now() % 0x1_0000_0000);
  const budgetMs = Number(values.minutes) * 60_000;
  console.log(`seed ${seed}, ${targets.length} targets, ${values.minutes} minutes`);
  const tallies = new Map<string, Tally>();
  const failures: FuzzFailure[] = [];
  let stop = false;
  process.once("SIGINT", () => {
    stop = true;
  });
  const startMs = performance.now();
  const leftMs = (): number => budgetMs - (performance.now() - startMs);
  for (let turn = 0; !stop && leftMs() > 0; turn++) {
    for (const [at, target] of targets.entries()) {
      if (stop || leftMs() <= 0) break;
      const shareMs = Math.min(sliceMs, leftMs() / (targets.length - at));
      const sliceSeed = seed + turn * targets.length + at;
      const failure = await slice(target, {
        seed: sliceSeed,
        shareMs,
        isOver: () => stop,
        tallies,
      });
      if (failure !== undefined) failures.push(failure);
    }
  }
  report(tallies, failures);
  return failures.length === 0 ? 0 : 1;
}

interface Slice {
  readonly seed: number;
  readonly shareMs: number;
  readonly isOver: () => boolean;
  readonly tallies: Map<string, Tally>;
}

async function slice(target: FuzzTarget, input: Slice): Promise<FuzzFailure | undefined> {
  const tally = input.tallies.get(target.name) ?? { executions: 0, outcomes: new Set(), added: 0 };
  input.tallies.set(target.name, tally);
  const interesting: Uint8Array[] = [];
  const coverage = new CoverageMeter();
  const endMs = performance.now() + input.shareMs;
  let counted = 0;
  try {
    const { outcomes } = await fuzz(target, {
      random: createSeededRandom(input.seed),
      corpus: readCorpus(target.name),
      coverage,
      isOver: (executions) => {
        counted = executions;
        return input.isOver() || performance.now() > endMs;
      },
      onInteresting: (bytes) => interesting.push(bytes),
    });
    for (const outcome of outcomes.keys()) tally.outcomes.add(outcome);
    return undefined;
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    addToCorpus(target.name, [error.input]);
    return error;
  } finally {
    coverage.close();
    tally.executions += counted;
    tally.added += addToCorpus(target.name, interesting);
  }
}

function report(tallies: ReadonlyMap<string, Tally>, failures: readonly FuzzFailure[]): void {
  let total = 0;
  for (const [name, { executions, outcomes, added }] of tallies) {
    total += executions;
    const news = added === 0 ? "" : `, ${added} new in the corpus`;
    console.log(`${name}: ${executions} inputs, ${outcomes.size} outcomes${news}`);
  }
  console.log(`${total} inputs in all, ${failures.length} failures`);
  const seen = new Set<string>();
  for (const failure of failures) {
    if (seen.has(failure.message)) continue;
    seen.add(failure.message);
    console.error(`FAILED ${failure.message}`);
    if (failure.cause instanceof Error) console.error(failure.cause.stack);
    console.error(`  npm run fuzz -- --only '${failure.target}' --input ${toText(failure.input)}`);
  }
}

function toText(input: Uint8Array): string {
  return Buffer.from(input).toString("base64");
}

async function replay(targets: readonly FuzzTarget[], input: Uint8Array): Promise<number> {
  for (const target of targets) console.log(`${target.name}: ${await runOne(target, input)}`);
  return 0;
}

// A target may have a server that goes on.
process.exit(await main());
