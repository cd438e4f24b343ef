/**
 * The overview as server-sent events: first everything, then what has changed, at most
 * once a second. A reader who is slow is sent less often, and is never ahead of what its
 * socket has taken: nothing is queued for it but the frame in hand.
 */
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import type { OverviewSource } from "./overview.ts";

const lookEveryMs = 1000;
const heartbeatMs = 15_000;

/** Resolves when the reader is gone or `stopping` aborts. Never rejects. */
export async function streamOverview(
  source: Pick<OverviewSource, "since">,
  response: ServerResponse,
  stopping: AbortSignal,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const signal = AbortSignal.any([stopping, gone.signal]);
  let change = 0;
  let sentMs = performance.now();
  const send = async (text: string): Promise<void> => {
    sentMs = performance.now();
    if (!response.write(text)) await once(response, "drain", { signal });
  };
  try {
    while (!signal.aborted) {
      const news = await source.since(change);
      if (news !== undefined) {
        change = news.change;
        const { isWhole, overview } = news;
        await send(`event: overview\ndata: ${JSON.stringify({ isWhole, ...overview })}\n\n`);
      } else if (performance.now() - sentMs > heartbeatMs) await send(": still here\n\n");
      await wait(lookEveryMs, undefined, { signal });
    }
  } catch {
    // The reader has gone, the hub stops, or the node cannot be asked: the client asks again, and is told then.
  }
  response.end();
}
