/**
 * What the log keeps by stream beyond the vector line of `StreamTable`: the
 * staged head that runs ahead of the durable one, the HLC at both, and the
 * stream's alias in records. Typed arrays, indexed by StreamIndex.
 *
 * Invariant: durable head <= staged head, except while a rehome or a failed
 * group takes staged state back.
 */
import type { Hlc } from "../clock/hlc.ts";
import { chainBytes, type StreamId } from "../event.ts";
import type { CryptoPort } from "../ports.ts";
import { type StreamIndex, StreamTable } from "../vector/stream-table.ts";
import { chainZero } from "./chain.ts";

/** What a card loses at once. */
const pageBytes = 4096;
const isApart = 0xffff_ffff;

export class StreamColumns {
  readonly table = new StreamTable();
  private readonly crypto: CryptoPort;
  private capacity = 16;
  private stagedHeads = new Float64Array(16);
  private stagedChains = new Uint8Array(16 * chainBytes);
  private stagedMs = new Float64Array(16);
  private stagedCounters = new Uint16Array(16);
  private durableMs = new Float64Array(16);
  private durableCounters = new Uint16Array(16);
  private aliases = new Uint32Array(16);
  /** Segment in which the alias record was last written. */
  private definedIn = new Uint32Array(16);
  /** Groups of that segment that used it, and where the newest of them began. */
  private uses = new Uint32Array(16);
  private lastGroups = new Uint32Array(16);
  /** Offset of its first definition there, or `isApart` once there is one far from that. */
  private firstDefinitions = new Uint32Array(16);
  /** By alias: index + 1. */
  private indexes = new Uint32Array(16);
  /** Never used twice, also not after a restart. */
  nextAlias = 1;

  constructor(crypto: CryptoPort) {
    this.crypto = crypto;
  }

  /** Index of the stream, made with head 0 and chain 0 if it is new. */
  add(id: StreamId): StreamIndex {
    const { table } = this;
    const before = table.count;
    const index = table.add(id);
    if (index < before) return index;
    if (index >= this.capacity) this.grow();
    table.setChain(index, chainZero(this.crypto, id));
    this.settle(index);
    return index;
  }

  /** The stream's alias, or 0 when it has none yet. */
  alias(index: StreamIndex): number {
    return this.aliases[index] ?? 0;
  }

  setAlias(index: StreamIndex, alias: number): void {
    this.aliases[index] = alias;
    if (alias >= this.indexes.length) {
      const grown = new Uint32Array(Math.max(alias + 1, this.indexes.length * 2));
      grown.set(this.indexes);
      this.indexes = grown;
    }
    this.indexes[alias] = index + 1;
    if (alias >= this.nextAlias) this.nextAlias = alias + 1;
  }

  indexOfAlias(alias: number): StreamIndex | undefined {
    const stored = this.indexes[alias] ?? 0;
    return stored === 0 ? undefined : stored - 1;
  }

  /**
   * Whether the group that begins at `groupStart` must define the alias before
   * using it at `offset`: at first use in a segment, and again in the second, fourth,
   * eighth … group, so that no single damaged record makes a stream unreadable; and
   * once 4 KiB or more behind the first, so that no single page does.
   */
  mustDefine(index: StreamIndex, segment: number, groupStart: number, offset: number): boolean {
    if (this.definedIn[index] !== segment) {
      this.definedIn[index] = segment;
      this.uses[index] = 1;
      this.lastGroups[index] = groupStart;
      this.firstDefinitions[index] = offset;
      return true;
    }
    const first = this.firstDefinitions[index] ?? isApart;
    const isFar = first !== isApart && offset - first >= pageBytes;
    if (isFar) this.firstDefinitions[index] = isApart;
    if (this.lastGroups[index] === groupStart) return isFar;
    const uses = (this.uses[index] ?? 0) + 1;
    this.uses[index] = uses;
    this.lastGroups[index] = groupStart;
    return isFar || (uses & (uses - 1)) === 0;
  }

  isDefinedOnce(index: StreamIndex, segment: number): boolean {
    return this.definedIn[index] === segment && this.uses[index] === 1;
  }

  /** Takes note of a second definition that its segment got before a second group used it. */
  noteRepeated(index: StreamIndex): void {
    this.uses[index] = 2;
  }

  stagedHead(index: StreamIndex): number {
    return this.stagedHeads[index] ?? 0;
  }

  /** A view, valid until the stream is staged again. */
  stagedChain(index: StreamIndex): Uint8Array {
    return this.stagedChains.subarray(index * chainBytes, (index + 1) * chainBytes);
  }

  stagedHlc(index: StreamIndex): Hlc {
    return { ms: this.stagedMs[index] ?? 0, counter: this.stagedCounters[index] ?? 0 };
  }

  durableHlc(index: StreamIndex): Hlc {
    return { ms: this.durableMs[index] ?? 0, counter: this.durableCounters[index] ?? 0 };
  }

  stage(index: StreamIndex, head: number, chain: Uint8Array, hlc: Hlc): void {
    this.stagedHeads[index] = head;
    this.stagedChains.set(chain, index * chainBytes);
    this.stagedMs[index] = hlc.ms;
    this.stagedCounters[index] = hlc.counter;
  }

  /** Moves the durable head. */
  setHead(
    index: StreamIndex,
    head: number,
    chain: Uint8Array,
    hlcMs: number,
    counter: number,
  ): void {
    this.table.setHead(index, head);
    this.table.setChain(index, chain);
    this.durableMs[index] = hlcMs;
    this.durableCounters[index] = counter;
  }

  /** Takes staged state back to what is durable. */
  settle(index: StreamIndex): void {
    this.stagedHeads[index] = this.table.head(index);
    this.stagedChains.set(this.table.chain(index), index * chainBytes);
    this.stagedMs[index] = this.durableMs[index] ?? 0;
    this.stagedCounters[index] = this.durableCounters[index] ?? 0;
    this.definedIn[index] = 0;
  }

  settleAll(): void {
    for (let index = 0; index < this.table.count; index++) this.settle(index);
  }

  private grow(): void {
    const size = this.capacity * 2;
    this.capacity = size;
    this.stagedHeads = grown(new Float64Array(size), this.stagedHeads);
    this.stagedChains = grown(new Uint8Array(size * chainBytes), this.stagedChains);
    this.stagedMs = grown(new Float64Array(size), this.stagedMs);
    this.stagedCounters = grown(new Uint16Array(size), this.stagedCounters);
    this.durableMs = grown(new Float64Array(size), this.durableMs);
    this.durableCounters = grown(new Uint16Array(size), this.durableCounters);
    this.aliases = grown(new Uint32Array(size), this.aliases);
    this.definedIn = grown(new Uint32Array(size), this.definedIn);
    this.uses = grown(new Uint32Array(size), this.uses);
    this.lastGroups = grown(new Uint32Array(size), this.lastGroups);
    this.firstDefinitions = grown(new Uint32Array(size), this.firstDefinitions);
  }
}

function grown<T extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(to: T, from: T): T {
  to.set(from);
  return to;
}
