/**
 * Events from a cursor on, for as long as the reader wants: what is there, then what
 * comes. The reader takes a page when it is ready for one, so it sets the pace and
 * nothing queues for it.
 */
import type { EventPage, HubNode, PageQuery } from "../../engine/index.ts";
import { gatherMs, largeBytes, largeReadersMax, pageBytesMax, pageEventsMax } from "./limits.ts";
import { Permits } from "./permits.ts";

export type TailQuery = Omit<PageQuery, "after" | "limit" | "bytesMax">;

export interface HeldPage extends EventPage {
  /** Must be called when the page's events are needed no more. */
  release(): void;
}

/** One for all readers of a hub: large events are in memory a few at a time. */
export class Tail {
  private readonly node: HubNode;
  private readonly large = new Permits(largeReadersMax);

  constructor(node: HubNode) {
    this.node = node;
  }

  /** The next page; empty when nothing more is here. Rejects with Z605, Z615, Z621. */
  async page(after: string | undefined, query: TailQuery): Promise<HeldPage> {
    const read = (): Promise<EventPage> =>
      this.node.page({ ...query, after, limit: pageEventsMax, bytesMax: pageBytesMax });
    const page = await read();
    if (payloadBytes(page) <= largeBytes) return { ...page, release: () => undefined };
    const release = this.large.tryTake();
    if (release !== undefined) return { ...page, release };
    return this.inTurn(read);
  }

  /** It is read again when there is room for it: meanwhile it is not in memory. */
  private async inTurn(read: () => Promise<EventPage>): Promise<HeldPage> {
    const release = await this.large.take();
    try {
      return { ...(await read()), release };
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Resolves when something became durable since `seen`, at the latest after `timeoutMs`, or at the signal. */
  async news(
    seen: string,
    wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { timeoutMs, signal } = wait;
    if (signal.aborted || this.node.newestCursor() !== seen) return;
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        stop();
        clearTimeout(timer);
        signal.removeEventListener("abort", finish);
        resolve();
      };
      let timer = setTimeout(finish, timeoutMs);
      const stop = this.node.onDurable(() => {
        stop();
        clearTimeout(timer);
        timer = setTimeout(finish, gatherMs);
      });
      signal.addEventListener("abort", finish);
    });
  }
}

function payloadBytes(page: EventPage): number {
  return page.events.reduce((sum, { payload }) => sum + payload.length, 0);
}
