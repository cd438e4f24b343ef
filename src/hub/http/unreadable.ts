/** What came was no HTTP request, or did not end in time: an answer before any route, then the end. */
import type { Socket } from "node:net";
import { ZamError } from "../../core/errors/zam-error.ts";
import { headerBytesMax, requestTimeoutMs } from "./limits.ts";
import { STATUS_CODES } from "./node-http.ts";
import { problemMediaType, toProblem } from "./problem.ts";

export function answerUnreadable(cause: Error & { readonly code?: string }, socket: Socket): void {
  if (cause.code === "ECONNRESET" || socket.destroyed) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status: found, ...rest } = toProblem(toUnreadable(cause.code));
  const status = cause.code === "HPE_HEADER_OVERFLOW" ? 431 : found;
  const body = JSON.stringify({ ...rest, status });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nContent-Type: ${problemMediaType}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function toUnreadable(code: string | undefined): ZamError {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return new ZamError("Z419", { maxBytes: headerBytesMax });
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return new ZamError("Z422", { timeoutMs: requestTimeoutMs });
    default:
      return new ZamError("Z418", { problem: "it is no HTTP/1.1 request" });
  }
}
