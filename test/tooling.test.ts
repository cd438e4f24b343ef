/**
 * The checks of this repository are awake, and a checkout's Node is found and linked: each check
 * is given something that it must object to.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isInstalled } from "../scripts/install.js";
import { bundledNode, linkNode } from "../scripts/link-node.js";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What must not compile inside core, and the compiler's reason. */
const impurities: Readonly<Record<string, readonly [text: string, reason: string]>> = {
  "a Node module": ['import "node:fs";', "TS2882|TS2307|TS2591"],
  "a Node module's type": ['import type { Stats } from "node:fs";', "TS2307|TS2591"],
  Buffer: ["export const b = Buffer.from([1]);", "TS2580|TS2591|TS2304"],
  process: ["export const p = process.pid;", "TS2580|TS2591|TS2304"],
  TextEncoder: ["export const t = new TextEncoder();", "TS2304"],
  "a timer": ["setTimeout(() => undefined, 1);", "TS2304"],
  crypto: ["export const c = crypto.subtle;", "TS2304"],
  console: ['console.log("x");', "TS2584"],
  "what came after ES2020": ["export const a = [1].at(-1);", "TS2550"],
  "an enum": ["export enum E { A }", "TS1294"],
  "a missing index check": ["export const f = (l: number[]): number => l[0];", "TS2322"],
};

for (const [what, [text, reason]] of Object.entries(impurities)) {
  test(`core does not compile with ${what}`, (t) => {
    assert.match(compileInCore(t, `${text}\nexport {};\n`), new RegExp(`error (${reason}):`));
  });
}

test("core compiles with plain ES2020", (t) => {
  const text =
    "export const f = (list: readonly number[]): number => list[0] ?? Math.imul(2, 3);\n";
  assert.equal(compileInCore(t, text), "");
});

test("a floating promise is found, a test call is none", (t) => {
  const folder = scratch(t);
  cpSync(join(root, ".oxlintrc.json"), join(folder, ".oxlintrc.json"));
  writeFileSync(join(folder, "tsconfig.json"), '{ "include": ["*.ts"] }\n');
  writeFileSync(
    join(folder, "planted.ts"),
    "async function save(): Promise<void> {}\nsave();\nvoid save();\n",
  );
  const linter = join(root, "node_modules/oxlint/bin/oxlint");
  const result = run([linter, "--type-aware", "--quiet"], folder);
  assert.equal(result.status, 1, result.stdout);
  assert.equal(result.stdout.match(/no-floating-promises/g)?.length, 1, result.stdout);
});

test("an install is seen as missing, complete, or stale", (t) => {
  const folder = scratch(t);
  const lock = { packages: { "": {}, "node_modules/a": { version: "1.0.0" } } };
  const withOptional = { ...lock.packages, "node_modules/b": { version: "1.0.0", optional: true } };
  const write = (path: string, content: unknown) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), JSON.stringify(content));
  };
  write("package-lock.json", { packages: withOptional });
  assert.equal(isInstalled(folder), false, "missing");
  write("node_modules/.package-lock.json", lock);
  assert.equal(isInstalled(folder), true, "complete without another platform's package");
  write("node_modules/.package-lock.json", {
    packages: { "node_modules/a": { version: "0.9.0" } },
  });
  assert.equal(isInstalled(folder), false, "stale");
});

test("the bundled Node is linked where npm linked none, and where a link points elsewhere", (t) => {
  const own = bundledNode();
  if (own === undefined) return t.diagnostic("no bundled Node on this platform: nothing to link");
  const folder = scratch(t);
  const copy = join(folder, own.slice(root.length));
  mkdirSync(dirname(copy), { recursive: true });
  symlinkSync(own, copy);
  const link = join(folder, "node_modules/.bin/node");
  linkNode(folder);
  const target = readlinkSync(link);
  rmSync(link);
  symlinkSync("../elsewhere/node", link);
  linkNode(folder);
  assert.equal(readlinkSync(link), target);
  const version = spawnSync(link, ["--version"], { encoding: "utf8" }).stdout.trim();
  const manifest = JSON.parse(readFileSync(join(root, "runtime/package.json"), "utf8"));
  const pinned: unknown = Object.values(manifest.optionalDependencies)[0];
  assert.equal(version, `v${String(pinned)}`);
});

test("all five platforms' runtimes are pinned to one version", () => {
  const manifest = JSON.parse(readFileSync(join(root, "runtime/package.json"), "utf8"));
  const versions = Object.values(manifest.optionalDependencies);
  assert.equal(versions.length, 5);
  assert.equal(new Set(versions).size, 1);
});

/** The compiler's complaints about one file under core's own options. */
function compileInCore(t: TestContext, text: string): string {
  const folder = scratch(t);
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
  writeFileSync(join(folder, "planted.ts"), text);
  writeFileSync(
    join(folder, "tsconfig.json"),
    JSON.stringify({ extends: join(root, "src/core/tsconfig.json"), include: ["*.ts"] }),
  );
  return run([join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.json"], folder).stdout;
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "zamsync-tooling-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function run(args: readonly string[], cwd: string) {
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
}
