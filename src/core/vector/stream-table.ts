/**
 * Version vector over streams, as a struct of arrays: 10,000 streams in under
 * 1 MB, also on a runtime where a Map entry costs 120 bytes. A stream costs 45
 * bytes, about 7 of hash slots, and its node id and lane once each; what few
 * streams have (holes, floors, lost ranges, partial events) lies aside.
 *
 * Invariants: an index never changes and is never used twice; holes and lost
 * ranges are in normal form (`ranges.ts`), disjoint from one another, above
 * the floor and at or below the head.
 *
 * The table only keeps state. It does not decide what is durable, and counts
 * no change ordinals itself.
 */
import { assert } from "../errors/zam-error.ts";
import { chainBytes, isLane, isNodeId, type StreamId } from "../event.ts";
import type { Floor, SeqRange, StreamIndex, VectorEntry } from "./entry.ts";
import { addRanges, type Ranges, rangeBetween, subtractRanges } from "./ranges.ts";
import { SparseFloors, SparseNumbers, SparseRanges } from "./sparse-columns.ts";
import { grownCapacity, mixHash, slotCountFor, TextArena, type TextRef } from "./text-arena.ts";

export type { Floor, SeqRange, StreamIndex, VectorEntry } from "./entry.ts";

export class StreamTable {
  private readonly texts: TextArena;
  private used = 0;
  private nodes: Uint32Array;
  private epochs: Uint32Array;
  private lanes: Uint32Array;
  private heads: Float64Array;
  private ordinals: Float64Array;
  private chains: Uint8Array;
  /** 1: frozen. */
  private frozen: Uint8Array;
  /** Index + 1, or 0 for an empty slot. Length is a power of two. */
  private slots: Uint32Array;
  private readonly holeRanges = new SparseRanges();
  private readonly lostRanges = new SparseRanges();
  private readonly floors = new SparseFloors();
  private readonly partials = new SparseNumbers();
  /** The id made last: whoever walks the events of one stream asks for the same again and again. */
  private lastId: StreamId | undefined;
  private lastIdIndex = -1;

  constructor(initialStreams = 16) {
    this.texts = new TextArena(initialStreams);
    this.nodes = new Uint32Array(initialStreams);
    this.epochs = new Uint32Array(initialStreams);
    this.lanes = new Uint32Array(initialStreams);
    this.heads = new Float64Array(initialStreams);
    this.ordinals = new Float64Array(initialStreams);
    this.chains = new Uint8Array(initialStreams * chainBytes);
    this.frozen = new Uint8Array(initialStreams);
    this.slots = new Uint32Array(slotCountFor(initialStreams));
  }

  /** Number of streams; indexes run from 0. */
  get count(): number {
    return this.used;
  }

  /** Bytes of all typed arrays; objects besides them do not grow with the streams. */
  get sizeBytes(): number {
    return (
      this.texts.sizeBytes +
      this.nodes.byteLength +
      this.epochs.byteLength +
      this.lanes.byteLength +
      this.heads.byteLength +
      this.ordinals.byteLength +
      this.chains.byteLength +
      this.frozen.byteLength +
      this.slots.byteLength +
      this.holeRanges.sizeBytes +
      this.lostRanges.sizeBytes +
      this.floors.sizeBytes +
      this.partials.sizeBytes
    );
  }

  /** The stream's index, new with head 0 if it was unknown. The id must be a valid one. */
  add(id: StreamId): StreamIndex {
    const found = this.find(id);
    if (found !== undefined) return found;
    assert(isNodeId(id.node), "a stream's node id is valid");
    assert(isLane(id.lane), "a stream's lane is valid");
    assert(id.epoch >>> 0 === id.epoch, "an epoch is a 32-bit number");
    const index = this.used;
    if (index === this.nodes.length) this.grow();
    if ((index + 1) * 4 > this.slots.length * 3) this.rehash();
    const node = this.texts.intern(id.node);
    const lane = this.texts.intern(id.lane);
    this.nodes[index] = node;
    this.epochs[index] = id.epoch;
    this.lanes[index] = lane;
    this.slots[this.slotOf(node, id.epoch, lane)] = index + 1;
    this.used = index + 1;
    return index;
  }

