/** What the operating system and OpenSSL say, in plain words and Z codes. */
import { ZamError } from "../core/errors/zam-error.ts";

export type ConnectionPhase = "connecting" | "handshake" | "established";

function socketErrorCode(cause: unknown): string {
  if (typeof cause !== "object" || cause === null) return "";
  if (cause instanceof AggregateError) return socketErrorCode(cause.errors[0]);
  return "code" in cause && typeof cause.code === "string" ? cause.code : "";
}

export function toNetworkError(
  cause: unknown,
  input: { readonly phase: ConnectionPhase; readonly address: string; readonly host?: string },
): ZamError {
  if (cause instanceof ZamError) return cause;
  const { phase, address } = input;
  const code = socketErrorCode(cause);
  if (code === "ECONNREFUSED") return new ZamError("Z402", { address }, cause);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN" || code.startsWith("EAI_")) {
    const reason = code === "EAI_AGAIN" ? "no answer from a name server" : "there is no such name";
    return new ZamError("Z403", { host: input.host ?? address, reason }, cause);
  }
  if (isRefusal(code)) return new ZamError("Z320", { address }, cause);
  if (code.startsWith("ERR_SSL") || code === "EPROTO") {
    const reason = sslReason(code, cause);
    return phase === "established"
      ? new ZamError("Z407", { address, reason }, cause)
      : new ZamError("Z406", { address, reason }, cause);
  }
  const reason = plainReasons[code] ?? describe(cause);
  if (phase === "connecting") return new ZamError("Z401", { address, reason }, cause);
  return new ZamError("Z407", { address, reason }, cause);
}

export function toListenError(cause: unknown, address: string): ZamError {
  const reason = listenReasons[socketErrorCode(cause)] ?? describe(cause);
  return new ZamError("Z410", { address, reason }, cause);
}

/** Alerts with which a TLS server says that it does not want this certificate (RFC 8446, 6.2). */
function isRefusal(code: string): boolean {
  return /^ERR_SSL_(TLSV1|TLSV13|SSLV3)_ALERT_(UNKNOWN_CA|CERTIFICATE_REQUIRED|CERTIFICATE_UNKNOWN|BAD_CERTIFICATE|ACCESS_DENIED|CERTIFICATE_REVOKED|CERTIFICATE_EXPIRED)$/.test(
    code,
  );
}

function sslReason(code: string, cause: unknown): string {
  const known = sslReasons[code];
  if (known !== undefined) return known;
  const words = code
    .replace(/^ERR_SSL_/, "")
    .toLowerCase()
    .replaceAll("_", " ");
  return words === "" || words === "eproto" ? describe(cause) : words;
}

const sslReasons: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "it does not speak TLS",
  ERR_SSL_RECORD_LAYER_FAILURE: "it does not speak TLS",
  ERR_SSL_HTTP_REQUEST: "it speaks HTTP without TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "it does not speak TLS 1.3",
  ERR_SSL_NO_SUITABLE_KEY_SHARE: "no common key exchange",
  ERR_SSL_NO_SUITABLE_GROUPS: "no common key exchange",
  ERR_SSL_NO_SHARED_CIPHER: "no common cipher",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "it showed no certificate",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "it does not speak TLS 1.3",
  ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC: "data was changed on the way",
  ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC: "data was changed on the way",
};

const plainReasons: Readonly<Record<string, string>> = {
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to that host",
  ENETUNREACH: "no network",
  EHOSTDOWN: "the host is down",
  ENETDOWN: "the network is down",
  EADDRNOTAVAIL: "no network address to connect from",
  EACCES: "a firewall on this machine forbids it",
  EPERM: "a firewall on this machine forbids it",
  ECONNRESET: "the other side reset it",
  EPIPE: "the other side closed it",
  ECONNABORTED: "it was aborted",
  ABORT_ERR: "it was called off",
};

const listenReasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EACCES: "no permission for that port",
  EADDRNOTAVAIL: "this machine does not have that address",
  ENOTFOUND: "the name cannot be resolved",
};

function describe(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split("\n")[0]?.slice(0, 200) ?? "";
}
