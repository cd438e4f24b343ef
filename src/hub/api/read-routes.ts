/** `GET /v1/events` and one event. What is shown is durable; a read costs the range that it shows. */
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { EventPage, PageQuery } from "../../engine/index.ts";
import type { HubApp, HubContext } from "../hub-context.ts";
import { type Held, HeldReads } from "../stream/held-reads.ts";
import type { OpenStream, OpenStreams } from "../stream/open-streams.ts";
import { principalOf, readableNodes } from "../http/access.ts";
import { eventSchema, eventToJson } from "./event-json.ts";
import { parts, problems } from "./schemas.ts";

/** Events of a JSON answer when no limit is asked for. */
const limitDefault = 1000;
const limitMax = 10_000;
/** Payload bytes of a page: what one reader costs in memory, and a single larger event. */
export const pageBytesMax = 1024 * 1024;

export interface EventFilter {
  readonly node?: string;
  readonly type?: number;
  readonly from?: string;
  readonly until?: string;
}

interface EventsQuery extends EventFilter {
  readonly since?: string;
  readonly limit?: number;
}

export const filterProperties = {
  node: { ...parts.node, description: "only events that this node wrote" },
  type: { ...parts.type, description: "only events of this type" },
  from: parts.from,
  until: parts.until,
} as const;

/** @throws ZamError Z332 */
export function toPageQuery(
  filter: EventFilter,
  request: FastifyRequest,
): Omit<PageQuery, "after" | "limit"> {
  const { node, type, from, until } = filter;
  return {
    nodes: readableNodes(principalOf(request), node),
    type,
    fromMs: from === undefined ? undefined : Date.parse(from),
    toMs: until === undefined ? undefined : Date.parse(until),
    bytesMax: pageBytesMax,
  };
}

export function addReadRoutes(app: HubApp, hub: HubContext, downloads: OpenStreams): void {
  app.addSchema(eventSchema);
  // Above what a page of small events comes to.
  const reads = new HeldReads(hub.node, 2 * pageBytesMax);
  app.get<{ readonly Querystring: EventsQuery }>(
    "/v1/events",
    {
      config: { access: "read" },
      schema: {
        summary: "List events in the order of arrival",
        description:
          "An answer may hold fewer events than the limit, or none, before the end is reached: go on with its `cursor` " +
          "until `isEnd`. With `Accept: application/x-ndjson` the events come one a line, without a limit unless one is " +
          "asked for, and the connection is cut in the middle when it fails, or its token is revoked.",
        tags: ["Events"],
        querystring: {
          type: "object",
          additionalProperties: false,
          properties: {
            since: parts.cursor,
            ...filterProperties,
            limit: { type: "integer", minimum: 1, maximum: limitMax },
          },
        },
        response: {
          200: {
            description: "Events, oldest arrival first",
            content: {
              "application/json": { schema: pageSchema },
              "application/x-ndjson": { schema: { $ref: "Event#" } },
            },
          },
          ...problems(410),
        },
      },
    },
    async (request, reply) => {
      const { since: after, limit } = request.query;
      const query = { after, ...toPageQuery(request.query, request) };
      if (wantsLines(request)) {
        // A cursor that is refused is so while a status can still say it.
        await hub.node.page({ ...query, limit: 1, bytesMax: 1 });
        const stream = downloads.open(principalOf(request));
        return sendLines(reads, { query: { ...query, limit }, stream, reply });
      }
      const page = await reads.page({ ...query, limit: limit ?? limitDefault });
      releaseAfter(reply, page);
      return reply
        .type("application/json; charset=utf-8")
        .serializer(String)
        .send(pageToJson(page));
    },
  );
  app.get<{
    readonly Params: { readonly node: string; readonly epoch: string; readonly seq: number };
    readonly Querystring: { readonly lane?: string };
  }>(
    "/v1/events/:node/:epoch/:seq",
    {
      config: { access: "read" },
      schema: {
        summary: "One event",
        tags: ["Events"],
        params: {
          type: "object",
          required: ["node", "epoch", "seq"],
          properties: { node: parts.node, epoch: parts.epoch, seq: parts.seq },
        },
        querystring: {
          type: "object",
          additionalProperties: false,
          properties: { lane: parts.lane },
        },
        response: { 200: { description: "The event", $ref: "Event#" }, ...problems(404) },
      },
    },
    async (request, reply) => {
      const { node, epoch, seq } = request.params;
      const { lane = "" } = request.query;
      readableNodes(principalOf(request), node);
      const held = await reads.event({ node, epoch, lane, seq });
      releaseAfter(reply, held);
      const { event } = held;
      if (event === undefined) throw new ZamError("Z610", { node, epoch, seq });
      return reply
        .type("application/json; charset=utf-8")
        .serializer(String)
        .send(eventToJson(event));
    },
  );
}

