/**
 * The live stream as an endless iteration. A broken connection is made again from the
 * last event that was handed out: every event comes once and in order, as long as the
 * iteration lives. Keep an event's `cursor` to go on in another process.
 */
import { HubError, networkError, type Problem } from "./error.ts";
import { backoffMs, type HubHttp, pause, queryText } from "./http.ts";
import { type Message, MessageParser } from "./message-parser.ts";
import type { EventFilter, HubEvent } from "./types.ts";

export interface FollowQuery extends EventFilter {
  /** Events after this cursor; "now": only what comes from now on; absent: from the beginning. */
  readonly since?: string | undefined;
  /** Ends the iteration. */
  readonly signal?: AbortSignal | undefined;
  /** Everything that was there has been handed out; called again after each reconnection. */
  readonly onLive?: (cursor: string) => void;
  /** The connection broke; it is tried again after `retryInMs`. */
  readonly onDisconnect?: (error: HubError, retryInMs: number) => void;
}

/** The hub sends a heartbeat every 15 s: three that did not come are a dead connection. */
const silenceMaxMs = 50_000;

/** Throws a HubError for what will not pass by itself: a revoked token, a cursor of another hub. */
export async function* follow(http: HubHttp, query: FollowQuery): AsyncGenerator<HubEvent> {
  const { signal } = query;
  let { since } = query;
  for (let tries = 0; !isAborted(signal); ) {
    const connection = new AbortController();
    const stop = (): void => connection.abort(signal?.reason);
    signal?.addEventListener("abort", stop);
    try {
      for await (const message of messages(http, { ...query, since }, connection)) {
        tries = 0;
        if (message.event === "end")
          throw new HubError(JSON.parse(message.data ?? "{}") as Problem);
        // Only now: what was not handed out has to come again.
        since = message.id ?? since;
        if (message.event === "live") query.onLive?.(since ?? "");
        else if (message.event === "message" && message.data !== undefined)
          yield JSON.parse(message.data) as HubEvent;
      }
      throw networkError(new Error("the stream ended"));
    } catch (error) {
      if (isAborted(signal)) return;
      if (!(error instanceof HubError) || !error.isRetryable) throw error;
      const retryInMs = error.retryAfterMs ?? backoffMs(tries++);
      query.onDisconnect?.(error, retryInMs);
      if (!(await paused(retryInMs, signal))) return;
    } finally {
      signal?.removeEventListener("abort", stop);
      connection.abort();
    }
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** False when the signal came first. */
async function paused(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await pause(ms, signal);
    return true;
  } catch {
    return false;
  }
}

async function* messages(
  http: HubHttp,
  query: FollowQuery,
  connection: AbortController,
): AsyncGenerator<Message> {
  const { since, node, type, from, until } = query;
  const isCursor = since !== undefined && since !== "now";
  const response = await http.fetch(
    `/v1/stream${queryText({ since: isCursor ? undefined : since, node, type, from, until })}`,
    {
      headers: { accept: "text/event-stream", ...(isCursor ? { "last-event-id": since } : {}) },
      signal: connection.signal,
      cache: "no-store",
    },
  );
  const reader = response.body?.getReader();
  if (reader === undefined) throw networkError(new Error("the answer has no body"));
  const decoder = new TextDecoder();
  const parser = new MessageParser();
  for (;;) {
    const timer = setTimeout(() => connection.abort(), silenceMaxMs);
    let chunk: Awaited<ReturnType<typeof reader.read>>;
    try {
      chunk = await reader.read();
    } catch (cause) {
      throw networkError(cause);
    } finally {
      clearTimeout(timer);
    }
    if (chunk.done) return;
    yield* parser.take(decoder.decode(chunk.value, { stream: true }));
  }
}
