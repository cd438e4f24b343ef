/**
 * The import boundaries hold, and the tool that checks them is awake: each planted violation is
 * reported by its rule's name. (With a TypeScript it does not know, dependency-cruiser finds no
 * imports and reports success.)
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const cruiser = join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
const config = join(root, ".dependency-cruiser.json");

interface Report {
  readonly modules: ReadonlyArray<{
    readonly source: string;
    readonly dependencies: readonly unknown[];
  }>;
  readonly summary: {
    readonly violations: ReadonlyArray<{
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }>;
  };
}

function cruise(cwd: string): Report {
  const args = [cruiser, "--config", config, "--output-type", "json", "src"];
  const result = spawnSync(process.execPath, args, { cwd, encoding: "utf8", maxBuffer: 64 << 20 });
  assert.equal(result.stderr, "");
  return JSON.parse(result.stdout);
}

test("the tree keeps its import boundaries, and every source file was looked at", () => {
  const report = cruise(root);
  const found = report.summary.violations.map(
    ({ rule, from, to }) => `${rule.name}: ${from} → ${to}`,
  );
  assert.deepEqual(found, []);
  const seen = new Set(report.modules.map((module) => module.source));
  const unseen = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `src/${path.replaceAll("\\", "/")}`)
    .filter((path) => !seen.has(path));
  assert.deepEqual(unseen, []);
  const edges = report.modules.reduce((sum, module) => sum + module.dependencies.length, 0);
  assert.ok(edges > 50, `only ${edges} imports were found`);
});

/** Rule name → a tree of files in which exactly one import breaks it. */
const planted: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "no-circular": {
    "src/core/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b;\n',
    "src/core/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;\n',
  },
  "core-imports-nobody": { "src/core/a.ts": 'import "node:fs";\n' },
  "core-tests-stay-inside": {
    "src/core/a.test.ts": 'import "../engine/b.ts";\n',
    "src/engine/b.ts": "export {};\n",
  },
  "adapters-import-core-only": {
    "src/network/a.ts": 'import type { B } from "../storage/b.ts";\nexport type A = B;\n',
    "src/storage/b.ts": "export type B = 1;\n",
  },
  "testing-is-not-shipped-in-adapters": {
    "src/engine/a.ts": 'import "../testing/b.ts";\n',
    "src/testing/b.ts": "export {};\n",
  },
  "testing-imports-core-only": {
    "src/testing/a.ts": 'import "../storage/b.ts";\n',
    "src/storage/b.ts": "export {};\n",
  },
  "command-is-data": { "src/command/a.ts": 'import "node:os";\n' },
  "command-takes-engine-types-only": {
    "src/command/a.ts": 'import { b } from "../engine/b.ts";\nexport const a = b;\n',
    "src/engine/b.ts": "export const b = 1;\n",
  },
  "engine-imports-inwards": {
    "src/engine/a.ts": 'import "../command/b.ts";\n',
    "src/command/b.ts": "export {};\n",
  },
  "cli-imports-command-and-engine": {
    "src/cli/a.ts": 'import "../storage/b.ts";\n',
    "src/storage/b.ts": "export {};\n",
  },
  "torture-imports-the-engine": {
    "src/torture/a.ts": 'import "../storage/b.ts";\n',
    "src/storage/b.ts": "export {};\n",
  },
  "client-imports-nobody": { "src/client/a.ts": 'import "node:os";\n' },
  "hub-uses-the-engine-as-embedders-do": {
    "src/hub/a.ts": 'import "../engine/b.ts";\n',
    "src/engine/b.ts": "export {};\n",
  },
  "hub-is-loaded-when-asked-for": {
    "src/cli/a.ts": 'import "../hub/index.ts";\n',
    "src/hub/index.ts": "export {};\n",
  },
  "nothing-imports-the-cli": {
    "src/command/a.ts": 'import "../cli/b.ts";\n',
    "src/cli/b.ts": "export {};\n",
  },
  "edge-front-has-no-engine-of-its-own": {
    "src/edge/front/a.ts": 'import "../../hub/b.ts";\n',
    "src/hub/b.ts": "export {};\n",
  },
  "edge-replaces-node": { "src/edge/a.ts": 'import "node:os";\n' },
  "the-page-is-bundled": {
    "src/hub/dashboard/page/a.ts": 'import "../b.ts";\n',
    "src/hub/dashboard/b.ts": "export {};\n",
  },
  "nothing-imports-the-page": {
    "src/hub/dashboard/a.ts": 'import "./page/b.ts";\n',
    "src/hub/dashboard/page/b.ts": "export {};\n",
  },
  "nothing-imports-tests": {
    "src/core/a.ts": 'import "./b.test.ts";\n',
    "src/core/b.test.ts": "export {};\n",
  },
  "no-development-packages-in-the-product": {
    "src/engine/a.ts": 'import "fast-check";\n',
    "node_modules/fast-check/package.json": '{ "name": "fast-check", "main": "index.js" }\n',
    "node_modules/fast-check/index.js": "",
  },
  "every-import-resolves": { "src/core/a.ts": 'import "./gone.ts";\n' },
};

for (const [rule, files] of Object.entries(planted)) {
  test(`a planted violation of ${rule} is reported`, (t) => {
    const folder = mkdtempSync(join(tmpdir(), "zamsync-boundaries-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, "package.json"), '{ "devDependencies": { "fast-check": "*" } }\n');
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    const names = cruise(folder).summary.violations.map((violation) => violation.rule.name);
    assert.ok(names.includes(rule), `reported: ${names.join(", ") || "nothing"}`);
  });
}

test("every rule has its planted violation", async () => {
  const { default: rules } = await import("../.dependency-cruiser.json", {
    with: { type: "json" },
  });
  const names = rules.forbidden.map((rule) => rule.name).sort();
  assert.deepEqual(names, Object.keys(planted).sort());
});
