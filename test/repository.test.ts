/**
 * Rules of the tree that no linter knows, as ordinary tests (after tigerbeetle's src/tidy.zig).
 * Each rule is also shown to find a planted violation, so that none of them can fall asleep.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Past the first a file probably has a second subject (STYLE: 80 to 300); past the other it has. */
const linesWarn = 400;
const linesMax = 500;
/** A table of cases may be longer than the code that it is about. */
const testLinesMax = 700;
const generated = new Set(["package-lock.json", "docs/errors.md"]);

interface Rule {
  readonly name: string;
  readonly applies: (path: string) => boolean;
  /** What is wrong with one line, or undefined. */
  readonly judge: (line: string) => string | undefined;
  /** A line that the rule must object to, put together here so that this file passes itself. */
  readonly planted: string;
}

const isCode = (path: string) => /\.(ts|js|sh)$/.test(path);
const isTest = (path: string) => /\.test(-[^/]*)?\.ts$/.test(path);
const isProduct = (path: string) =>
  path.startsWith("src/") && path.endsWith(".ts") && !isTest(path);
const everywhere = (path: string) => !generated.has(path);

const rules: readonly Rule[] = [
  {
    name: "nothing is left to fix before it reaches main",
    applies: everywhere,
    judge: (line) =>
      new RegExp(`\\bFIX${"ME"}\\b|\\bX${"XX"}\\b`).test(line) ? "fix it" : undefined,
    planted: `// FIX${"ME"} later`,
  },
  {
    name: "what is left to do has a reason and an owner",
    applies: everywhere,
    judge: (line) => {
      const found = new RegExp(`\\bTO${"DO"}\\b(.*)`).exec(line);
      if (found === null) return undefined;
      return /^\([a-z][\w -]*\): .{10,}/.test(found[1] ?? "") ? undefined : "no reason or no owner";
    },
    planted: `// TO${"DO"} faster`,
  },
  {
    name: "no path of anybody's own machine",
    applies: everywhere,
    judge: (line) =>
      /(^|[\s"'`(=])\/(home|root|Users|work)\/[\w.-]/.test(line) ? "a machine's path" : undefined,
    planted: `open("/ho${"me"}/someone/log")`,
  },
  {
    name: "no registry's host",
    applies: () => true,
    judge: (line) =>
      new RegExp(`registry\\.(npm|yarn)\\w*\\.|deb\\.deb${"ian"}\\.org|"resolved": "https?:`).test(
        line,
      )
        ? "a registry's host"
        : undefined,
    planted: `"resolved": "http${"s"}://example.org/x.tgz"`,
  },
  {
    name: "core asks nothing of the runtime's clock, chance, console or timers",
    applies: (path) => path.startsWith("src/core/") && isProduct(path),
    judge: (line) =>
      /\b(console\.|Date\.now|new Date\(|Math\.random|setTimeout|setInterval|queueMicrotask|structuredClone|TextEncoder|TextDecoder|Buffer\b|BigInt|process\.)/.test(
        withoutComment(line),
      )
        ? "not in core"
        : undefined,
    planted: "const now = Date.now();",
  },
  {
    name: "only the command line writes to the console",
    applies: (path) => isProduct(path) && !path.startsWith("src/cli/"),
    judge: (line) => (/\bconsole\.\w+\(/.test(withoutComment(line)) ? "console" : undefined),
    planted: 'console.log("here");',
  },
  {
    name: "chance in tests and labs comes from a printed seed",
    applies: (path) => isTest(path) || /^(test|lab|sim)\/.*\.ts$/.test(path),
    judge: (line) => (/\bMath\.random\(/.test(withoutComment(line)) ? "unseeded" : undefined),
    planted: "if (Math.random() < 0.5) drop();",
  },
  {
    name: "no error is swallowed without a word why",
    applies: (path) => isCode(path),
    judge: (line) => (/catch\s*(\(\w+\))?\s*\{\s*\}/.test(line) ? "an empty catch" : undefined),
    planted: `try { a(); } catch ${"{"}}`,
  },
  {
    name: "no test is left alone or left out",
    applies: isTest,
    judge: (line) =>
      /\b(test|it|describe)\.(only|skip|todo)\(|\bonly: true/.test(line)
        ? "only, skip or todo"
        : undefined,
    planted: `test.on${"ly"}("x", () => {`,
  },
  {
    name: "imports name the file they mean",
    applies: (path) => path.endsWith(".ts"),
    judge: (line) =>
      /\bfrom "\.{1,2}\/[^"]*"/.test(line) && !/\.(ts|js|json)"/.test(line)
        ? "no extension"
        : undefined,
    planted: 'import { a } from "./a";',
  },
];

for (const rule of rules) {
  test(rule.name, () => {
    assert.notEqual(rule.judge(rule.planted), undefined, "the planted violation goes unseen");
    const found = textFiles()
      .filter(({ path }) => rule.applies(path) && path !== "test/repository.test.ts")
      .flatMap(({ path, lines }) =>
        lines.flatMap((line, at) => {
          const problem = rule.judge(line);
          return problem === undefined ? [] : [`${path}:${at + 1} ${problem}: ${line.trim()}`];
        }),
      );
    assert.deepEqual(found, []);
  });
}

test("a source file has one subject, and so at most 500 lines, a test 700", (t) => {
  const long = textFiles()
    .filter(({ path }) => isCode(path))
    .filter(({ lines }) => lines.length > linesWarn);
  const named = ({ path, lines }: (typeof long)[number]) => `${path}: ${lines.length} lines`;
  for (const file of long) t.diagnostic(`warning: ${named(file)}, look for the second subject`);
  assert.deepEqual(
    long
      .filter(({ path, lines }) => lines.length > (isTest(path) ? testLinesMax : linesMax))
      .map(named),
    [],
  );
});

test("a source file says first what it is for", () => {
  const silent = textFiles()
    .filter(({ path }) => isCode(path) && !isTest(path))
    .filter(
      ({ lines }) =>
        !/^(\/\*|\/\/|#)/.test(lines[0]?.startsWith("#!") ? (lines[1] ?? "") : (lines[0] ?? "")),
    )
    .map(({ path }) => path);
  assert.deepEqual(silent, []);
});

test("files are named in kebab-case", () => {
  const odd = trackedFiles()
    .filter((path) => /^(src|scripts|test|lab|sim)\//.test(path) && /\.(ts|js)$/.test(path))
    .filter((path) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*\.(ts|js)$/.test(path.split("/").at(-1) ?? ""));
  assert.deepEqual(odd, []);
});

test("the manifest pins every package to one version", () => {
  for (const path of ["package.json", "runtime/package.json"]) {
    const manifest = JSON.parse(readFileSync(`${root}/${path}`, "utf8"));
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const versions = Object.entries({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    });
    for (const [name, version] of versions)
      assert.match(String(version), /^(npm:[a-z@/-]+@)?\d+\.\d+\.\d+$/, name);
  }
});

test("every package needed at run time is imported, and its reason stands in ARCHITECTURE.md", () => {
  const { dependencies } = JSON.parse(readFileSync(`${root}/package.json`, "utf8"));
  const architecture = readFileSync(`${root}/docs/ARCHITECTURE.md`, "utf8");
  const product = textFiles().filter(({ path }) => isProduct(path));
  for (const name of Object.keys(dependencies)) {
    const imported = product.some(({ lines }) => lines.some((line) => line.includes(`"${name}"`)));
    assert.ok(imported, `${name} is imported nowhere below src`);
    assert.ok(architecture.includes(`\`${name}\``), `${name} has no reason in ARCHITECTURE.md`);
  }
});

function trackedFiles(): string[] {
  const options = { cwd: root, encoding: "utf8" } as const;
  return execFileSync("git", ["ls-files", "-z"], options).split("\0").filter(Boolean);
}

function textFiles(): { readonly path: string; readonly lines: readonly string[] }[] {
  return trackedFiles().flatMap((path) => {
    const text = readOrUndefined(`${root}/${path}`);
    return text === undefined || text.includes("\0")
      ? []
      : [{ path, lines: text.trimEnd().split("\n") }];
  });
}

/** A file that git lists and that is just being moved has nothing to say. */
function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function withoutComment(line: string): string {
  return line.replace(/^\s*(\*|\/\*).*$/, "").replace(/\/\/.*$/, "");
}
