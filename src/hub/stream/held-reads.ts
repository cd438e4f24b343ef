/**
 * Pages and single events, of large ones a few in memory at a time: each is there three times
 * while it goes out (the payload, its text, what the socket has of it).
 */
import type {
  BeforeLarge,
  EventName,
  EventPage,
  HubEvent,
  HubNode,
  PageQuery,
} from "../../engine/index.ts";
import { largeBytes, largeReadersMax } from "./limits.ts";
import { Permits } from "./permits.ts";

export interface Held {
  /** It is one of the few. */
  readonly isLarge: boolean;
  /** Must be called when the events are needed no more. Twice is allowed. */
  release(): void;
}

export type HeldPage = EventPage & Held;
export type HeldEvent = { readonly event: HubEvent | undefined } & Held;

export class HeldReads {
  private readonly node: Pick<HubNode, "page" | "event">;
  private readonly permits = new Permits(largeReadersMax);
  private readonly largeBytes: number;

  /** Answers with more payload than `limitBytes` are large. */
  constructor(node: Pick<HubNode, "page" | "event">, limitBytes: number = largeBytes) {
    this.node = node;
    this.largeBytes = limitBytes;
  }

  /** Rejects with Z605, Z615, Z621. */
  page(query: Omit<PageQuery, "beforeLarge">): Promise<HeldPage> {
    return this.hold((beforeLarge) => this.node.page({ ...query, beforeLarge }));
  }

  event(name: EventName): Promise<HeldEvent> {
    return this.hold(async (beforeLarge) => ({ event: await this.node.event(name, beforeLarge) }));
  }

  /** What would make the answer a large one is read once there is a place for it. */
  private async hold<Answer extends object>(
    read: (beforeLarge: BeforeLarge) => Promise<Answer>,
  ): Promise<Answer & Held> {
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
