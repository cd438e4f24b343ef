/**
 * Dates and times as they stand in JSON (RFC 3339), to numbers and back. A text
 * is taken for a time only when its number gives back the same text; zones are
 * left to the skeleton. Days are counted from 1970-01-01 in the proleptic
 * Gregorian calendar, after H. Hinnant, "chrono-compatible low-level date
 * algorithms".
 */
import type { ByteWriter } from "../../bytes.ts";

export const dateChars = 10;
export const secondsChars = 19;
export const timeChars = 23;
export const dayMs = 86_400_000;

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/** The digits of a span as a number, or -1. */
function digits(bytes: Uint8Array, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

export function isDateAt(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 4] !== 0x2d || bytes[at + 7] !== 0x2d) return false;
  const year = digits(bytes, at, 4);
  const month = digits(bytes, at + 5, 2);
  const day = digits(bytes, at + 8, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1) return false;
  const last = month === 2 && isLeap(year) ? 29 : (monthDays[month - 1] ?? 0);
  return day <= last;
}

/** A date, T, hours, minutes and seconds, and with `withMs` a point and three digits. */
export function isTimeAt(bytes: Uint8Array, at: number, withMs: boolean): boolean {
  if (bytes[at + 10] !== 0x54 || bytes[at + 13] !== 0x3a || bytes[at + 16] !== 0x3a) return false;
  const hour = digits(bytes, at + 11, 2);
  const minute = digits(bytes, at + 14, 2);
  const second = digits(bytes, at + 17, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  if (withMs && (bytes[at + 19] !== 0x2e || digits(bytes, at + 20, 3) < 0)) return false;
  return isDateAt(bytes, at);
}

export function readDay(bytes: Uint8Array, at: number): number {
  const month = digits(bytes, at + 5, 2);
  const year = digits(bytes, at, 4) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const ofEra = year - era * 400;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + digits(bytes, at + 8, 2) - 1;
  const ofEraDays = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear;
  return era * 146_097 + ofEraDays - 719_468;
}

export function readMs(bytes: Uint8Array, at: number, withMs: boolean): number {
  const seconds =
    digits(bytes, at + 11, 2) * 3600 + digits(bytes, at + 14, 2) * 60 + digits(bytes, at + 17, 2);
  const ms = withMs ? digits(bytes, at + 20, 3) : 0;
  return readDay(bytes, at) * dayMs + seconds * 1000 + ms;
}

/** Days from 0000-01-01 to 9999-12-31: others have no text of this form. */
export const dayMin = -719_528;
export const dayMax = 2_932_896;

function writeDigits(out: ByteWriter, value: number, count: number): void {
  for (let place = count - 1; place >= 0; place--)
    out.u8(0x30 + (Math.floor(value / 10 ** place) % 10));
}

export function writeDay(out: ByteWriter, day: number): void {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEraDays = shifted - era * 146_097;
  const ofEra = Math.floor(
    (ofEraDays -
      Math.floor(ofEraDays / 1460) +
      Math.floor(ofEraDays / 36_524) -
      Math.floor(ofEraDays / 146_096)) /
      365,
  );
  const ofYear = ofEraDays - (365 * ofEra + Math.floor(ofEra / 4) - Math.floor(ofEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  writeDigits(out, ofEra + era * 400 + (month <= 2 ? 1 : 0), 4);
  out.u8(0x2d);
  writeDigits(out, month, 2);
  out.u8(0x2d);
  writeDigits(out, ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1, 2);
}

export function writeMs(out: ByteWriter, ms: number, withMs: boolean): void {
  const day = Math.floor(ms / dayMs);
  writeDay(out, day);
  const rest = ms - day * dayMs;
  out.u8(0x54);
  writeDigits(out, Math.floor(rest / 3_600_000), 2);
  out.u8(0x3a);
  writeDigits(out, Math.floor(rest / 60_000) % 60, 2);
  out.u8(0x3a);
  writeDigits(out, Math.floor(rest / 1000) % 60, 2);
  if (!withMs) return;
  out.u8(0x2e);
  writeDigits(out, rest % 1000, 3);
}
