/**
 * Which values of an event tell others: a drug its dose, a patient the weight.
 * Nobody says so; it is learned. For each slot (place in a skeleton) and each of
 * its partners (some earlier values of the same event, the last two values, and
 * nothing at all) a table keeps what the value was when the partner last was what
 * it is now, and a score says how often that was right. The best two partners make
 * the candidates for the slot's value. Scores belong to a slot; what a partner tells
 * belongs to the keys of both, so that it is known in every skeleton that has them.
 *
 * Values are named by 16-bit codes: 0 is none, then dictionary entries, then
 * small integers. Two contexts may share a place: that costs a wrong candidate, which
 * both sides see alike.
 */
import { entriesMax } from "./dictionary.ts";
import { fold } from "./hash.ts";

const firstPartners = 4;
const nearPartners = 6;
/** Nothing, the last two values, the first slots, the nearest slots. */
const partnersMax = 2 + firstPartners + nearPartners;

/** Rows of scores for first words of texts; slots share them. */
const startRows = 256;

export const codeNone = 0;

export function codeOfEntry(entry: number): number {
  return 1 + entry;
}

/** Integers up to 61,438 have a code. */
export function codeOfInteger(value: number): number {
  return value < 0x10000 - entriesMax - 1 ? 1 + entriesMax + value : codeNone;
}

export function entryOfCode(code: number): number {
  return code >= 1 && code <= entriesMax ? code - 1 : -1;
}

export function integerOfCode(code: number): number {
  return code > entriesMax ? code - entriesMax - 1 : -1;
}

export class Links {
  private readonly memory: Uint16Array;
  private readonly mask: number;
  private readonly scores: Uint8Array;
  private readonly slotIds: number;
  private readonly startPlaces = new Int32Array(partnersMax);
  /** The codes of the event's slots so far. */
  private readonly codes = new Uint16Array(512);
  private readonly keys = new Int32Array(512);
  private position = 0;
  private before = 0;
  private beforeThat = 0;
  private readonly places = new Int32Array(partnersMax);
  private partners = 0;

  /** The best candidate and its score, 0 to 255; then the best that differs. `codeNone` where there is none. */
  first = codeNone;
  firstScore = 0;
  second = codeNone;
  secondScore = 0;
  /** The best candidate for the first word of a text, its score, and the best partner's value as context. */
  startCode = codeNone;
  startScore = 0;
  startContext = 0;
  private startRow = 0;

  /** `places` is a power of two. */
  constructor(places: number, slotIds: number) {
    this.memory = new Uint16Array(places);
    this.mask = places - 1;
    this.scores = new Uint8Array((slotIds + startRows) * partnersMax);
    this.slotIds = slotIds;
  }

  beginEvent(): void {
    this.position = 0;
    this.before = 0;
    this.beforeThat = 0;
  }

  /** The last value's code, as context. */
  get previous(): number {
    return this.before;
  }

  /** Works out the candidates for the next slot. */
  predict(slot: number, field: number, key: number): void {
    const { places, memory, mask, codes, keys, position } = this;
    places[0] = fold(slot, 1) & mask;
    places[1] = fold(fold(fold(slot, 2), this.before), this.beforeThat) & mask;
    let count = 2;
    const firstEnd = Math.min(position, firstPartners);
    for (let at = 0; at < firstEnd; at++)
      places[count++] = fold(fold(key, keys[at] as number), codes[at] as number) & mask;
    for (let at = Math.max(firstPartners, position - nearPartners); at < position; at++)
      places[count++] =
        fold(fold(fold(field, keys[at] as number), 16 + position - at), codes[at] as number) & mask;
    keys[position] = key;
    this.partners = count;
    this.first = codeNone;
    this.firstScore = 0;
    this.second = codeNone;
    this.secondScore = 0;
    const base = slot * partnersMax;
    for (let partner = 0; partner < count; partner++) {
      const code = memory[places[partner] as number] as number;
      if (code === codeNone) continue;
      const score = this.scores[base + partner] as number;
      if (score >= this.firstScore) {
        if (code !== this.first) {
          this.second = this.first;
          this.secondScore = this.firstScore;
        }
        this.first = code;
        this.firstScore = score;
      } else if (score >= this.secondScore && code !== this.first) {
        this.second = code;
        this.secondScore = score;
      }
    }
  }

  /** The same for the first word of a text in this slot, after `predict`. */
  predictStart(slot: number): void {
    const { places, startPlaces, memory, mask, scores, partners } = this;
    this.startRow = (this.slotIds + (slot & (startRows - 1))) * partnersMax;
    this.startCode = codeNone;
    this.startScore = 0;
    let best = 0;
    for (let partner = 0; partner < partners; partner++) {
      const place = fold(places[partner] as number, 0x5a5a) & mask;
      startPlaces[partner] = place;
      const code = memory[place] as number;
      const score = scores[this.startRow + partner] as number;
      if (code === codeNone || score < this.startScore) continue;
      this.startCode = code;
      this.startScore = score;
      best = partner;
    }
    this.startContext = startPlaces[best] as number;
  }

  learnStart(code: number): void {
    const { startPlaces, memory, scores, startRow } = this;
    for (let partner = 0; partner < this.partners; partner++) {
      const place = startPlaces[partner] as number;
      const expected = memory[place] as number;
      memory[place] = code;
      if (expected === codeNone) continue;
      const at = startRow + partner;
      const score = scores[at] as number;
      scores[at] = expected === code ? score + ((262 - score) >> 3) : score - ((score + 7) >> 3);
    }
  }

  /** The slot that was predicted holds this; `identity` is what later values see of it. */
  learn(slot: number, code: number, identity = code): void {
    const { places, memory, scores } = this;
    const base = slot * partnersMax;
    if (code !== codeNone) {
      for (let partner = 0; partner < this.partners; partner++) {
        const place = places[partner] as number;
        const expected = memory[place] as number;
        memory[place] = code;
        if (expected === codeNone) continue;
        const at = base + partner;
        const score = scores[at] as number;
        scores[at] = expected === code ? score + ((262 - score) >> 3) : score - ((score + 7) >> 3);
      }
    }
    this.codes[this.position] = identity;
    this.position++;
    if (identity === codeNone) return;
    this.beforeThat = this.before;
    this.before = identity;
  }
}
