/** The catalogue of Z codes keeps its promises to scripts, and its page says what it says. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { errorsPage } from "../scripts/errors-doc.ts";
import { catalogue } from "../src/core/errors/catalogue.ts";
import type { CatalogueEntry } from "../src/core/errors/entry.ts";

const folder = new URL("../src/core/errors/", import.meta.url);
const files = readdirSync(folder).filter(
  (name) => /^z\d-.*\.ts$/.test(name) && !name.includes(".test"),
);
const entries: ReadonlyArray<readonly [string, CatalogueEntry]> = Object.entries(catalogue);

/**
 * Exit statuses that each hundred may use: its own first. 2 is for a mistake on the command line
 * whatever it is about, 8 for work done in part, 1 for a defect of our own.
 */
const exitsByHundred: Readonly<Record<string, readonly number[]>> = {
  Z1: [2, 1],
  Z2: [3, 2, 8],
  Z3: [4, 2, 8],
  Z4: [5, 2, 8],
  Z5: [6, 5, 8],
  Z6: [7, 2, 8],
};

test("docs/errors.md is what the catalogue says", () => {
  const page = readFileSync(new URL("../docs/errors.md", import.meta.url), "utf8");
  assert.equal(page, errorsPage(), "run npm run docs:errors");
});

test("every code stands once, in the file of its hundred", () => {
  const seen = new Map<string, string>();
  for (const file of files) {
    const text = readFileSync(new URL(file, folder), "utf8");
    for (const [, code = ""] of text.matchAll(/^\s*"?(Z\w+)"?\s*:\s*\{/gm)) {
      assert.match(code, /^Z\d{3}$/, `${file}: ${code}`);
      assert.equal(code[1], file[1], `${code} stands in ${file}`);
      assert.equal(seen.get(code), undefined, `${code} stands twice`);
      seen.set(code, file);
    }
  }
  assert.deepEqual([...seen.keys()].sort(), entries.map(([code]) => code).sort());
});

test("names are unique, in words, and never say Error", () => {
  const names = entries.map(([, entry]) => entry.name);
  assert.equal(new Set(names).size, names.length, `a name stands twice: ${repeated(names)}`);
  for (const name of names) assert.match(name, /^[A-Z][A-Za-z0-9]+$/);
  for (const name of names) assert.doesNotMatch(name, /Error$/);
});

test("messages and hints are one line of plain words", () => {
  for (const [code, entry] of entries) {
    for (const text of [entry.message, entry.hint]) {
      assert.doesNotMatch(text, /[\r\n]/, code);
      assert.ok(text.trim() === text && text.length > 0, `${code}: '${text}'`);
      assert.ok(text.length <= 240, `${code}: ${text.length} characters`);
      assert.doesNotMatch(text, /\.$/, `${code} ends in a full stop`);
    }
  }
});

test("placeholders are whole, and named like context fields", () => {
  for (const [code, entry] of entries) {
    for (const text of [entry.message, entry.hint]) {
      const rest = text.replace(/\{[a-z][A-Za-z0-9]*( [a-z ]+)?\}/g, "");
      assert.doesNotMatch(rest, /[{}]/, `${code}: ${text}`);
    }
  }
});

test("each hundred keeps to its exit statuses", () => {
  for (const [code, entry] of entries) {
    const allowed = exitsByHundred[code.slice(0, 2)] ?? [];
    assert.ok(allowed.includes(entry.exit), `${code} exits with ${entry.exit}`);
    assert.ok(entry.http >= 400 && entry.http < 600, `${code}: HTTP ${entry.http}`);
  }
});

test("every placeholder of a code is filled wherever the code is raised", () => {
  const calls = raisedIn(new URL("../src/", import.meta.url));
  const missing = calls.flatMap(({ code, fields, place }) => {
    const entry = entries.find(([known]) => known === code)?.[1];
    if (entry === undefined) return [`${place}: ${code} is not in the catalogue`];
    return placeholders(entry)
      .filter((name) => !fields.includes(name))
      .map((name) => `${place}: ${code} lacks {${name}}`);
  });
  assert.deepEqual(missing, []);
});

interface Raised {
  readonly code: string;
  readonly fields: readonly string[];
  readonly place: string;
}

/** Calls of `new ZamError("Zxxx", { literal context })`; a context built elsewhere is not judged. */
function raisedIn(root: URL): Raised[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .flatMap((path) => {
      const text = readFileSync(new URL(path.replaceAll("\\", "/"), root), "utf8");
      const pattern = /new ZamError\(\s*"(Z\d+)"(?:\s*,\s*\{([^{}]*)\})?\s*[,)]/g;
      return [...text.matchAll(pattern)]
        .filter((match) => !(match[2] ?? "").includes("..."))
        .filter((match) => match[2] !== undefined || match[0].endsWith(")"))
        .map((match) => ({
          code: match[1] ?? "",
          fields: [...(match[2] ?? "").matchAll(/(?:^|,)\s*(\w+)/g)].map((found) => found[1] ?? ""),
          place: `${path}:${text.slice(0, match.index).split("\n").length}`,
        }));
    });
}

function placeholders(entry: CatalogueEntry): string[] {
  const found = `${entry.message} ${entry.hint}`.matchAll(/\{(\w+)(?: [a-z ]+)?\}/g);
  return [...new Set([...found].map((match) => match[1] ?? ""))];
}

function repeated(names: readonly string[]): string {
  return names.filter((name, at) => names.indexOf(name) !== at).join(", ");
}
