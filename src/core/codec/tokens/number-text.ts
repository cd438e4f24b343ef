/**
 * Decimal numbers as JSON writes them, to an integer and a count of decimals and
 * back. `37`, `37.0` and `37.00` are different texts: a number is *trimmed* when
 * it has no zero at the end of its decimals, as JavaScript and most languages
 * write it, so that in a column of tenths `37` can stand for 370 tenths.
 */
import type { ByteWriter } from "../../bytes.ts";

export interface Decimal {
  readonly isNegative: boolean;
  /** All digits as one integer, below 10^15. */
  readonly digits: number;
  readonly decimals: number;
}

export const decimalsMax = 14;
export const digitsLimit = 1e15;

/** The span must be what `Splitter` takes for a number. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): Decimal {
  const isNegative = bytes[start] === 0x2d;
  let digits = 0;
  let decimals = 0;
  let hasPoint = false;
  for (let at = isNegative ? start + 1 : start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === 0x2e) {
      hasPoint = true;
      continue;
    }
    digits = digits * 10 + (byte - 0x30);
    if (hasPoint) decimals++;
  }
  return { isNegative, digits, decimals };
}

export function writeDecimal(out: ByteWriter, value: Decimal): void {
  if (value.isNegative) out.u8(0x2d);
  let places = value.decimals + 1;
  while (value.digits >= 10 ** places) places++;
  for (let place = places - 1; place >= 0; place--) {
    out.u8(0x30 + (Math.floor(value.digits / 10 ** place) % 10));
    if (place === value.decimals && place > 0) out.u8(0x2e);
  }
}

/** `digits` at `decimals`, without zeros at the end. */
export function trimmed(digits: number, decimals: number): Decimal {
  let rest = digits;
  let count = decimals;
  while (count > 0 && rest % 10 === 0) {
    rest = Math.floor(rest / 10);
    count--;
  }
  return { isNegative: false, digits: rest, decimals: count };
}

/** The digits at `decimals` whose trimmed form is this number, or -1. */
export function scaledTo(value: Decimal, decimals: number): number {
  if (value.isNegative || value.decimals > decimals) return -1;
  if (value.decimals > 0 && value.digits % 10 === 0) return -1;
  let scaled = value.digits;
  for (let more = decimals - value.decimals; more > 0 && scaled < digitsLimit; more--) scaled *= 10;
  return scaled < digitsLimit ? scaled : -1;
}
