/**
 * `GET /v1/stream`: server-sent events. The id of each is its cursor, which a browser
 * sends back as `Last-Event-ID`: so every event comes exactly once, across cuts of the
 * connection and restarts of the hub, whatever order events arrived in.
 */
import type { FastifyReply, FastifyRequest } from "fastify";
import { ZamError } from "../../core/errors/zam-error.ts";
import { eventToJson } from "../api/event-json.ts";
import { type EventFilter, filterProperties, toPageQuery } from "../api/read-routes.ts";
import { parts, problems } from "../api/schemas.ts";
import type { CreateHubPart, HubContext } from "../hub-context.ts";
import { principalOf } from "../http/access.ts";
import { toProblem } from "../http/problem.ts";
import { EventWriter, toMessage } from "./event-writer.ts";
import { heartbeatMs, retryMs } from "./limits.ts";
import { type OpenStream, OpenStreams } from "./open-streams.ts";
import { Tail, type TailQuery } from "./tail.ts";

interface StreamQuery extends EventFilter {
  readonly since?: string;
}

export const createStream: CreateHubPart = (hub) => {
  const streams = new OpenStreams(hub);
  const tail = new Tail(hub.node);
  return {
    name: "stream",
    listeners: ["http"],
    register: (app) => {
      app.get<{ readonly Querystring: StreamQuery }>(
        "/v1/stream",
        // A HEAD of what never ends would never end.
        { config: { access: "read" }, schema: streamSchema, exposeHeadRoute: false },
        async (request, reply) => {
          const query = toPageQuery(request.query, request);
          const after = await startOf(hub, request);
          const stream = streams.open(principalOf(request));
          reply.raw.once("close", () => stream.close());
          send(hub, tail, { stream, query, after, reply });
        },
      );
    },
    close: () => streams.closed(),
  };
};

/** Where the reader wants to begin; undefined: with the first event. @throws ZamError Z605, Z615, Z621 */
async function startOf(
  hub: HubContext,
  request: FastifyRequest<{ Querystring: StreamQuery }>,
): Promise<string | undefined> {
  const header = request.headers["last-event-id"];
  const after = typeof header === "string" && header !== "" ? header : request.query.since;
  if (after === "now") return hub.node.newestCursor();
  // A cursor of another log is refused while a status can still say so.
  if (after !== undefined) await hub.node.page({ after, limit: 1, bytesMax: 1 });
  return after;
}

interface Sending {
  readonly stream: OpenStream;
  readonly query: TailQuery;
  readonly after: string | undefined;
  readonly reply: FastifyReply;
}

/** Takes the answer over from fastify, and returns at once. */
function send(hub: HubContext, tail: Tail, sending: Sending): void {
  const { reply, stream } = sending;
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    "content-type": "text/event-stream; charset=utf-8",
    // Proxies that gather answers (nginx) must not.
    "x-accel-buffering": "no",
  });
  const writer = new EventWriter(raw);
  const running = sendAll(tail, { ...sending, writer });
  stream.settled = running
    .catch((error: unknown) => {
      const known = error instanceof ZamError ? error : defect(error);
      if (known.code === "Z199") hub.report(known, "");
      stream.end(known);
    })
    .then(() => {
      const { reason } = stream;
      const data = reason === undefined ? undefined : JSON.stringify(toProblem(reason));
      writer.end(data === undefined ? "" : toMessage({ event: "end", data }));
      stream.close();
    });
}

function defect(error: unknown): ZamError {
  const problem = error instanceof Error ? error.message : String(error);
  return new ZamError("Z199", { problem }, error);
}

async function sendAll(
  tail: Tail,
  sending: Sending & { readonly writer: EventWriter },
): Promise<void> {
  const { stream, query, writer } = sending;
  const { signal } = stream;
  if (!(await writer.write(`retry: ${retryMs}\n\n`))) return;
  let isLive = false;
  let written = "";
  let wroteMs = performance.now();
  for (let { after } = sending; !signal.aborted; ) {
    const page = await tail.page(after, query);
    try {
      for (const event of page.events) {
        if (signal.aborted) return;
        if (!(await writer.write(toMessage({ id: event.cursor, data: eventToJson(event) }))))
          return;
        written = event.cursor;
        wroteMs = performance.now();
      }
    } finally {
      page.release();
    }
    after = page.cursor;
    if (!page.isEnd) continue;
    const isNews = !isLive;
    isLive = true;
    const silentMs = performance.now() - wroteMs;
    if (isNews || silentMs >= heartbeatMs) {
      // Also the id: a filter that nothing fits must not make the next start look at it all again.
      const id = after === written ? {} : { id: after };
      const message = isNews
        ? { ...id, event: "live", data: JSON.stringify({ cursor: after }) }
        : id;
      if (!(await writer.write(isNews ? toMessage(message) : `: heartbeat\n${toMessage(message)}`)))
        return;
      written = after;
      wroteMs = performance.now();
    }
    const timeoutMs = Math.max(1, heartbeatMs - (performance.now() - wroteMs));
    await tail.news(after, { timeoutMs, signal });
  }
}

const streamSchema = {
  summary: "Follow events as they arrive (server-sent events)",
  description:
    "Each message is an event; its id is the event's cursor, to be sent back as `Last-Event-ID` (browsers do), so that every " +
    "event comes exactly once. A message named `live` says that everything that was here has been sent. Every 15 s of silence " +
    "there is a heartbeat, with an id. A message named `end` holds a problem, and is the last. A reader that takes " +
    "nothing for 30 s is cut, and can go on from its cursor.",
  tags: ["Events"],
  headers: {
    type: "object",
    properties: { "last-event-id": { ...parts.cursor, description: "wins over `since`" } },
  },
  querystring: {
    type: "object",
    additionalProperties: false,
    properties: {
      since: {
        ...parts.cursor,
        description: "`now`, or a cursor; absent: from the first event on",
      },
      ...filterProperties,
    },
  },
  response: {
    200: {
      description: "Until one side ends it",
      content: { "text/event-stream": { schema: { type: "string" } } },
    },
    ...problems(410),
  },
} as const;
