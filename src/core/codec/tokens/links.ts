/**
 * Which values of an event tell others: a drug its dose, a patient the weight.
 * Nobody says so; it is learned. For each slot (place in a skeleton) and each of
 * its partners (some earlier slots of the same event, the last two values, and
 * nothing at all) a table keeps what the slot held when the partner last had the
 * value that it has now, and a score says how often that was right. The best two
 * partners make the candidates for the slot's value.
 *
 * Values are named by 16-bit codes: 0 is none, then dictionary entries, then
 * small integers. Two keys may share a place: that costs a wrong candidate, which
 * both sides see alike.
 */
import { entriesMax } from "./dictionary.ts";
import { fold } from "./hash.ts";

const firstPartners = 4;
const nearPartners = 10;
/** Nothing, the last two values, the first slots, the nearest slots. */
const partnersMax = 2 + firstPartners + nearPartners;

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
  /** The codes of the event's slots so far. */
  private readonly codes = new Uint16Array(512);
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
  /** The best partner's present value, as context. */
  context = 0;

  /** `places` is a power of two. */
  constructor(places: number, slotIds: number) {
    this.memory = new Uint16Array(places);
    this.mask = places - 1;
    this.scores = new Uint8Array(slotIds * partnersMax);
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
  predict(slot: number): void {
    const { places, memory, mask, codes, position } = this;
    places[0] = fold(slot, 1) & mask;
    places[1] = fold(fold(fold(slot, 2), this.before), this.beforeThat) & mask;
    let count = 2;
    const firstEnd = Math.min(position, firstPartners);
    for (let at = 0; at < firstEnd; at++)
      places[count++] = fold(fold(slot, 3 + at), codes[at] as number) & mask;
    for (let at = Math.max(firstPartners, position - nearPartners); at < position; at++)
      places[count++] = fold(fold(slot, 16 + position - at), codes[at] as number) & mask;
    this.partners = count;
    this.first = codeNone;
    this.firstScore = 0;
    this.second = codeNone;
    this.secondScore = 0;
    this.context = this.before;
    const base = slot * partnersMax;
    let bestPartner = 0;
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
        bestPartner = partner;
      } else if (score >= this.secondScore && code !== this.first) {
        this.second = code;
        this.secondScore = score;
      }
    }
    this.context = places[bestPartner] as number;
  }

  /** The slot that was predicted holds this. */
  learn(slot: number, code: number): void {
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
    this.codes[this.position] = code;
    this.position++;
    if (code === codeNone) return;
    this.beforeThat = this.before;
    this.before = code;
  }
}
