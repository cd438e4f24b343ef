/**
 * Logistic mixing (M. Mahoney, "Adaptive Weighing of Context Models for Lossless
 * Data Compression", 2005): the inputs' log-odds are added with weights, and the
 * weights follow the error. Two sets of weights are in use at a time, one by the
 * kind of decision and how much is known, one by the field; both are added.
 */
import { logOddsLimit, squashTable } from "./logistic.ts";

/** 65536 is one; both sets together begin near a quarter for each input. */
const weightStart = 8_000;
const weightLimit = 1 << 19;
const learningRate = 18;

export class Mixer {
  private readonly inputCount: number;
  private readonly weights: Int32Array;
  readonly inputs: Int32Array;
  private first = 0;
  private second = 0;

  constructor(inputCount: number, setCount: number) {
    this.inputCount = inputCount;
    this.weights = new Int32Array(inputCount * setCount).fill(weightStart);
    this.inputs = new Int32Array(inputCount);
  }

  /** The log-odds of a 1, in 256ths. */
  mix(firstSet: number, secondSet: number): number {
    const { inputs, weights, inputCount } = this;
    this.first = firstSet * inputCount;
    this.second = secondSet * inputCount;
    let sum = 0;
    for (let i = 0; i < inputCount; i++)
      sum +=
        (inputs[i] as number) *
        ((weights[this.first + i] as number) + (weights[this.second + i] as number));
    const odds = Math.trunc(sum / 65536);
    return odds > logOddsLimit ? logOddsLimit : odds < -logOddsLimit ? -logOddsLimit : odds;
  }

  update(bit: number, odds: number): void {
    const { inputs, weights, inputCount } = this;
    const error = ((bit << 16) - (squashTable[odds + 2048] as number)) * learningRate;
    for (let i = 0; i < inputCount; i++) {
      const change = ((inputs[i] as number) * error + 0x80000) >> 20;
      weights[this.first + i] = clamp((weights[this.first + i] as number) + change);
      weights[this.second + i] = clamp((weights[this.second + i] as number) + change);
    }
  }
}

function clamp(weight: number): number {
  return weight > weightLimit ? weightLimit : weight < -weightLimit ? -weightLimit : weight;
}
