/**
 * Node ids and lanes, each kept once, as bytes behind one another with an
 * open-addressing hash over them: 10,000 names of 12 characters cost about
 * 200 KB, where a Map of strings costs over a megabyte on a small runtime.
 *
 * Only short ASCII texts (`isNodeId`, `isLane`). Nothing is ever removed.
 */
import { assert } from "../errors/zam-error.ts";

/** Where a text begins in the arena: its length byte. Equal texts have equal refs. */
export type TextRef = number;

const textCharactersMax = 255;

export class TextArena {
  private bytes: Uint8Array;
  private used = 0;
  /** Ref + 1, or 0 for an empty slot. Length is a power of two, at most three quarters full. */
  private slots: Uint32Array;
  private textCount = 0;

  constructor(initialTexts = 16) {
    this.bytes = new Uint8Array(initialTexts * 12);
    this.slots = new Uint32Array(slotCountFor(initialTexts));
  }

  get sizeBytes(): number {
    return this.bytes.byteLength + this.slots.byteLength;
  }

  find(text: string): TextRef | undefined {
    const ref = this.slots[this.slotOf(text)] ?? 0;
    return ref === 0 ? undefined : ref - 1;
  }

  intern(text: string): TextRef {
    const found = this.find(text);
    if (found !== undefined) return found;
    assert(text.length <= textCharactersMax, "an interned text is short");
    const ref = this.append(text);
    if ((this.textCount + 1) * 4 > this.slots.length * 3) this.rehash();
    this.slots[this.slotOf(text)] = ref + 1;
    this.textCount++;
    return ref;
  }

  text(ref: TextRef): string {
    const length = this.bytes[ref] ?? 0;
    let text = "";
    for (let i = 1; i <= length; i++) text += String.fromCharCode(this.bytes[ref + i] ?? 0);
    return text;
  }

  private append(text: string): TextRef {
    const ref = this.used;
    const end = ref + 1 + text.length;
    if (end > this.bytes.length) {
      const grown = new Uint8Array(grownCapacity(this.bytes.length, end));
      grown.set(this.bytes.subarray(0, ref));
      this.bytes = grown;
    }
    this.bytes[ref] = text.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      assert(code < 0x80, "an interned text is ASCII");
      this.bytes[ref + 1 + i] = code;
    }
    this.used = end;
    return ref;
  }

  /** The slot that holds `text`, or the empty one where it belongs. */
  private slotOf(text: string): number {
    const mask = this.slots.length - 1;
    let hash = fnvBasis;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), fnvPrime);
    for (let slot = mixHash(hash) & mask; ; slot = (slot + 1) & mask) {
      const ref = this.slots[slot] ?? 0;
      if (ref === 0 || this.isAt(ref - 1, text)) return slot;
    }
  }

  private isAt(ref: TextRef, text: string): boolean {
    if (this.bytes[ref] !== text.length) return false;
    for (let i = 0; i < text.length; i++) {
      if (this.bytes[ref + 1 + i] !== text.charCodeAt(i)) return false;
    }
    return true;
  }

  private rehash(): void {
    this.slots = new Uint32Array(this.slots.length * 2);
    for (let ref = 0, index = 0; index < this.textCount; index++) {
      this.slots[this.slotOf(this.text(ref))] = ref + 1;
      ref += 1 + (this.bytes[ref] ?? 0);
    }
  }
}

const fnvBasis = 0x811c9dc5 | 0;
const fnvPrime = 0x01000193;

/** Spreads a 32-bit hash over its low bits (the finaliser of MurmurHash3). */
export function mixHash(hash: number): number {
  let mixed = hash;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Slots for `count` entries: a power of two, at most three quarters full. */
export function slotCountFor(count: number): number {
  let slots = 16;
  while (slots * 3 < count * 4) slots *= 2;
  return slots;
}

/**
 * The next capacity: an eighth more, so that a table is never more than an
 * eighth empty. Each entry is then copied about eight times over a table's
 * life; doubling would copy it once and waste up to half of the memory.
 */
export function grownCapacity(capacity: number, needed: number): number {
  return Math.max(needed, capacity + (capacity >>> 3) + 16);
}
