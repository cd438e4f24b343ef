/**
 * Against DNS rebinding: a page of an attacker's, whose name was made to point at the
 * hub, sends that name as Host. An address cannot be rebound, so addresses are always
 * good; of names only those that the hub knows as its own.
 *
 * Against pages of other sites: a browser names the page's site as Origin, and only
 * the hub's own pages may use it.
 */
import type { IncomingMessage } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { isIP } from "node:net";
import { ZamError } from "../../core/errors/zam-error.ts";

export interface OwnNames {
  /** Lower case, without port. */
  readonly names: ReadonlySet<string>;
}

/** `extra` are the names of `--http-name`. */
export function ownNames(extra: readonly string[]): OwnNames {
  const host = hostname().toLowerCase();
  const short = host.split(".")[0] ?? host;
  const names = ["localhost", host, short, `${short}.local`, ...extra];
  return { names: new Set(names.map((name) => name.toLowerCase())) };
}

/** Everything that the hub's certificate must be good for: its names, and its addresses as of now. */
export function certificateNames(own: OwnNames): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  // Link-local addresses come with a zone, which no certificate can name.
  const usable = addresses.map(({ address }) => address).filter((it) => !/^fe80:/i.test(it));
  return [...new Set([...own.names, "127.0.0.1", "::1", ...usable])].filter((it) => it !== "");
}

/**
 * The host that a request is for (RFC 9112, 3.2): that of an absolute target before the Host
 * header, of which there is one. Undefined: HTTP/1.0 names none.
 *
 * @throws ZamError Z418 for several, and for none in HTTP/1.1
 */
export function authorityOf(
  request: Pick<IncomingMessage, "url" | "httpVersionMinor" | "headersDistinct">,
): string | undefined {
  const hosts = request.headersDistinct.host ?? [];
  if (hosts.length > 1) throw new ZamError("Z418", { problem: "it has more than one Host" });
  const absolute = /^https?:\/\/([^/?#]*)/i.exec(request.url ?? "")?.[1];
  const authority = absolute ?? hosts[0] ?? "";
  if (authority !== "") return authority;
  if (request.httpVersionMinor > 0) throw new ZamError("Z418", { problem: "it names no Host" });
  return undefined;
}

/** The value of a Host header, or what follows `//` in an Origin; undefined when it is neither. */
export function hostOf(authority: string): string | undefined {
  const found = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::\d{1,5})?$/i.exec(authority);
  return found?.[1]?.toLowerCase().replace(/^\[|\]$|\.$/g, "");
}

export function isOwnHost(authority: string | undefined, own: OwnNames): boolean {
  const host = authority === undefined ? undefined : hostOf(authority);
  return host !== undefined && (isIP(host) !== 0 || own.names.has(host));
}

/**
 * An Origin is good when it is the very host, port and scheme that the request was
 * sent to. `null` (a sandboxed page, a file) is no site of ours.
 */
export function isOwnOrigin(
  origin: string,
  target: { readonly authority: string; readonly isTls: boolean },
): boolean {
  const scheme = target.isTls ? "https" : "http";
  return origin.toLowerCase() === `${scheme}://${target.authority.toLowerCase()}`;
}
