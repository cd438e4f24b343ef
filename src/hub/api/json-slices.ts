/**
 * Where the members of a JSON object, or the elements of an array, stand in its text.
 * A payload is stored as it was sent: parsing it and printing it again would change
 * large numbers, the order of keys and what is there twice.
 *
 * The text must be valid JSON: `JSON.parse` has taken it before.
 */

export interface Slice {
  /** Of a member; "" for an element. */
  readonly key: string;
  /** The value's text, without blanks around it. */
  readonly text: string;
}

/** In the order of the text. A key that stands there twice is there twice. */
export function* slicesOf(text: string): Generator<Slice> {
  let at = skipBlanks(text, 0);
  const isObject = text[at] === "{";
  at = skipBlanks(text, at + 1);
  while (at < text.length && text[at] !== "}" && text[at] !== "]") {
    let key = "";
    if (isObject) {
      const end = endOfValue(text, at);
      key = JSON.parse(text.slice(at, end)) as string;
      at = skipBlanks(text, skipBlanks(text, end) + 1);
    }
    const end = endOfValue(text, at);
    yield { key, text: text.slice(at, end) };
    at = skipBlanks(text, end);
    if (text[at] === ",") at = skipBlanks(text, at + 1);
  }
}

/** The text of the value at a JSON pointer's tokens, as `JSON.parse` and `valueAt` find it; undefined: there is none. */
export function textAt(text: string, tokens: readonly string[]): string | undefined {
  let found: string | undefined = text.trim();
  for (const token of tokens) {
    if (found?.startsWith("{")) found = memberText(found, token);
    else if (found?.startsWith("[")) found = elementText(found, token);
    else return undefined;
  }
  return found;
}

/** The last member of this name. */
function memberText(text: string, key: string): string | undefined {
  let found: string | undefined;
  for (const slice of slicesOf(text)) if (slice.key === key) found = slice.text;
  return found;
}

function elementText(text: string, token: string): string | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(token)) return undefined;
  let left = Number(token);
  for (const slice of slicesOf(text)) if (left-- === 0) return slice.text;
  return undefined;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && " \t\r\n".includes(text[at] ?? "")) at++;
  return at;
}

/** Just behind the value that begins here. */
function endOfValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return endOfString(text, from);
  if (first !== "{" && first !== "[") {
    let at = from;
    while (at < text.length && !",]} \t\r\n".includes(text[at] ?? "")) at++;
    return at;
  }
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === "{" || character === "[") depth++;
    else if ((character === "}" || character === "]") && --depth === 0) return at + 1;
  }
  return text.length;
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; ; ) {
    const quote = text.indexOf('"', at);
    let slashes = 0;
    while (text[quote - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
