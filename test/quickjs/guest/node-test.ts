/**
 * The part of `node:test` that core's tests use, for a runtime that has none:
 * `describe`, `test` (`it`), `beforeEach`, `afterEach`,
 * nested `t.test`, `skip` and `diagnostic`. Anything else is absent, so that a
 * test that leans on it fails to bundle or to run.
 */

export interface TestContext {
  readonly name: string;
  diagnostic(text: string): void;
  skip(reason?: string): void;
  test(name: string, run: TestBody): Promise<void>;
}
type TestBody = (context: TestContext) => unknown;
interface Options {
  readonly skip?: boolean | string;
  /** Expected to fail for now: run, and reported as skipped if it does. */
  readonly todo?: boolean | string;
  readonly timeout?: number;
}
type Hook = () => unknown;

interface Suite {
  readonly name: string;
  readonly beforeEach: Hook[];
  readonly afterEach: Hook[];
  readonly parts: (Suite | Case)[];
}
interface Case {
  readonly name: string;
  readonly body: TestBody;
  readonly isSkipped: boolean;
  readonly isTodo: boolean;
}

export interface TestResult {
  readonly name: string;
  readonly outcome: "pass" | "fail" | "skip";
  readonly text?: string;
}

const root = newSuite("");
let current = root;

function newSuite(name: string): Suite {
  return { name, beforeEach: [], afterEach: [], parts: [] };
}

export function describe(name: string, body: () => void): void {
  const suite = newSuite(name);
  current.parts.push(suite);
  const outer = current;
  current = suite;
  try {
    body();
  } finally {
    current = outer;
  }
}

export function test(name: string, options: Options | TestBody, body?: TestBody): void {
  const run = typeof options === "function" ? options : body;
  const { skip = false, todo = false } = typeof options === "function" ? {} : options;
  if (run === undefined) throw new Error(`test '${name}' has no body`);
  current.parts.push({ name, body: run, isSkipped: skip !== false, isTodo: todo !== false });
}

export const it = test;
export const suite = describe;
export const beforeEach = (hook: Hook): number => current.beforeEach.push(hook);
export const afterEach = (hook: Hook): number => current.afterEach.push(hook);

class Skip extends Error {}

/** Runs all that was declared, one after the other, but what is named in `skipped`. */
export async function runAll(
  report: (result: TestResult) => void,
  skipped: readonly string[] = [],
): Promise<void> {
  for (const each of declaredTests()) {
    if (skipped.includes(each.name)) report({ name: each.name, outcome: "skip" });
    else await each.run(report);
  }
}

export interface DeclaredTest {
  /** The names of its suites and its own, joined with " > ". */
  readonly name: string;
  /** Runs it with its hooks; reports it, and before it each test inside it. */
  readonly run: (report: (result: TestResult) => void, call?: Caller) => Promise<void>;
}

/** Calls a test's body; a host that limits its time does so here. */
export type Caller = (body: () => unknown) => unknown;

/** All that was declared so far, in order; each can be run alone, and again. */
export function declaredTests(): readonly DeclaredTest[] {
  return testsOf(root, "", [], []);
}

function testsOf(
  suite: Suite,
  path: string,
  beforeEachOutside: readonly Hook[],
  afterEachOutside: readonly Hook[],
): readonly DeclaredTest[] {
  const befores = [...beforeEachOutside, ...suite.beforeEach];
  const afters = [...suite.afterEach, ...afterEachOutside];
  return suite.parts.flatMap((part) => {
    const name = path === "" ? part.name : `${path} > ${part.name}`;
    if ("parts" in part) return testsOf(part, name, befores, afters);
    const run: DeclaredTest["run"] = async (report, call = (body) => body()) => {
      if (part.isSkipped) return report({ name, outcome: "skip" });
      for (const hook of befores) await hook();
      const tell = (result: TestResult): void => {
        const isExpected = part.isTodo && result.outcome === "fail";
        report(isExpected ? { ...result, outcome: "skip" } : result);
      };
      await runCase(name, (context) => call(() => part.body(context)), tell);
      for (const hook of afters) await hook();
    };
    return [{ name, run }];
  });
}

async function runCase(
  name: string,
  body: TestBody,
  report: (result: TestResult) => void,
): Promise<void> {
  const context: TestContext = {
    name,
    diagnostic: () => {},
    skip: (reason) => {
      throw new Skip(reason);
    },
    test: (inner, innerBody) => runCase(`${name} > ${inner}`, innerBody, report),
  };
  try {
    const result = body(context);
    if (result instanceof Promise) await result;
    report({ name, outcome: "pass" });
  } catch (error) {
    if (error instanceof Skip) report({ name, outcome: "skip", text: error.message });
    else report({ name, outcome: "fail", text: describeError(error) });
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? `\ncaused by ${describeError(error.cause)}` : "";
  return `${error.name}: ${error.message}\n${error.stack ?? ""}${cause}`;
}
