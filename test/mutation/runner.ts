/**
 * Stryker's test runner for core: all tests in this one process, out of one bundle, one by one. A
 * mutant gets the tests that reach it, those beside its file first and then the quick ones before the
 * slow, until one fails; a second and more would go by if each mutant started `node --test`.
 *
 * A test that fails is run again without the mutant: only one that passes then has found it. If it
 * still fails, an earlier mutant left something behind, and all is loaded again.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { StrykerOptions } from "@stryker-mutator/api/core";
import { commonTokens, declareClassPlugin, PluginKind, tokens } from "@stryker-mutator/api/plugin";
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  type MutantRunOptions,
  type MutantRunResult,
  MutantRunStatus,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
} from "@stryker-mutator/api/test-runner";
import { longTests } from "../long-tests.ts";
import { bundleCoreTests } from "./bundle.ts";
import { type CoreTest, CoreTests, type Mutant, type Outcome } from "./core-tests.ts";
import { isDrawn, type Settings, settingsKey } from "./settings.ts";
import { testLines } from "./test-lines.ts";

/** Below the sandbox, for a process that Stryker starts after one that hung. */
const folder = "mutation-bundle";
const codeFile = `${folder}/core-tests.js`;
const timesFile = `${folder}/times.json`;

/** A body that neither returns nor meets its mutant again is cut off after this, and never before. */
const limitMs = (usualMs: number): number => 3000 + 20 * usualMs;
/** For the runs without a mutant. */
const unlimitedMs = 600_000;
/** Stryker allows a hundred times what all tests together did; a single one does not need that. */
const shareOfHitLimit = 0.05;
const hitLimitMin = 1000;

class CoreTestRunner implements TestRunner {
  static readonly inject = tokens(commonTokens.options);
  private readonly settings: Settings;
  private tests: CoreTests | undefined;
  private usualMs: Readonly<Record<string, number>> = {};
  /** Whether what is loaded can run a mutant that is switched on now. */
  private isClean = false;

