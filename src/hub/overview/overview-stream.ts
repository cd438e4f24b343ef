/**
 * The overview as server-sent events: first everything, then what has changed, at most
 * once a second. A reader who is slow is sent less often, and is never ahead of what its
 * socket has taken: nothing is queued for it but the message in hand.
 */
import type { FastifyReply } from "fastify";
import { setTimeout as wait } from "node:timers/promises";
import { ZamError } from "../../core/errors/zam-error.ts";
import { toProblem } from "../http/problem.ts";
import { EventWriter, toMessage } from "../stream/event-writer.ts";
import { heartbeatMs, retryMs } from "../stream/limits.ts";
import type { OpenStream } from "../stream/open-streams.ts";
import type { OverviewSource } from "./overview.ts";

const lookEveryMs = 1000;

/** Takes the answer over from fastify, and returns at once. */
export function sendOverview(
  source: Pick<OverviewSource, "since">,
  stream: OpenStream,
  reply: FastifyReply,
): void {
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    // Proxies that gather answers (nginx) must not.
    "x-accel-buffering": "no",
  });
  const writer = new EventWriter(reply.raw);
  stream.settled = sendAll(source, stream.signal, writer)
    .catch((error: unknown) => {
      // Aborting a wait is how a stream ends; what the node could not answer is told.
      if (error instanceof ZamError) stream.end(error);
      else if (!stream.signal.aborted) throw error;
    })
    .finally(() => {
      const { reason } = stream;
      const data = reason === undefined ? undefined : JSON.stringify(toProblem(reason));
      writer.end(data === undefined ? "" : toMessage({ event: "end", data }));
      stream.close();
    });
}

async function sendAll(
  source: Pick<OverviewSource, "since">,
  signal: AbortSignal,
  writer: EventWriter,
): Promise<void> {
  if (!(await writer.write(`retry: ${retryMs}\n\n`))) return;
  let change = 0;
  for (let sentMs = performance.now(); !signal.aborted; ) {
    const news = await source.since(change);
    const isDue = performance.now() - sentMs > heartbeatMs;
    if (news !== undefined || isDue) {
      const text = news === undefined ? ": heartbeat\n\n" : toMessage(messageOf(news));
      if (!(await writer.write(text))) return;
      change = news?.change ?? change;
      sentMs = performance.now();
    }
    await wait(lookEveryMs, undefined, { signal });
  }
}

function messageOf({
  isWhole,
  overview,
}: {
  readonly isWhole: boolean;
  readonly overview: object;
}): { readonly event: string; readonly data: string } {
  return { event: "overview", data: JSON.stringify({ isWhole, ...overview }) };
}
