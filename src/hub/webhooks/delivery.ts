/**
 * One try to deliver one event, signed as Standard Webhooks 1.0 has it
 * (github.com/standard-webhooks): `webhook-id`, `webhook-timestamp` (Unix seconds) and
 * `webhook-signature`, which is `v1,` and the base64 of HMAC-SHA256 over
 * `id.timestamp.body`. The id is the same at every try, so a receiver tells repeats by it.
 */
import { createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { request as requestTls } from "node:https";
import { request as requestPlain } from "../http/node-http.ts";

export const secretPrefix = "whsec_";

export interface Delivery {
  readonly url: string;
  readonly secret: string;
  readonly id: string;
  readonly body: string;
  readonly timeoutMs: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

/**
 * "taken": 2xx. "refused": the receiver says that this event is wrong (4xx). "failed": it
 * says that it could not handle it (5xx). "away": no answer, or one that says "later"; then
 * nothing is known about the event.
 */
export interface Answer {
  readonly kind: "taken" | "refused" | "failed" | "away";
  readonly text: string;
  /** What the receiver asked to wait. */
  readonly retryAfterMs: number | undefined;
}

export function signatureOf(delivery: {
  readonly secret: string;
  readonly id: string;
  readonly timestampS: number;
  readonly body: string;
}): string {
  const { secret, id, timestampS, body } = delivery;
  const key = Buffer.from(secret.slice(secretPrefix.length), "base64");
  const digest = createHmac("sha256", key).update(`${id}.${timestampS}.${body}`).digest("base64");
  return `v1,${digest}`;
}

/** Never rejects. */
export function deliver(delivery: Delivery): Promise<Answer> {
  const { url, id, body, timeoutMs, signal } = delivery;
  const timestampS = Math.floor(delivery.nowMs / 1000);
  const send = url.startsWith("https:") ? requestTls : requestPlain;
  return new Promise((resolve) => {
    const away = (cause: unknown): void => {
      const text = cause instanceof Error ? cause.message : String(cause);
      resolve({ kind: "away", text: text || "no connection", retryAfterMs: undefined });
    };
    try {
      const request = send(
        url,
        {
          method: "POST",
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
          headers: {
            "content-type": "application/json; charset=utf-8",
            "content-length": Buffer.byteLength(body),
            "user-agent": "zamsync",
            "webhook-id": id,
            "webhook-timestamp": String(timestampS),
            "webhook-signature": signatureOf({ ...delivery, timestampS }),
          },
        },
        (response) => resolve(readAnswer(response)),
      );
      request.on("error", away);
      // Also without an error: whoever answers that it changes the protocol is hung up on.
      request.on("close", () => away("it closed the connection without an answer"));
      request.end(body);
    } catch (cause) {
      away(cause);
    }
  });
}

/** The status is all that counts; what follows is not read, so that no receiver can make it long. */
function readAnswer(response: IncomingMessage): Answer {
  const { statusCode: status = 0, headers } = response;
  response.on("error", () => undefined);
  // A short answer leaves the connection usable.
  const isShort = Number(headers["content-length"] ?? Number.NaN) <= 4096;
  if (isShort || status === 204) response.resume();
  else response.destroy();
  const afterS = Number(headers["retry-after"] ?? Number.NaN);
  const retryAfterMs = Number.isFinite(afterS) && afterS >= 0 ? afterS * 1000 : undefined;
  return { kind: kindOf(status), text: `HTTP ${status}`, retryAfterMs };
}

function kindOf(status: number): Answer["kind"] {
  if (status >= 200 && status < 300) return "taken";
  if ([408, 425, 429, 502, 503, 504].includes(status)) return "away";
  return status >= 500 ? "failed" : "refused";
}
