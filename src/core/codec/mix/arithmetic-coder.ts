/**
 * A binary arithmetic coder without carries, after M. Mahoney's lpaq: an interval
 * of 32-bit numbers is cut in proportion to the probability of a one, and leading
 * bytes that both ends share are written. Probabilities are 1 to 65535 in 65536ths.
 *
 * The last interval is named by as few bytes as can; a decoder reads zeros behind
 * the end, so nothing says where it is but the count of events.
 */
import { ByteWriter, emptyBytes } from "../../bytes.ts";

export interface BitCoder {
  readonly isDecoder: boolean;
  /** Codes one bit; `p` is the probability of a 1. Returns the bit. */
  code(bit: number, p: number): number;
}

/** Writes nothing: for learning from events that are known. */
export class NullBits implements BitCoder {
  readonly isDecoder = false;

  code(bit: number): number {
    return bit;
  }
}

export class BitEncoder implements BitCoder {
  readonly isDecoder = false;
  private low = 0;
  private high = 0xffffffff;
  private readonly out = new ByteWriter(1024);

  /** A new stream begins. */
  begin(): void {
    this.low = 0;
    this.high = 0xffffffff;
    this.out.clear();
  }

  code(bit: number, p: number): number {
    const middle = cut(this.low, this.high, p);
    if (bit === 1) this.high = middle;
    else this.low = middle + 1;
    while (((this.low ^ this.high) & 0xff000000) === 0) {
      this.out.u8(this.high >>> 24);
      this.low = (this.low << 8) >>> 0;
      this.high = ((this.high << 8) | 255) >>> 0;
    }
    return bit;
  }

  /** Bytes so far; ending adds at most four. */
  get length(): number {
    return this.out.length;
  }

  /** Ends the stream. */
  finish(): void {
    if (this.low === 0) return;
    for (let bits = 24; ; bits -= 8) {
      // The lowest number above `low` that ends in `bits` zeros.
      const unit = 2 ** bits;
      const value = Math.ceil(this.low / unit) * unit;
      if (value > this.high) continue;
      for (let at = 24; at >= bits; at -= 8) this.out.u8(Math.floor(value / 2 ** at) & 255);
      return;
    }
  }

  /** The stream, after `finish`; a view. */
  view(): Uint8Array {
    return this.out.view();
  }
}

export class BitDecoder implements BitCoder {
  readonly isDecoder = true;
  private low = 0;
  private high = 0xffffffff;
  private value = 0;
  private at = 0;
  private bytes: Uint8Array = emptyBytes;

  /** A new stream begins. */
  begin(bytes: Uint8Array): void {
    this.low = 0;
    this.high = 0xffffffff;
    this.value = 0;
    this.at = 0;
    this.bytes = bytes;
    for (let i = 0; i < 4; i++) this.value = ((this.value << 8) | this.next()) >>> 0;
  }

  code(_bit: number, p: number): number {
    const middle = cut(this.low, this.high, p);
    const bit = this.value <= middle ? 1 : 0;
    if (bit === 1) this.high = middle;
    else this.low = middle + 1;
    while (((this.low ^ this.high) & 0xff000000) === 0) {
      this.low = (this.low << 8) >>> 0;
      this.high = ((this.high << 8) | 255) >>> 0;
      this.value = ((this.value << 8) | this.next()) >>> 0;
    }
    return bit;
  }

  /** Every byte was needed. */
  get finished(): boolean {
    return this.at >= this.bytes.length;
  }

  private next(): number {
    return this.bytes[this.at++] ?? 0;
  }
}

/** Where the interval is cut: at least one number stays on each side. */
function cut(low: number, high: number, p: number): number {
  const size = high - low;
  return low + Math.floor(size / 65536) * p + Math.floor(((size % 65536) * p) / 65536);
}
