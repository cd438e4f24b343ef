/**
 * Inputs that were interesting once, kept as text: `test/fuzz/corpus/NAME.txt`, a
 * base64 line each. `npm test` replays them all.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("corpus/", import.meta.url));
/** A file stays small enough to be looked at in a review. */
const entriesMax = 48;
const entryBytesMax = 400;

function pathOf(name: string): string {
  return `${folder}${name.replaceAll(/[^a-z0-9]+/g, "-")}.txt`;
}

export function readCorpus(name: string): readonly Uint8Array[] {
  let text: string;
  try {
    text = readFileSync(pathOf(name), "utf8");
  } catch {
    // No file yet: nothing was interesting so far.
    return [];
  }
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => new Uint8Array(Buffer.from(line, "base64")));
}

/** Adds what there is room for; returns how many. */
export function addToCorpus(name: string, inputs: readonly Uint8Array[]): number {
  const lines = new Set(readCorpus(name).map(toLine));
  const before = lines.size;
  for (const input of inputs)
    if (input.length <= entryBytesMax && lines.size < entriesMax) lines.add(toLine(input));
  if (lines.size > before) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(pathOf(name), `${[...lines].join("\n")}\n`);
  }
  return lines.size - before;
}

function toLine(input: Uint8Array): string {
  // An empty input is a line of its own.
  return input.length === 0 ? "=" : Buffer.from(input).toString("base64");
}
