/**
 * The bytes of one file in a `MemoryStore`: what a reader sees now, what is
 * durable, and the changes in between, so that a power cut can keep any part of
 * them.
 *
 * Invariant: `seen` = `durable` with every pending change applied in order, as
 * long as nothing was forgotten by a failed sync.
 */
import type { SeededRandom } from "./seeded-random.ts";

interface Change {
  readonly id: number;
  /** Where it wrote, or the new size for a truncation. */
  readonly offset: number;
  /** Undefined for a truncation. */
  readonly bytes: Uint8Array | undefined;
  readonly sizeBefore: number;
  sizeAfter: number;
  /** A failed sync marked it clean: later syncs do not write it, reads still show it. */
  isForgotten: boolean;
}

/** How one power cut treats the bytes that were not durable. */
export interface CrashShape {
  /** 512 or 4096. */
  readonly sectorBytes: number;
  /** Which of the unsynced writes reached the disk. */
  readonly kept: "all" | "none" | "prefix" | "any sectors";
  /** What a sector holds that was allocated but never written. */
  readonly fill: "zeros" | "garbage" | "stale";
  /** Cuts one of the written sectors short. */
  readonly isTorn: boolean;
}

/** What power cuts really did, so that a test can prove that it met it. */
export interface CrashTally {
  /** Files of which something unsynced was lost. */
  lostWrites: number;
  /** Files in which a later write is there and an earlier one is not. */
  reorderedWrites: number;
  tornSectors: number;
  zeroedSectors: number;
  garbageSectors: number;
  staleSectors: number;
  /** Creations, renames and removals that the directory does not show. */
  lostNames: number;
}

export function newCrashTally(): CrashTally {
  return {
    lostWrites: 0,
    reorderedWrites: 0,
    tornSectors: 0,
    zeroedSectors: 0,
    garbageSectors: 0,
    staleSectors: 0,
    lostNames: 0,
  };
}

export function drawCrashShape(random: SeededRandom): CrashShape {
  return {
    sectorBytes: random.pick([512, 4096]),
    kept: random.pick(["all", "none", "prefix", "any sectors", "any sectors", "any sectors"]),
    fill: random.pick(["zeros", "zeros", "garbage", "stale"]),
    isTorn: random.chance(0.3),
  };
}

export class MemoryContent {
  private seen = new Uint8Array(0);
  private seenBytes = 0;
  private durable = new Uint8Array(0);
  private durableBytes = 0;
  private pending: Change[] = [];
  private lastChangeId = 0;

  /** A file whose bytes are all durable. */
  static fromBytes(bytes: Uint8Array): MemoryContent {
    const content = new MemoryContent();
    content.write(0, bytes);
    content.settle(content.changeId);
    return content;
  }

  get sizeBytes(): number {
    return this.seenBytes;
  }

  /** Names everything written so far; for `settle` and `forget`. */
  get changeId(): number {
    return this.lastChangeId;
  }

  read(offset: number, out: Uint8Array): number {
    const count = Math.max(0, Math.min(out.length, this.seenBytes - offset));
    out.set(this.seen.subarray(offset, offset + count));
    return count;
  }

  write(offset: number, bytes: Uint8Array): void {
    const sizeBefore = this.seenBytes;
    const sizeAfter = Math.max(sizeBefore, offset + bytes.length);
    this.seen = withRoom(this.seen, sizeAfter);
    this.seen.set(bytes, offset);
    this.seenBytes = sizeAfter;
    this.note(offset, bytes.slice(), sizeBefore, sizeAfter);
  }

  truncate(sizeBytes: number): void {
    const sizeBefore = this.seenBytes;
    this.seen = withRoom(this.seen, sizeBytes);
    if (sizeBytes < sizeBefore) this.seen.fill(0, sizeBytes, sizeBefore);
    this.seenBytes = sizeBytes;
    this.note(sizeBytes, undefined, sizeBefore, sizeBytes);
  }

  /** A sync that succeeded: changes up to `changeId` are durable. */
  settle(changeId: number): void {
    const rest: Change[] = [];
    for (const change of this.pending) {
      if (change.id > changeId || change.isForgotten) rest.push(change);
      else this.makeDurable(change);
    }
    this.pending = rest;
  }

  /** A sync that failed: the pages are marked clean, and no later sync will write them. */
  forget(changeId: number): void {
    for (const change of this.pending) if (change.id <= changeId) change.isForgotten = true;
  }

  /** Damages both what is seen and what is durable. */
  flip(offset: number, mask: number): void {
    for (const bytes of [this.seen, this.durable]) {
      if (offset < bytes.length) bytes[offset] = (bytes[offset] ?? 0) ^ mask;
    }
  }

  copyBytes(): Uint8Array {
    return this.seen.slice(0, this.seenBytes);
  }