/** Until the answer is with the reader, or the reader is gone. */
function releaseAfter(reply: FastifyReply, held: Held): void {
  if (reply.raw.destroyed) held.release();
  else reply.raw.once("close", held.release);
}

function wantsLines(request: FastifyRequest): boolean {
  return /\bapplication\/(x-)?ndjson\b/i.test(request.headers.accept ?? "");
}

function pageToJson({ events, cursor, isEnd }: EventPage): string {
  const list = events.map(eventToJson).join(",");
  return `{"events":[${list}],"cursor":${JSON.stringify(cursor)},"isEnd":${isEnd}}`;
}

type LinesQuery = Omit<PageQuery, "limit"> & { readonly limit: number | undefined };

/**
 * A page at a time, as fast as the reader takes it. One that was cut, by the hub's end or by
 * that of its token, must not look complete: its connection is destroyed.
 */
function sendLines(
  reads: HeldReads,
  download: {
    readonly query: LinesQuery;
    readonly stream: OpenStream;
    readonly reply: FastifyReply;
  },
): FastifyReply {
  const { query, stream, reply } = download;
  const lines = Readable.from(linesOf(reads, { query, reader: reply.raw }), {
    objectMode: false,
    highWaterMark: 64 * 1024,
  });
  stream.signal.addEventListener("abort", () => lines.destroy(stream.reason));
  stream.settled = new Promise((resolve) => lines.once("close", resolve));
  lines.once("close", () => stream.close());
  return reply.type("application/x-ndjson; charset=utf-8").send(lines);
}

async function* linesOf(
  reads: HeldReads,
  download: { readonly query: LinesQuery; readonly reader: ServerResponse },
): AsyncGenerator<string> {
  const { query, reader } = download;
  let left = query.limit ?? Number.MAX_SAFE_INTEGER;
  for (let { after } = query; left > 0; ) {
    const limit = Math.min(left, limitDefault);
    const page = await reads.page({ ...query, after, limit });
    try {
      for (const event of page.events) yield `${eventToJson(event)}\n`;
      // The next line is asked for while this one still waits for the reader.
      if (page.isLarge) await untilTaken(reader);
    } finally {
      page.release();
    }
    left -= page.events.length;
    after = page.cursor;
    if (page.isEnd) return;
  }
}

/** All that was written is with the system, or the reader is gone. */
function untilTaken(reader: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    if (!reader.writableNeedDrain || reader.destroyed) return resolve();
    // Both are taken away again: a long download would gather them, one for each large event.
    const done = (): void => {
      reader.off("drain", done);
      reader.off("close", done);
      resolve();
    };
    reader.once("drain", done);
    reader.once("close", done);
  });
}

const pageSchema = {
  type: "object",
  required: ["events", "cursor", "isEnd"],
  properties: {
    events: { type: "array", items: { $ref: "Event#" } },
    cursor: { type: "string", description: "give it as `since` to go on" },
    isEnd: { type: "boolean", description: "nothing more is here now" },
  },
} as const;
