/**
 * Adaptive probabilities by hashed context: how likely a 1 was here. A place holds
 * a probability in 65536ths, 10 bits that tell contexts apart, and a count that
 * slows its learning down. Two neighbouring places serve a context; the one with
 * less experience gives way.
 */

/** Beyond this many observations a place learns at a constant pace. */
const countLimit = 60;
const countMask = 63;
const checkMask = 0xffc0;

/** 32768 / (n + 1.5), the share of the error that the n-th observation corrects. */
const rates = new Int32Array(64);
for (let n = 0; n < 64; n++) rates[n] = Math.floor(655_360 / (20 * Math.min(n, countLimit) + 26));

export class Counters {
  private readonly mask: number;
  /** Probability * 65536 + bits that tell contexts apart * 64 + count. */
  readonly cells: Uint32Array;

  /** `places` is a power of two. */
  constructor(places: number) {
    this.mask = places - 1;
    this.cells = new Uint32Array(places).fill(0x80000000);
  }

  /** The place of a context, made when it is new. */
  find(hash: number): number {
    const { cells } = this;
    const first = hash & this.mask;
    const check = (hash >>> 16) & checkMask;
    const firstCell = cells[first] as number;
    if ((firstCell & checkMask) === check) return first;
    const second = first ^ 1;
    const secondCell = cells[second] as number;
    if ((secondCell & checkMask) === check) return second;
    const place = (firstCell & countMask) <= (secondCell & countMask) ? first : second;
    cells[place] = (0x80000000 | check) >>> 0;
    return place;
  }

  update(place: number, bit: number): void {
    const cell = this.cells[place] as number;
    const count = cell & countMask;
    const p = cell >>> 16;
    const next = p + ((((bit === 1 ? 65535 : 0) - p) * (rates[count] as number)) >> 15);
    this.cells[place] = ((next << 16) | (cell & 0xffff)) + (count < countLimit ? 1 : 0);
  }
}

export function probabilityOf(cell: number): number {
  return cell >>> 16;
}

export function countOf(cell: number): number {
  return cell & countMask;
}
