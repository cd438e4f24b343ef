/**
 * Events from a cursor on, for as long as the reader wants: what is there, then what
 * comes. The reader takes a page when it is ready for one, so it sets the pace and
 * nothing queues for it.
 */
import type { EventName, HubNode, PageQuery } from "../../engine/index.ts";
import { type HeldEvent, type HeldPage, HeldReads } from "./held-reads.ts";
import { gatherMs, pageBytesMax, pageEventsMax } from "./limits.ts";

export type TailQuery = Omit<PageQuery, "after" | "limit" | "bytesMax" | "beforeLarge">;
/** One for all readers of a hub: large events are in memory a few at a time. */
export class Tail {
  private readonly node: HubNode;
  private readonly reads: HeldReads;

  constructor(node: HubNode) {
    this.node = node;
    this.reads = new HeldReads(node);
  }

  /** The next page; empty when nothing more is here. Rejects with Z605, Z615, Z621. */
  async page(after: string | undefined, query: TailQuery): Promise<HeldPage> {
    return this.reads.page({ ...query, after, limit: pageEventsMax, bytesMax: pageBytesMax });
  }

  /** One event by its name. */
  event(name: EventName): Promise<HeldEvent> {
    return this.reads.event(name);
  }

  /** Resolves when something became durable since `seen`, at the latest after `timeoutMs`, or at the signal. */
  async news(
    seen: string,
    wait: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<void> {
    const { timeoutMs, signal } = wait;
    if (signal.aborted || this.node.hasNews(seen)) return;
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
