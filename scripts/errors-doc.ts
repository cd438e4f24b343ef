/**
 * Writes docs/errors.md from the catalogue in src/core/errors.
 *
 * The catalogue is the only source: the page is never edited by hand, and `--check` fails when
 * the two differ. Run by `npm run docs:errors` and, with `--check`, by CI.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { catalogue } from "../src/core/errors/catalogue.ts";
import type { CatalogueEntry } from "../src/core/errors/entry.ts";

const page = new URL("../docs/errors.md", import.meta.url);

const titleByHundred: Readonly<Record<string, string>> = {
  "1": "Z1xx: usage and configuration",
  "2": "Z2xx: storage",
  "3": "Z3xx: keys, certificates and identity",
  "4": "Z4xx: network",
  "5": "Z5xx: protocol and sync",
  "6": "Z6xx: data and schema",
};

const exitStatuses: ReadonlyArray<readonly [number, string]> = [
  [0, "done"],
  [1, "a defect in zamsync itself"],
  [2, "usage: the command line, the configuration or the runtime"],
  [3, "storage"],
  [4, "keys, certificates, identity"],
  [5, "network: try again later"],
  [6, "protocol, or the peer refused"],
  [7, "data or schema"],
  [8, "done in part: the output says what is left"],
];

/** The whole page as text, ending in one newline. */
export function errorsPage(): string {
  const entries: ReadonlyArray<readonly [string, CatalogueEntry]> = Object.entries(catalogue);
  const sections = Object.entries(titleByHundred).map(([hundred, title]) => {
    const rows = entries
      .filter(([code]) => code.startsWith(`Z${hundred}`))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([code, entry]) => row(code, entry));
    return `## ${title}\n\n${tableHead}\n${rows.join("\n")}\n`;
  });
  return `${preamble()}\n${sections.join("\n")}`;
}

const tableHead = [
  "| code | name | message | hint | exit | HTTP | retry |",
  "| --- | --- | --- | --- | --- | --- | --- |",
].join("\n");

function preamble(): string {
  const statuses = exitStatuses.map(([status, meaning]) => `| ${status} | ${meaning} |`);
  return [
    "# Errors",
    "",
    "<!-- Generated from src/core/errors by `npm run docs:errors`. Do not edit. -->",
    "",
    "Every failure that a user can meet has a code. The command prints the code, a message of one",
    "line and a hint that says what to do next; with `--json` the same stands in one object on",
    'stderr, `{"error":{"code","message","hint","context"}}`. Words in braces are filled in from',
    "the context. *Retry* says that the same call may succeed later with nothing changed by a",
    "person. Codes are append-only: none is ever reused, renumbered or given a new meaning.",
    "",
    "| exit status | meaning |",
    "| --- | --- |",
    ...statuses,
    "",
  ].join("\n");
}

function row(code: string, entry: CatalogueEntry): string {
  const cells = [
    code,
    entry.name,
    cell(entry.message),
    cell(entry.hint),
    entry.exit,
    entry.http,
    entry.retryable ? "yes" : "no",
  ];
  return `| ${cells.join(" | ")} |`;
}

/** A pipe would end the table's cell; an angle bracket would start a tag. What is counted stands there as many. */
function cell(text: string): string {
  const plain = text.replace(/\{(\w+) ([\w ]+)\}/g, "{$1} $2s");
  return plain.replace(/\|/g, "\\|").replace(/</g, "&lt;");
}

function main(args: readonly string[]): number {
  const wanted = errorsPage();
  if (!args.includes("--check")) {
    writeFileSync(page, wanted);
    return 0;
  }
  if (readFileSync(page, "utf8") === wanted) return 0;
  process.stderr.write("docs/errors.md is not what the catalogue says: run npm run docs:errors\n");
  return 1;
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
