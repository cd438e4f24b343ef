/** `/v1/webhooks`: made, listed, removed, and their dead letters replayed, with scope admin. */
import type { CreateHubPart, HubApp } from "../hub-context.ts";
import { parts, problems, writeProblems } from "../api/schemas.ts";
import { principalOf, requireAllNodes } from "../http/access.ts";
import { deadLettersMax } from "./timing.ts";
import type { WebhookWorker } from "./webhook-worker.ts";
import { type NewWebhook, Webhooks } from "./webhooks.ts";

interface IdParams {
  readonly id: string;
}

export const createWebhooks: CreateHubPart = (hub) => {
  const webhooks = new Webhooks(hub);
  return {
    name: "webhooks",
    listeners: ["http"],
    register: (app) => addWebhookRoutes(app, webhooks),
    close: () => webhooks.close(),
  };
};

function addWebhookRoutes(app: HubApp, webhooks: Webhooks): void {
  app.addSchema(webhookSchema);
  // A webhook gets all events of its filter, whoever made it.
  app.addHook("preHandler", async (request) => {
    requireAllNodes(principalOf(request));
    webhooks.requireReadable();
  });
  const common = { config: { access: "admin" } } as const;
  const tags = ["Webhooks"];

  app.post<{ readonly Body: NewWebhook }>(
    "/v1/webhooks",
    {
      ...common,
      schema: {
        summary: "Make a webhook",
        description:
          "Each event is POSTed to the URL as JSON, in order, until it is answered with 2xx: at least once, with the same " +
          "`webhook-id` each time. Signed as Standard Webhooks 1.0; the secret is shown only here.",
        tags,
        body: newWebhook,
        response: {
          201: {
            description: "Made",
            type: "object",
            required: ["id", "secret"],
            additionalProperties: true,
            properties: { id: { type: "string" }, secret: { type: "string" } },
          },
          ...writeProblems(409),
        },
      },
    },
    async (request, reply) => {
      const { id, secret } = await webhooks.create(request.body);
      return reply.code(201).send({ ...toShown(webhooks.find(id)), secret });
    },
  );
  app.get(
    "/v1/webhooks",
    {
      ...common,
      schema: {
        summary: "List the webhooks, and how each is doing",
        tags,
        response: {
          200: {
            description: "Without their secrets",
            type: "object",
            required: ["webhooks"],
            properties: { webhooks: { type: "array", items: { $ref: "Webhook#" } } },
          },
          ...problems(),
        },
      },
    },
    async () => ({ webhooks: webhooks.list.map(toShown) }),
  );
  app.delete<{ readonly Params: IdParams }>(
    "/v1/webhooks/:id",
    {
      ...common,
      schema: {
        summary: "Remove a webhook, with its dead letters",
        tags,
        params: idParams,
        response: { 204: { description: "Removed", type: "null" }, ...problems(404, 507) },
      },
    },
    async (request, reply) => {
      await webhooks.remove(request.params.id);
      return reply.code(204).send();
    },
  );
  app.get<{ readonly Params: IdParams }>(
    "/v1/webhooks/:id/dead",
    {
      ...common,
      schema: {
        summary: "Events that the receiver did not take",
        tags,
        params: idParams,
        response: { 200: deadAnswer, ...problems(404) },
      },
    },
    async (request) => ({ dead: webhooks.find(request.params.id).state.dead }),
  );
  app.post<{
    readonly Params: IdParams;
    readonly Body: { readonly delivery?: string } | undefined;
  }>(
    "/v1/webhooks/:id/replay",
    {
      ...common,
      schema: {
        summary: "Send dead letters again: one, or all",
        description: "They go before anything else, under the ids that they had.",
        tags,
        params: idParams,
        body: {
          type: "object",
          additionalProperties: false,
          properties: { delivery: { type: "string", maxLength: 100, description: "absent: all" } },
        },
        response: {
          200: {
            description: "Queued, durably",
            type: "object",
            required: ["queued"],
            properties: { queued: { type: "integer" } },
          },
          ...writeProblems(404),
        },
      },
    },
    async (request) => ({
      queued: await webhooks.replay(request.params.id, request.body?.delivery),
    }),
  );
}

function toShown(worker: WebhookWorker): object {
  const { secret: _, dead, ...rest } = worker.state;
  return { ...rest, dead: dead.length, isStopped: worker.isFull, trouble: worker.trouble ?? null };
}

const idParams = {
  type: "object",
  required: ["id"],
  properties: { id: { type: "string", maxLength: 64 } },
} as const;

const newWebhook = {
  type: "object",
  required: ["url"],
  additionalProperties: false,
  properties: {
    url: { type: "string", maxLength: 2000, description: "https, or http on this machine" },
    label: { type: "string", maxLength: 200 },
    node: parts.node,
    type: parts.type,
    from: { type: "string", enum: ["now", "beginning"], default: "now" },
    allowPlaintext: {
      type: "boolean",
      description: "http to another machine: events can be read on the way",
    },
  },
} as const;

const webhookSchema = {
  $id: "Webhook",
  type: "object",
  required: ["id", "label", "url", "node", "type", "createdAt", "cursor", "delivered", "dead"],
  properties: {
    id: { type: "string" },
    label: { type: "string" },
    url: { type: "string" },
    node: { type: ["string", "null"] },
    type: { type: ["integer", "null"] },
    createdAt: { type: "string" },
    cursor: {
      type: ["string", "null"],
      description: "everything up to here was taken, or is a dead letter",
    },
    delivered: { type: "integer" },
    dead: { type: "integer", description: `dead letters; at ${deadLettersMax} it stops` },
    isStopped: { type: "boolean", description: "until dead letters are replayed" },
    trouble: {
      type: ["object", "null"],
      description: "while the receiver does not take what is sent",
      properties: {
        since: { type: "string" },
        attempts: { type: "integer" },
        error: { type: "string" },
      },
    },
  },
} as const;

const deadAnswer = {
  description: "Oldest first",
  type: "object",
  required: ["dead"],
  properties: {
    dead: {
      type: "array",
      items: {
        type: "object",
        properties: {
          delivery: { type: "string", description: "its webhook-id" },
          cursor: { type: "string" },
          node: parts.node,
          epoch: parts.epoch,
          lane: parts.lane,
          seq: parts.seq,
          attempts: { type: "integer" },
          error: { type: "string", description: "what came back last" },
          at: { type: "string" },
          isQueued: { type: "boolean", description: "to be sent again" },
        },
      },
    },
  },
} as const;
