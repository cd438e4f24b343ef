/**
 * The published package, as an embedder gets it: packed, installed into an empty folder, run.
 *
 * Claims: `npx zamsync version` works on a Node that is new enough; an older Node prints one line
 * with a Z code and exits 2; the embedder's own `node` is not shadowed, because the runtime that a
 * checkout brings along is a private workspace and never published; types resolve for a strict
 * consumer; nothing but compiled code and documents is inside.
 */
import assert from "node:assert/strict";
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { usageErrors } from "../src/core/errors/z1-usage.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let scratch = "";
let embedder = "";
let contents: readonly string[] = [];

before(() => {
  scratch = mkdtempSync(join(tmpdir(), "zamsync-package-"));
  embedder = join(scratch, "embedder");
  const packed = npm(["pack", "--json", "--pack-destination", scratch], root);
  assert.equal(packed.status, 0, packed.stdout + packed.stderr);
  const report = firstPackage(packed.stdout);
  contents = report.files.map((file) => file.path);
  mkdirSync(embedder);
  writeFileSync(join(embedder, "package.json"), '{ "private": true, "type": "module" }\n');
  const installed = npm(["install", join(scratch, report.filename)], embedder);
  assert.equal(installed.status, 0, installed.stderr);
});

after(() => rmSync(scratch, { recursive: true, force: true }));

test("the package holds compiled code, types and documents, and nothing else", () => {
  const odd = contents.filter(
    (path) =>
      !/^dist\/.*\.(js|d\.ts)$/.test(path) &&
      path !== "dist/hub/dashboard/page.html" &&
      !/^docs\/.*\.md$/.test(path) &&
      !/^bin\/(zamsync\.js|package\.json)$/.test(path) &&
      !["package.json", "README.md", "LICENSE", "CHANGELOG.md"].includes(path),
  );
  assert.deepEqual(odd, []);
  assert.deepEqual(
    contents.filter((path) => /\.test[.-]/.test(path)),
    [],
  );
  for (const path of [
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "bin/zamsync.js",
    "docs/errors.md",
    "dist/hub/dashboard/page.html",
  ]) {
    assert.ok(contents.includes(path), `${path} is missing`);
  }
});

test("npx zamsync version works on a Node that is new enough", () => {
  const result = npx(["zamsync", "version"], process.execPath);
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, new RegExp(`\\b${manifest.version.replaceAll(".", "\\.")}\\b`));
});

