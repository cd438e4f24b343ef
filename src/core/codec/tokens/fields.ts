/**
 * The keys of values, numbered: each key has a field of its own as long as there
 * are numbers left. Beyond that keys share one by chance, and with it statistics.
 */
import { fold, hashBytes } from "./hash.ts";

export const fieldCount = 1024;
/** More would make the search for a free number long. */
const ownMax = 768;

export class Fields {
  private readonly hashes = new Int32Array(fieldCount);
  private used = 0;

  /** The field of a key. */
  of(text: Uint8Array, start: number, end: number): number {
    const { hashes } = this;
    const hash = fold(hashBytes(1, text, start, end), 5) | 1;
    const home = (hash >>> 1) & (fieldCount - 1);
    let at = home;
    while (hashes[at] !== hash) {
      if (hashes[at] === 0) {
        if (this.used === ownMax) return home;
        this.used++;
        hashes[at] = hash;
        break;
      }
      at = (at + 1) & (fieldCount - 1);
    }
    return at;
  }
}
