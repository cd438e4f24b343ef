/**
 * Who may use a route. Every route says so in `config.access`; one that does not is a
 * defect that stops the hub from starting. The hook runs before a body is read.
 */
import type { FastifyRequest } from "fastify";
import { assert, ZamError } from "../../core/errors/zam-error.ts";
import type { TokenRow, TokenScope } from "../../engine/index.ts";
import type { HubApp, HubContext } from "../hub-context.ts";
import type { Throttle } from "./throttle.ts";

/** "public": health, static pages, the description of the API; nothing of the data. "token": any valid one. */
export type Access = "public" | "token" | TokenScope;

declare module "fastify" {
  interface FastifyContextConfig {
    access?: Access;
  }
  interface FastifyRequest {
    /** Of the token that was accepted; null on public routes. */
    principal: TokenRow | null;
  }
}

/** Where a browser keeps the token: it cannot add a header to an event stream or a page. */
export const tokenCookie = "zamsync-token";

export function addAccess(
  app: HubApp,
  hub: Pick<HubContext, "tokens" | "nowMs">,
  throttle: Throttle,
): void {
  app.decorateRequest("principal", null);
  app.addHook("onRoute", (route) => {
    assert(route.config?.access !== undefined, `route ${route.url} does not say who may use it`);
  });
  app.addHook("onRequest", async (request) => {
    if (request.is404) return;
    const { access } = request.routeOptions.config;
    if (access === "public" || access === undefined) return;
    request.principal = authenticate(request, hub, throttle);
    if (access !== "token") requireScope(request.principal, access);
  });
}

/** @throws ZamError Z329, Z330, Z333, Z416, Z417 */
export function authenticate(
  request: FastifyRequest,
  hub: Pick<HubContext, "tokens" | "nowMs">,
  throttle: Throttle,
): TokenRow {
  const token = presentedToken(request);
  if (token === undefined) throw new ZamError("Z329");
  const verdict = hub.tokens.judge(token, hub.nowMs());
  if (verdict.kind === "accepted") return verdict.row;
  if (verdict.isGuess) throttle.failed(request.ip);
  throw verdict.error;
}

function presentedToken(request: FastifyRequest): string | undefined {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) {
    const found = /^bearer +(\S{1,200}) *$/i.exec(authorization)?.[1];
    if (found === undefined) throw new ZamError("Z330", { reason: "it is no Bearer token" });
    return found;
  }
  const token = cookieValue(cookie ?? "", tokenCookie);
  // A browser sends cookies by itself. That the request is a page's of ours, its Origin proves.
  const isSafe = request.method === "GET" || request.method === "HEAD";
  if (token !== undefined && !isSafe && request.headers.origin === undefined)
    throw new ZamError("Z416", { origin: "unknown" });
  return token;
}

export function cookieValue(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** @throws ZamError Z331 */
export function requireScope(principal: TokenRow, scope: TokenScope): void {
  const { scopes } = principal;
  if (!scopes.includes(scope) && !scopes.includes("admin")) throw new ZamError("Z331", { scope });
}

/** The token of a request on a route that is not public. */
export function principalOf(request: FastifyRequest): TokenRow {
  const { principal } = request;
  assert(principal !== null, "a public route asks for the caller's token");
  return principal;
}

/**
 * The nodes that a read is restricted to: what was asked for, within what the token is
 * limited to. Undefined: all. @throws ZamError Z332 for a node outside its limits
 */
export function readableNodes(
  principal: TokenRow,
  asked: string | undefined,
): readonly string[] | undefined {
  const { nodes } = principal;
  if (asked === undefined) return nodes.length === 0 ? undefined : nodes;
  if (nodes.length > 0 && !nodes.includes(asked)) throw forbidden(nodes);
  return [asked];
}

/** For answers that are about all nodes at once. @throws ZamError Z332 */
export function requireAllNodes(principal: TokenRow): void {
  if (principal.nodes.length > 0) throw forbidden(principal.nodes);
}

export function forbidden(nodes: readonly string[]): ZamError {
  return new ZamError("Z332", { nodes: nodes.join(", ").slice(0, 200) });
}
