/**
 * Texts that were told at length lately, whatever their field: who has just
 * registered is the one whose temperature is taken next. A ring; a text that is
 * told from it keeps its place.
 */
import { bytesEqual } from "../../bytes.ts";

const recentsMax = 8;
export const recentBytesMin = 4;
export const recentBytesMax = 32;

export class Recents {
  private readonly bytes = new Uint8Array(recentsMax * recentBytesMax);
  private readonly lengths = new Uint8Array(recentsMax);
  private next = 0;
  count = 0;

  /** The text, `recentBytesMin` to `recentBytesMax` long, is the newest. */
  add(text: Uint8Array): void {
    this.bytes.set(text, this.next * recentBytesMax);
    this.lengths[this.next] = text.length;
    this.next = (this.next + 1) % recentsMax;
    if (this.count < recentsMax) this.count++;
  }

  /** How many came after the newest that is this text, or -1. */
  distanceOf(text: Uint8Array): number {
    for (let distance = 0; distance < this.count; distance++)
      if (bytesEqual(this.view(distance), text)) return distance;
    return -1;
  }

  /** A copy of the text that so many came after, or undefined. */
  at(distance: number): Uint8Array | undefined {
    return distance < this.count ? this.view(distance).slice() : undefined;
  }

  private view(distance: number): Uint8Array {
    const place = (this.next - 1 - distance + recentsMax) % recentsMax;
    const start = place * recentBytesMax;
    return this.bytes.subarray(start, start + (this.lengths[place] as number));
  }
}
