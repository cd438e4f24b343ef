/**
 * Whether a text is JSON, without the values that it stands for: 16 MiB of `[{},{},…]` are
 * five million objects, which no small device has room for, and no reader of an event's text needs.
 */

/** What JSON.parse makes of a shorter text fits anywhere, and it is the faster of the two. */
export const largeJsonCharacters = 64 * 1024;

/** Exactly what JSON.parse takes (RFC 8259), whatever its length and depth. */
export function isJson(text: string): boolean {
  if (text.length > largeJsonCharacters) return scanJson(text);
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The same by reading it once. Holds a byte for each level that is open. */
export function scanJson(text: string): boolean {
  const open = new OpenLevels();
  let at = skipBlanks(text, 0);
  for (;;) {
    // A value begins here.
    const code = text.charCodeAt(at);
    if (code === openBrace || code === openBracket) {
      const close = code === openBrace ? closeBrace : closeBracket;
      at = skipBlanks(text, at + 1);
      if (text.charCodeAt(at) !== close) {
        open.push(close);
        if (close === closeBrace) at = endOfKey(text, at);
        if (at < 0) return false;
        continue;
      }
      at++;
    } else at = code === quote ? endOfString(text, at) : endOfWord(text, at);
    if (at < 0) return false;
    // A value has ended, and with it what it was the last of.
    for (at = skipBlanks(text, at); ; at = skipBlanks(text, at + 1)) {
      const close = open.last;
      if (close === undefined) return at === text.length;
      const next = text.charCodeAt(at);
      if (next === close) open.pop();
      else if (next !== comma) return false;
      else {
        at = skipBlanks(text, at + 1);
        if (close === closeBrace) at = endOfKey(text, at);
        if (at < 0) return false;
        break;
      }
    }
  }
}

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** How each open level ends. */
class OpenLevels {
  private closes = new Uint8Array(64);
  private count = 0;

  get last(): number | undefined {
    return this.count === 0 ? undefined : this.closes[this.count - 1];
  }

  push(close: number): void {
    if (this.count === this.closes.length) {
      const larger = new Uint8Array(this.count * 2);
      larger.set(this.closes);
      this.closes = larger;
    }
    this.closes[this.count++] = close;
  }

  pop(): void {
    this.count--;
  }
}

function skipBlanks(text: string, from: number): number {
  for (let at = from; ; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
  }
}

/** Behind a key and its colon, where its value begins; -1 when there is none. */
function endOfKey(text: string, from: number): number {
  if (text.charCodeAt(from) !== quote) return -1;
  const end = endOfString(text, from);
  if (end < 0) return -1;
  const at = skipBlanks(text, end);
  return text.charCodeAt(at) === colon ? skipBlanks(text, at + 1) : -1;
}

/** -1 where it does not end, or holds what a string may not. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) return at + 1;
    if (code < 0x20) return -1;
    if (code === backslash) {
      at++;
      const escaped = text.charAt(at);
      if (escaped === "u" && /^[0-9a-f]{4}$/i.test(text.slice(at + 1, at + 5))) at += 4;
      else if (escaped === "" || !'"\\/bfnrt'.includes(escaped)) return -1;
    }
  }
  return -1;
}

const word = /true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/** Of a number, true, false or null. */
function endOfWord(text: string, from: number): number {
  word.lastIndex = from;
  return word.test(text) ? word.lastIndex : -1;
}
