/**
 * Core's tests, loaded into this process out of a bundle, to be run one by one with one mutant or
 * none. What a mutant leaves behind (a poisoned constant, a body that was cut off) is undone by
 * loading again.
 */
import { createRequire } from "node:module";
import { Script } from "node:vm";
import type { DeclaredTest, TestResult } from "../quickjs/guest/node-test.ts";

/** How often the active mutant was met, and may be; the bundle knows it as `globalThis.__stryker__`. */
export interface Limits {
  hitCount: number;
  hitLimit: number;
}

export interface Mutant {
  readonly id: number;
  readonly hitLimit: number;
}

export interface CoreTest {
  /** The file's path and the test's name. */
  readonly id: string;
  readonly name: string;
  readonly file: string;
}

/** `tookMs` is this thread's processor time, which does not tell a busy machine from an idle one. */
export type Outcome =
  | { readonly kind: "passed" | "skipped"; readonly tookMs: number }
  | { readonly kind: "failed" | "endless"; readonly tookMs: number; readonly text: string };

interface Bundle {
  activate(mutant: number): void;
  readonly places: Uint32Array;
  declaredTests(): readonly DeclaredTest[];
  readonly testsByFile: readonly { readonly file: string; readonly end: number }[];
}

type BundleFactory = (require: NodeJS.Require, mutant: number) => Bundle;

const noMutant = -1;

const scope = globalThis as unknown as { __stryker__: Limits; __callBody?: () => unknown };

export class CoreTests {
  readonly limits: Limits = { hitCount: 0, hitLimit: 0 };
  private readonly evaluate: Script;
  private readonly callBody = new Script("__callBody()");
  private readonly runById = new Map<string, DeclaredTest["run"]>();
  private declared: readonly CoreTest[] = [];
  private bundle: Bundle | undefined;

  constructor(code: string) {
    this.evaluate = new Script(code, { filename: "core-tests.js" });
    scope.__stryker__ = this.limits;
  }

  /** How often each mutant's place was passed since the last call, by id. */
  takePlaces(): Record<string, number> {
    const places = this.bundle?.places ?? new Uint32Array(0);
    const countById: Record<string, number> = {};
    for (let id = 0; id < places.length; id++) {
      const count = places[id] ?? 0;
      if (count > 0) countById[id] = count;
    }
    places.fill(0);
    return countById;
  }

  get list(): readonly CoreTest[] {
    return this.declared;
  }

  /** Evaluates all modules and declares the tests anew; a mutant is then active from the first line on. */
  load(mutant: number = noMutant): void {
    const factory = this.evaluate.runInThisContext() as BundleFactory;
    this.bundle = undefined;
    const bundle = factory(createRequire(import.meta.url), mutant);
    this.bundle = bundle;
    const tests = bundle.declaredTests();
    let at = 0;
    this.runById.clear();
    this.declared = bundle.testsByFile.flatMap(({ file, end }) => {
      const own = tests.slice(at, end).map(({ name, run }) => {
        const id = `${file} > ${name}`;
        this.runById.set(id, run);
        return { id, name, file };
      });
      at = end;
      return own;
    });
  }

  /** Runs one test with a mutant, which it may meet up to `hitLimit` times. */
  async runWith(id: string, mutant: Mutant, limitMs: number): Promise<Outcome> {
    this.limits.hitCount = 0;
    this.limits.hitLimit = mutant.hitLimit;
    this.bundle?.activate(mutant.id);
    const outcome = await this.run(id, limitMs);
    this.bundle?.activate(noMutant);
    if (this.limits.hitCount <= mutant.hitLimit) return outcome;
    return { kind: "endless", tookMs: outcome.tookMs, text: `met ${mutant.hitLimit} times` };
  }

  /** Runs one test; a body that has not returned after `limitMs` is cut off. */
  async run(id: string, limitMs: number): Promise<Outcome> {
    const run = this.runById.get(id);
    if (run === undefined) throw new Error(`no test '${id}'`);
    const results: TestResult[] = [];
    let isCutOff = false;
    const call = (body: () => unknown): unknown => {
      scope.__callBody = body;
      try {
        return this.callBody.runInThisContext({ timeout: limitMs });
      } catch (error) {
        isCutOff ||= (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
        throw error;
      }
    };
    const before = process.threadCpuUsage();
    try {
      await run((result) => results.push(result), call);
    } catch (error) {
      results.push({ name: id, outcome: "fail", text: String(error) });
    }
    const { user, system } = process.threadCpuUsage(before);
    const tookMs = (user + system) / 1000;
    if (isCutOff) return { kind: "endless", tookMs, text: `not done after ${limitMs} ms` };
    const failure = results.find((result) => result.outcome === "fail");
    if (failure !== undefined) return { kind: "failed", tookMs, text: failure.text ?? "failed" };
    return { kind: results.at(-1)?.outcome === "skip" ? "skipped" : "passed", tookMs };
  }
}
