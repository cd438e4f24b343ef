/**
 * Two ways to hold a connection that the server's own time limits do not know: an answer
 * that is never read, and a body that goes on behind a refusal.
 */
import type { FastifyRequest } from "fastify";
import type { HubApp } from "../hub-context.ts";
import { answerStallMs, refusedBodyMs } from "./limits.ts";

export interface SlowCallerLimits {
  readonly answerStallMs: number;
  readonly refusedBodyMs: number;
}

export function addSlowCallerLimits(
  app: HubApp,
  limits: SlowCallerLimits = { answerStallMs, refusedBodyMs },
): void {
  app.addHook("onSend", async (request, reply, payload) => {
    // Ends by itself with the answer, when the server sets its time limit for the next request.
    reply.raw.setTimeout(limits.answerStallMs, () => {
      const { socket } = request.raw;
      // Nothing waits for the caller: it is the log that is being looked through.
      if (socket.writableLength === 0) socket.setTimeout(limits.answerStallMs);
      else socket.destroy();
    });
    // Closed at once, the connection is reset under a caller that still sends, and it may
    // never see the 413 or 401 that was written.
    if (!request.raw.complete) void reply.removeHeader("connection");
    return payload;
  });
  app.addHook("onResponse", async (request) => dropRest(request, limits.refusedBodyMs));
}

/** What still comes of a body that nobody wants any more is read and dropped, for a moment. */
function dropRest({ raw }: FastifyRequest, limitMs: number): void {
  if (raw.complete) return;
  const { socket } = raw;
  const timer = setTimeout(() => {
    if (!raw.complete) socket.destroy();
  }, limitMs);
  const stop = (): void => clearTimeout(timer);
  raw.once("end", stop);
  socket.once("close", stop);
  raw.resume();
}
