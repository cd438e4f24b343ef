/**
 * Idempotency hashes of the segment being written: 8-byte prefix to record
 * offset, open addressing in typed arrays. Bounded by the segment's size; sealed
 * segments keep theirs on disk as sorted pages (RULES 14 and 15).
 *
 * A prefix may stand for several hashes: whoever finds an offset reads the
 * record and compares the whole hash.
 */
import { type ByteReader, ByteWriter } from "../../bytes.ts";

export class IdTable {
  private highs = new Uint32Array(0);
  private lows = new Uint32Array(0);
  /** 0: empty slot (no record begins at 0). */
  private offsets = new Uint32Array(0);
  private used = 0;

  get count(): number {
    return this.used;
  }

  add(hash: Uint8Array, offset: number): void {
    this.addPrefix(prefixHigh(hash), prefixLow(hash), offset);
  }

  /** Calls `visit` with each candidate's offset until it returns true. */
  find(hash: Uint8Array, visit: (offset: number) => boolean): boolean {
    if (this.used === 0) return false;
    const high = prefixHigh(hash);
    const low = prefixLow(hash);
    const mask = this.offsets.length - 1;
    for (let slot = (high ^ low) & mask; ; slot = (slot + 1) & mask) {
      const offset = this.offsets[slot] ?? 0;
      if (offset === 0) return false;
      if (this.highs[slot] === high && this.lows[slot] === low && visit(offset)) return true;
    }
  }

  /** Forgets every record at or beyond `offset`. */
  removeFrom(offset: number): void {
    const { highs, lows, offsets } = this;
    if (this.used === 0) return;
    this.highs = new Uint32Array(highs.length);
    this.lows = new Uint32Array(lows.length);
    this.offsets = new Uint32Array(offsets.length);
    this.used = 0;
    for (let slot = 0; slot < offsets.length; slot++) {
      const at = offsets[slot] ?? 0;
      if (at !== 0 && at < offset) this.addPrefix(highs[slot] ?? 0, lows[slot] ?? 0, at);
    }
  }

  /** Sorted by prefix, 12 bytes each, in pages of at most `idsPerPage`. */
  pages(): readonly Uint8Array[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.offsets.length; slot++) {
      if ((this.offsets[slot] ?? 0) !== 0) slots.push(slot);
    }
    slots.sort(
      (a, b) =>
        (this.highs[a] ?? 0) - (this.highs[b] ?? 0) || (this.lows[a] ?? 0) - (this.lows[b] ?? 0),
    );
    const pages: Uint8Array[] = [];
    for (let from = 0; from < slots.length; from += idsPerPage) {
      const page = new ByteWriter(idsPerPage * idEntryBytes);
      for (const slot of slots.slice(from, from + idsPerPage)) {
        page.u32(this.highs[slot] ?? 0);
        page.u32(this.lows[slot] ?? 0);
        page.u32(this.offsets[slot] ?? 0);
      }
      pages.push(page.take());
    }
    return pages;
  }

  encode(out: ByteWriter): void {
    out.varint(this.used);
    for (let slot = 0; slot < this.offsets.length; slot++) {
      if ((this.offsets[slot] ?? 0) === 0) continue;
      out.u32(this.highs[slot] ?? 0);
      out.u32(this.lows[slot] ?? 0);
      out.u32(this.offsets[slot] ?? 0);
    }
  }

  static decode(reader: ByteReader): IdTable {
    const table = new IdTable();
    const count = reader.varint();
    if (count * idEntryBytes > reader.remaining) reader.fail();
    for (let i = 0; i < count && !reader.failed; i++) {
      const [high, low, offset] = [reader.u32(), reader.u32(), reader.u32()];
      // 0 stands for an empty slot, and no record lies there.
      if (offset === 0) reader.fail();
      else table.addPrefix(high, low, offset);
    }
    return table;
  }

  private addPrefix(high: number, low: number, offset: number): void {
    if ((this.used + 1) * 4 > this.offsets.length * 3) this.grow();
    const mask = this.offsets.length - 1;
    let slot = (high ^ low) & mask;
    while ((this.offsets[slot] ?? 0) !== 0) slot = (slot + 1) & mask;
    this.highs[slot] = high;
    this.lows[slot] = low;
    this.offsets[slot] = offset;
    this.used++;
  }

  private grow(): void {
    const { highs, lows, offsets } = this;
    const size = Math.max(64, offsets.length * 2);
    this.highs = new Uint32Array(size);
    this.lows = new Uint32Array(size);
    this.offsets = new Uint32Array(size);
    this.used = 0;
    for (let slot = 0; slot < offsets.length; slot++) {
      const at = offsets[slot] ?? 0;
      if (at !== 0) this.addPrefix(highs[slot] ?? 0, lows[slot] ?? 0, at);
    }
  }
}

export const idEntryBytes = 12;
export const idsPerPage = 340;

/** Offsets in one page whose prefix is that of `hash`. */
export function offsetsInPage(page: Uint8Array, hash: Uint8Array): readonly number[] {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  const high = prefixHigh(hash);
  const low = prefixLow(hash);
  const count = Math.floor(page.length / idEntryBytes);
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = (from + to) >>> 1;
    const midHigh = view.getUint32(middle * idEntryBytes);
    const isBefore =
      midHigh < high || (midHigh === high && view.getUint32(middle * idEntryBytes + 4) < low);
    if (isBefore) from = middle + 1;
    else to = middle;
  }
  const found: number[] = [];
  for (let at = from; at < count; at++) {
    const isSame =
      view.getUint32(at * idEntryBytes) === high && view.getUint32(at * idEntryBytes + 4) === low;
    if (!isSame) break;
    found.push(view.getUint32(at * idEntryBytes + 8));
  }
  return found;
}

export function prefixHigh(hash: Uint8Array): number {
  return (
    (((hash[0] ?? 0) << 24) | ((hash[1] ?? 0) << 16) | ((hash[2] ?? 0) << 8) | (hash[3] ?? 0)) >>> 0
  );
}

function prefixLow(hash: Uint8Array): number {
  return (
    (((hash[4] ?? 0) << 24) | ((hash[5] ?? 0) << 16) | ((hash[6] ?? 0) << 8) | (hash[7] ?? 0)) >>> 0
  );
}