  /** Any id may be asked for, also one that could never be added. */
  find(id: StreamId): StreamIndex | undefined {
    const node = this.texts.find(id.node);
    if (node === undefined) return undefined;
    const lane = this.texts.find(id.lane);
    if (lane === undefined) return undefined;
    const entry = this.slots[this.slotOf(node, id.epoch, lane)] ?? 0;
    return entry === 0 ? undefined : entry - 1;
  }

  id(index: StreamIndex): StreamId {
    this.check(index);
    if (this.lastId === undefined || this.lastIdIndex !== index) {
      this.lastId = {
        node: this.texts.text(this.nodes[index] ?? 0),
        epoch: this.epochs[index] ?? 0,
        lane: this.texts.text(this.lanes[index] ?? 0),
      };
      this.lastIdIndex = index;
    }
    return this.lastId;
  }

  /** Whether `node` writes the stream, without making its id. */
  isOfNode(index: StreamIndex, node: string): boolean {
    this.check(index);
    return this.texts.find(node) === this.nodes[index];
  }

  /** The streams of the same node and lane in other epochs. */
  siblings(id: StreamId): readonly StreamIndex[] {
    const node = this.texts.find(id.node);
    const lane = this.texts.find(id.lane);
    const found: StreamIndex[] = [];
    if (node === undefined || lane === undefined) return found;
    for (let index = 0; index < this.used; index++) {
      if (this.nodes[index] !== node || this.lanes[index] !== lane) continue;
      if (this.epochs[index] !== id.epoch) found.push(index);
    }
    return found;
  }

  head(index: StreamIndex): number {
    this.check(index);
    return this.heads[index] ?? 0;
  }

  setHead(index: StreamIndex, seq: number): void {
    this.check(index);
    this.heads[index] = seq;
  }

  /** A copy of the chain at the head, or of its first `sizeBytes`; zeros until it was set. */
  chain(index: StreamIndex, sizeBytes: number = chainBytes): Uint8Array {
    this.check(index);
    return this.chains.slice(index * chainBytes, index * chainBytes + sizeBytes);
  }

  /** A chain shorter than 16 bytes (from the wire) is filled up with zeros. */
  setChain(index: StreamIndex, chain: Uint8Array): void {
    this.check(index);
    assert(chain.length <= chainBytes, "a chain has at most 16 bytes");
    const start = index * chainBytes;
    this.chains.set(chain, start);
    if (chain.length < chainBytes) this.chains.fill(0, start + chain.length, start + chainBytes);
  }

  changeOrdinal(index: StreamIndex): number {
    this.check(index);
    return this.ordinals[index] ?? 0;
  }

  setChangeOrdinal(index: StreamIndex, ordinal: number): void {
    this.check(index);
    this.ordinals[index] = ordinal;
  }

  isFrozen(index: StreamIndex): boolean {
    this.check(index);
    return this.frozen[index] === 1;
  }

  setFrozen(index: StreamIndex, isFrozen: boolean): void {
    this.check(index);
    this.frozen[index] = isFrozen ? 1 : 0;
  }

  hasHoles(index: StreamIndex): boolean {
    return this.holeRanges.has(index);
  }

  holes(index: StreamIndex): Ranges {
    this.check(index);
    return this.holeRanges.get(index);
  }

  setHoles(index: StreamIndex, holes: Ranges): void {
    this.check(index);
    this.holeRanges.set(index, holes);
  }

  /** The range is missing from now on; it may overlap or touch others. */
  addHole(index: StreamIndex, range: SeqRange): void {
    this.setHoles(index, addRanges(this.holes(index), rangeBetween(range.from, range.to)));
  }

  /** The range is held from now on (healed); it may cover parts of several holes. */
  fillHole(index: StreamIndex, range: SeqRange): void {
    if (!this.holeRanges.has(index)) return;
    this.setHoles(index, subtractRanges(this.holes(index), rangeBetween(range.from, range.to)));
  }

  lost(index: StreamIndex): Ranges {
    this.check(index);
    return this.lostRanges.get(index);
  }

