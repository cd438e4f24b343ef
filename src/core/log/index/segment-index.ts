/**
 * The sparse index of one segment: an entry for each stream in each 64 KiB block
 * that holds some of its events, and another wherever its seqs do not follow on
 * (RULES 14). Kept in typed arrays while a segment is being written, and stored
 * beside it once it is sealed.
 *
 * An entry says exactly which seqs begin in its block, so that damage to a
 * block names what is missing.
 */
import type { ByteReader, ByteWriter } from "../../bytes.ts";
import { aliasMax, blockBytes } from "../format.ts";

export interface IndexEntry {
  readonly alias: number;
  readonly firstSeq: number;
  readonly count: number;
  /** Of the record of `firstSeq`. The others follow in file order. */
  readonly offset: number;
}

export class SegmentIndex {
  private aliases = new Uint32Array(16);
  private firsts = new Float64Array(16);
  private counts = new Uint32Array(16);
  private offsets = new Uint32Array(16);
  private used = 0;
  /** By block: offset of the first record with an ordinal that begins in it (0: none), and that ordinal. */
  private blockOffsets = new Uint32Array(16);
  private blockOrdinals = new Float64Array(16);
  private blockCount = 0;
  /** By alias: its newest entry + 1, of the first `noted` entries. Made by the first `addEvent`, so that reading needs none. */
  private newest = new Uint32Array(0);
  private noted = 0;

  get entryCount(): number {
    return this.used;
  }

  /** Notes any record that has an ordinal; call `addEvent` too for events. Offsets only grow. */
  addRecord(offset: number, ordinal: number): void {
    const block = Math.floor(offset / blockBytes);
    if (block < this.blockCount && (this.blockOffsets[block] ?? 0) !== 0) return;
    if (block >= this.blockOffsets.length) {
      const size = Math.max(block + 1, this.blockOffsets.length * 2);
      this.blockOffsets = grownU32(this.blockOffsets, size);
      this.blockOrdinals = grownF64(this.blockOrdinals, size);
    }
    this.blockCount = Math.max(this.blockCount, block + 1);
    this.blockOffsets[block] = offset;
    this.blockOrdinals[block] = ordinal;
  }

  addEvent(alias: number, seq: number, offset: number): void {
    this.noteNewest();
    const last = (this.newest[alias] ?? 0) - 1;
    if (last >= 0) {
      const follows = (this.firsts[last] ?? 0) + (this.counts[last] ?? 0) === seq;
      const sameBlock =
        Math.floor((this.offsets[last] ?? 0) / blockBytes) === Math.floor(offset / blockBytes);
      if (follows && sameBlock) {
        this.counts[last] = (this.counts[last] ?? 0) + 1;
        return;
      }
    }
    if (this.used === this.aliases.length) this.grow();
    this.aliases[this.used] = alias;
    this.firsts[this.used] = seq;
    this.counts[this.used] = 1;
    this.offsets[this.used] = offset;
    this.used++;
    this.noteNewest();
  }

  private noteNewest(): void {
    for (; this.noted < this.used; this.noted++) {
      const alias = this.aliases[this.noted] ?? 0;
      if (alias >= this.newest.length) {
        const size = Math.max(alias + 1, this.newest.length * 2, 16);
        this.newest = grownU32(this.newest, size);
      }
      this.newest[alias] = this.noted + 1;
    }
  }

  entry(at: number): IndexEntry {
    return {
      alias: this.aliases[at] ?? 0,
      firstSeq: this.firsts[at] ?? 0,
      count: this.counts[at] ?? 0,
      offset: this.offsets[at] ?? 0,
    };
  }

  /** The newest entry that holds (alias, seq). */
  find(alias: number, seq: number): IndexEntry | undefined {
    for (let at = this.used - 1; at >= 0; at--) {
      if (this.aliases[at] !== alias) continue;
      const first = this.firsts[at] ?? 0;
      if (seq >= first && seq < first + (this.counts[at] ?? 0)) return this.entry(at);
    }
    return undefined;
  }

