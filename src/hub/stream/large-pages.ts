/**
 * Pages of large events, a few in memory at a time: each is there three times while it
 * goes out (the payload, its text, what the socket has of it).
 */
import type { EventPage } from "../../engine/index.ts";
import { largeBytes, largeReadersMax } from "./limits.ts";
import { Permits } from "./permits.ts";

export interface HeldPage extends EventPage {
  /** It has one of the places. */
  readonly isLarge: boolean;
  /** Must be called when the page's events are needed no more. Twice is allowed. */
  release(): void;
}

export class LargePages {
  private readonly permits = new Permits(largeReadersMax);
  private readonly largeBytes: number;

  /** Pages with more payload than that are large. */
  constructor(limitBytes: number = largeBytes) {
    this.largeBytes = limitBytes;
  }

  async hold(read: () => Promise<EventPage>): Promise<HeldPage> {
    const page = await read();
    if (payloadBytes(page) <= this.largeBytes)
      return { ...page, isLarge: false, release: () => undefined };
    const release = this.permits.tryTake();
    if (release !== undefined) return { ...page, isLarge: true, release };
    return this.inTurn(read);
  }

  /** It is read again when there is room for it: meanwhile it is not in memory. */
  private async inTurn(read: () => Promise<EventPage>): Promise<HeldPage> {
    const release = await this.permits.take();
    try {
      return { ...(await read()), isLarge: true, release };
    } catch (error) {
      release();
      throw error;
    }
  }
}

function payloadBytes(page: EventPage): number {
  return page.events.reduce((sum, { payload }) => sum + payload.length, 0);
}
