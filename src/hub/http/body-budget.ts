/**
 * Bytes of request bodies that are in memory at a time, over all connections. A body is
 * counted before its first byte is read, with what its header announces; one that
 * announces nothing counts as the largest there may be.
 */
import type { FastifyRequest } from "fastify";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { HubApp } from "../hub-context.ts";
import { bodiesBytesMax, bodyBytesMax } from "./limits.ts";

export class BodyBudget {
  private readonly maxBytes: number;
  private usedBytes = 0;

  constructor(maxBytes: number = bodiesBytesMax) {
    this.maxBytes = maxBytes;
  }

  /** Returns how to give it back, once. @throws ZamError Z417 */
  take(sizeBytes: number): () => void {
    if (this.usedBytes > 0 && this.usedBytes + sizeBytes > this.maxBytes)
      throw new ZamError("Z417", { reason: "other large requests are being read", retryAfterS: 1 });
    this.usedBytes += sizeBytes;
    let isTaken = true;
    return () => {
      if (isTaken) this.usedBytes -= sizeBytes;
      isTaken = false;
    };
  }
}

/** Counts the bodies of all routes of an app that read one. */
export function addBodyBudget(app: HubApp): void {
  const budget = new BodyBudget();
  app.addHook("preParsing", async (request, reply, payload) => {
    requirePlainBody(request);
    const sizeBytes = announcedBytes(request);
    if (sizeBytes > 0) reply.raw.once("close", budget.take(sizeBytes));
    return payload;
  });
}

/** A compressed body would be stored as it came, and may hold a thousand times what it announces. */
function requirePlainBody({ headers }: FastifyRequest): void {
  const coding = headers["content-encoding"] ?? headers["transfer-encoding"] ?? "identity";
  if (/^(identity|chunked)$/i.test(coding)) return;
  throw new ZamError("Z421", {
    contentType: `${headers["content-type"] ?? ""} as ${coding}`.trim().slice(0, 80),
    suggestion: "no compression",
  });
}

function announcedBytes(request: FastifyRequest): number {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  const maxBytes = request.routeOptions.bodyLimit ?? bodyBytesMax;
  if (encoding !== undefined) return maxBytes;
  const sizeBytes = Number(length ?? 0);
  // More than that is refused before it is read.
  return Number.isSafeInteger(sizeBytes) ? Math.min(sizeBytes, maxBytes) : maxBytes;
}
