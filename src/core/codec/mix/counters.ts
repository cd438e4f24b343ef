/**
 * Adaptive probabilities by hashed context: how likely a 1 was here. A place holds
 * a probability in 65536ths, 10 bits that tell contexts apart, and a count that
 * slows its learning down. Two neighbouring places serve a context; the one with
 * less experience gives way.
 */

/** Beyond this many observations a place learns at a constant pace. */
const countLimit = 60;
const countMask = 63;

/** 32768 / (n + 1.5), the share of the error that the n-th observation corrects. */
const rates = new Int32Array(64);
for (let n = 0; n < 64; n++) rates[n] = Math.floor(65536 / (2 * Math.min(n, countLimit) + 3));

export class Counters {
  private readonly mask: number;
  readonly probabilities: Uint16Array;
  private readonly tags: Uint16Array;

  /** `places` is a power of two. */
  constructor(places: number) {
    this.mask = places - 1;
    this.probabilities = new Uint16Array(places).fill(32768);
    this.tags = new Uint16Array(places);
  }

  /** The place of a context, made when it is new. */
  find(hash: number): number {
    const { tags } = this;
    const first = hash & this.mask;
    const check = (hash >>> 16) & 0xffc0;
    const firstTag = tags[first] as number;
    if ((firstTag & 0xffc0) === check) return first;
    const second = first ^ 1;
    const secondTag = tags[second] as number;
    if ((secondTag & 0xffc0) === check) return second;
    const place = (firstTag & countMask) <= (secondTag & countMask) ? first : second;
    tags[place] = check;
    this.probabilities[place] = 32768;
    return place;
  }

  countAt(place: number): number {
    return (this.tags[place] as number) & countMask;
  }

  update(place: number, bit: number): void {
    const tag = this.tags[place] as number;
    const count = tag & countMask;
    const p = this.probabilities[place] as number;
    const error = (bit === 1 ? 65535 : 0) - p;
    this.probabilities[place] = p + ((error * (rates[count] as number)) >> 15);
    if (count < countLimit) this.tags[place] = tag + 1;
  }
}
