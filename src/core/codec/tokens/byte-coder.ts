/**
 * Tokens as bytes, for zstd (codec 2), in three sections, each among its like:
 * numbers and texts in the order in which they come; decisions, eight to a byte,
 * a new byte for each event; and bits without pattern, which stay out of the
 * compressor's sight. A number is one byte; a large one leaves its lower bits to
 * the last section.
 */
import { ByteWriter, emptyBytes } from "../../bytes.ts";
import type { TokenCoder } from "./coder.ts";

/** Numbers below this are a byte of their own. */
const smallMax = 128;
/** A larger one: its length in bits, from this on, and the bit below the highest. */
const lengthMin = 8;
const lengthMax = 53;

export class ByteEncoder implements TokenCoder {
  readonly isDecoder = false;
  readonly failed = false;
  readonly tokens = new ByteWriter(1024);
  readonly flags = new ByteWriter(256);
  readonly patternless = new ByteWriter(256);
  private openFlags = 0;
  private openFlagCount = 0;
  private openBits = 0;
  private openBitCount = 0;

  fail(): void {}

  /** A new batch begins. */
  begin(): void {
    this.tokens.clear();
    this.flags.clear();
    this.patternless.clear();
    this.openFlags = 0;
    this.openFlagCount = 0;
    this.openBits = 0;
    this.openBitCount = 0;
  }

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

  /** What the compressor is to see: tokens, then flags. */
  visible(): Uint8Array {
    const all = new Uint8Array(this.tokens.length + this.flags.length);
    all.set(this.tokens.view(), 0);
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

export class ByteDecoder implements TokenCoder {
  readonly isDecoder = true;
  failed = false;
  private tokens: Uint8Array = emptyBytes;
  private flags: Uint8Array = emptyBytes;
  private patternless: Uint8Array = emptyBytes;
  private tokensAt = 0;
  private flagsAt = 0;
  private patternlessAt = 0;
  private openFlags = 0;
  private openFlagCount = 0;
  private openBits = 0;
  private openBitCount = 0;

  /** A new batch begins, with these sections. */
  begin(tokens: Uint8Array, flags: Uint8Array, patternless: Uint8Array): void {
    this.failed = false;
    this.tokens = tokens;
    this.flags = flags;
    this.patternless = patternless;
    this.tokensAt = 0;
    this.flagsAt = 0;
    this.patternlessAt = 0;
    this.openFlagCount = 0;
    this.openBitCount = 0;
  }

  /** Every section was read to its end. */
  get finished(): boolean {
    return (
      !this.failed &&
      this.tokensAt === this.tokens.length &&
      this.flagsAt === this.flags.length &&
      this.patternlessAt === this.patternless.length
    );
  }

  fail(): void {
    this.failed = true;
  }

  beginEvent(): void {
    this.openFlagCount = 0;
  }

  focus(): void {}

  flag(): number {
    if (this.openFlagCount === 0) {
      this.openFlags = this.failed ? 0 : this.byte(this.flags[this.flagsAt++]);
      this.openFlagCount = 8;
    }
    const bit = this.openFlags & 1;
    this.openFlags >>= 1;
    this.openFlagCount--;
    return bit;
  }

  number(): number {
    const first = this.failed ? 0 : this.byte(this.tokens[this.tokensAt++]);
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
    if (size > bytesMax || size > this.tokens.length - this.tokensAt) this.fail();
    if (this.failed) return emptyBytes;
    this.tokensAt += size;
    return this.tokens.subarray(this.tokensAt - size, this.tokensAt);
  }

  bits(_value: number, count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      if (this.openBitCount === 0) {
        this.openBits = this.failed ? 0 : this.byte(this.patternless[this.patternlessAt++]);
        this.openBitCount = 8;
      }
      value = value * 2 + ((this.openBits >> --this.openBitCount) & 1);
    }
    return value;
  }

  /** A byte of a section, 0 behind its end: then the batch is none. */
  private byte(read: number | undefined): number {
    if (read !== undefined) return read;
    this.fail();
    return 0;
  }
}
