/**
 * Patterns run over what peers send, on the thread that serves all of them. JavaScript's
 * regular expressions backtrack: those that can take exponential time are refused when the schema is
 * read, and texts are bounded so that the rest stays quick.
 */

/** Longer texts do not match any pattern. */
export const patternTextCharactersMax = 1024;
/** A group that is repeated up to so many times is no repetition to speak of. */
const fewMax = 4;

/** Why the pattern is not taken, or undefined. Stricter than it need be, and easy to say. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > patternTextCharactersMax) return "it is too long";
  if (/\\(?:[1-9]|k<)/.test(pattern)) return "it refers back to a group";
  /** For each open group: whether something in it may match in more than one way. */
  const open: boolean[] = [];
  let last: "atom" | "loose group" | "none" = "none";
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    if (character === "\\") {
      at++;
      last = "atom";
    } else if (character === "[") {
      at = endOfClass(pattern, at);
      last = "atom";
    } else if (character === "(") {
      open.push(false);
      at += /^\?(?:[:=!]|<[=!]|<\w+>)/.exec(pattern.slice(at + 1, at + 80))?.[0].length ?? 0;
      last = "none";
    } else if (character === ")") {
      const isLoose = open.pop() === true;
      last = isLoose ? "loose group" : "atom";
      if (isLoose) markInnermost(open);
    } else if (character === "|") {
      markInnermost(open);
      last = "none";
    } else {
      const repeat = repeatAt(pattern, at);
      if (repeat === undefined) {
        last = "atom";
        continue;
      }
      if (last === "loose group" && repeat.max > fewMax)
        return "it repeats a group that repeats, or has alternatives, inside";
      if (repeat.max !== repeat.min) markInnermost(open);
      at = repeat.end;
      last = "none";
    }
  }
  return undefined;
}

function markInnermost(open: boolean[]): void {
  if (open.length > 0) open[open.length - 1] = true;
}

function endOfClass(pattern: string, from: number): number {
  for (let at = from + 1; at < pattern.length; at++) {
    if (pattern.charAt(at) === "\\") at++;
    else if (pattern.charAt(at) === "]") return at;
  }
  return pattern.length;
}

interface Repeat {
  readonly min: number;
  readonly max: number;
  /** Index of its last character, a following `?` included. */
  readonly end: number;
}

function repeatAt(pattern: string, at: number): Repeat | undefined {
  const found = /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(pattern.slice(at, at + 24));
  if (found === null) return undefined;
  const [text, sign, low, comma, high] = found;
  const end = at + text.length - 1;
  if (sign === "?") return { min: 0, max: 1, end };
  if (sign !== undefined) return { min: 0, max: Number.POSITIVE_INFINITY, end };
  const min = Number(low);
  if (comma === undefined) return { min, max: min, end };
  return { min, max: high === "" ? Number.POSITIVE_INFINITY : Number(high), end };
}
