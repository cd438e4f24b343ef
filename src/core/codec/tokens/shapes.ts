/**
 * The skeletons seen so far, numbered in order of first appearance. A skeleton is
 * described once, as a text in which a byte below 9 stands for a value of that
 * kind; after that it is its number. When one more would be too much, all are
 * forgotten, on both sides at the same event.
 *
 * They lie one after another: the texts by byte, in as much room as they need so far,
 * the values by slot, in tables of fixed size.
 */
import { ByteWriter } from "../../bytes.ts";
import type { CodecSizes } from "../codecs.ts";
import { Fields } from "./fields.ts";
import { fold, hashBytes } from "./hash.ts";
import { kindDate, type Splitter, slotsMax } from "./split.ts";

/** Bytes of one description. */
export const shapeTextMax = 8 * 1024;

const bucketCount = 256;

const colon = 0x3a;
const quote = 0x22;

export class Shapes {
  /** How many there are: the next one's number. */
  count = 0;
  /** By slot: the kind of the value. */
  readonly kinds: Uint8Array;
  /** By slot: the field of the value, by the last key before it. */
  readonly fields: Uint16Array;
  private readonly shapesMax: number;
  private readonly fieldNumbers = new Fields();
  /** The skeletons' pieces, one before each value and one after the last, joined. */
  private readonly text = new ByteWriter(1024);
  private readonly textMax: number;
  /** By slot: which of that field in the payload it is. */
  private readonly nths: Uint8Array;
  /** By slot: where in the shape's text the piece before the value ends. */
  private readonly pieceEnds: Uint16Array;
  /** By shape: where its text and its slots end. */
  private readonly textEnds: Int32Array;
  private readonly slotEnds: Int32Array;
  private readonly hashes: Int32Array;
  /** Chains of shapes by hash, the newest first; 0 ends one, a shape is its number plus 1. */
  private readonly byHash = new Uint16Array(bucketCount);
  private readonly next: Uint16Array;

  constructor(sizes: CodecSizes) {
    this.shapesMax = sizes.shapes;
    this.textMax = sizes.shapeBytes;
    this.kinds = new Uint8Array(sizes.slotIds);
    this.fields = new Uint16Array(sizes.slotIds);
    this.nths = new Uint8Array(sizes.slotIds);
    this.pieceEnds = new Uint16Array(sizes.slotIds);
    this.textEnds = new Int32Array(sizes.shapes);
    this.slotEnds = new Int32Array(sizes.shapes);
    this.hashes = new Int32Array(sizes.shapes);
    this.next = new Uint16Array(sizes.shapes);
  }

  /** The slot of a shape's first value; the others follow. */
  firstSlot(id: number): number {
    return id === 0 ? 0 : (this.slotEnds[id - 1] as number);
  }

  /** The slot behind the one of its last value. */
  endSlot(id: number): number {
    return this.slotEnds[id] as number;
  }

  /** The field of a slot's value and which of that field in the payload it is, as one number. */
  keyOf(slot: number): number {
    return fold(this.fields[slot] as number, this.nths[slot] as number);
  }

  /** The piece of the skeleton before a slot's value; a view. */
  pieceBefore(id: number, slot: number): Uint8Array {
    const end = this.textStart(id) + (this.pieceEnds[slot] as number);
    return this.text.view().subarray(this.pieceStart(id, slot), end);
  }

  /** The piece behind the last value; a view. */
  lastPiece(id: number): Uint8Array {
    return this.text.view().subarray(this.pieceStart(id, this.endSlot(id)), this.textEnds[id]);
  }

  /** The number of a payload's shape, or -1. */
  find(payload: Uint8Array, split: Splitter): number {
    const hash = hashOf(payload, split);
    let link = this.byHash[hash & (bucketCount - 1)] as number;
    for (; link !== 0; link = this.next[link - 1] as number)
      if (this.hashes[link - 1] === hash && this.isShapeOf(link - 1, payload, split))
        return link - 1;
    return -1;
  }

  /** Writes the description of the payload's skeleton; false when it is too long. */
  describe(out: ByteWriter, payload: Uint8Array, split: Splitter): boolean {
    let at = 0;
    for (let i = 0; i < split.count; i++) {
      out.bytes(payload.subarray(at, split.starts[i] as number));
      out.u8(split.kinds[i] as number);
      at = split.ends[i] as number;
    }
    out.bytes(payload.subarray(at));
    return out.length <= shapeTextMax;
  }

