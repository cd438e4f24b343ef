/**
 * Tokens as bytes, for zstd (codec 2), in three sections, each among its like:
 * numbers and texts in the order in which they come; decisions, eight to a byte,
 * a new byte for each event; and bits without pattern, which stay out of the
 * compressor's sight. A number is one byte; a large one leaves its lower bits to
 * the last section.
 */
import { ByteReader, ByteWriter, emptyBytes } from "../../bytes.ts";
import type { TokenCoder } from "./coder.ts";

/** Numbers below this are a byte of their own. */
const smallMax = 128;
/** A larger one: its length in bits, from this on, and the bit below the highest. */
const lengthMin = 8;
const lengthMax = 53;

export class ByteEncoder implements TokenCoder {
  readonly isDecoder = false;
  readonly failed = false;
  readonly tokens = new ByteWriter(4096);
  readonly flags = new ByteWriter(1024);
  readonly patternless = new ByteWriter(1024);
  private openFlags = 0;
  private openFlagCount = 0;
  private openBits = 0;
  private openBitCount = 0;

  fail(): void {}

  beginEvent(): void {
    if (this.openFlagCount > 0) this.flags.u8(this.openFlags);
    this.openFlags = 0;
    this.openFlagCount = 0;
  }

  /** Nothing comes after this. */
  finish(): void {
    this.beginEvent();
    if (this.openBitCount > 0) this.patternless.u8(this.openBits << (8 - this.openBitCount));
    this.openBitCount = 0;
  }

  get visibleLength(): number {
    return this.tokens.length + this.flags.length;
  }

  /** What the compressor is to see. */
  visible(): Uint8Array {
    const all = new Uint8Array(this.visibleLength);
    all.set(this.tokens.view());
    all.set(this.flags.view(), this.tokens.length);
    return all;
  }

  focus(): void {}

  flag(bit: number): number {
    if (this.openFlagCount === 8) this.beginEvent();
    this.openFlags += bit << this.openFlagCount++;
    return bit;
  }

  number(value: number): number {
    if (value < smallMax) {
      this.tokens.u8(value);
      return value;
    }
    let length = lengthMin;
    let unit = 2 ** (lengthMin - 2);
    while (value >= unit * 4) {
      unit *= 2;
      length++;
    }
    const top = Math.floor(value / unit);
    this.tokens.u8(smallMax + (length - lengthMin) * 2 + (top - 2));
    let rest = value - top * unit;
    for (let count = length - 2; count > 0; ) {
      const part = Math.min(count, 24);
      count -= part;
      const scale = 2 ** count;
      this.bits(Math.floor(rest / scale), part);
      rest %= scale;
    }
    return value;
  }

  text(bytes: Uint8Array): Uint8Array {
    this.number(bytes.length);
    this.tokens.bytes(bytes);
    return bytes;
  }

  bits(value: number, count: number): number {
    for (let at = count - 1; at >= 0; at--) {
      this.openBits = ((this.openBits << 1) | ((value >>> at) & 1)) & 0xff;
      if (++this.openBitCount < 8) continue;
      this.patternless.u8(this.openBits);
      this.openBitCount = 0;
    }
    return value;
  }
}

export interface TokenSections {
  readonly tokens: Uint8Array;
  readonly flags: Uint8Array;
  readonly patternless: Uint8Array;
}

export class ByteDecoder implements TokenCoder {
  readonly isDecoder = true;
  private readonly tokens: ByteReader;
  private readonly flags: ByteReader;
  private readonly patternless: ByteReader;
  private openFlags = 0;
  private openFlagCount = 0;
  private openBits = 0;
  private openBitCount = 0;

  constructor(sections: TokenSections) {
    this.tokens = new ByteReader(sections.tokens);
    this.flags = new ByteReader(sections.flags);
    this.patternless = new ByteReader(sections.patternless);
  }

  get failed(): boolean {
    return this.tokens.failed || this.flags.failed || this.patternless.failed;
  }

  /** Every section was read to its end. */
  get finished(): boolean {
    return this.tokens.finished && this.flags.finished && this.patternless.finished;
  }

  fail(): void {
    this.tokens.fail();
  }

  beginEvent(): void {
    this.openFlagCount = 0;
  }

  focus(): void {}

  flag(): number {
    if (this.openFlagCount === 0) {
      this.openFlags = this.flags.u8();
      this.openFlagCount = 8;
    }
    const bit = this.openFlags & 1;
    this.openFlags >>= 1;
    this.openFlagCount--;
    return bit;
  }

  number(): number {
    const first = this.tokens.u8();
    if (first < smallMax) return first;
    const length = lengthMin + ((first - smallMax) >> 1);
    if (length > lengthMax) {
      this.fail();
      return 0;
    }
    let value = 2 + (first & 1);
    for (let count = length - 2; count > 0; ) {
      const part = Math.min(count, 24);
      count -= part;
      value = value * 2 ** part + this.bits(0, part);
    }
    return this.failed ? 0 : value;
  }

  text(_bytes: Uint8Array, _field: number, bytesMax: number): Uint8Array {
    const size = this.number();
    if (size > bytesMax) this.fail();
    return this.failed ? emptyBytes : this.tokens.bytes(size);
  }

  bits(_value: number, count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (this.openBitCount === 0) {
        this.openBits = this.patternless.u8();
        this.openBitCount = 8;
      }
      value = value * 2 + ((this.openBits >> --this.openBitCount) & 1);
    }
    return value;
  }
}