  setLost(index: StreamIndex, lost: Ranges): void {
    this.check(index);
    this.lostRanges.set(index, lost);
  }

  /** The range was declared lost at source: it is no hole any more. The head is the caller's to move. */
  addLost(index: StreamIndex, range: SeqRange): void {
    this.fillHole(index, range);
    this.setLost(index, addRanges(this.lost(index), rangeBetween(range.from, range.to)));
  }

  floor(index: StreamIndex): Floor | undefined {
    this.check(index);
    return this.floors.get(index);
  }

  /** Also drops the holes and lost ranges that are now below it. The head is the caller's to move. */
  setFloor(index: StreamIndex, floor: Floor | undefined): void {
    this.check(index);
    this.floors.set(index, floor);
    if (floor === undefined) return;
    const gone = rangeBetween(1, floor.seq);
    if (this.holeRanges.has(index)) this.setHoles(index, subtractRanges(this.holes(index), gone));
    if (this.lostRanges.has(index)) this.setLost(index, subtractRanges(this.lost(index), gone));
  }

  /** Durable bytes of the event at head+1; 0 when none. */
  partialBytes(index: StreamIndex): number {
    this.check(index);
    return this.partials.get(index);
  }

  setPartialBytes(index: StreamIndex, sizeBytes: number): void {
    this.check(index);
    this.partials.set(index, sizeBytes);
  }

  /** The stream's line as plain data; nothing in it is shared with the table. */
  entry(index: StreamIndex): VectorEntry {
    const floor = this.floor(index);
    const partialBytes = this.partialBytes(index);
    return {
      id: this.id(index),
      head: this.head(index),
      chain: this.chain(index),
      holes: this.holes(index),
      lost: this.lost(index),
      ...(floor === undefined ? {} : { floor }),
      ...(partialBytes === 0 ? {} : { partialBytes }),
    };
  }

  /** Adds or replaces the stream's whole line. */
  setEntry(entry: VectorEntry): StreamIndex {
    const index = this.add(entry.id);
    this.setHead(index, entry.head);
    this.setChain(index, entry.chain);
    this.setHoles(index, entry.holes);
    this.setLost(index, entry.lost ?? []);
    this.setFloor(index, entry.floor);
    this.setPartialBytes(index, entry.partialBytes ?? 0);
    return index;
  }

  private check(index: StreamIndex): void {
    assert(index >= 0 && index < this.used, "a stream index is below the number of streams");
  }

  /** The slot that holds the stream, or the empty one where it belongs. */
  private slotOf(node: TextRef, epoch: number, lane: TextRef): number {
    const mask = this.slots.length - 1;
    const hash = mixHash(Math.imul(node, 0x9e3779b1) ^ Math.imul(lane + 1, 0x85ebca77) ^ epoch);
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = this.slots[slot] ?? 0;
      if (entry === 0) return slot;
      const index = entry - 1;
      const isSame =
        this.nodes[index] === node && this.epochs[index] === epoch && this.lanes[index] === lane;
      if (isSame) return slot;
    }
  }

  private rehash(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let index = 0; index < this.used; index++) {
      const node = this.nodes[index] ?? 0;
      this.slots[this.slotOf(node, this.epochs[index] ?? 0, this.lanes[index] ?? 0)] = index + 1;
    }
  }

  private grow(): void {
    const capacity = grownCapacity(this.nodes.length, this.nodes.length + 1);
    this.nodes = copyInto(new Uint32Array(capacity), this.nodes);
    this.epochs = copyInto(new Uint32Array(capacity), this.epochs);
    this.lanes = copyInto(new Uint32Array(capacity), this.lanes);
    this.heads = copyInto(new Float64Array(capacity), this.heads);
    this.ordinals = copyInto(new Float64Array(capacity), this.ordinals);
    this.chains = copyInto(new Uint8Array(capacity * chainBytes), this.chains);
    this.frozen = copyInto(new Uint8Array(capacity), this.frozen);
  }
}

type Column = Uint8Array | Uint32Array | Float64Array;

function copyInto<T extends Column>(to: T, from: T): T {
  to.set(from);
  return to;
}
