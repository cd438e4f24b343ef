/**
 * The texts that fields have held, so that a text comes again as a small number:
 * its index among the texts of its field, in order of first appearance. A ring of
 * bytes and entries: the oldest texts go when there is no room, and memory never
 * grows. Sender and receiver add the same texts in the same order.
 */
import { fold, hashBytes } from "./hash.ts";

/** Of the larger codecs; names of entries leave room for as many. */
export const entriesMax = 4096;
/** A longer text rarely comes again. */
export const entryBytesMax = 255;
const bucketCount = 2048;

export class Dictionary {
  private readonly entries: number;
  private readonly arena: Uint8Array;
  private readonly starts: Int32Array;
  private readonly lengths: Uint8Array;
  private readonly fields: Uint16Array;
  private readonly indexes: Int32Array;
  /** Chains of entries by text and by index; 0 ends one, an entry is its number plus 1. */
  private readonly byText = new Uint16Array(bucketCount);
  private readonly byIndex = new Uint16Array(bucketCount);
  private readonly nextText: Uint16Array;
  private readonly nextIndex: Uint16Array;
  private readonly counts: Int32Array;
  /** Entries from `oldest`, `used` of them, in a ring. */
  private oldest = 0;
  private used = 0;
  private arenaAt = 0;

  constructor(entries: number, arenaBytes: number, fields: number) {
    this.entries = entries;
    this.arena = new Uint8Array(arenaBytes);
    this.starts = new Int32Array(entries);
    this.lengths = new Uint8Array(entries);
    this.fields = new Uint16Array(entries);
    this.indexes = new Int32Array(entries);
    this.nextText = new Uint16Array(entries);
    this.nextIndex = new Uint16Array(entries);
    this.counts = new Int32Array(fields);
  }

  /** The entry that holds this text for this field, or -1. */
  find(field: number, bytes: Uint8Array): number {
    let link = this.byText[textBucket(field, bytes)] as number;
    for (; link !== 0; link = this.nextText[link - 1] as number)
      if (this.fields[link - 1] === field && this.holds(link - 1, bytes)) return link - 1;
    return -1;
  }

  /** The entry with this index in this field, or -1. */
  at(field: number, index: number): number {
    let link = this.byIndex[indexBucket(field, index)] as number;
    for (; link !== 0; link = this.nextIndex[link - 1] as number)
      if (this.fields[link - 1] === field && this.indexes[link - 1] === index) return link - 1;
    return -1;
  }

  isOf(entry: number, field: number): boolean {
    const age = (entry - this.oldest + this.entries) % this.entries;
    return age < this.used && this.fields[entry] === field;
  }

  indexOf(entry: number): number {
    return this.indexes[entry] as number;
  }

  /** A view, valid until the next `add`. */
  textOf(entry: number): Uint8Array {
    const start = this.starts[entry] as number;
    return this.arena.subarray(start, start + (this.lengths[entry] as number));
  }

  /** How many texts this field has had: the next one's index. */
  countOf(field: number): number {
    return this.counts[field] as number;
  }

  /** Adds a text of at most `entryBytesMax` bytes that is not there; returns its entry. */
  add(field: number, bytes: Uint8Array): number {
    const size = bytes.length;
    const arenaBytes = this.arena.length;
    if (this.arenaAt + size > arenaBytes) {
      // The end of the ring: what lies there goes first, then the ring starts again.
      this.evictBetween(this.arenaAt, arenaBytes);
      this.arenaAt = 0;
    }
    this.evictBetween(this.arenaAt, this.arenaAt + size);
    if (this.used === this.entries) this.evict();
    const entry = (this.oldest + this.used) % this.entries;
    this.used++;
    this.arena.set(bytes, this.arenaAt);
    this.starts[entry] = this.arenaAt;
    this.arenaAt += size;
    this.lengths[entry] = size;
    this.fields[entry] = field;
    const index = this.counts[field] as number;
    this.counts[field] = index + 1;
    this.indexes[entry] = index;
    const text = textBucket(field, bytes);
    this.nextText[entry] = this.byText[text] as number;
    this.byText[text] = entry + 1;
    const place = indexBucket(field, index);
    this.nextIndex[entry] = this.byIndex[place] as number;
    this.byIndex[place] = entry + 1;
    return entry;
  }

  private holds(entry: number, bytes: Uint8Array): boolean {
    if (this.lengths[entry] !== bytes.length) return false;
    const start = this.starts[entry] as number;
    for (let i = 0; i < bytes.length; i++) if (this.arena[start + i] !== bytes[i]) return false;
    return true;
  }

  /** The oldest entries go as long as they lie in this part of the ring. */
  private evictBetween(from: number, to: number): void {
    while (this.used > 0) {
      const start = this.starts[this.oldest] as number;
      const end = start + (this.lengths[this.oldest] as number);
      const isBefore = end < from || (end === from && start < from);
      if (isBefore || start >= to) return;
      this.evict();
    }
  }

  private evict(): void {
    const entry = this.oldest;
    const field = this.fields[entry] as number;
    unlink(this.byText, this.nextText, textBucket(field, this.textOf(entry)), entry);
    unlink(this.byIndex, this.nextIndex, indexBucket(field, this.indexOf(entry)), entry);
    this.oldest = (entry + 1) % this.entries;
    this.used--;
  }
}

function unlink(heads: Uint16Array, next: Uint16Array, bucket: number, entry: number): void {
  let link = heads[bucket] as number;
  if (link === entry + 1) {
    heads[bucket] = next[entry] as number;
    return;
  }
  while (link !== 0) {
    const after = next[link - 1] as number;
    if (after === entry + 1) {
      next[link - 1] = next[entry] as number;
      return;
    }
    link = after;
  }
}

function textBucket(field: number, bytes: Uint8Array): number {
  return hashBytes(field + 1, bytes, 0, bytes.length) & (bucketCount - 1);
}

function indexBucket(field: number, index: number): number {
  return fold(field, index) & (bucketCount - 1);
}
