/**
 * Problem details (RFC 9457) for every failure, with our Z codes: one function turns
 * whatever was thrown into what the caller is told.
 */
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { catalogue } from "../../core/errors/catalogue.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import { bodyBytesMax, requestTimeoutMs } from "./limits.ts";

export const problemMediaType = "application/problem+json";

/** `type` names the code, so that `title` need not be parsed; members beyond RFC 9457 are ours. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly hint: string;
  /** Whether the same request may succeed later with nothing changed by a person. */
  readonly retryable: boolean;
  /** Of a push of many: how many of them are durable. */
  readonly durable?: number;
}

export function toProblem(error: ZamError): Problem {
  const { name, http } = catalogue[error.code];
  const { durable } = error.context;
  return {
    type: `urn:zamsync:error:${error.code}`,
    title: name,
    status: http,
    detail: error.message,
    code: error.code,
    hint: error.hint,
    retryable: error.isRetryable,
    ...(typeof durable === "number" ? { durable } : {}),
  };
}

export const problemSchema = {
  $id: "Problem",
  type: "object",
  description: "Problem details (RFC 9457). docs/errors.md lists the codes.",
  required: ["type", "title", "status", "detail", "code", "hint", "retryable"],
  properties: {
    type: { type: "string", description: "urn:zamsync:error:CODE" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string" },
    code: { type: "string", pattern: "^Z[1-6][0-9]{2}$" },
    hint: { type: "string", description: "what to do next" },
    retryable: { type: "boolean" },
    durable: { type: "integer", description: "of a push of many: how many are durable" },
  },
} as const;

export function sendProblem(reply: FastifyReply, error: ZamError): FastifyReply {
  const problem = toProblem(error);
  const { retryAfterS } = error.context;
  if (typeof retryAfterS === "number") void reply.header("retry-after", String(retryAfterS));
  if (problem.status === 401) void reply.header("www-authenticate", 'Bearer realm="zamsync"');
  return reply
    .code(problem.status)
    .type(`${problemMediaType}; charset=utf-8`)
    .serializer(JSON.stringify)
    .send(problem);
}

/** What fastify, its parsers and its validator throw, as one of ours. */
export function toZamError(error: unknown, request: FastifyRequest): ZamError {
  if (error instanceof ZamError) return error;
  const known = error as Partial<FastifyError>;
  if (known.validation !== undefined)
    return new ZamError("Z418", { problem: problemText(known.message) });
  switch (known.code) {
    case "FST_ERR_CTP_BODY_TOO_LARGE":
      return new ZamError("Z419", { maxBytes: request.routeOptions.bodyLimit ?? bodyBytesMax });
    case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
      return new ZamError("Z421", {
        contentType: (request.headers["content-type"] ?? "").slice(0, 80),
        suggestion: "application/json",
      });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new ZamError("Z422", { timeoutMs: requestTimeoutMs });
  }
  const status = known.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return new ZamError("Z418", { problem: problemText(known.message) }, error);
  const problem = error instanceof Error ? error.message : String(error);
  return new ZamError("Z199", { problem }, error);
}

/** Texts of parsers and validators quote what was sent: one line of it is enough. */
function problemText(message: string | undefined): string {
  const text = (message ?? "").replace(/\p{Cc}+/gu, " ").slice(0, 200);
  return text === "" ? "it is malformed" : text;
}
