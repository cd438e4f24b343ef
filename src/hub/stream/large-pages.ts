/**
 * Answers of large events, a few in memory at a time: each is there three times while it
 * goes out (the payload, its text, what the socket has of it).
 */
import type { BeforeLarge } from "../../engine/index.ts";
import { largeBytes, largeReadersMax } from "./limits.ts";
import { Permits } from "./permits.ts";

export interface Place {
  /** It is one of the few. */
  readonly isLarge: boolean;
  /** Must be called when the answer's events are needed no more. Twice is allowed. */
  release(): void;
}

export class LargePages {
  private readonly permits = new Permits(largeReadersMax);
  private readonly largeBytes: number;

  /** Answers with more payload than that are large. */
  constructor(limitBytes: number = largeBytes) {
    this.largeBytes = limitBytes;
  }

  /** What would make the answer a large one is read once there is a place for it. */
  async hold<Answer extends object>(
    read: (beforeLarge: BeforeLarge) => Promise<Answer>,
  ): Promise<Answer & Place> {
    let free: (() => void) | undefined;
    const release = (): void => free?.();
    try {
      const answer = await read(async (sizeBytes) => {
        if (sizeBytes > this.largeBytes) free ??= await this.permits.take();
      });
      return { ...answer, isLarge: free !== undefined, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}
