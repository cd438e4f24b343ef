/**
 * The skeletons seen so far, numbered in order of first appearance. A skeleton is
 * described once, as a text in which a byte below 9 stands for a value of that
 * kind; after that it is its number. When one more would be too much, all are
 * forgotten, on both sides at the same event.
 */
import type { ByteWriter } from "../../bytes.ts";
import { Fields } from "./fields.ts";
import { fold, hashBytes } from "./hash.ts";
import type { CodecSizes } from "../codecs.ts";
import { kindDate, type Splitter, slotsMax } from "./split.ts";

export interface Shape {
  /** Its number on the wire. */
  readonly id: number;
  /** The skeleton's pieces, one before each value and one after the last, joined. */
  readonly text: Uint8Array;
  /** Where each piece ends in `text`; one more than there are values. */
  readonly pieceEnds: Uint16Array;
  readonly kinds: Uint8Array;
  readonly fields: Uint16Array;
  /** Each value's field, and which of that field in the payload it is. */
  readonly keys: Int32Array;
  /** The first value's slot; the others follow. */
  readonly firstSlot: number;
}

/** Bytes of one description. */
export const shapeTextMax = 8 * 1024;

export class Shapes {
  private list: Shape[] = [];
  private readonly fields = new Fields();
  private readonly byHash = new Map<number, Shape>();
  private readonly sizes: CodecSizes;
  private textBytes = 0;
  private slots = 0;

  constructor(sizes: CodecSizes) {
    this.sizes = sizes;
  }

  at(id: number): Shape | undefined {
    return this.list[id];
  }

  get count(): number {
    return this.list.length;
  }

  find(payload: Uint8Array, split: Splitter): Shape | undefined {
    const shape = this.byHash.get(hashOf(payload, split));
    return shape !== undefined && isShapeOf(shape, payload, split) ? shape : undefined;
  }

  /** The description of the payload's skeleton, or undefined when it is too long. */
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

  /** Adds what `describe` wrote; undefined when it cannot be one. */
  add(description: Uint8Array): Shape | undefined {
    const kinds: number[] = [];
    const pieceEnds: number[] = [];
    const text = new Uint8Array(description.length);
    let size = 0;
    for (const byte of description) {
      if (byte > kindDate) {
        text[size++] = byte;
        continue;
      }
      if (byte === 0 || kinds.length === slotsMax) return undefined;
      kinds.push(byte);
      pieceEnds.push(size);
    }
    pieceEnds.push(size);
    // JSON has at least a comma for each value; so values are bounded by the payload's bytes.
    if (size < kinds.length) return undefined;
    this.makeRoom(size, kinds.length);
    const fields = this.fieldsOf(text, pieceEnds);
    const shape: Shape = {
      id: this.list.length,
      text: text.slice(0, size),
      pieceEnds: Uint16Array.from(pieceEnds),
      kinds: Uint8Array.from(kinds),
      fields,
      keys: keysOf(fields),
      firstSlot: this.slots,
    };
    this.list.push(shape);
    this.byHash.set(hashOfShape(shape), shape);
    this.textBytes += size;
    this.slots += kinds.length;
    return shape;
  }

  /** The field of each value, by the last key before it. */
  private fieldsOf(text: Uint8Array, pieceEnds: readonly number[]): Uint16Array {
    const fields = new Uint16Array(pieceEnds.length - 1);
    let field = 0;
    let start = 0;
    for (let i = 0; i < fields.length; i++) {
      const end = pieceEnds[i] as number;
      const key = keyIn(text, start, end);
      if (key !== undefined) field = this.fields.of(text, key.start, key.end);
      fields[i] = field;
      start = end;
    }
    return fields;
  }

  private makeRoom(textBytes: number, slots: number): void {
    const { sizes } = this;
    const isFull =
      this.list.length === sizes.shapes ||
      this.textBytes + textBytes > sizes.shapeBytes ||
      this.slots + slots > sizes.slotIds;
    if (!isFull) return;
    this.list = [];
    this.byHash.clear();
    this.textBytes = 0;
    this.slots = 0;
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

function hashOfShape(shape: Shape): number {
  let hash = shape.kinds.length;
  let at = 0;
  for (let i = 0; i < shape.kinds.length; i++) {
    const end = shape.pieceEnds[i] as number;
    hash = hashBytes(hash, shape.text, at, end) ^ (shape.kinds[i] as number);
    at = end;
  }
  return hashBytes(hash, shape.text, at, shape.text.length);
}

function isShapeOf(shape: Shape, payload: Uint8Array, split: Splitter): boolean {
  if (shape.kinds.length !== split.count) return false;
  let at = 0;
  let inShape = 0;
  for (let i = 0; i <= split.count; i++) {
    const end = i < split.count ? (split.starts[i] as number) : payload.length;
    if ((shape.pieceEnds[i] as number) - inShape !== end - at) return false;
    for (; at < end; at++) if (payload[at] !== shape.text[inShape++]) return false;
    if (i === split.count) return true;
    if (shape.kinds[i] !== split.kinds[i]) return false;
    at = split.ends[i] as number;
  }
  return true;
}

/** The last `"key":` of a piece, or undefined. */
function keyIn(
  text: Uint8Array,
  start: number,
  end: number,
): { readonly start: number; readonly end: number } | undefined {
  for (let colon = end - 1; colon > start; colon--) {
    if (text[colon] !== 0x3a) continue;
    let close = colon - 1;
    while (close > start && (text[close] as number) <= 0x20) close--;
    if (text[close] !== 0x22) continue;
    let open = close - 1;
    while (open >= start && text[open] !== 0x22) open--;
    if (open >= start) return { start: open + 1, end: close };
  }
  return undefined;
}

function keysOf(fields: Uint16Array): Int32Array {
  const seen = new Map<number, number>();
  return Int32Array.from(fields, (field) => {
    const nth = seen.get(field) ?? 0;
    seen.set(field, nth + 1);
    return fold(field, nth);
  });
}
