/**
 * `npm run mutation`: Stryker changes core in one small place after another, and core's tests must
 * notice. Prints a line a folder; writes what survived, a JSON and an HTML report to
 * `reports/mutation`. Exits 1 when a folder or the whole is under 80 %.
 *
 * A run goes on from the last one: what was found then is not tried again while the code and the test
 * that found it stand as they did. `CONTRIBUTING.md` says how to read what survives.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { parseArgs } from "node:util";
import type { LogLevel, PartialStrykerOptions } from "@stryker-mutator/api/core";
import { Stryker } from "@stryker-mutator/core";
import { type Settings, settingsKey, standardSettings } from "./settings.ts";
import { survivorsToText, tally, tallyToText } from "./table.ts";

const scoreMin = 0.8;
/** Long tests take seconds each; with them a mutant that survives has been through all. */
const longBudgetMs = 120_000;

const usage = `usage: npm run mutation -- [options]
  --only PATH      a folder or file below src/core, may be repeated (all)
  --tests PATH     ask only the tests below this folder or in this file, may be repeated (all of core)
  --sample SHARE   try a uniformly drawn share of the mutants, from 0 to 1 (1)
  --seed N         what the sample is drawn with (1)
  --long           ask the long tests too, and all that reach a mutant
  --budget-ms N    ask tests that take up to N ms together (${standardSettings.budgetMs})
  --fresh          try all again, whatever the last run found
  --reports DIR    where to write, and to go on from (reports/mutation)`;

interface Request {
  readonly only: readonly string[];
  readonly isFresh: boolean;
  readonly settings: Settings;
}

/** The request, or what is wrong with it. */
function parse(args: readonly string[]): Request | string {
  try {
    return parsed(args);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

function parsed(args: readonly string[]): Request {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true, default: ["src/core"] },
      tests: { type: "string", multiple: true, default: ["src/core"] },
      sample: { type: "string", default: "1" },
      seed: { type: "string", default: "1" },
      long: { type: "boolean", default: false },
      "budget-ms": { type: "string" },
      fresh: { type: "boolean", default: false },
      reports: { type: "string", default: "reports/mutation" },
    },
  });
  const usualMs = values.long ? longBudgetMs : standardSettings.budgetMs;
  const numbers = {
    sample: Number(values.sample),
    seed: Number(values.seed),
    budgetMs: Number(values["budget-ms"] ?? usualMs),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isFinite(value)) throw new TypeError(`--${name} takes a number`);
  }
  for (const path of [...values.only, ...values.tests]) {
    if (!/^src\/core(\/|$)/.test(path) || !existsSync(path)) {
      throw new TypeError(`there is no ${path} in src/core`);
    }
  }
  return {
    only: values.only,
    isFresh: values.fresh,
    settings: {
      ...numbers,
      isLong: values.long,
      tests: values.tests,
      reports: values.reports,
    },
  };
}

/** The errors' texts are data, generated into `docs/errors.md` and compared with it by a test. */
const notMutated = ["!**/*.test.ts", "!**/*.test-*.ts", "!src/core/errors/z?-*.ts"];

function strykerOptions({ only, isFresh, settings }: Request): PartialStrykerOptions {
  const { reports } = settings;
  return {
    mutate: [
      ...only.map((path) => (path.endsWith(".ts") ? path : `${path.replace(/\/$/, "")}/**/*.ts`)),
      ...notMutated,
    ],
    plugins: [
      "./test/mutation/runner.ts",
      "./test/mutation/prose-ignorer.ts",
      "./test/mutation/reporter.ts",
    ],
    testRunner: "core-tests",
    ignorers: ["prose"],
    coverageAnalysis: "perTest",
    // A runner keeps one processor busy; a second one would only measure the first one's noise.
    concurrency: 1,
    incremental: true,
    force: isFresh,
    incrementalFile: `${reports}/${historyName(settings)}`,
    reporters: ["core", "json", "html"],
    jsonReporter: { fileName: `${reports}/mutation.json` },
    htmlReporter: { fileName: `${reports}/mutation.html` },
    // The runner cuts an endless test off by itself; this is for one that waits for ever.
    dryRunTimeoutMinutes: 60,
    timeoutFactor: 0,
    timeoutMS: 60_000 + 5 * settings.budgetMs,
    ignorePatterns: ["*", ...sandboxed.flatMap((folder) => [`!${folder}`, `!${folder}/**`])],
    disableTypeChecks: false,
    tempDirName: ".stryker-tmp",
    // The sandbox lies below them. To look for others goes through folders that another test may be making anew.
    symlinkNodeModules: false,
    logLevel: "warn" as LogLevel,
    warnings: false,
    [settingsKey]: settings,
  };
}