  /** Adds what `describe` wrote and returns its number; -1 when it cannot be one. */
  add(description: Uint8Array): number {
    let values = 0;
    for (const byte of description) {
      if (byte > kindDate) continue;
      if (byte === 0 || values === slotsMax) return -1;
      values++;
    }
    const size = description.length - values;
    // JSON has at least a comma for each value; so values are bounded by the payload's bytes.
    if (size < values) return -1;
    this.makeRoom(size, values);
    const id = this.count;
    this.take(description, this.textStart(id), this.firstSlot(id));
    const hash = this.hashOfShape(id);
    const bucket = hash & (bucketCount - 1);
    this.hashes[id] = hash;
    this.next[id] = this.byHash[bucket] as number;
    this.byHash[bucket] = id + 1;
    this.count++;
    return id;
  }

  private take(description: Uint8Array, textStart: number, firstSlot: number): void {
    const { text } = this;
    let slot = firstSlot;
    let start = textStart;
    let field = 0;
    for (const byte of description) {
      if (byte > kindDate) {
        text.u8(byte);
        continue;
      }
      const end = text.length;
      field = this.fieldOf(start, end, field);
      this.kinds[slot] = byte;
      this.pieceEnds[slot] = end - textStart;
      this.fields[slot] = field;
      this.nths[slot] = this.countField(field, firstSlot, slot);
      slot++;
      start = end;
    }
    this.textEnds[this.count] = text.length;
    this.slotEnds[this.count] = slot;
  }

  /** The field of the last `"key":` in this part of the text, or the one before. */
  private fieldOf(start: number, end: number, before: number): number {
    const text = this.text.view();
    for (let at = end - 1; at > start; at--) {
      if (text[at] !== colon) continue;
      let close = at - 1;
      while (close > start && (text[close] as number) <= 0x20) close--;
      if (text[close] !== quote) continue;
      let open = close - 1;
      while (open >= start && text[open] !== quote) open--;
      if (open >= start) return this.fieldNumbers.of(text, open + 1, close);
    }
    return before;
  }

  private countField(field: number, from: number, to: number): number {
    let count = 0;
    for (let slot = from; slot < to; slot++) if (this.fields[slot] === field) count++;
    return count;
  }

  private makeRoom(textBytes: number, slots: number): void {
    const isFull =
      this.count === this.shapesMax ||
      this.textStart(this.count) + textBytes > this.textMax ||
      this.firstSlot(this.count) + slots > this.kinds.length;
    if (!isFull) return;
    this.count = 0;
    this.text.clear();
    this.byHash.fill(0);
  }

  private textStart(id: number): number {
    return id === 0 ? 0 : (this.textEnds[id - 1] as number);
  }

  private pieceStart(id: number, slot: number): number {
    const start = this.textStart(id);
    return slot === this.firstSlot(id) ? start : start + (this.pieceEnds[slot - 1] as number);
  }

  private hashOfShape(id: number): number {
    const first = this.firstSlot(id);
    const last = this.endSlot(id);
    const text = this.text.view();
    const textStart = this.textStart(id);
    let hash = last - first;
    let at = textStart;
    for (let slot = first; slot < last; slot++) {
      const end = textStart + (this.pieceEnds[slot] as number);
      hash = hashBytes(hash, text, at, end) ^ (this.kinds[slot] as number);
      at = end;
    }
    return hashBytes(hash, text, at, this.textEnds[id] as number);
  }

  private isShapeOf(id: number, payload: Uint8Array, split: Splitter): boolean {
    const text = this.text.view();
    const first = this.firstSlot(id);
    if (this.endSlot(id) - first !== split.count) return false;
    const textStart = this.textStart(id);
    let at = 0;
    let inText = textStart;
    for (let i = 0; i <= split.count; i++) {
      const isLast = i === split.count;
      const end = isLast ? payload.length : (split.starts[i] as number);
      const endInText = isLast
        ? (this.textEnds[id] as number)
        : textStart + (this.pieceEnds[first + i] as number);
      if (endInText - inText !== end - at) return false;
      for (; at < end; at++) if (payload[at] !== text[inText++]) return false;
      if (isLast) return true;
      if (this.kinds[first + i] !== split.kinds[i]) return false;
      at = split.ends[i] as number;
    }
    return true;
  }
}

function hashOf(payload: Uint8Array, split: Splitter): number {
  let hash = split.count;
  let at = 0;
  for (let i = 0; i < split.count; i++) {
    hash = hashBytes(hash, payload, at, split.starts[i] as number) ^ (split.kinds[i] as number);
    at = split.ends[i] as number;
  }
  return hashBytes(hash, payload, at, payload.length);
}
