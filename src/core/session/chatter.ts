/**
 * Counts frames that move nothing, so that a peer that never stops talking is let go. Honest
 * sessions stay far below the bound; those that stay open for days are counted anew every
 * `chatterWindowMs`.
 */
import { chatterFramesMax, chatterWindowMs } from "./limits.ts";

export class Chatter {
  private frames = 0;
  private sinceMs = 0;

  /** A frame came. False when it is one too many. */
  count(nowMs: number): boolean {
    const ageMs = nowMs - this.sinceMs;
    if (ageMs < 0 || ageMs >= chatterWindowMs) {
      this.sinceMs = nowMs;
      this.frames = 0;
    }
    return ++this.frames <= chatterFramesMax;
  }

  /** Events were stored or answered: it was not idle talk. */
  moved(): void {
    this.frames = 0;
  }
}
