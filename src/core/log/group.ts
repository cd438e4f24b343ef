/**
 * A group: records that are written and made durable together (RULES 6). Its
 * bytes are encoded once, as they are staged, into one reused buffer; a row in
 * typed arrays remembers what each record changes when the group is durable.
 *
 * Not here: when groups are written, see group-commit.ts.
 */
import type { ZamError } from "../errors/zam-error.ts";
import { chainBytes } from "../event.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { Durable } from "./api.ts";
import type { StoredMark } from "./mark-fields.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export const rowKind = {
  event: 1,
  fragment: 2,
  mark: 3,
  /** Copied from an unclean tail: in the state already, only to be indexed. */
  copiedEvent: 4,
  copiedOther: 5,
} as const;

export interface StagedMark {
  readonly mark: StoredMark;
  readonly atMs: number;
}

export class Group {
  segment: SegmentWriter | undefined;
  /** File offset of the first record, and of the end so far. */
  start = 0;
  end = 0;
  /** No more records: a later group follows. */
  isSealed = false;
  /** Why it can never become durable; what is staged after that is not kept. */
  fault: ZamError | undefined;
  callbacks: Durable[] = [];
  /** Takes back immediate effects of marks, last first. */
  undo: (() => void)[] = [];
  marks: StagedMark[] = [];

  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);
  used = 0;
  /** File offset of `bytes[0]`: beyond `start` once a piece was written out. */
  bytesFrom = 0;

  rowCount = 0;
  kinds = new Uint8Array(64);
  streams = new Uint32Array(64);
  seqs = new Float64Array(64);
  offsets = new Uint32Array(64);
  ordinals = new Float64Array(64);
  chains = new Uint8Array(64 * chainBytes);
  hlcMs = new Float64Array(64);
  hlcCounters = new Uint16Array(64);

  get isEmpty(): boolean {
    return this.end === this.start && this.callbacks.length === 0;
  }

  reset(): void {
    this.segment = undefined;
    this.start = 0;
    this.end = 0;
    this.isSealed = false;
    this.fault = undefined;
    this.callbacks = [];
    this.undo = [];
    this.marks = [];
    this.used = 0;
    this.rowCount = 0;
    if (this.bytes.length > bytesKeptMax) {
      this.bytes = new Uint8Array(4096);
      this.view = new DataView(this.bytes.buffer);
    }
  }

  begin(segment: SegmentWriter, start: number): void {
    this.segment = segment;
    this.start = start;
    this.end = start;
    this.bytesFrom = start;
  }

  /** Makes room for a record and returns where in `bytes` it goes. */
  reserve(sizeBytes: number): number {
    const at = this.used;
    const needed = at + sizeBytes;
    if (needed > this.bytes.length) {
      let size = this.bytes.length * 2;
      while (size < needed) size *= 2;
      const grown = new Uint8Array(size);
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    this.used = needed;
    this.end += sizeBytes;
    return at;
  }

  addRow(kind: number, stream: StreamIndex, seq: number, offset: number, ordinal: number): number {
    const row = this.rowCount++;
    if (row === this.kinds.length) this.growRows();
    this.kinds[row] = kind;
    this.streams[row] = stream;
    this.seqs[row] = seq;
    this.offsets[row] = offset;
    this.ordinals[row] = ordinal;
    return row;
  }

  setRowHead(row: number, chain: Uint8Array, ms: number, counter: number): void {
    this.chains.set(chain, row * chainBytes);
    this.hlcMs[row] = ms;
    this.hlcCounters[row] = counter;
  }

  private growRows(): void {
    const size = this.kinds.length * 2;
    this.kinds = grown(new Uint8Array(size), this.kinds);
    this.streams = grown(new Uint32Array(size), this.streams);
    this.seqs = grown(new Float64Array(size), this.seqs);
    this.offsets = grown(new Uint32Array(size), this.offsets);
    this.ordinals = grown(new Float64Array(size), this.ordinals);
    this.chains = grown(new Uint8Array(size * chainBytes), this.chains);
    this.hlcMs = grown(new Float64Array(size), this.hlcMs);
    this.hlcCounters = grown(new Uint16Array(size), this.hlcCounters);
  }
}

/** A buffer that a large push has grown is not kept for ever. */
const bytesKeptMax = 1024 * 1024;

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
