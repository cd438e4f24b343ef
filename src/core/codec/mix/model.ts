/** From contexts to the probability of the next bit, and what is learned from the bit. */
import { fold } from "../tokens/hash.ts";
import { Counters, countOf } from "./counters.ts";
import { squashTable, stretchTable } from "./logistic.ts";
import { Mixer } from "./mixer.ts";

const inputCount = 5;
const kindSets = 64 * 16;
const fieldSets = 1024;
const refineRows = 1024;

export class MixModel {
  private readonly counters: Counters;
  private readonly mixer = new Mixer(inputCount, kindSets + fieldSets);
  private readonly places = new Int32Array(inputCount);
  private readonly refine = new Refinement();
  private odds = 0;

  constructor(counterPlaces: number) {
    this.counters = new Counters(counterPlaces);
  }

  /** The probability of a 1 in 65536ths, never certain. */
  predict(set: number, node: number, c0: number, c1: number, c2: number, c3: number): number {
    const { places, counters, mixer } = this;
    const { cells } = counters;
    const { inputs } = mixer;
    places[0] = counters.find(scatter(c0));
    places[1] = counters.find(scatter(c1));
    places[2] = counters.find(scatter(c2));
    places[3] = counters.find(scatter(c3));
    places[4] = counters.find(scatter(fold(set, node)));
    for (let i = 0; i < inputCount; i++)
      inputs[i] = stretchTable[(cells[places[i] as number] as number) >>> 20] as number;
    const known =
      level(countOf(cells[places[0] as number] as number)) * 4 +
      level(countOf(cells[places[1] as number] as number));
    this.odds = mixer.mix(set * 16 + known, kindSets + (scatter(c3) & (fieldSets - 1)));
    const mixed = squashTable[this.odds + 2048] as number;
    const refined = this.refine.predict(scatter(fold(c1, 77)) & (refineRows - 1), this.odds);
    const p = (mixed + refined) >> 1;
    return p < 16 ? 16 : p > 65520 ? 65520 : p;
  }

  update(bit: number): void {
    this.mixer.update(bit, this.odds);
    for (let i = 0; i < inputCount; i++) this.counters.update(this.places[i] as number, bit);
    this.refine.update(bit);
  }
}

/** How much a place knows: 0 new, 1 once, 2 a little, 3 well. */
function level(count: number): number {
  return count === 0 ? 0 : count === 1 ? 1 : count < 6 ? 2 : 3;
}

function scatter(h: number): number {
  const x = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  return x ^ (x >>> 15);
}

/** Corrects a mixed probability by what came of such ones before (adaptive probability map). */
class Refinement {
  private readonly table = new Uint16Array(refineRows * 33);
  private at = 0;

  constructor() {
    for (let i = 0; i < this.table.length; i++)
      this.table[i] = squashTable[Math.min(4095, (i % 33) * 128)] as number;
  }

  predict(row: number, odds: number): number {
    const position = odds + 2048;
    const low = row * 33 + (position >> 7);
    const weight = position & 127;
    this.at = weight < 64 ? low : low + 1;
    return (
      ((this.table[low] as number) * (128 - weight) + (this.table[low + 1] as number) * weight) >> 7
    );
  }

  update(bit: number): void {
    const before = this.table[this.at] as number;
    this.table[this.at] = before + ((((bit === 1 ? 65535 : 0) - before) * 5) >> 8);
  }
}
