/**
 * The words of longer texts: a dictionary of them, and which word came last after
 * the same three, two and one, so that what was written before costs next to nothing
 * a word. A word here is a run of letters and digits with all that follows up to the
 * next run; the empty word ends a text.
 */
import type { CodecSizes } from "../codecs.ts";
import { Dictionary } from "./dictionary.ts";
import { fold } from "./hash.ts";
import { isDigit } from "./split.ts";

export const wordBytesMax = 32;
/** Of contexts, the longest first. */
export const ordersCount = 4;
const trustMax = 255;
/** The dictionary has one field. */
const wordField = 0;
/** Texts of fewer words rather have an index as a whole. */
const wordsMin = 3;

export class Words {
  private readonly dictionary: Dictionary;
  /** The word that came last in a context, plus 1; and how often it did in a row. */
  private readonly memory: Uint16Array;
  private readonly trusts: Uint8Array;
  private readonly mask: number;
  private readonly places = new Int32Array(ordersCount);
  /** The words before, plus 1; 0 before the first. */
  private last = 0;
  private secondLast = 0;
  private thirdLast = 0;
  private field = 0;
  private start = 0;

  constructor(sizes: CodecSizes) {
    this.dictionary = new Dictionary(sizes.words, sizes.wordBytes, 1);
    this.memory = new Uint16Array(sizes.wordPlaces);
    this.trusts = new Uint8Array(sizes.wordPlaces);
    this.mask = sizes.wordPlaces - 1;
  }

  /** A text of this field begins; `start` is what told its first word. */
  begin(field: number, start: number): void {
    this.field = field;
    this.start = start;
    this.last = 0;
    this.secondLast = 0;
    this.thirdLast = 0;
    this.findPlaces();
  }

  /** The last word, and the last two, as contexts. */
  get previous(): number {
    return this.last;
  }
  get context(): number {
    return fold(this.last, this.secondLast);
  }

  /** The word that came in this context last, or -1. */
  candidate(order: number): number {
    return (this.memory[this.places[order] as number] as number) - 1;
  }

  /** How often it did in a row, 0 to 255. */
  trustOf(order: number): number {
    return this.trusts[this.places[order] as number] as number;
  }

  isWord(word: number): boolean {
    return this.dictionary.isOf(word, wordField);
  }

  /** The word of these bytes, or -1. */
  find(bytes: Uint8Array): number {
    return this.dictionary.find(wordField, bytes);
  }

  indexOf(word: number): number {
    return this.dictionary.indexOf(word);
  }

  /** The word with this index, or -1. */
  at(index: number): number {
    return this.dictionary.at(wordField, index);
  }

  /** A view, valid until the next `add`. */
  textOf(word: number): Uint8Array {
    return this.dictionary.textOf(word);
  }

  /** The word of these bytes, new if need be. */
  add(bytes: Uint8Array): number {
    const word = this.find(bytes);
    return word < 0 ? this.dictionary.add(wordField, bytes) : word;
  }

  /** This word came. */
  learn(word: number): void {
    const { memory, trusts, places } = this;
    const code = word + 1;
    for (let order = 0; order < ordersCount; order++) {
      const place = places[order] as number;
      const trust = trusts[place] as number;
      if (memory[place] === code) trusts[place] = Math.min(trust + 1, trustMax);
      else if (trust > 1) trusts[place] = trust >> 1;
      else {
        memory[place] = code;
        trusts[place] = 0;
      }
    }
    this.thirdLast = this.secondLast;
    this.secondLast = this.last;
    this.last = code;
    this.findPlaces();
  }

  private findPlaces(): void {
    const { places, mask, context } = this;
    places[0] = fold(fold(context, this.start), 11) & mask;
    places[1] = fold(fold(context, this.thirdLast), 12) & mask;
    places[2] = fold(context, 13) & mask;
    places[3] = fold(fold(this.last, this.field), 14) & mask;
  }
}

/** Letters, digits, apostrophe, hyphen, and everything beyond ASCII. */
function isWordByte(byte: number): boolean {
  return (
    isDigit(byte) ||
    byte >= 0x80 ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x27 ||
    byte === 0x2d
  );
}

/** Where the word that begins at `from` ends. */
export function wordEnd(text: Uint8Array, from: number): number {
  const limit = Math.min(text.length, from + wordBytesMax);
  let at = from;
  while (at < limit && isWordByte(text[at] as number)) at++;
  while (at < limit && !isWordByte(text[at] as number)) at++;
  return at;
}

export function hasManyWords(text: Uint8Array): boolean {
  let count = 0;
  for (let at = 0; at < text.length && count < wordsMin; at = wordEnd(text, at)) count++;
  return count === wordsMin;
}
