/**
 * Numbers that go on by the same step, as the laboratory's do. For each field its
 * last number and step, for each slot a score of how often that told the next one.
 */
import { fieldCount } from "./fields.ts";

/** A slot whose numbers went on by the same step less often is no sequence. */
const scoreMin = 60;

export class Sequences {
  private readonly last = new Float64Array(fieldCount);
  private readonly steps = new Float64Array(fieldCount);
  private readonly scores: Uint8Array;

  constructor(slotIds: number) {
    this.scores = new Uint8Array(slotIds);
  }

  /** What comes next if it goes on, perhaps negative; -1 where nothing goes on. */
  next(slot: number, field: number): number {
    if (this.scoreOf(slot) < scoreMin) return -1;
    return (this.last[field] as number) + (this.steps[field] as number);
  }

  scoreOf(slot: number): number {
    return this.scores[slot] as number;
  }

  learn(slot: number, field: number, digits: number): void {
    const step = digits - (this.last[field] as number);
    const score = this.scoreOf(slot);
    // That a number stays the same is what links.ts is for.
    const goesOn = step !== 0 && step === this.steps[field];
    this.scores[slot] = goesOn ? score + ((262 - score) >> 3) : score - ((score + 7) >> 3);
    this.steps[field] = step;
    this.last[field] = digits;
  }
}
