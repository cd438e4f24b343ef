/**
 * Bounds what all sessions of a process take for codecs together. Whoever wants
 * more than is left first makes resting owners let go, the one that has rested
 * longest first; if that is not enough, it is told no, and codes more cheaply.
 */
import { codecMix, codecMixSmall, isBatchCodec, isMixCodec, sizesOf } from "./codecs.ts";

/** A hub with a dozen clinics that send at once. */
export const codecMemoryDefaultBytes = 32 * 1024 * 1024;

export interface CodecMemoryOwner {
  /** Since when the codec has not been needed, or undefined while it is. */
  restingSinceMs(): number | undefined;
  /** Lets the codec go, and gives its memory back. */
  release(): void;
}

/** Bytes that a codec's state takes for one direction, rounded up; a test measures them. */
export function codecStateBytes(codec: number): number {
  if (!isBatchCodec(codec)) return 0;
  const sizes = sizesOf(codec);
  const tokens =
    sizes.linkPlaces * 2 +
    sizes.slotIds * 20 +
    sizes.entries * 15 +
    sizes.arenaBytes +
    sizes.shapes * 14 +
    // They grow by doubling.
    Math.ceil((sizes.shapeBytes * 4) / 3) +
    116 * 1024;
  if (!isMixCodec(codec)) return tokens + sizes.windowBytes * 2;
  const words = sizes.words * 15 + sizes.wordBytes + sizes.wordPlaces * 3 + 16 * 1024;
  return tokens + words + sizes.counterPlaces * 4 + 84 * 1024;
}

export class CodecMemory {
  private readonly limitBytes: number;
  private readonly takenBy = new Map<CodecMemoryOwner, number>();
  private takenBytes = 0;

  constructor(limitBytes = codecMemoryDefaultBytes) {
    this.limitBytes = limitBytes;
  }

  get usedBytes(): number {
    return this.takenBytes;
  }

  /** True when the owner may now hold `bytes`; what it held before is given back either way. */
  take(owner: CodecMemoryOwner, bytes: number): boolean {
    this.give(owner);
    while (this.takenBytes + bytes > this.limitBytes) {
      const resting = this.longestResting();
      if (resting === undefined) return false;
      resting.release();
      this.give(resting);
    }
    this.takenBy.set(owner, bytes);
    this.takenBytes += bytes;
    return true;
  }

  give(owner: CodecMemoryOwner): void {
    this.takenBytes -= this.takenBy.get(owner) ?? 0;
    this.takenBy.delete(owner);
  }

  /** Those of `codecs` for which there is room now, or would be when resting owners let go. */
  affordable(codecs: number): number {
    let freeBytes = this.limitBytes - this.takenBytes;
    for (const [owner, bytes] of this.takenBy)
      if (owner.restingSinceMs() !== undefined) freeBytes += bytes;
    let result = codecs;
    for (let codec = 0; codec <= Math.max(codecMix, codecMixSmall); codec++)
      if (codecStateBytes(codec) > freeBytes) result &= ~(1 << codec);
    return result;
  }

  private longestResting(): CodecMemoryOwner | undefined {
    let best: CodecMemoryOwner | undefined;
    let bestMs = Number.POSITIVE_INFINITY;
    for (const owner of this.takenBy.keys()) {
      const sinceMs = owner.restingSinceMs();
      if (sinceMs === undefined || sinceMs >= bestMs) continue;
      best = owner;
      bestMs = sinceMs;
    }
    return best;
  }
}
