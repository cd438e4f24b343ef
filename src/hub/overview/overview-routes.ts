/** The routes behind the dashboard, for programs as well. All are about every clinic unless one is named. */
import type { FastifyRequest } from "fastify";
import { problems } from "../api/schemas.ts";
import type { OpenStreams } from "../stream/open-streams.ts";
import type { HubApp, HubContext } from "../hub-context.ts";
import type { HistoryKeeper } from "../history/history-keeper.ts";
import type { HistoryRange } from "../history/history.ts";
import { principalOf, readableNodes, requireAllNodes } from "../http/access.ts";
import {
  historyQuerySchema,
  historySchema,
  overviewSchema,
  syncsQuerySchema,
  syncsSchema,
} from "./overview-schemas.ts";
import type { OverviewSource } from "./overview.ts";
import { sendOverview } from "./overview-stream.ts";

export interface OverviewParts {
  readonly hub: HubContext;
  readonly keeper: HistoryKeeper;
  readonly source: OverviewSource;
  readonly streams: OpenStreams;
}

interface HistoryQuery {
  readonly range?: HistoryRange;
  readonly node?: string;
}

interface SyncsQuery {
  readonly node?: string;
  readonly limit?: number;
}

const syncsLimitDefault = 100;
const tags = ["Overview"];
const config = { access: "read" } as const;

export function addOverviewRoutes(
  app: HubApp,
  { hub, keeper, source, streams }: OverviewParts,
): void {
  app.get(
    "/v1/overview",
    {
      config,
      schema: {
        summary: "Every clinic, and what needs a person, most pressing first",
        tags,
        response: { 200: overviewSchema, ...problems() },
      },
    },
    async (request) => {
      requireAllNodes(principalOf(request));
      return source.read();
    },
  );
  app.get(
    "/v1/overview/stream",
    {
      config,
      // A HEAD of what never ends would never end.
      exposeHeadRoute: false,
      schema: {
        summary: "The same as server-sent events: everything first, then the clinics that changed",
        description:
          "Events are named `overview`; with `isWhole` false only clinics that changed are in `clinics`. A comment comes every 15 s.",
        tags,
        response: {
          200: {
            description: "Until one side ends it",
            content: { "text/event-stream": { schema: { type: "string" } } },
          },
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      requireAllNodes(principalOf(request));
      sendOverview(source, streams.open(principalOf(request)), reply);
    },
  );
  app.get<{ Querystring: HistoryQuery }>(
    "/v1/history",
    {
      config,
      schema: {
        summary: "What syncs moved over the last 24 hours, or 30 days",
        description:
          "In all, or for one clinic. Kept over restarts; stretches in which nothing moved are left out.",
        tags,
        querystring: historyQuerySchema,
        response: { 200: historySchema, ...problems() },
      },
    },
    async (request) => {
      const { range = "day", node } = request.query;
      requireNode(request, node);
      keeper.refresh();
      const { history } = keeper;
      const series = node === undefined ? history.hub : history.clinics.get(node);
      const widthMs = (series ?? history.hub)[range].widthMs;
      return {
        range,
        widthMs,
        since: new Date(history.sinceMs).toISOString(),
        now: new Date(hub.nowMs()).toISOString(),
        buckets: history.read(range, node, hub.nowMs()),
      };
    },
  );
  app.get<{ Querystring: SyncsQuery }>(
    "/v1/syncs",
    {
      config,
      schema: {
        summary: "The newest syncs, newest first",
        description: "Of the last 2,000 that the hub remembers, over restarts.",
        tags,
        querystring: syncsQuerySchema,
        response: { 200: syncsSchema, ...problems() },
      },
    },
    async (request) => {
      const { node, limit = syncsLimitDefault } = request.query;
      requireNode(request, node);
      const syncs = keeper.history.syncsOf(node, limit);
      return {
        syncs: syncs.map(({ endedMs, ...sync }) => ({
          endedAt: new Date(endedMs).toISOString(),
          ...sync,
        })),
      };
    },
  );
}

/** @throws ZamError Z332 */
function requireNode(request: FastifyRequest, node: string | undefined): void {
  const principal = principalOf(request);
  if (node === undefined) requireAllNodes(principal);
  else readableNodes(principal, node);
}
