/**
 * Splits a payload that looks like JSON into its skeleton (everything that is
 * the same in the next event of its kind: braces, keys, quotes, spacing) and its
 * values. It is no validator: whatever it makes of the bytes, skeleton and values
 * joined are the payload again, so odd spacing, repeated keys and broken text
 * lose nothing. What does not look like JSON, or has too many values, is refused
 * and travels as plain text.
 *
 * A value's place in the payload is a half-open span; the skeleton is the rest.
 */
import { dateChars, isDateAt, isTimeAt, secondsChars, timeChars } from "./time-text.ts";

/** Between quotes, as it stands, escapes included. */
export const kindText = 1;
/** Without quotes: `true`, `null`, and numbers that have no short form. */
export const kindWord = 2;
/** A decimal number without exponent, at most 15 digits. */
export const kindNumber = 3;
/** 36 characters in lower case, at the end of a quoted text. */
export const kindUuid = 4;
/** `2026-01-05T02:36:36.615`, `2026-01-05T02:36:36`, `2026-01-05`, at the start of a quoted text. */
export const kindTime = 5;
export const kindSeconds = 6;
export const kindDate = 7;

/** A larger object is plain text: its skeleton would not come again. */
export const slotsMax = 256;
/** Letters and marks before a UUID, such as `Patient/` or `urn:uuid:`. */
const uuidPrefixMax = 32;
const uuidChars = 36;
const digitsMax = 15;

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;
const minus = 0x2d;
const dot = 0x2e;

export class Splitter {
  count = 0;
  readonly starts = new Int32Array(slotsMax);
  readonly ends = new Int32Array(slotsMax);
  readonly kinds = new Uint8Array(slotsMax);

  /** False when the payload is better taken as plain text. */
  split(payload: Uint8Array): boolean {
    this.count = 0;
    const first = payload[0];
    if (first !== 0x7b && first !== 0x5b) return false;
    let at = 0;
    while (at < payload.length) {
      const byte = payload[at] as number;
      // Markers of a skeleton's description; JSON has no such bytes.
      if (byte < 9) return false;
      if (byte === quote) at = this.quoted(payload, at + 1);
      else if (isBare(byte)) at = this.bare(payload, at);
      else at++;
      if (at < 0) return false;
    }
    return true;
  }

  /** Returns where to go on, or -1. */
  private quoted(payload: Uint8Array, start: number): number {
    let end = start;
    for (; ; end++) {
      const byte = payload[end];
      if (byte === undefined || byte < 9) return -1;
      if (byte === quote) break;
      if (byte === backslash && (payload[++end] ?? 0) < 9) return -1;
    }
    if (isKey(payload, end + 1)) return end + 1;
    if (isUuidAt(payload, start, end)) return this.add(end - uuidChars, end, kindUuid, end + 1);
    const size = end - start;
    if (size >= timeChars && isTimeAt(payload, start, true))
      return this.add(start, start + timeChars, kindTime, end + 1);
    if (size >= secondsChars && isTimeAt(payload, start, false))
      return this.add(start, start + secondsChars, kindSeconds, end + 1);
    if (size === dateChars && isDateAt(payload, start))
      return this.add(start, end, kindDate, end + 1);
    return this.add(start, end, kindText, end + 1);
  }

  private bare(payload: Uint8Array, start: number): number {
    let end = start + 1;
    while (isBare(payload[end] ?? 0)) end++;
    return this.add(start, end, isNumber(payload, start, end) ? kindNumber : kindWord, end);
  }

  private add(start: number, end: number, kind: number, next: number): number {
    if (this.count === slotsMax) return -1;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.kinds[this.count] = kind;
    this.count++;
    return next;
  }
}

function isKey(payload: Uint8Array, from: number): boolean {
  for (let at = from; at < payload.length; at++) {
    const byte = payload[at] as number;
    if (byte === colon) return true;
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
  }
  return false;
}

/** Letters, digits, plus, minus and dot. */
function isBare(byte: number): boolean {
  return (
    isDigit(byte) ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === minus ||
    byte === dot ||
    byte === 0x2b
  );
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** `-?(0|[1-9][0-9]*)(\.[0-9]+)?`, so that sign, digits and point give it back. */
function isNumber(payload: Uint8Array, start: number, end: number): boolean {
  let at = payload[start] === minus ? start + 1 : start;
  const first = at;
  while (at < end && isDigit(payload[at] as number)) at++;
  const whole = at - first;
  if (whole === 0 || (whole > 1 && payload[first] === 0x30)) return false;
  let decimals = 0;
  if (at < end && payload[at] === dot) {
    const point = ++at;
    while (at < end && isDigit(payload[at] as number)) at++;
    decimals = at - point;
    if (decimals === 0) return false;
  }
  return at === end && whole + decimals <= digitsMax;
}

/** A UUID in lower case that ends at `end`, after at most some letters and marks. */
function isUuidAt(payload: Uint8Array, start: number, end: number): boolean {
  const from = end - uuidChars;
  if (from < start || from - start > uuidPrefixMax) return false;
  for (let at = start; at < from; at++) {
    const byte = payload[at] as number;
    if (isDigit(byte) || byte === quote || byte === backslash || byte < 0x2b) return false;
  }
  for (let i = 0; i < uuidChars; i++) {
    const byte = payload[from + i] as number;
    const isDash = i === 8 || i === 13 || i === 18 || i === 23;
    if (isDash ? byte !== minus : !isDigit(byte) && !(byte >= 0x61 && byte <= 0x66)) return false;
  }
  return true;
}
