/**
 * Side tables of a StreamTable for what few streams have: ranges (holes, lost
 * at source), floors, and events that are part-way through their fragments.
 * Sorted by stream index in typed arrays, found by binary search; a stream
 * that has none costs nothing.
 */
import { chainBytes } from "../event.ts";
import { noRanges, type Ranges } from "./ranges.ts";
import type { Floor, SeqRange, StreamIndex } from "./entry.ts";
import { grownCapacity } from "./text-arena.ts";

/** Keys in ascending order; subclasses keep their columns in step by overriding `resize` and `shift`. */
class SortedKeys {
  protected keys = new Uint32Array(0);
  protected used = 0;

  /** Position of the first key at or after `key`. */
  protected lowerBound(key: number): number {
    let low = 0;
    let high = this.used;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Moves everything from position `from` on by `by` places; columns beyond the new end are stale. */
  protected moveTail(from: number, by: number): void {
    const needed = this.used + by;
    if (needed > this.keys.length) this.resize(grownCapacity(this.keys.length, needed));
    this.shift(from, from + by, this.used);
    this.used = needed;
  }

  protected resize(capacity: number): void {
    const keys = new Uint32Array(capacity);
    keys.set(this.keys);
    this.keys = keys;
  }

  protected shift(from: number, to: number, end: number): void {
    this.keys.copyWithin(to, from, end);
  }
}

/** Range lists by stream: 20 bytes a range. */
export class SparseRanges extends SortedKeys {
  private froms = new Float64Array(0);
  private tos = new Float64Array(0);

  get sizeBytes(): number {
    return this.keys.byteLength + this.froms.byteLength + this.tos.byteLength;
  }

  has(stream: StreamIndex): boolean {
    const at = this.lowerBound(stream);
    return at < this.used && this.keys[at] === stream;
  }

  get(stream: StreamIndex): Ranges {
    if (this.used === 0) return noRanges;
    const start = this.lowerBound(stream);
    const end = this.lowerBound(stream + 1);
    if (start === end) return noRanges;
    const ranges: SeqRange[] = [];
    for (let at = start; at < end; at++) {
      ranges.push({ from: this.froms[at] ?? 0, to: this.tos[at] ?? 0 });
    }
    return ranges;
  }

  /** Replaces the stream's list; `ranges` is in normal form. */
  set(stream: StreamIndex, ranges: Ranges): void {
    const start = this.lowerBound(stream);
    const end = this.lowerBound(stream + 1);
    if (ranges.length !== end - start) this.moveTail(end, ranges.length - (end - start));
    for (let i = 0; i < ranges.length; i++) {
      this.keys[start + i] = stream;
      this.froms[start + i] = ranges[i]?.from ?? 0;
      this.tos[start + i] = ranges[i]?.to ?? 0;
    }
  }

  protected override resize(capacity: number): void {
    super.resize(capacity);
    this.froms = grownFloats(this.froms, capacity);
    this.tos = grownFloats(this.tos, capacity);
  }

  protected override shift(from: number, to: number, end: number): void {
    super.shift(from, to, end);
    this.froms.copyWithin(to, from, end);
    this.tos.copyWithin(to, from, end);
  }
}

/** One number by stream, 0 when there is none: 12 bytes each. */
export class SparseNumbers extends SortedKeys {
  private values = new Float64Array(0);

  get sizeBytes(): number {
    return this.keys.byteLength + this.values.byteLength;
  }

  get(stream: StreamIndex): number {
    if (this.used === 0) return 0;
    const at = this.lowerBound(stream);
    return at < this.used && this.keys[at] === stream ? (this.values[at] ?? 0) : 0;
  }

  /** Setting 0 frees the place. */
  set(stream: StreamIndex, value: number): void {
    const at = this.lowerBound(stream);
    const isHere = at < this.used && this.keys[at] === stream;
    if (value === 0) {
      if (isHere) this.moveTail(at + 1, -1);
      return;
    }
    if (!isHere) this.moveTail(at, 1);
    this.keys[at] = stream;
    this.values[at] = value;
  }

  protected override resize(capacity: number): void {
    super.resize(capacity);
    this.values = grownFloats(this.values, capacity);
  }

  protected override shift(from: number, to: number, end: number): void {
    super.shift(from, to, end);
    this.values.copyWithin(to, from, end);
  }
}

/** Floors by stream: 29 bytes each. */
export class SparseFloors extends SortedKeys {
  private seqs = new Float64Array(0);
  private chains = new Uint8Array(0);
  private byOrigins = new Uint8Array(0);

  get sizeBytes(): number {
    return (
      this.keys.byteLength +
      this.seqs.byteLength +
      this.chains.byteLength +
      this.byOrigins.byteLength
    );
  }

  get(stream: StreamIndex): Floor | undefined {
    if (this.used === 0) return undefined;
    const at = this.lowerBound(stream);
    if (at === this.used || this.keys[at] !== stream) return undefined;
    return {
      seq: this.seqs[at] ?? 0,
      chain: this.chains.slice(at * chainBytes, (at + 1) * chainBytes),
      byOrigin: this.byOrigins[at] === 1,
    };
  }

  set(stream: StreamIndex, floor: Floor | undefined): void {
    const at = this.lowerBound(stream);
    const isHere = at < this.used && this.keys[at] === stream;
    if (floor === undefined) {
      if (isHere) this.moveTail(at + 1, -1);
      return;
    }
    if (!isHere) this.moveTail(at, 1);
    this.keys[at] = stream;
    this.seqs[at] = floor.seq;
    this.byOrigins[at] = floor.byOrigin ? 1 : 0;
    this.chains.fill(0, at * chainBytes, (at + 1) * chainBytes);
    this.chains.set(floor.chain.subarray(0, chainBytes), at * chainBytes);
  }

  protected override resize(capacity: number): void {
    super.resize(capacity);
    this.seqs = grownFloats(this.seqs, capacity);
    const chains = new Uint8Array(capacity * chainBytes);
    chains.set(this.chains);
    this.chains = chains;
    const byOrigins = new Uint8Array(capacity);
    byOrigins.set(this.byOrigins);
    this.byOrigins = byOrigins;
  }

  protected override shift(from: number, to: number, end: number): void {
    super.shift(from, to, end);
    this.seqs.copyWithin(to, from, end);
    this.chains.copyWithin(to * chainBytes, from * chainBytes, end * chainBytes);
    this.byOrigins.copyWithin(to, from, end);
  }
}

function grownFloats(old: Float64Array, capacity: number): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(capacity);
  grown.set(old);
  return grown;
}