/** A run goes on only from one that drew the same mutants and asked the same tests. */
function historyName(settings: Settings): string {
  const { isLong, budgetMs } = settings;
  return `${historyPrefix(settings)}${budgetMs}${isLong ? "-long" : ""}.json`;
}

function historyPrefix({ sample, seed, tests }: Settings): string {
  const drawn = sample < 1 ? `-${sample}-${seed}` : "";
  const listed = tests.join("+").replaceAll("/", ".");
  // A file's name has an end.
  const asked =
    listed.length <= 100 ? listed : createHash("sha256").update(listed).digest("hex").slice(0, 16);
  return `history${drawn}-${asked}-`;
}

/** What tests have found before they find again: with more time, or the long ones, only the rest is tried. */
function beginFromFewerTests(settings: Settings): void {
  const { reports, budgetMs, isLong } = settings;
  const path = `${reports}/${historyName(settings)}`;
  if (existsSync(path) || !existsSync(reports)) return;
  const prefix = historyPrefix(settings);
  const earlier = readdirSync(reports)
    .filter((name) => name.startsWith(prefix))
    .map((name) => ({ name, of: /^(\d+)(-long)?\.json$/.exec(name.slice(prefix.length)) }))
    .filter(({ of }) => of !== null && Number(of[1]) <= budgetMs && (isLong || of[2] === undefined))
    .sort((a, b) => Number(b.of?.[1]) - Number(a.of?.[1]));
  if (earlier[0] === undefined) return;
  copyFileSync(`${reports}/${earlier[0].name}`, path);
  forget(path, (status) => status !== "Killed" && status !== "Timeout");
}

/**
 * A mutant that was not drawn stands in the history as one that ended the runner. Where code has moved,
 * others are drawn: those have not been tried, and are forgotten.
 */
function forgetUndrawn(settings: Settings): void {
  const path = `${settings.reports}/${historyName(settings)}`;
  if (existsSync(path)) forget(path, (status) => status === "RuntimeError");
}

function forget(path: string, isForgotten: (status: string) => boolean): void {
  const history = JSON.parse(readFileSync(path, "utf8")) as History;
  for (const file of Object.values(history.files)) {
    file.mutants = file.mutants.filter(({ status }) => !isForgotten(status));
  }
  writeFileSync(path, JSON.stringify(history));
}

interface History {
  readonly files: Readonly<Record<string, { mutants: readonly { readonly status: string }[] }>>;
}

/** What the bundle is made of, and what its tests read. */
const sandboxed = ["src", "test", "docs", "package.json"];

async function main(args: readonly string[]): Promise<number> {
  const request = parse(args);
  if (typeof request === "string") {
    process.stderr.write(`${request}\n${usage}\n`);
    return 2;
  }
  const { settings } = request;
  const { reports } = settings;
  if (request.isFresh) rmSync(`${reports}/${historyName(settings)}`, { force: true });
  else beginFromFewerTests(settings);
  forgetUndrawn(settings);
  process.stdout.write(
    `sample ${settings.sample}, seed ${settings.seed}, tests up to ${settings.budgetMs} ms a mutant${settings.isLong ? ", long ones too" : ""}\n`,
  );
  const results = await new Stryker(strykerOptions(request)).runMutationTest();
  writeFileSync(`${reports}/survivors.txt`, survivorsToText(results, settings));
  const rows = tally(results, settings);
  process.stdout.write(`${tallyToText(rows, settings)}\nwhat survived: ${reports}/survivors.txt\n`);
  const low = rows.filter((row) => row.score < scoreMin);
  for (const row of low) process.stdout.write(`${row.folder} is under ${scoreMin * 100} %\n`);
  return low.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
