/**
 * The one entry point behind `npm test`, `npm run demo` and the other npm scripts.
 *
 * Works on a fresh clone on a machine that has only Node 20: it installs what is missing, then
 * runs every task on the Node that the checkout brings along. Hence plain JavaScript.
 * Arguments after the task's name go to the task (`npm test -- src/core/bytes.test.ts`).
 */
import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ensureInstalled, projectNode } from "./install.js";
import { root } from "./link-node.js";

/** Every folder that may hold tests; node --test needs at least one match per pattern's folder. */
const testFolders = ["src", "test", "lab", "sim"];
/** A test that hangs must not hang the run; the longest honest one takes under a minute. */
const testTimeoutMs = 300_000;
/** Emulated or with sanitizers a file of core's tests takes minutes with a processor of its own, and more without. */
const slowTestTimeoutMs = 1_800_000;

const bin = (path) => join("node_modules", path);
const tsc = bin("typescript/bin/tsc");
/** The compiler without a JavaScript API: checks the tree in a tenth of the time. */
const checker = bin("ts7/bin/tsc");
const biome = bin("@biomejs/biome/bin/biome");
const oxlint = bin("oxlint/bin/oxlint");
const depcruise = bin("dependency-cruiser/bin/dependency-cruiser.mjs");

/** Task name → function of the extra arguments to a list of stages; a stage's commands run at once. */
const tasks = {
  test: (args) => [[testCommand(args)]],
  "test:crash": (args) => [[["test/crash/long.ts", ...args]]],
  "test:kill": (args) => [[["src/cli/main.ts", "torture", tmpdir(), ...args]]],
  fuzz: (args) => [[["test/fuzz/run.ts", ...args]]],
  "test:scenarios:long": (args) => {
    process.env.ZAMSYNC_LONG = "1";
    return [[testCommand(args.length > 0 ? args : testFiles().filter(isScenario))]];
  },
  sim: (args) => [[["sim/run.ts", ...args]]],
  demo: (args) => [[["lab/demo.ts", ...args]]],
  bench: (args) => [[["lab/bench.ts", ...args]]],
  "bench:wire": (args) => [[["lab/bench-wire.ts", ...args]]],
  mutation: (args) => [[["test/mutation/run.ts", ...args]]],
  "edge:build": (args) => [[["scripts/edge/release.ts", ...args]]],
  "edge:measure": (args) => [[["scripts/edge/measure.ts", ...args]]],
  "edge:instructions": () => [[["scripts/edge/instructions.ts"]]],
  "edge:test": (all) => {
    const at = all.indexOf("--arch");
    if (at >= 0) process.env.ZAMSYNC_EDGE = all[at + 1] ?? "";
    const args = at >= 0 ? all.toSpliced(at, 2) : all;
    const isNamed = args.some((arg) => arg.endsWith(".ts"));
    const { ZAMSYNC_EDGE: variant = "x86_64" } = process.env;
    const timeoutMs = variant === "x86_64" ? testTimeoutMs : slowTestTimeoutMs;
    return [[testCommand(isNamed ? args : [...args, ...edgeTestFiles()], 1, timeoutMs)]];
  },
  "edge:sanitized": () => {
    process.env.ZAMSYNC_EDGE = "sanitized";
    const pattern =
      "conformance|hub on edge, clinic on edge|on the host|host and host|decompresses|translated classes";
    const files = edgeTestFiles().filter((path) => !path.includes("/install."));
    return [[testCommand([`--test-name-pattern=${pattern}`, ...files], 1)]];
  },
  lab: (args) => [[["lab/lab.ts", ...args]]],
  "lab:docker": () => [[["lab/docker.ts"]]],
  typecheck: () => [
    [
      [checker, "-p", "tsconfig.json"],
      [checker, "-p", "src/core/tsconfig.json"],
      [checker, "-p", "src/client/tsconfig.json"],
      [checker, "-p", "lab/report/browser/tsconfig.json"],
      [checker, "-p", "src/hub/dashboard/page/tsconfig.json"],
    ],
  ],
  lint: () => [
    [
      [biome, "check", "--error-on-warnings", "."],
      [oxlint, "--type-aware", "--quiet"],
    ],
  ],
  format: () => [[[biome, "check", "--write", "."]]],
  boundaries: () => [
    [[depcruise, "--config", ".dependency-cruiser.json", "--output-type", "err", "src"]],
  ],
  "docs:errors": (args) => [[["scripts/errors-doc.ts", ...args]]],
  build: () => {
    rmSync(join(root, "dist"), { recursive: true, force: true });
    return [
      [[tsc, "-p", "tsconfig.build.json"]],
      [["scripts/dashboard-page.ts", "dist/hub/dashboard/page.html"]],
    ];
  },
  check: () => [
    ...tasks.typecheck(),
    ...tasks.lint(),
    ...tasks.boundaries(),
    ...tasks["docs:errors"](["--check"]),
    ...tasks.test([]),
  ],
};

function testCommand(args, concurrency = 2, timeoutMs = testTimeoutMs) {
  const files = args.filter((arg) => !arg.startsWith("-"));
  const flags = args.filter((arg) => arg.startsWith("-"));
  const reporter = flags.some((flag) => flag.startsWith("--test-reporter"))
    ? []
    : ["--test-reporter=./scripts/test-reporter.js", "--test-reporter-destination=stdout"];
  return [
    "--test",
    `--test-timeout=${timeoutMs}`,
    `--test-concurrency=${concurrency}`,
    // A test that failed may leave a socket open: the run ends all the same, and says what failed.
    "--test-force-exit",
    ...reporter,
    ...flags,
    ...(files.length > 0 ? files : testFiles()),
  ];
}

const isScenario = (path) => path.startsWith("test/scenarios/");

/** Listed by hand, sorted: the same files in the same order on every platform and version. */
function testFiles() {
  return testFolders
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.endsWith(".test.ts"))
    .sort();
}

/** Tests of the small device's host: they build it first. */
function edgeTestFiles() {
  return filesBelow("test/edge").filter((path) => path.endsWith(".edge-test.ts"));
}

function filesBelow(folder) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "node_modules" ? [] : filesBelow(path);
    return [path];
  });
}

/** Runs one command on the project's Node; the exit status, also for one ended by a signal. */
function run(node, args) {
  const folder = join(root, "node_modules", ".bin");
  const child = spawn(node, args, {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env.PATH ?? ""}` },
  });
  const forward = (signal) => child.kill(signal);
  process.on("SIGINT", forward);
  process.on("SIGTERM", forward);
  return new Promise((resolve) => {
    child.on("error", (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on("exit", (status, signal) => {
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      resolve(signal === null ? status : 1);
    });
  });
}

async function main([name, ...args]) {
  const task = Object.hasOwn(tasks, name ?? "") ? tasks[name] : undefined;
  if (task === undefined) {
    process.stderr.write(`usage: npm run TASK, one of: ${Object.keys(tasks).join(", ")}\n`);
    return 2;
  }
  const installed = ensureInstalled();
  if (installed !== 0) return installed;
  const node = projectNode();
  if (node === undefined) {
    process.stderr.write(
      `Z103 this is Node ${process.versions.node}, no Node came with the packages, and 24.15 or newer is needed\n`,
    );
    return 2;
  }
  for (const stage of task(args)) {
    const statuses = await Promise.all(stage.map((command) => run(node, command)));
    const failed = statuses.find((status) => status !== 0);
    if (failed !== undefined) return failed;
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
