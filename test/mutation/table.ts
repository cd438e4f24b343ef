/** Mutants counted by folder, and what survived as a list. */
import { readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { MutantResult } from "@stryker-mutator/api/core";
import { identityOf, isDrawn, type Settings } from "./settings.ts";

export interface Row {
  readonly folder: string;
  readonly killed: number;
  readonly timeout: number;
  readonly survived: number;
  /** No test reaches these. */
  readonly noCoverage: number;
  /** Neither for nor against: the runner's process died of them twice. */
  readonly error: number;
  /** Left out on purpose. */
  readonly ignored: number;
  /** Of those that survived: some test that reaches them was not asked, for lack of budget. */
  readonly cutShort: number;
  /** Found, of those that were judged; from 0 to 1. */
  readonly score: number;
}

type Counts = Omit<Row, "folder" | "score">;

const none: Counts = {
  killed: 0,
  timeout: 0,
  survived: 0,
  noCoverage: 0,
  error: 0,
  ignored: 0,
  cutShort: 0,
};

const columnByStatus: Readonly<Partial<Record<MutantResult["status"], keyof Counts>>> = {
  Killed: "killed",
  Timeout: "timeout",
  Survived: "survived",
  NoCoverage: "noCoverage",
  RuntimeError: "error",
  Ignored: "ignored",
};

/** A row a folder, sorted, and the sum as the last. */
export function tally(results: readonly MutantResult[], settings: Settings): readonly Row[] {
  const countsByFolder = new Map<string, Counts>();
  const count = (folder: string, column: keyof Counts): void => {
    const counts = countsByFolder.get(folder) ?? none;
    countsByFolder.set(folder, { ...counts, [column]: counts[column] + 1 });
  };
  for (const mutant of results.filter((each) => isDrawn(identityOf(each), settings))) {
    const column = columnByStatus[mutant.status];
    const folder = dirname(relative(".", mutant.fileName));
    if (column !== undefined) count(folder, column);
    if (mutant.status === "Survived" && unasked(mutant) > 0) count(folder, "cutShort");
  }
  const rows = [...countsByFolder].sort(([a], [b]) => (a < b ? -1 : 1));
  const all = rows.reduce((sum, [, counts]) => add(sum, counts), none);
  return [...rows, ["all", all] as const].map(([folder, counts]) => toRow(folder, counts));
}

function add(a: Counts, b: Counts): Counts {
  return {
    killed: a.killed + b.killed,
    timeout: a.timeout + b.timeout,
    survived: a.survived + b.survived,
    noCoverage: a.noCoverage + b.noCoverage,
    error: a.error + b.error,
    ignored: a.ignored + b.ignored,
    cutShort: a.cutShort + b.cutShort,
  };
}

function toRow(folder: string, counts: Counts): Row {
  const found = counts.killed + counts.timeout;
  const judged = found + counts.survived + counts.noCoverage;
  return { folder, ...counts, score: judged === 0 ? 1 : found / judged };
}

export function tallyToText(rows: readonly Row[], settings: Settings): string {
  const isSample = settings.sample < 1;
  const head = ["folder", "mutants", "killed", "timeout", "survived", "uncovered", "score"];
  const lines = rows.map((row) => {
    const found = row.killed + row.timeout;
    const judged = found + row.survived + row.noCoverage;
    const [low, high] = scoreInterval(found, judged);
    const interval = isSample ? ` (${percent(low)} to ${percent(high)})` : "";
    const counts = [judged, row.killed, row.timeout, row.survived, row.noCoverage];
    return [row.folder, ...counts.map(String), `${percent(row.score)}${interval}`];
  });
  const widths = head.map((_, column) =>
    Math.max(...[head, ...lines].map((line) => (line[column] ?? "").length)),
  );
  const table = [head, ...lines].map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const sum = rows.at(-1);
  const notes = [
    `${sum?.ignored ?? 0} left out on purpose (texts, assertions), ${sum?.error ?? 0} that ended the runner`,
    `not asked: for ${sum?.cutShort ?? 0} that survived, tests beyond ${settings.budgetMs} ms (--budget-ms)${settings.isLong ? "" : "; the long tests (--long)"}`,
    ...(isSample ? ["in brackets: 95 % of samples of this size hold the true score"] : []),
  ];
  return [...table, ...notes].join("\n");
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** Wilson's interval at 95 %: where the score of all mutants lies, judged by a sample's. */
export function scoreInterval(found: number, judged: number): readonly [number, number] {
  if (judged === 0) return [0, 1];
  const z = 1.96;
  const share = found / judged;
  const middle = share + (z * z) / (2 * judged);
  const spread = z * Math.sqrt((share * (1 - share)) / judged + (z * z) / (4 * judged * judged));
  const scale = 1 + (z * z) / judged;
  return [(middle - spread) / scale, (middle + spread) / scale];
}

/** Those that live, a line each. */
export function survivorsToText(results: readonly MutantResult[], settings: Settings): string {
  const lines = results.filter((mutant) => isDrawn(identityOf(mutant), settings)).map(survivorLine);
  return lines.map((line) => (line === undefined ? "" : `${line}\n`)).join("");
}

/** How many tests that reach the mutant were not asked, because those before them had used the budget up. */
function unasked({ coveredBy = [], testsCompleted = 0 }: MutantResult): number {
  return Math.max(0, coveredBy.length - testsCompleted);
}

/** The mutant's place, what stands there, and what no test told from it; nothing of one that was found. */
export function survivorLine(mutant: MutantResult): string | undefined {
  if (mutant.status !== "Survived" && mutant.status !== "NoCoverage") return undefined;
  const { start } = mutant.location;
  const place = `${relative(".", mutant.fileName)}:${start.line}:${start.column}`;
  const left = unasked(mutant);
  const cut = left > 0 ? ` (${left} of ${mutant.coveredBy?.length ?? 0} tests not asked)` : "";
  const mark = mutant.status === "NoCoverage" ? " (uncovered)" : cut;
  const change = `${oneLine(original(mutant))} → ${oneLine(mutant.replacement ?? "")}`;
  return `${place} ${mutant.mutatorName}${mark}: ${change}`;
}

function original({ fileName, location: { start, end } }: MutantResult): string {
  const lines = readFileSync(fileName, "utf8")
    .split("\n")
    .slice(start.line - 1, end.line);
  const last = lines.length - 1;
  return lines
    .map((line, i) =>
      line.slice(i === 0 ? start.column - 1 : 0, i === last ? end.column - 1 : undefined),
    )
    .join(" ");
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > 120 ? `${flat.slice(0, 117)}...` : flat;
}
