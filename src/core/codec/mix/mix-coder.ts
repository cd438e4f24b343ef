/**
 * Tokens as bits of an arithmetic coder (codec 3), each with a probability that is
 * mixed from what was seen in four contexts and in the kind of decision as a whole.
 */
import { emptyBytes } from "../../bytes.ts";
import type { TokenCoder } from "../tokens/coder.ts";
import { fold } from "../tokens/hash.ts";
import { sets } from "../tokens/contexts.ts";
import type { BitCoder } from "./arithmetic-coder.ts";
import type { MixModel } from "./model.ts";

/** Bits of a number that are modelled below its highest; the rest is as good as random. */
const modelledBits = 12;
/** Bits of the longest number. */
const lengthMax = 53;

export class MixCoder implements TokenCoder {
  readonly isDecoder: boolean;
  failed = false;
  private readonly coder: BitCoder;
  private readonly model: MixModel;
  private c0 = 0;
  private c1 = 0;
  private c2 = 0;
  private c3 = 0;
  private set = 0;

  constructor(model: MixModel, coder: BitCoder) {
    this.model = model;
    this.coder = coder;
    this.isDecoder = coder.isDecoder;
  }

  /** A new batch begins. */
  begin(): void {
    this.failed = false;
  }

  fail(): void {
    this.failed = true;
  }

  beginEvent(): void {}

  focus(set: number, c0: number, c1: number, c2: number, c3: number): void {
    this.set = set;
    this.c0 = fold(c0, set * 8 + 1);
    this.c1 = fold(c1, set * 8 + 2);
    this.c2 = fold(c2, set * 8 + 3);
    this.c3 = fold(c3, set * 8 + 4);
  }

  flag(bit: number): number {
    return this.bit(bit, 1);
  }

  number(value: number): number {
    const size = this.length(this.isDecoder ? 0 : bitsOf(value));
    if (size > lengthMax) {
      this.fail();
      return 0;
    }
    if (size < 2) return size;
    let result = 1;
    const low = Math.max(0, size - 1 - modelledBits);
    for (let at = size - 2; at >= low; at--) {
      const node = fold(size * 64 + 1, result);
      result = result * 2 + this.bit(bitAt(value, at), node);
    }
    for (let at = low - 1; at >= 0; at--)
      result = result * 2 + this.coder.code(bitAt(value, at), 32768);
    return result;
  }

  /** Most numbers are short. */
  private length(given: number): number {
    const short = this.tree(Math.min(given, 15), 4, 0);
    return short < 15 ? short : 15 + this.tree(given - 15, 6, 2);
  }

  text(bytes: Uint8Array, field: number, bytesMax: number): Uint8Array {
    this.focus(sets.text, fold(field, 1), fold(field, 2), 3, 4);
    const size = this.number(bytes.length);
    if (size > bytesMax) this.fail();
    if (this.failed) return emptyBytes;
    const out = this.isDecoder ? new Uint8Array(size) : bytes;
    let last4 = 0;
    let word = 0;
    for (let at = 0; at < size; at++) {
      const last = last4 & 0xff;
      this.focus(
        sets.text,
        fold(last4 & 0xffffff, 0x30000),
        fold(last4 & 0xffff, 0x20000),
        fold(last4, 0x40000),
        at < 2 ? fold(field, last4) : fold(word, last),
      );
      const byte = this.tree(bytes[at] ?? 0, 8, last + 1);
      out[at] = byte;
      last4 = (last4 << 8) | byte;
      word = byte > 0x40 ? fold(word, byte) : 0;
    }
    return out;
  }

  bits(value: number, count: number): number {
    let result = 0;
    for (let at = count - 1; at >= 0; at--)
      result = result * 2 + this.coder.code((value >>> at) & 1, 32768);
    return result;
  }

  /** A symbol of `width` bits, highest first, each seen in the light of those before. */
  private tree(symbol: number, width: number, salt: number): number {
    let node = 1;
    for (let at = width - 1; at >= 0; at--)
      node = node * 2 + this.bit((symbol >> at) & 1, node + salt * 512);
    return node - (1 << width);
  }

  private bit(bit: number, node: number): number {
    const { model } = this;
    const n = Math.imul(node, 0x2c1b3c6d);
    const p = model.predict(this.set, node, this.c0 ^ n, this.c1 ^ n, this.c2 ^ n, this.c3 ^ n);
    const actual = this.coder.code(bit, p);
    model.update(actual);
    return actual;
  }
}

/** The bit with weight 2^at; for integers up to 2^53. */
function bitAt(value: number, at: number): number {
  return Math.floor(value / 2 ** at) % 2;
}

function bitsOf(value: number): number {
  if (value < 0x40000000) return 32 - Math.clz32(value);
  let bits = 0;
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) bits++;
  return bits;
}