  /** Where to begin to read in order to see all records with an ordinal above `ordinal`; undefined when empty. */
  offsetForOrdinal(ordinal: number): number | undefined {
    let found: number | undefined;
    for (let block = 0; block < this.blockCount; block++) {
      const offset = this.blockOffsets[block] ?? 0;
      if (offset === 0) continue;
      if (found !== undefined && (this.blockOrdinals[block] ?? 0) > ordinal + 1) break;
      found = offset;
    }
    return found;
  }

  /** The first known record start at or after the start of the block of `offset`, going back if there is none. */
  recordStartBefore(offset: number): number | undefined {
    for (let block = Math.floor(offset / blockBytes); block >= 0; block--) {
      const start = block < this.blockCount ? (this.blockOffsets[block] ?? 0) : 0;
      if (start !== 0 && start <= offset) return start;
    }
    return undefined;
  }

  /** The first known record start beyond `offset`. */
  recordStartAfter(offset: number): number | undefined {
    for (let block = Math.floor(offset / blockBytes); block < this.blockCount; block++) {
      const start = this.blockOffsets[block] ?? 0;
      if (start > offset) return start;
    }
    return undefined;
  }

  /** First and last seq of each alias, in no order. */
  spans(visit: (alias: number, first: number, last: number) => void): void {
    const firstByAlias = new Map<number, number>();
    const lastByAlias = new Map<number, number>();
    for (let at = 0; at < this.used; at++) {
      const alias = this.aliases[at] ?? 0;
      const first = this.firsts[at] ?? 0;
      const last = first + (this.counts[at] ?? 0) - 1;
      firstByAlias.set(alias, Math.min(first, firstByAlias.get(alias) ?? first));
      lastByAlias.set(alias, Math.max(last, lastByAlias.get(alias) ?? last));
    }
    for (const [alias, first] of firstByAlias) visit(alias, first, lastByAlias.get(alias) ?? first);
  }

  encode(out: ByteWriter): void {
    out.varint(this.used);
    let before = 0;
    for (let at = 0; at < this.used; at++) {
      out.varint(this.aliases[at] ?? 0);
      out.varint(this.firsts[at] ?? 0);
      out.varint(this.counts[at] ?? 0);
      out.varint((this.offsets[at] ?? 0) - before);
      before = this.offsets[at] ?? 0;
    }
    out.varint(this.blockCount);
    for (let block = 0; block < this.blockCount; block++) {
      const offset = this.blockOffsets[block] ?? 0;
      out.varint(offset === 0 ? 0 : offset - block * blockBytes + 1);
      if (offset !== 0) out.varint(this.blockOrdinals[block] ?? 0);
    }
  }

  static decode(reader: ByteReader): SegmentIndex | undefined {
    const index = new SegmentIndex();
    const count = reader.varint();
    if (count * 4 > reader.remaining) reader.fail();
    let offset = 0;
    for (let i = 0; i < count && !reader.failed; i++) {
      const alias = reader.varint();
      const first = reader.varint();
      const entryCount = reader.varint();
      offset += reader.varint();
      if (alias > aliasMax || offset > 0xffffffff) reader.fail();
      else index.restoreEntry(alias, first, entryCount, offset);
    }
    const blocks = reader.varint();
    if (blocks > reader.remaining) reader.fail();
    for (let block = 0; block < blocks && !reader.failed; block++) {
      const shifted = reader.varint();
      // Offset 0 stands for none, and no record lies there.
      if (shifted > blockBytes || (block === 0 && shifted === 1)) reader.fail();
      else if (shifted > 0) index.addRecord(block * blockBytes + shifted - 1, reader.varint());
    }
    return reader.failed ? undefined : index;
  }

  private restoreEntry(alias: number, first: number, count: number, offset: number): void {
    if (this.used === this.aliases.length) this.grow();
    this.aliases[this.used] = alias;
    this.firsts[this.used] = first;
    this.counts[this.used] = count;
    this.offsets[this.used] = offset;
    this.used++;
  }

  private grow(): void {
    const size = this.aliases.length * 2;
    this.aliases = grownU32(this.aliases, size);
    this.firsts = grownF64(this.firsts, size);
    this.counts = grownU32(this.counts, size);
    this.offsets = grownU32(this.offsets, size);
  }
}

function grownU32(from: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const to = new Uint32Array(size);
  to.set(from);
  return to;
}

function grownF64(from: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const to = new Float64Array(size);
  to.set(from);
  return to;
}