  constructor(options: StrykerOptions) {
    this.settings = options[settingsKey] as Settings;
  }

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: true };
  }

  /** The first of Stryker's processes measures; one that replaces it finds bundle and times here. */
  async init(): Promise<void> {
    // A promise that a mutant's test left behind may fail in the middle of the next one.
    process.on("unhandledRejection", () => {});
    try {
      this.usualMs = JSON.parse(readFileSync(timesFile, "utf8")) as Record<string, number>;
      this.tests = new CoreTests(readFileSync(codeFile, "utf8"));
    } catch {
      this.tests = undefined;
    }
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    const input = { root: process.cwd(), tests: this.settings.tests };
    const counting = new CoreTests(await bundleCoreTests({ ...input, isCounting: true }));
    counting.load();
    const atLoad = counting.takePlaces();
    const perTest: Record<string, Record<string, number>> = {};
    for (const test of this.asked(counting.list)) {
      await counting.run(test.id, unlimitedMs);
      perTest[test.id] = counting.takePlaces();
    }

    const code = await bundleCoreTests({ ...input, isCounting: false });
    mkdirSync(folder, { recursive: true });
    writeFileSync(codeFile, code);
    this.tests = new CoreTests(code);
    const tests = await this.measure(this.tests);
    this.usualMs = Object.fromEntries(tests.map((test) => [test.id, test.timeSpentMs]));
    writeFileSync(timesFile, JSON.stringify(this.usualMs));
    return { status: DryRunStatus.Complete, tests, mutantCoverage: { static: atLoad, perTest } };
  }

  async mutantRun(options: MutantRunOptions): Promise<MutantRunResult> {
    const { activeMutant, mutantActivation, testFilter, hitLimit } = options;
    if (!isDrawn(activeMutant, this.settings)) {
      return { status: MutantRunStatus.Error, errorMessage: "not in the sample" };
    }
    const tests = this.tests;
    if (tests === undefined) throw new Error("the dry run comes first");
    const mutant: Mutant = {
      id: Number(activeMutant.id),
      hitLimit: Math.max(hitLimitMin, Math.ceil((hitLimit ?? 0) * shareOfHitLimit)),
    };
    const isStatic = mutantActivation === "static";
    if (isStatic || !this.isClean) {
      const problem = this.loadAnew(tests, isStatic ? mutant : undefined);
      if (problem !== undefined) {
        return killed({ nrOfTests: 0, killedBy: [], failureMessage: problem });
      }
    }
    let nrOfTests = 0;
    for (const test of this.order(activeMutant.fileName, testFilter)) {
      nrOfTests += 1;
      const outcome = await this.judge(tests, test, mutant, isStatic);
      if (outcome.kind === "endless") {
        this.isClean = false;
        return { status: MutantRunStatus.Timeout, reason: `${test.id}: ${outcome.text}` };
      }
      if (outcome.kind === "failed") {
        return killed({ nrOfTests, killedBy: [test.id], failureMessage: outcome.text });
      }
    }
    return { status: MutantRunStatus.Survived, nrOfTests };
  }

  /** One test against one mutant; a failure counts only if the test passes without it. */
  private async judge(
    tests: CoreTests,
    test: CoreTest,
    mutant: Mutant,
    isStatic: boolean,
  ): Promise<Outcome> {
    const limit = limitMs(this.usualMs[test.id] ?? 0);
    const outcome = await tests.runWith(test.id, mutant, limit);
    if (outcome.kind !== "failed" || isStatic) return outcome;
    if ((await tests.run(test.id, limit)).kind === "passed") return outcome;
    this.loadAnew(tests, undefined);
    const again = await tests.runWith(test.id, mutant, limit);
    // Whatever it left behind is cleared away before the next mutant.
    this.isClean = again.kind === "passed";
    return again;
  }

  /** With a mutant, the modules' constants are its own too. Returns what was thrown, if a module did. */
  private loadAnew(tests: CoreTests, mutant: Mutant | undefined): string | undefined {
    this.isClean = mutant === undefined;
    tests.limits.hitCount = 0;
    tests.limits.hitLimit = Number.POSITIVE_INFINITY;
    try {
      tests.load(mutant?.id);
      return undefined;
    } catch (error) {
      this.isClean = false;
      return String(error);
    }
  }

  private asked(list: readonly CoreTest[]): readonly CoreTest[] {
    if (this.settings.isLong) return list;
    return list.filter(({ file, name }) => longTests[file]?.includes(name) !== true);
  }

  private async measure(tests: CoreTests): Promise<TestResult[]> {
    tests.load();
    this.isClean = true;
    const results: TestResult[] = [];
    for (const { id, name, file } of this.asked(tests.list)) {
      const outcome = await tests.run(id, unlimitedMs);
      const startPosition = testLines(file).get(name);
      const base = {
        id,
        name: id,
        fileName: file,
        timeSpentMs: Math.ceil(outcome.tookMs),
        ...(startPosition === undefined ? {} : { startPosition }),
      };
      if ("text" in outcome) {
        results.push({ ...base, status: TestStatus.Failed, failureMessage: outcome.text });
      } else {
        const isSkipped = outcome.kind === "skipped";
        results.push({ ...base, status: isSkipped ? TestStatus.Skipped : TestStatus.Success });
      }
    }
    return results;
  }

  /**
   * Tests of the same file first, then of the same folder, then the others; the quick ones first in
   * each. One that the budget has no room for is left out, and quicker ones behind it are not.
   */
  private order(mutatedFile: string, filter: readonly string[] | undefined): readonly CoreTest[] {
    const isWanted = filter === undefined ? undefined : new Set(filter);
    const subject = basename(mutatedFile, ".ts");
    const distance = ({ file }: CoreTest): number => {
      if (!mutatedFile.endsWith(`${dirname(file)}/${basename(mutatedFile)}`)) return 2;
      return basename(file).startsWith(`${subject}.`) ? 0 : 1;
    };
    const usual = ({ id }: CoreTest): number => this.usualMs[id] ?? 0;
    const ordered = [...(this.tests?.list ?? [])]
      .filter((test) => this.usualMs[test.id] !== undefined && isWanted?.has(test.id) !== false)
      .sort((a, b) => distance(a) - distance(b) || usual(a) - usual(b));
    let sumMs = 0;
    return ordered.filter((test, index) => {
      if (index > 0 && sumMs + usual(test) > this.settings.budgetMs) return false;
      sumMs += usual(test);
      return true;
    });
  }
}

function killed(result: {
  nrOfTests: number;
  killedBy: string[];
  failureMessage: string;
}): MutantRunResult {
  return {
    status: MutantRunStatus.Killed,
    ...result,
    failureMessage: result.failureMessage.slice(0, 500),
  };
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, "core-tests", CoreTestRunner),
];
