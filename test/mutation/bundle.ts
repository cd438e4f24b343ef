/**
 * Core's tests as one script that a process evaluates once and then asks again and again: the
 * instrumented core, all its tests, and the small `node:test` that QuickJS has too. One bundle, so
 * that the code stays compiled from mutant to mutant; evaluating it again takes a fraction of a
 * second, which is what a mutant of a module's constants needs.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";
import { smallTestModules } from "../quickjs/bundle.ts";

/** Tests that a run in one process, over instrumented code, cannot hold. */
const leftOut: Readonly<Record<string, string>> = {
  "src/core/vector/stream-table.memory.test.ts": "measures the heap of its process",
};

/** The same inputs for every mutant; a failure is enough, nobody reads its shrunk example. */
const properties = { seed: 20261126, endOnFailure: true };

export interface BundleInput {
  /** The tree with the instrumented sources. */
  readonly root: string;
  /** Whether the code counts how often each mutant's place is reached, or holds the mutants. */
  readonly isCounting: boolean;
  /** Folders and files below `src/core` whose tests are taken. */
  readonly tests: readonly string[];
}

/** The script: an expression, whose value is a `BundleFactory`. */
export async function bundleCoreTests(input: BundleInput): Promise<string> {
  const { root, isCounting } = input;
  const files = testFiles(input);
  const code = `
    import fc from "fast-check";
    import { declaredTests } from "node:test";
    import "tests-begin:";
    ${files.map((file) => `import "./${file}"; import "tests-of:${file}";`).join("\n")}
    fc.configureGlobal(${JSON.stringify(properties)});
    export { declaredTests };
    export { testsByFile } from "tests-begin:";
  `;
  let mutantCount = 0;
  const transform = (source: string): string => {
    for (const [, id] of source.matchAll(question)) {
      mutantCount = Math.max(mutantCount, Number(id) + 1);
    }
    return isCounting ? countPlaces(source) : holdMutants(source);
  };
  const result = await build({
    stdin: { contents: code, resolveDir: root, loader: "ts", sourcefile: "core-tests.ts" },
    bundle: true,
    write: false,
    format: "cjs",
    target: "node24",
    platform: "node",
    plugins: [smallTestModules, marks, sources(transform)],
    logLevel: "silent",
  });
  const [file] = result.outputFiles;
  if (file === undefined) throw new Error("esbuild wrote nothing");
  return `(function (require, strykerActive) {
    const strykerPlaces = new Uint32Array(${mutantCount});
    const strykerHit = () => {
      const limits = globalThis.__stryker__;
      if (++limits.hitCount > limits.hitLimit) throw new Error("the mutant was met too often");
      return true;
    };
    const module = { exports: {} };
    ${file.text}
    const activate = (id) => { strykerActive = id; };
    return { ...module.exports, activate, places: strykerPlaces };
  })`;
}

function testFiles({ root, tests }: BundleInput): readonly string[] {
  const isAsked = (name: string): boolean =>
    tests.some((path) => name === path || name.startsWith(`${path.replace(/\/$/, "")}/`));
  return readdirSync(join(root, "src/core"), { recursive: true, encoding: "utf8" })
    .map((name) => `src/core/${name}`)
    .filter((name) => name.endsWith(".test.ts") && leftOut[name] === undefined && isAsked(name))
    .sort();
}

/** Modules between the test files, which note how many tests each of them declared. */
const marks: Plugin = {
  name: "marks",
  setup(builder) {
    builder.onResolve({ filter: /^tests-(begin|of):/ }, ({ path }) => ({
      path,
      namespace: "marks",
    }));
    builder.onLoad({ filter: /^tests-begin:/, namespace: "marks" }, () => ({
      contents: "export const testsByFile = [];",
    }));
    builder.onLoad({ filter: /^tests-of:/, namespace: "marks" }, ({ path }) => ({
      contents: `
        import { declaredTests } from "node:test";
        import { testsByFile } from "tests-begin:";
        testsByFile.push({ file: ${JSON.stringify(path.slice("tests-of:".length))}, end: declaredTests().length });
      `,
    }));
  },
};

/** What Stryker's code asks at each place it changed, and tells whenever it passes one. */
const question = /stryMutAct_9fa48\("(\d+)"\)/g;
const notice = /stryCov_9fa48\(((?:"\d+"(?:, )?)+)\)/g;

/** The question inline, as a comparison of two small numbers: a function's call each time costs far more. */
function holdMutants(source: string): string {
  return source.replace(question, "(strykerActive === $1 && strykerHit())").replace(notice, "0");
}

/** No mutants, and a counter for each place. */
function countPlaces(source: string): string {
  const counted = source.replace(notice, (_whole, ids: string) => {
    const counts = ids.split(", ").map((id) => `strykerPlaces[${id.slice(1, -1)}]++`);
    return `(${counts.join(", ")})`;
  });
  return counted.replace(question, "false");
}

function sources(transform: (source: string) => string): Plugin {
  return {
    name: "sources",
    setup(builder) {
      builder.onLoad({ filter: /\/src\/core\/.*\.ts$/ }, ({ path }) => {
        // A bundle has no place of its own: what a test reads lies where its source does.
        const source = readFileSync(path, "utf8").replaceAll(
          "import.meta.url",
          JSON.stringify(pathToFileURL(path).href),
        );
        return {
          contents: transform(source),
          loader: "ts",
          resolveDir: join(path, ".."),
        };
      });
    },
  };
}
