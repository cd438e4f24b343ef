/** An input's bytes as a list of choices, for targets that play something out. */
import assert from "node:assert/strict";

/** What an input's bytes choose, in order; 0 once they are used up. */
export class Program {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isOver(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0;
  }

  below(limit: number): number {
    return this.byte() % limit;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    assert.ok(item !== undefined);
    return item;
  }

  take(count: number): Uint8Array {
    const piece = this.bytes.subarray(this.at, this.at + count);
    this.at += count;
    return piece;
  }
}
