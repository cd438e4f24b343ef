/**
 * `npm run sim -- [--seeds N] [--from S] [--minutes M] [--seed X] [--mutants]`
 *
 *   --seeds N    runs N seeds (default 100), from S on (default 1)
 *   --minutes M  runs fresh seeds for M minutes instead
 *   --seed X     runs one seed and prints what happened
 *   --mutants    plants each deliberate bug and says in which of N seeds it is found first
 *
 * Exit status 1 when a promise is broken, or when a fault or a recovery path
 * never came up over a long run.
 */
import { parseArgs } from "node:util";
import { Coverage } from "./coverage.ts";
import { runMutants } from "./mutant-runs.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";

/** Below this a path that is missing says nothing. */
const seedsForCoverage = 300;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    minutes: { type: "string" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function showFailure(result: SeedResult): void {
  print(`seed ${result.seed} FAILED after ${hours(result.simulatedMs)} simulated hours`);
  print(`  ${result.failure?.message ?? ""}`);
  print(`  replay: npm run sim -- --seed ${result.seed}`);
}

function hours(ms: number): string {
  return (ms / 3_600_000).toFixed(1);
}

function runOne(seed: number): number {
  const result = runSeed(seed, values.quiet ? {} : { sink: print });
  print(
    `seed ${seed}: ${result.events} events, ${hours(result.simulatedMs)} simulated hours, trace ${result.digest}`,
  );
  if (result.failure === undefined) return 0;
  print(result.failure.stack);
  return 1;
}

function runMany(from: number, count: number, untilMs: number): number {
  const coverage = new Coverage();
  const failed: SeedResult[] = [];
  let simulatedMs = 0;
  let events = 0;
  let runs = 0;
  for (let seed = from; seed < from + count && Date.now() < untilMs; seed++) {
    const result = runSeed(seed);
    runs++;
    simulatedMs += result.simulatedMs;
    events += result.events;
    if (result.coverage !== undefined) coverage.merge(result.coverage);
    if (result.failure === undefined) continue;
    failed.push(result);
    showFailure(result);
  }
  print(coverage.describe());
  print(
    `${runs} seeds, ${hours(simulatedMs)} simulated hours, ${events} events, ${failed.length} failed`,
  );
  const byInvariant = new Map<string, number[]>();
  for (const { seed, failure } of failed) {
    const name = failure?.invariant ?? "";
    byInvariant.set(name, [...(byInvariant.get(name) ?? []), seed]);
  }
  for (const [name, seeds] of byInvariant) print(`  ${name}: ${seeds.join(" ")}`);
  const isLong = runs >= seedsForCoverage;
  if (isLong && coverage.missing.length > 0) {
    print(`never came up: ${coverage.missing.join(", ")}`);
    return 1;
  }
  return failed.length > 0 ? 1 : 0;
}

const from = Number(values.from);
if (values.seed !== undefined) process.exitCode = runOne(Number(values.seed));
else if (values.mutants) process.exitCode = runMutants(from, Number(values.seeds), print);
else if (values.minutes !== undefined)
  process.exitCode = runMany(
    from,
    Number.MAX_SAFE_INTEGER - from,
    Date.now() + Number(values.minutes) * 60_000,
  );
else process.exitCode = runMany(from, Number(values.seeds), Number.POSITIVE_INFINITY);
