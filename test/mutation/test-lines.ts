/**
 * Where a test stands in its file, found by its title: with it, a run that goes on from the last one
 * asks only what an edit touched. A title that is put together at run time is not found, and counts
 * as changed with any edit of its file.
 */
import { readFileSync } from "node:fs";

interface Place {
  readonly line: number;
  readonly column: number;
}

/** From the title of each test and suite in the file to the place of its declaration. */
export function testLines(file: string): ReadonlyMap<string, Place> {
  const known = cache.get(file);
  if (known !== undefined) return known;
  const places = new Map<string, Place>();
  let suite = "";
  for (const [index, text] of readFileSync(file, "utf8").split("\n").entries()) {
    const [, indent = "", kind, title] = /^(\s*)(describe|test|it)\(("[^"]*")/.exec(text) ?? [];
    if (title === undefined) continue;
    const name = JSON.parse(title) as string;
    if (kind === "describe" && indent === "") suite = name;
    else
      places.set(indent === "" ? name : `${suite} > ${name}`, {
        line: index,
        column: indent.length,
      });
  }
  cache.set(file, places);
  return places;
}

const cache = new Map<string, ReadonlyMap<string, Place>>();
