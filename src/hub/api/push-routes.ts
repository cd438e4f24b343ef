/** `POST /v1/events` and `POST /v1/events/batch`: what they answer with is durable. */
import type { FastifyReply, FastifyRequest } from "fastify";
import { pushToJson } from "../../command/render-events.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { PushInput, PushResult } from "../../engine/index.ts";
import type { HubApp, HubContext } from "../hub-context.ts";
import { principalOf } from "../http/access.ts";
import { batchBodyBytesMax, eventBodyBytesMax } from "../http/limits.ts";
import {
  type BatchEvent,
  type BatchInput,
  batchOfJson,
  batchOfLines,
  idAt,
  idempotencyKey,
  jsonText,
  payloadOf,
  type Place,
  requireJson,
  toPush,
} from "./push-body.ts";
import {
  batchBody,
  idempotencyHeaders,
  placeQuery,
  pushedSchema,
  writeProblems,
} from "./schemas.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Of a batch: its events, with the text of each payload. Without a body there are none. */
    batchInputs: readonly BatchInput[] | null;
  }
}

export function addPushRoutes(app: HubApp, hub: HubContext): void {
  app.addSchema(pushedSchema);
  app.register(async (scope) => addPushOne(scope, hub));
  app.register(async (scope) => addPushMany(scope, hub));
}

function addPushOne(app: HubApp, hub: HubContext): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ["application/json", "application/octet-stream"],
    { parseAs: "buffer" },
    async (_request: FastifyRequest, body: Buffer) => body,
  );
  app.post<{ readonly Querystring: Place; readonly Body: Buffer | null }>(
    "/v1/events",
    {
      config: { access: "push" },
      bodyLimit: eventBodyBytesMax,
      schema: {
        summary: "Push one event",
        description:
          "The body is the event's payload, stored byte for byte: JSON, or anything as application/octet-stream. " +
          "It is durable when the answer comes. At a hub with --policy own, an event without `to` reaches no clinic.",
        tags: ["Events"],
        querystring: placeQuery,
        headers: idempotencyHeaders,
        body: {
          content: {
            "application/json": { schema: { description: "any JSON" } },
            "application/octet-stream": { schema: { description: "any bytes" } },
          },
        },
        response: {
          200: {
            description: "It had been stored before under this key",
            headers: location,
            content: { "application/json": { schema: { $ref: "Pushed#" } } },
          },
          201: {
            description: "Stored",
            headers: location,
            content: { "application/json": { schema: { $ref: "Pushed#" } } },
          },
          ...writeProblems(409),
        },
      },
    },
    async (request, reply) => {
      const body = request.body ?? Buffer.alloc(0);
      if (isJson(request)) requireJson(jsonText(body));
      const id = idempotencyKey(request.raw);
      const push = toPush(request.query, { payload: body, id }, principalOf(request));
      const [result] = await pushUnderKey(hub, [push], id);
      return sendPushed(reply, result);
    },
  );
}

/** The log knows a hash of the key only; whoever sent the key is told which one it was. */
async function pushUnderKey(
  hub: HubContext,
  pushes: readonly PushInput[],
  key: string | undefined,
): Promise<readonly PushResult[]> {
  try {
    return await hub.node.push(pushes);
  } catch (error) {
    if (!(error instanceof ZamError) || error.code !== "Z602" || key === undefined) throw error;
    throw new ZamError("Z602", { ...error.context, id: key.slice(0, 100) }, error);
  }
}

/** Names of media types are the same in capitals. */
function isJson(request: FastifyRequest): boolean {
  return /^(\s*application\/json\s*(;|$)|$)/i.test(request.headers["content-type"] ?? "");
}

function sendPushed(reply: FastifyReply, result: PushResult | undefined): FastifyReply {
  if (result === undefined) throw new Error("a push of one event has no result");
  const { node, epoch, seq, lane, isRepeat } = result;
  const query = lane === "" ? "" : `?lane=${encodeURIComponent(lane)}`;
  return reply
    .code(isRepeat ? 200 : 201)
    .header("location", `/v1/events/${node}/${epoch}/${seq}${query}`)
    .send(pushToJson(result));
}

function addPushMany(app: HubApp, hub: HubContext): void {
  app.decorateRequest("batchInputs", null);
  app.removeAllContentTypeParsers();
  const forms = { "application/json": batchOfJson, "application/x-ndjson": batchOfLines };
  for (const [mediaType, read] of Object.entries(forms))
    app.addContentTypeParser(
      mediaType,
      { parseAs: "buffer" },
      async (request: FastifyRequest, body: Buffer) => {
        const batch = read(jsonText(body));
        request.batchInputs = batch.inputs;
        return batch.body;
      },
    );
  app.post<{ readonly Body: { readonly events: readonly BatchEvent[] } }>(
    "/v1/events/batch",
    {
      config: { access: "push" },
      bodyLimit: batchBodyBytesMax,
      schema: {
        summary: "Push many events",
        description:
          "All are durable when the answer comes. When it fails in the middle, `durable` of the problem says how many " +
          "of the first events are; with an Idempotency-Key, or an id for each, the same request can simply be sent again. " +
          "As application/x-ndjson the events stand one a line, without the object around them.",
        tags: ["Events"],
        headers: idempotencyHeaders,
        body: {
          content: {
            "application/json": { schema: batchBody },
            // The lines are checked as the events of the same object.
            "application/x-ndjson": { schema: batchBody },
          },
        },
        response: { 200: batchAnswer, ...writeProblems(409) },
      },
    },
    async (request) => {
      const key = idempotencyKey(request.raw);
      const inputs = request.batchInputs;
      // Without a body nothing was parsed, and nothing checked.
      if (inputs === null) throw new ZamError("Z418", { problem: "it has no body" });
      const principal = principalOf(request);
      const pushes = inputs.map((input, index) => {
        const { event } = input;
        const id = event.id ?? idAt(key, index);
        return toPush(event, { payload: payloadOf(input), id }, principal);
      });
      const results = await pushUnderKey(hub, pushes, key);
      return {
        count: results.length,
        repeats: results.filter(({ isRepeat }) => isRepeat).length,
        events: results.map(pushToJson),
      };
    },
  );
}

const location = {
  Location: { type: "string", description: "where the event can be read" },
} as const;

const batchAnswer = {
  description: "All are stored, in the order of the request",
  type: "object",
  required: ["count", "repeats", "events"],
  properties: {
    count: { type: "integer" },
    repeats: { type: "integer", description: "of these, stored before under the same key" },
    events: { type: "array", items: { $ref: "Pushed#" } },
  },
} as const;