  /** The bytes after a power cut; this content stays as it is. */
  bytesAfterCrash(
    random: SeededRandom,
    shape: CrashShape,
    tally: CrashTally = newCrashTally(),
  ): Uint8Array {
    const before = this.durable.slice(0, this.durableBytes);
    if (this.pending.length === 0) return before;
    if (shape.kept === "none") {
      tally.lostWrites++;
      return before;
    }
    if (shape.kept === "all" && !this.pending.some((change) => change.isForgotten)) {
      return this.copyBytes();
    }
    const lastKept = random.below(this.pending.length + 1);
    const lastKeptId = this.pending[lastKept - 1]?.id ?? 0;
    const sizeBytes = this.drawSize(random, shape, lastKept);
    const out = new Uint8Array(Math.max(sizeBytes, this.durableBytes));
    out.set(before);
    const touched = this.changesBySector(shape.sectorBytes);
    const tornSector = shape.isTorn ? random.pick([...touched.keys()]) : -1;
    let lastWrittenId = 0;
    let firstLostId = Number.POSITIVE_INFINITY;
    for (const [sector, changes] of touched) {
      const count =
        shape.kept === "prefix"
          ? changes.filter((change) => change.id <= lastKeptId).length
          : random.below(changes.length + 1);
      const from = sector * shape.sectorBytes;
      const whole = Math.min(from + shape.sectorBytes, out.length);
      const to = sector === tornSector ? from + random.below(shape.sectorBytes) : whole;
      if (count === 0) this.fillUnwritten(out, from, whole, random, shape, tally);
      if (sector === tornSector && count > 0 && to < whole) tally.tornSectors++;
      for (const change of changes.slice(0, count)) applyWithin(change, out, from, to);
      lastWrittenId = Math.max(lastWrittenId, changes[count - 1]?.id ?? 0);
      firstLostId = Math.min(firstLostId, changes[count]?.id ?? Number.POSITIVE_INFINITY);
    }
    if (firstLostId < Number.POSITIVE_INFINITY) tally.lostWrites++;
    if (firstLostId < lastWrittenId) tally.reorderedWrites++;
    return out.slice(0, sizeBytes);
  }

  private note(
    offset: number,
    bytes: Uint8Array | undefined,
    sizeBefore: number,
    sizeAfter: number,
  ): void {
    this.lastChangeId++;
    const id = this.lastChangeId;
    this.pending.push({ id, offset, bytes, sizeBefore, sizeAfter, isForgotten: false });
  }

  private makeDurable(change: Change): void {
    this.durable = withRoom(this.durable, change.sizeAfter);
    if (change.bytes === undefined) {
      this.durable.fill(0, change.offset);
      this.durableBytes = change.offset;
    } else {
      this.durable.set(change.bytes, change.offset);
      this.durableBytes = Math.max(this.durableBytes, change.offset + change.bytes.length);
    }
    // What a failed sync forgot before must not come back over what is durable now.
    for (const older of this.pending) {
      if (!older.isForgotten || older.id > change.id) continue;
      patchOverlap(older, change);
      older.sizeAfter = this.durableBytes;
    }
  }

  private drawSize(random: SeededRandom, shape: CrashShape, lastKept: number): number {
    const sizeBytes = this.pending[lastKept - 1]?.sizeAfter ?? this.durableBytes;
    const isExact = shape.kept === "prefix" || random.chance(0.5);
    if (isExact || sizeBytes <= this.durableBytes) return sizeBytes;
    const sectors = Math.floor((sizeBytes - this.durableBytes) / shape.sectorBytes);
    return sizeBytes - random.below(sectors + 1) * shape.sectorBytes;
  }

  private changesBySector(sectorBytes: number): Map<number, Change[]> {
    const bySector = new Map<number, Change[]>();
    for (const change of this.pending) {
      const end =
        change.bytes === undefined ? change.sizeBefore : change.offset + change.bytes.length;
      for (let at = Math.floor(change.offset / sectorBytes); at * sectorBytes < end; at++) {
        const list = bySector.get(at);
        if (list === undefined) bySector.set(at, [change]);
        else list.push(change);
      }
    }
    return bySector.size > 0 ? bySector : new Map([[0, []]]);
  }

  private fillUnwritten(
    out: Uint8Array,
    sectorFrom: number,
    sectorTo: number,
    random: SeededRandom,
    shape: CrashShape,
    tally: CrashTally,
  ): void {
    const from = Math.max(sectorFrom, this.durableBytes);
    if (from >= sectorTo) return;
    if (shape.fill === "zeros") {
      tally.zeroedSectors++;
      return;
    }
    if (shape.fill === "garbage") {
      tally.garbageSectors++;
      out.set(random.bytes(sectorTo - from), from);
      return;
    }
    // Stale: an older part of the same file, as on a card that reuses its blocks.
    if (this.durableBytes > 0) tally.staleSectors++;
    const staleAt = random.below(Math.max(1, this.durableBytes - shape.sectorBytes));
    const staleTo = Math.min(staleAt + sectorTo - from, this.durableBytes);
    out.set(this.durable.subarray(staleAt, staleTo), from);
  }
}

/** Applies the part of a change that lies in [from, to). */
function applyWithin(change: Change, out: Uint8Array, from: number, to: number): void {
  const end = Math.min(to, out.length);
  if (change.bytes === undefined) {
    const start = Math.max(from, change.offset);
    if (start < end) out.fill(0, start, end);
    return;
  }
  const start = Math.max(from, change.offset);
  const stop = Math.min(end, change.offset + change.bytes.length);
  if (start < stop) {
    out.set(change.bytes.subarray(start - change.offset, stop - change.offset), start);
  }
}

function patchOverlap(older: Change, newer: Change): void {
  if (older.bytes === undefined || newer.bytes === undefined) return;
  const start = Math.max(older.offset, newer.offset);
  const stop = Math.min(older.offset + older.bytes.length, newer.offset + newer.bytes.length);
  if (start >= stop) return;
  const part = newer.bytes.subarray(start - newer.offset, stop - newer.offset);
  older.bytes.set(part, start - older.offset);
}

function withRoom(bytes: Uint8Array<ArrayBuffer>, needed: number): Uint8Array<ArrayBuffer> {
  if (needed <= bytes.length) return bytes;
  const grown = new Uint8Array(Math.max(needed, bytes.length * 2, 1024));
  grown.set(bytes);
  return grown;
}
