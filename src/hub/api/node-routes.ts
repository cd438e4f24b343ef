/** `GET /v1/nodes`, `/v1/vector`, `/v1/status`: what the hub knows of its nodes and of itself. */
import type { NodeRow } from "../../engine/index.ts";
import type { HubApp, HubContext } from "../hub-context.ts";
import { principalOf, requireAllNodes } from "../http/access.ts";
import { parts, problems } from "./schemas.ts";

/** A node with how long nothing was heard of it. */
export interface NodeEntry extends NodeRow {
  /** Since its last session ended, ms; null when it was never seen, 0 while connected. */
  readonly lagMs: number | null;
}

export function toNodeEntry(row: NodeRow, nowMs: number): NodeEntry {
  if (row.connected) return { ...row, lagMs: 0 };
  const { lastSync } = row;
  return { ...row, lagMs: lastSync === null ? null : Math.max(0, nowMs - Date.parse(lastSync)) };
}

export function addNodeRoutes(app: HubApp, hub: HubContext): void {
  app.get(
    "/v1/nodes",
    {
      config: { access: "read" },
      schema: {
        summary: "Nodes that this hub has issued certificates to",
        description:
          "Lag is the time since the last session. Pending is what one side has and the other lacks, as of that session.",
        tags: ["Nodes"],
        response: { 200: nodesSchema, ...problems() },
      },
    },
    async (request) => {
      const { nodes } = principalOf(request);
      const rows = (await hub.node.nodes()).filter(
        ({ node }) => nodes.length === 0 || nodes.includes(node),
      );
      return { nodes: rows.map((row) => toNodeEntry(row, hub.nowMs())) };
    },
  );
  app.get(
    "/v1/vector",
    {
      config: { access: "read" },
      schema: {
        summary: "The version vector: what is here of each stream",
        tags: ["Nodes"],
        response: { 200: vectorSchema, ...problems() },
      },
    },
    async (request) => {
      const { nodes } = principalOf(request);
      const { vector } = await hub.node.status();
      return { vector: vector.filter(({ node }) => nodes.length === 0 || nodes.includes(node)) };
    },
  );
  app.get(
    "/v1/status",
    {
      config: { access: "read" },
      schema: {
        summary: "The hub's own status, as `zamsync status --json` prints it",
        description: "Not for tokens that are limited to nodes.",
        tags: ["Nodes"],
        response: {
          200: { description: "The status", type: "object", additionalProperties: true },
          ...problems(),
        },
      },
    },
    async (request) => {
      requireAllNodes(principalOf(request));
      return hub.node.status();
    },
  );
}

const nullable = (schema: { readonly type: string; readonly description?: string }) => ({
  ...schema,
  type: [schema.type, "null"],
});

const nodesSchema = {
  description: "In the order of signing",
  type: "object",
  required: ["nodes"],
  properties: {
    nodes: {
      type: "array",
      items: {
        type: "object",
        required: ["node", "role", "isRevoked", "lastSync", "lagMs", "pendingIn", "pendingOut"],
        properties: {
          node: parts.node,
          role: { type: "string", enum: ["hub", "clinic"] },
          serial: { type: "string" },
          notAfter: { type: "string", description: "when its certificate ends" },
          isRevoked: { type: "boolean" },
          lastSync: nullable({ type: "string" }),
          lagMs: nullable({ type: "integer", description: "since its last session ended" }),
          connected: { type: "boolean" },
          address: { type: "string", description: "that it last came from" },
          result: { type: "string", description: "how its last session ended" },
          health: {
            type: ["object", "null"],
            description: "what it told of itself last: disk, damage, clock, certificate",
            additionalProperties: true,
          },
          clockDifferenceMs: nullable({ type: "integer", description: "its clock less ours" }),
          events: { type: "integer", description: "of its own, that are here" },
          damaged: { type: "integer", description: "of its own, that cannot be read here now" },
          epochs: { type: "integer" },
          forked: { type: "integer", description: "streams with two branches, not settled" },
          pendingIn: nullable({ type: "integer", description: "events there and not here" }),
          pendingOut: nullable({ type: "integer", description: "events here that it lacks" }),
        },
      },
    },
  },
} as const;

const vectorSchema = {
  description: "A line a stream",
  type: "object",
  required: ["vector"],
  properties: {
    vector: {
      type: "array",
      items: {
        type: "object",
        required: ["node", "epoch", "lane", "seq", "holes"],
        properties: {
          node: parts.node,
          epoch: parts.epoch,
          lane: parts.lane,
          seq: { type: "integer", minimum: 0, description: "the highest one held" },
          holes: {
            type: "array",
            description: "missing ranges below it, first and last seq",
            items: { type: "array", items: { type: "integer" }, minItems: 2, maxItems: 2 },
          },
          floor: { type: "integer", description: "events up to here were compacted or expired" },
          floorByOrigin: { type: "boolean" },
        },
      },
    },
  },
} as const;
