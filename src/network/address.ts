/** Addresses as people type them: HOST, HOST:PORT, [V6]:PORT, or a bare IPv6 address. */
import { isIP, isIPv6 } from "node:net";
import { ZamError } from "../core/errors/zam-error.ts";

export const portDefault = 7700;

export interface PeerAddress {
  readonly host: string;
  /** 0 to 65,535; 0 picks a free one, and makes sense for listening only. */
  readonly port: number;
}

const hostPattern =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

/** Throws Z409. */
export function parseAddress(text: string): PeerAddress {
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(text);
  if (bracketed !== null) {
    const [, host = "", port] = bracketed;
    if (!isIPv6(host)) throw malformed(text);
    return { host, port: parsePort(text, port) };
  }
  if (isIPv6(text)) return { host: text, port: portDefault };
  const plain = /^([^:]+)(?::(\d{1,5}))?$/.exec(text);
  const [, host = "", port] = plain ?? [];
  const looksNumeric = /^[\d.]+$/.test(host);
  if (!(looksNumeric ? isIP(host) === 4 : hostPattern.test(host))) throw malformed(text);
  return { host, port: parsePort(text, port) };
}

/** `HOST:PORT`, with brackets where the host is IPv6. */
export function formatAddress(address: PeerAddress): string {
  const { host, port } = address;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parsePort(text: string, digits: string | undefined): number {
  const port = digits === undefined ? portDefault : Number(digits);
  if (port > 65_535) throw malformed(text);
  return port;
}

function malformed(text: string): ZamError {
  const host = text.replace(/[^a-z0-9.-]/gi, "").slice(0, 60) || "hub.example";
  return new ZamError("Z409", {
    address: text.slice(0, 100),
    suggestion: `${host}:${portDefault}`,
  });
}
