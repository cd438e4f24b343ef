/**
 * The hub's services beside the sync port. Loaded only when `serve` is asked for one of
 * them: fastify costs a clinic's command nothing.
 */
import { ZamError } from "../core/errors/zam-error.ts";
import {
  type HubNode,
  openTokenBook,
  parseAddress,
  readOrCreateHttpsCredentials,
  type ServedSession,
} from "../engine/index.ts";
import { createApi } from "./api/api.ts";
import { Feed } from "./feed.ts";
import type { CreateHubPart, HubContext, HubPart, ListenerName } from "./hub-context.ts";
import { isLoopback } from "./http/bind-policy.ts";
import { createHealth } from "./http/health.ts";
import { certificateNames, ownNames } from "./http/host-check.ts";
import { createMonitor } from "./monitor.ts";
import { createStream } from "./stream/stream.ts";
import { type HttpServer, startHttpServer } from "./http/http-server.ts";
import { createWebhooks } from "./webhooks/webhook-routes.ts";

export interface StartHubInput {
  readonly node: HubNode;
  /** HOST:PORT; undefined: no such listener. */
  readonly http?: string | undefined;
  /** HOST:PORT of the metrics; undefined: no such listener. */
  readonly metrics?: string | undefined;
  /** Silence of a clinic that is longer counts as quiet, ms. Default: a day. */
  readonly quietAfterMs?: number | undefined;
  /** Names besides the machine's own that the hub is called by. */
  readonly httpNames?: readonly string[] | undefined;
  readonly onReport: (error: ZamError, source: string) => void;
}

export interface RunningHub {
  /** For the line that says where it listens; undefined where it was not asked for. */
  readonly http: Pick<HttpServer, "address" | "url"> | undefined;
  readonly metrics: Pick<HttpServer, "address" | "url"> | undefined;
  /** Tells the parts of a session that ended. */
  session(session: ServedSession): void;
  report(error: ZamError, peer: string): void;
  /** Ends streams and requests, then stops. The node stays open. */
  close(): Promise<void>;
}

const quietAfterMsDefault = 86_400_000;

/** Every part of the hub. A new one is added here, in a folder of its own. */
const creators: readonly CreateHubPart[] = [
  createHealth,
  createApi,
  createStream,
  createWebhooks,
  createMonitor,
];

/** Rejects with Z335, Z410, Z3xx; then nothing listens. */
export async function startHub(input: StartHubInput): Promise<RunningHub> {
  const { node } = input;
  const sessions = new Feed<[ServedSession]>();
  const reports = new Feed<[ZamError, string]>();
  const stopping = new AbortController();
  const hub: HubContext = {
    node,
    tokens: openTokenBook({
      dataDir: node.dataDir,
      onProblem: (error) => input.onReport(error, ""),
    }),
    nowMs: Date.now,
    onSession: (listener) => sessions.listen(listener),
    onReport: (listener) => reports.listen(listener),
    report: (error, source) => input.onReport(error, source),
    quietAfterMs: input.quietAfterMs ?? quietAfterMsDefault,
    stopping: stopping.signal,
  };
  const parts: HubPart[] = [];
  const servers: HttpServer[] = [];
  let closing: Promise<void> | undefined;
  const closeOnce = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(servers.map((server) => server.close()));
    for (const part of parts) await part.close?.();
  };
  const close = (): Promise<void> => {
    closing ??= closeOnce();
    return closing;
  };
  try {
    for (const create of creators) parts.push(await create(hub));
    const listen = async (name: ListenerName, bind: string): Promise<HttpServer> => {
      const server = await startListener(hub, { name, bind, parts, input });
      servers.push(server);
      return server;
    };
    const http = input.http === undefined ? undefined : await listen("http", input.http);
    const metrics =
      input.metrics === undefined ? undefined : await listen("metrics", input.metrics);
    return {
      http,
      metrics,
      session: (session) => sessions.tell(session),
      report: (error, peer) => reports.tell(error, peer),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startListener(
  hub: HubContext,
  listener: {
    readonly name: ListenerName;
    readonly bind: string;
    readonly parts: readonly HubPart[];
    readonly input: StartHubInput;
  },
): Promise<HttpServer> {
  const { name, bind, parts, input } = listener;
  const { host, port } = parseAddress(bind);
  const isOpen = !isLoopback(host);
  if (isOpen && !hub.tokens.hasValid(hub.nowMs())) throw new ZamError("Z335", { address: bind });
  const own = ownNames(input.httpNames ?? []);
  const { dataDir } = hub.node;
  const names = certificateNames(own);
  const tls = isOpen
    ? await readOrCreateHttpsCredentials({ dataDir, names, nowMs: hub.nowMs() })
    : undefined;
  return startHttpServer(hub, { name, host, port, own, tls, parts });
}
