/**
 * Closed by default: what is bound to loopback may speak plain HTTP; what can be
 * reached from elsewhere speaks TLS, and does not start before a token exists.
 */
import { isIP } from "node:net";

/** 127.0.0.0/8, ::1, their mapped forms, and the one name that means them. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^::ffff:/i, "").toLowerCase();
  if (plain === "localhost") return true;
  if (isIP(plain) === 4) return plain.startsWith("127.");
  return plain === "::1" || plain === "0:0:0:0:0:0:0:1";
}
