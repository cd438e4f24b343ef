/**
 * A listener of the hub: fastify over plain HTTP on loopback, or over TLS with the
 * hub's certificate. What every route gets from here: limits, Host and Origin checks,
 * access, problem details, and an end when the hub stops.
 */
import type { RequestListener, Server, ServerOptions } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { fastify } from "fastify";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { HttpsCredentials } from "../../engine/index.ts";
import type { HubApp, HubContext, HubPart, ListenerName } from "../hub-context.ts";
import { addAccess } from "./access.ts";
import { isLoopback } from "./bind-policy.ts";
import { addBodyBudget } from "./body-budget.ts";
import { ConnectionCount } from "./connection-count.ts";
import { authorityOf, isOwnHost, isOwnOrigin, type OwnNames } from "./host-check.ts";
import {
  bodyBytesMax,
  connectionsCheckMs,
  connectionsMax,
  headerBytesMax,
  headersTimeoutMs,
  keepAliveTimeoutMs,
  requestTimeoutMs,
  stopGraceMs,
} from "./limits.ts";
import { createServer } from "./node-http.ts";
import { addOpenApi } from "./openapi.ts";
import { problemSchema, sendProblem, toZamError } from "./problem.ts";
import { answerUnreadable } from "./unreadable.ts";
import { addSlowCallerLimits } from "./slow-callers.ts";
import { Throttle } from "./throttle.ts";
import { addValidation } from "./validation.ts";

export interface HttpServerInput {
  readonly name: ListenerName;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly own: OwnNames;
  /** Undefined: plain HTTP, which only loopback may have. */
  readonly tls: HttpsCredentials | undefined;
  readonly parts: readonly HubPart[];
}

export interface HttpServer {
  /** "127.0.0.1:8080" */
  readonly address: string;
  /** "http://127.0.0.1:8080" */
  readonly url: string;
  /** The app, for tests that need no port. */
  readonly app: HubApp;
  /** Stops listening; answers in hand have a moment to leave. */
  close(): Promise<void>;
}

/** Rejects with Z410, Z335. */
export async function startHttpServer(
  hub: HubContext,
  input: HttpServerInput,
): Promise<HttpServer> {
  const { host, port, tls } = input;
  const address = host.includes(":") ? `[${host}]` : host;
  if (tls === undefined && !isLoopback(host))
    throw new ZamError("Z335", { address: `${address}:${port}` });
  const app = await createHttpApp(hub, input);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    await app.close();
    if (cause instanceof ZamError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ZamError("Z410", { address: `${address}:${port}`, reason }, cause);
  }
  const bound = app.server.address() as AddressInfo;
  return {
    address: `${address}:${bound.port}`,
    url: `${tls === undefined ? "http" : "https"}://${address}:${bound.port}`,
    app,
    close: () => closeApp(app),
  };
}

/** The app with all its routes, not listening. */
export async function createHttpApp(
  hub: HubContext,
  input: Pick<HttpServerInput, "name" | "own" | "tls" | "parts">,
): Promise<HubApp> {
  const throttle = new Throttle();
  const app: HubApp = fastify({
    serverFactory: (handler) => createNodeServer(handler, input.tls),
    bodyLimit: bodyBytesMax,
    // Of our own: see `createNodeServer`.
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    routerOptions: { ignoreTrailingSlash: false, maxParamLength: 200 },
    clientErrorHandler: answerUnreadable,
    frameworkErrors: (error, request, reply) => {
      void sendProblem(reply, toZamError(error, request));
    },
  });
  addValidation(app);
  app.addSchema(problemSchema);
  app.setErrorHandler((error, request, reply) => {
    const known = toZamError(error, request);
    if (known.code === "Z199") hub.report(known, "");
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler((request) => {
    const path = request.url.split("?")[0] ?? "";
    throw new ZamError("Z420", { method: request.method, path: path.slice(0, 200) });
  });
  addSlowCallerLimits(app);
  addGuards(app, input.own, input.tls !== undefined);
  app.addHook("onRequest", async (request) => throttle.requireRoom(request.ip));
  addAccess(app, hub, throttle);
  addBodyBudget(app);
  if (input.name === "http") addOpenApi(app);
  for (const part of input.parts)
    if (part.listeners.includes(input.name)) {
      // In a scope of its own: a part's hooks and parsers are no other part's business.
      await app.register(async (scope) => part.register?.(scope, input.name));
    }
  await app.ready();
  return app;
}

function createNodeServer(handler: RequestListener, tls: HttpsCredentials | undefined): Server {
  const options: ServerOptions = {
    maxHeaderSize: headerBytesMax,
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionsCheckingInterval: connectionsCheckMs,
    noDelay: true,
    // Refused by `authorityOf`, with a problem that says so.
    requireHostHeader: false,
  };
  if (tls === undefined) return limited(createServer(options, handler));
  const server = createTlsServer(
    {
      ...options,
      key: tls.keyPem,
      cert: tls.certificatePem,
      minVersion: "TLSv1.2",
      handshakeTimeout: headersTimeoutMs,
      // curl --http1.0 names the latter, and is cut off by OpenSSL if nobody speaks it.
      ALPNProtocols: ["http/1.1", "http/1.0"],
    },
    handler,
  );
  // fastify's types know the plain server; what differs is how its sockets are made.
  return limited(server as unknown as Server);
}

function limited(server: Server): Server {
  server.maxConnections = connectionsMax;
  const count = new ConnectionCount();
  server.on("connection", (socket: Socket) => count.admit(socket));
  return server;
}

function addGuards(app: HubApp, own: OwnNames, isTls: boolean): void {
  app.addHook("onRequest", async (request, reply) => {
    const { origin } = request.headers;
    void reply.headers({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
      "cache-control": "no-store",
    });
    const host = authorityOf(request.raw);
    // No browser asks so: it is how load balancers ask for health.
    const isPublic = request.routeOptions.config.access === "public";
    if (host === undefined && origin === undefined && isPublic) return;
    if (host === undefined) throw new ZamError("Z418", { problem: "it names no Host" });
    if (!isOwnHost(host, own)) throw new ZamError("Z415", { host: printable(host) });
    if (origin !== undefined && !isOwnOrigin(origin, { authority: host, isTls }))
      throw new ZamError("Z416", { origin: printable(origin) });
  });
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e]/g, "?").slice(0, 100);
}

/** Long answers have been told by `HubContext.stopping`; whoever does not read is cut. */
async function closeApp(app: HubApp): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), stopGraceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(timer);
  }
}
