/**
 * Byte building blocks shared by the log and the wire: a growing writer, a
 * total reader, UTF-8 and hex. Integers are big-endian. Varints are unsigned
 * LEB128 up to 2^53-1, in their shortest form only, computed by division
 * because bit operators in JavaScript stop at 32 bits.
 */

export const emptyBytes: Uint8Array = new Uint8Array(0);

/** Longest encoding of an integer below 2^53. */
export const varintBytesMax = 8;

/** A growing buffer. `take` hands over a copy, `view` lends the bytes until the next write. */
export class ByteWriter {
  private buffer: Uint8Array;
  private used = 0;

  constructor(initialBytes = 256) {
    this.buffer = new Uint8Array(initialBytes);
  }

  get length(): number {
    return this.used;
  }

  clear(): void {
    this.used = 0;
  }

  /** Makes room for `count` bytes and returns where they start. */
  reserve(count: number): number {
    const start = this.used;
    const needed = start + count;
    if (needed > this.buffer.length) {
      let size = Math.max(16, this.buffer.length * 2);
      while (size < needed) size *= 2;
      const grown = new Uint8Array(size);
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
    }
    this.used = needed;
    return start;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.buffer[at] = value >>> 8;
    this.buffer[at + 1] = value;
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.buffer[at] = value >>> 24;
    this.buffer[at + 1] = value >>> 16;
    this.buffer[at + 2] = value >>> 8;
    this.buffer[at + 3] = value;
  }

  /** 48-bit unsigned: milliseconds since 1970. */
  u48(value: number): void {
    this.u16(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 0x80) + 0x80);
      rest = Math.floor(rest / 0x80);
    }
    this.u8(rest);
  }

  /** Signed, zigzag; exact for |value| < 2^52. */
  signedVarint(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  bytes(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
  }

  /** Varint length, then the bytes. */
  sized(value: Uint8Array): void {
    this.varint(value.length);
    this.bytes(value);
  }

  /** Varint length in bytes, then UTF-8. */
  text(value: string): void {
    this.sized(textToUtf8(value));
  }

  /** Lends the written bytes; valid until the next write or clear. */
  view(): Uint8Array {
    return this.buffer.subarray(0, this.used);
  }

  take(): Uint8Array {
    return this.buffer.slice(0, this.used);
  }
}

/**
 * A total reader: past the end, or after anything malformed, it returns zeros
 * and empty arrays and `failed` stays true. Check `failed` (or `finished`)
 * before believing anything, and before allocating for a count just read.
 */
export class ByteReader {
  private readonly buffer: Uint8Array;
  private at: number;
  private readonly end: number;
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.buffer = bytes;
    this.at = start;
    this.end = end;
  }

  get offset(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  /** True when everything was read and nothing failed. */
  get finished(): boolean {
    return !this.failed && this.at === this.end;
  }

  fail(): void {
    this.failed = true;
    this.at = this.end;
  }

  private claim(count: number): number {
    if (count > this.end - this.at) {
      this.fail();
      return -1;
    }
    const start = this.at;
    this.at += count;
    return start;
  }

  u8(): number {
    const at = this.claim(1);
    return at < 0 ? 0 : (this.buffer[at] as number);
  }

  u16(): number {
    return this.unsigned(2);
  }

  u32(): number {
    return this.unsigned(4);
  }

  u48(): number {
    return this.unsigned(6);
  }

  private unsigned(size: number): number {
    const start = this.claim(size);
    if (start < 0) return 0;
    let value = 0;
    for (let at = start; at < start + size; at++) value = value * 256 + (this.buffer[at] as number);
    return value;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let count = 1; ; count++) {
      const byte = this.u8();
      if (this.failed) return 0;
      const digit = byte % 0x80;
      value += digit * scale;
      if (byte < 0x80) {
        const isShortest = count === 1 || digit !== 0;
        if (!isShortest || value > Number.MAX_SAFE_INTEGER) {
          this.fail();
          return 0;
        }
        return value;
      }
      if (count === varintBytesMax) {
        this.fail();
        return 0;
      }
      scale *= 0x80;
    }
  }

  signedVarint(): number {
    const raw = this.varint();
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** A view into the input, not a copy. */
  bytes(count: number): Uint8Array {
    const at = this.claim(count);
    return at < 0 ? emptyBytes : this.buffer.subarray(at, at + count);
  }

  /** Varint length (at most `maxBytes`), then the bytes, as a view into the input. */
  sized(maxBytes: number): Uint8Array {
    const size = this.varint();
    if (size > maxBytes) {
      this.fail();
      return emptyBytes;
    }
    return this.bytes(size);
  }

  text(maxBytes: number): string {
    const text = utf8ToText(this.sized(maxBytes));
    if (text === undefined) {
      this.fail();
      return "";
    }
    return text;
  }
}

/** Number of bytes that `ByteWriter.varint` writes for `value`. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** UTF-8; lone surrogates become U+FFFD, as in the WHATWG encoder. For short texts: payloads stay bytes. */
export function textToUtf8(text: string): Uint8Array {
  const out: number[] = [];
  for (const character of text) {
    let point = character.codePointAt(0) ?? 0xfffd;
    if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
    if (point < 0x80) out.push(point);
    else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 0x3f));
    else if (point < 0x10000)
      out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f));
    else
      out.push(
        0xf0 | (point >> 18),
        0x80 | ((point >> 12) & 0x3f),
        0x80 | ((point >> 6) & 0x3f),
        0x80 | (point & 0x3f),
      );
  }
  return Uint8Array.from(out);
}

/** The text, or undefined when the bytes are not well-formed UTF-8 (RFC 3629, section 3). */
export function utf8ToText(bytes: Uint8Array): string | undefined {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    const extra =
      lead < 0x80
        ? 0
        : lead >= 0xc2 && lead < 0xe0
          ? 1
          : lead >= 0xe0 && lead < 0xf0
            ? 2
            : lead >= 0xf0 && lead < 0xf5
              ? 3
              : -1;
    if (extra < 0 || at + extra >= bytes.length) return undefined;
    let point = extra === 0 ? lead : lead & (0x3f >> extra);
    for (let i = 1; i <= extra; i++) {
      const next = bytes[at + i] ?? 0;
      if ((next & 0xc0) !== 0x80) return undefined;
      point = point * 64 + (next & 0x3f);
    }
    const isOverlong = (extra === 2 && point < 0x800) || (extra === 3 && point < 0x10000);
    if (isOverlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return undefined;
    text += String.fromCodePoint(point);
    at += extra + 1;
  }
  return text;
}

const hexDigits = "0123456789abcdef";

export function bytesToHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += hexDigits.charAt(byte >> 4) + hexDigits.charAt(byte & 15);
  return text;
}

/** Bytes of an even-length lower- or upper-case hex text, or undefined. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return out;
}

export function bytesEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