test("a packaged hub serves a packaged clinic, and stops on SIGTERM", async (t) => {
  const launcher = join(embedder, "node_modules", "zamsync", "bin", "zamsync.js");
  const run = (...args: readonly string[]): string => {
    const result = spawnSync(process.execPath, [launcher, ...args], { encoding: "utf8" });
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
  };
  const [hub, clinic] = [join(scratch, "hub"), join(scratch, "clinic_a")];
  run("keygen", hub, "--hub");
  run("keygen", clinic);
  run("sign", join(clinic, "tls", "node.csr"), "--ca", hub);
  run("push", clinic, "--payload", '{"pulse":72}');
  const serving = spawn(
    process.execPath,
    [launcher, "serve", "--data-dir", hub, "--bind", "127.0.0.1:0", "--json"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => serving.kill("SIGKILL"));
  const [line] = (await once(serving.stdout.setEncoding("utf8"), "data")) as [string];
  const { port } = new URL(`tcp://${JSON.parse(line).address}`);
  const summary = JSON.parse(run("sync", clinic, "--hub", `127.0.0.1:${port}`, "--json"));
  assert.deepEqual([summary.complete, summary.eventsConfirmed], [true, 1]);
  serving.kill("SIGTERM");
  const [status] = await once(serving, "exit");
  assert.equal(status, 0);
});

test("the runtime of a checkout does not come along, so the embedder's own node is not shadowed", () => {
  const shadows = readdirSync(join(embedder, "node_modules", ".bin")).filter((name) =>
    /^node(\.|$)/.test(name),
  );
  assert.deepEqual(shadows, []);
  const packages = readdirSync(join(embedder, "node_modules"));
  assert.deepEqual(
    packages.filter((name) => /^(node-(bin-)?(linux|darwin|win)|zamsync-runtime)/.test(name)),
    [],
  );
  const where = npx(["-c", "command -v node"], process.execPath);
  assert.equal(where.stdout.trim(), join(scratch, "node-path", "node"));
});

test("the published manifest asks for run-time packages only", () => {
  const published = JSON.parse(
    readFileSync(join(embedder, "node_modules/zamsync/package.json"), "utf8"),
  );
  assert.equal(published.optionalDependencies, undefined);
  for (const hook of ["preinstall", "install", "postinstall"])
    assert.equal(published.scripts?.[hook], undefined);
});

test("every subpath export resolves and loads", () => {
  for (const path of Object.keys(manifest.exports).filter((key) => !key.endsWith(".json"))) {
    const name = join("zamsync", path);
    const program = `const m = await import("${name}"); console.log(Object.keys(m).length > 0)`;
    const result = run(process.execPath, ["--input-type=module", "-e", program], embedder);
    assert.equal(result.stdout, "true\n", `${name}: ${result.stderr}`);
  }
});

test("nothing inside is importable but the exports", () => {
  const program = 'await import("zamsync/dist/core/bytes.js")';
  const result = run(process.execPath, ["--input-type=module", "-e", program], embedder);
  assert.match(result.stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

test("a strict consumer's program type-checks against the declarations", () => {
  const names = Object.keys(manifest.exports).filter((key) => !key.endsWith(".json"));
  const lines = names.map((path, at) => `export * as m${at} from "${join("zamsync", path)}";`);
  writeFileSync(join(embedder, "consumer.ts"), `${lines.join("\n")}\n`);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const flags = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024"];
  const types = [
    "--lib",
    "es2024",
    "--types",
    "node",
    "--typeRoots",
    join(root, "node_modules/@types"),
  ];
  const result = run(process.execPath, [compiler, ...flags, ...types, "consumer.ts"], embedder);
  assert.equal(result.status, 0, result.stdout);
});

test("an older Node gets one line with a Z code, and exit status 2", () => {
  const launcher = join(embedder, "node_modules/zamsync/bin/zamsync.js");
  for (const old of ["18.20.4", "20.20.2", "24.14.1"]) {
    const text = onVersion(old, [launcher, "version"]);
    assert.equal(text.status, 2, text.stderr);
    assert.equal(text.stdout, "");
    assert.match(text.stderr, /^[^\n]*Z103[^\n]*\n$/);
    const json = onVersion(old, [launcher, "version", "--json"]);
    assert.equal(json.status, 2);
    const { error } = JSON.parse(json.stderr);
    const context: Record<string, string> = {
      found: old,
      needed: manifest.engines.node.replace(">=", ""),
    };
    assert.deepEqual(error, {
      code: "Z103",
      message: usageErrors.Z103.message.replace(
        /\{(\w+)\}/g,
        (_, name: string) => context[name] ?? "",
      ),
      hint: usageErrors.Z103.hint,
      context,
    });
  }
});

test("the machine's own Node, where it is too old, gets that line as well", (t) => {
  const own = oldNode();
  if (own === undefined) return t.diagnostic("no old Node in PATH: nothing to try");
  const result = npx(["zamsync", "version"], own);
  assert.equal(result.status, 2, result.stderr);
  assert.match(
    result.stderr
      .split("\n")
      .filter((line) => !line.startsWith("npm "))
      .join("\n"),
    /^[^\n]*Z103[^\n]*\n$/,
  );
});

test("in a checkout the launcher runs the sources, and passes arguments and exit status on", () => {
  const launcher = join(root, "bin/zamsync.js");
  const result = run(process.execPath, [launcher, "version"], scratch);
  assert.equal(result.status, 0, result.stderr);
  const wrong = run(process.execPath, [launcher, "no-such-command"], scratch);
  assert.equal(wrong.status, 2, wrong.stderr);
  const own = oldNode();
  if (own === undefined) return;
  assert.equal(run(own, [launcher, "version"], scratch).stdout, result.stdout);
  assert.equal(run(own, [launcher, "no-such-command"], scratch).status, 2);
});

interface Packed {
  readonly filename: string;
  readonly files: ReadonlyArray<{ readonly path: string }>;
}

/**
 * What `npm pack --json` reports, after whatever its scripts said: a list of packages in some
 * versions of npm, an object by name in others.
 */
function firstPackage(stdout: string): Packed {
  const report = JSON.parse(stdout.slice(stdout.search(/^[[{]/m)));
  const found: unknown = Object.values(report)[0];
  assert.ok(isPacked(found), `npm pack reported ${stdout}`);
  return found;
}

function isPacked(value: unknown): value is Packed {
  return typeof value === "object" && value !== null && "filename" in value && "files" in value;
}

/** Runs a script as if on Node `version`: only what the launcher can see is changed. */
function onVersion(version: string, args: readonly string[]): SpawnSyncReturns<string> {
  const disguise = join(scratch, `node-${version}.cjs`);
  writeFileSync(
    disguise,
    `Object.defineProperty(process.versions, "node", { value: "${version}" });\n`,
  );
  return run(process.execPath, ["--require", disguise, ...args], embedder);
}

/** A Node in PATH that is too old for this package, or undefined. */
function oldNode(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const path = join(folder, "node");
    if (folder.includes("node_modules") || !existsSync(path)) continue;
    const major = Number(/^v(\d+)/.exec(run(path, ["--version"], root).stdout)?.[1]);
    if (major < 24) return path;
  }
  return undefined;
}

/** npx in the embedder's folder, with `node` as the only Node in PATH besides npm's own folder. */
function npx(args: readonly string[], node: string): SpawnSyncReturns<string> {
  const folder = join(scratch, "node-path");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  symlinkSync(node, join(folder, "node"));
  const script = join(dirname(npmScript()), "npx-cli.js");
  return run(join(folder, "node"), [script, "--no", ...args], embedder, {
    PATH: `${folder}${delimiter}${pathWithoutCheckout()}`,
  });
}

function npm(args: readonly string[], cwd: string): SpawnSyncReturns<string> {
  return run(
    process.execPath,
    [npmScript(), "--loglevel=error", "--no-audit", "--no-fund", ...args],
    cwd,
  );
}

/** npm-cli.js of the npm that runs these tests, or of the one in PATH. */
function npmScript(): string {
  const given = process.env.npm_execpath;
  if (given?.endsWith("npm-cli.js")) return given;
  const found = spawnSync("npm", ["root", "--global"], { encoding: "utf8" }).stdout.trim();
  return join(found, "npm/bin/npm-cli.js");
}

/** The checkout's own .bin would shadow what the embedder has. */
function pathWithoutCheckout(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !folder.includes("node_modules")).join(delimiter);
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  return spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    env: { ...outerEnv(), ...env },
    input: "",
  });
}

/** Without what the npm that runs these tests put into the environment for itself. */
function outerEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(npm_(?!execpath)|NODE_OPTIONS$|NODE_TEST|INIT_CWD)/.test(name),
  );
  return Object.fromEntries(kept);
}
