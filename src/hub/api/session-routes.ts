/**
 * `/v1/session`: who the caller is, and the browser's way in. A browser keeps the token in
 * a cookie that scripts cannot read and other sites cannot send; revoking the token ends it.
 */
import type { TokenRow } from "../../engine/index.ts";
import type { HubApp } from "../hub-context.ts";
import { principalOf, tokenCookie } from "../http/access.ts";
import { problems } from "./schemas.ts";

/** A screen on a wall is not asked each morning. The token itself may end before. */
const keptS = 30 * 86_400;

export function addSessionRoutes(app: HubApp): void {
  const answer = { 200: sessionSchema, ...problems() };
  app.get(
    "/v1/session",
    {
      config: { access: "token" },
      schema: { summary: "What this token may do", tags: ["Session"], response: answer },
    },
    async (request) => toSession(principalOf(request)),
  );
  app.post(
    "/v1/session",
    {
      config: { access: "token" },
      schema: {
        summary: "Sign a browser in",
        description: "With the token as Bearer. Sets a cookie that later requests are known by.",
        tags: ["Session"],
        response: answer,
      },
    },
    async (request, reply) => {
      const token = /^bearer +(\S+)/i.exec(request.headers.authorization ?? "")?.[1];
      const isTls = request.protocol === "https";
      if (token !== undefined) void reply.header("set-cookie", toCookie(token, isTls));
      return toSession(principalOf(request));
    },
  );
  app.delete(
    "/v1/session",
    {
      config: { access: "public" },
      schema: {
        summary: "Sign a browser out",
        tags: ["Session"],
        security: [],
        response: { 204: { description: "Done", type: "null" } },
      },
    },
    async (request, reply) => {
      const isTls = request.protocol === "https";
      return reply.code(204).header("set-cookie", toCookie("", isTls)).send();
    },
  );
}

function toCookie(token: string, isTls: boolean): string {
  const maxAgeS = token === "" ? 0 : keptS;
  return `${tokenCookie}=${token}; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Strict${isTls ? "; Secure" : ""}`;
}

function toSession({ id, label, scopes, nodes, expiresAt }: TokenRow): object {
  return { id, label, scopes, nodes, expiresAt };
}

const sessionSchema = {
  description: "The token without its secret",
  type: "object",
  required: ["id", "label", "scopes", "nodes", "expiresAt"],
  properties: {
    id: { type: "string" },
    label: { type: "string" },
    scopes: { type: "array", items: { type: "string", enum: ["read", "push", "admin"] } },
    nodes: { type: "array", items: { type: "string" }, description: "empty: all" },
    expiresAt: { type: ["string", "null"] },
  },
} as const;
