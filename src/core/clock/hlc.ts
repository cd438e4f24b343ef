/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks and
 * Consistent Snapshots in Globally Distributed Databases", 2014): 48-bit Unix
 * milliseconds and a 16-bit counter, 8 bytes, big-endian, so that bytes sort
 * as values.
 *
 * This file holds the value and its encodings; the clock that issues values is
 * in `hybrid-clock.ts`.
 */
export interface Hlc {
  /** 0 to 2^48-1. */
  readonly ms: number;
  /** 0 to 65535. */
  readonly counter: number;
}

/** Size of an encoded HLC. */
export const hlcBytes = 8;
/** Digits of an HLC as text. */
export const hlcTextCharacters = 16;
export const hlcCounterMax = 0xffff;
/** Before every HLC that a clock issues. */
export const hlcZero: Hlc = { ms: 0, counter: 0 };

const twoTo32 = 0x1_0000_0000;

/** Negative, 0 or positive, as for `Array.prototype.sort`. */
export function compareHlc(a: Hlc, b: Hlc): number {
  return a.ms === b.ms ? a.counter - b.counter : a.ms - b.ms;
}

/** Writes 8 bytes into `out` at `offset`; the caller has made room for them. */
export function encodeHlc(hlc: Hlc, out: Uint8Array, offset = 0): void {
  const high = Math.floor(hlc.ms / twoTo32);
  const low = hlc.ms % twoTo32;
  out[offset] = high >>> 8;
  out[offset + 1] = high;
  out[offset + 2] = low >>> 24;
  out[offset + 3] = low >>> 16;
  out[offset + 4] = low >>> 8;
  out[offset + 5] = low;
  out[offset + 6] = hlc.counter >>> 8;
  out[offset + 7] = hlc.counter;
}

/** Any 8 bytes are an HLC; undefined when fewer are left at `offset`. */
export function decodeHlc(bytes: Uint8Array, offset = 0): Hlc | undefined {
  if (offset < 0 || offset + hlcBytes > bytes.length) return undefined;
  const high = byteAt(bytes, offset) * 256 + byteAt(bytes, offset + 1);
  const low =
    byteAt(bytes, offset + 2) * 0x100_0000 +
    byteAt(bytes, offset + 3) * 0x1_0000 +
    byteAt(bytes, offset + 4) * 256 +
    byteAt(bytes, offset + 5);
  return {
    ms: high * twoTo32 + low,
    counter: byteAt(bytes, offset + 6) * 256 + byteAt(bytes, offset + 7),
  };
}

/** 16 lower-case hex digits, which sort as the values do. */
export function hlcToText(hlc: Hlc): string {
  return hlc.ms.toString(16).padStart(12, "0") + hlc.counter.toString(16).padStart(4, "0");
}

/** The inverse of `hlcToText`; undefined for anything that it would not have written. */
export function textToHlc(text: string): Hlc | undefined {
  if (!/^[0-9a-f]{16}$/.test(text)) return undefined;
  return {
    ms: Number.parseInt(text.slice(0, 12), 16),
    counter: Number.parseInt(text.slice(12), 16),
  };
}

function byteAt(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}
