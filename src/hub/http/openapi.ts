/**
 * The description of the API (OpenAPI 3.1), made from the schemas that requests are
 * checked by, and a page to read it that needs nothing but itself.
 */
import swagger from "@fastify/swagger";
import type { FastifySchema, RouteOptions } from "fastify";
import { version } from "../../engine/index.ts";
import type { HubApp } from "../hub-context.ts";
import { apiPage, type OpenApi } from "./openapi-page.ts";

const description = `What has arrived at the hub, for the programs of those who run it. Events are read by cursor in the order of
arrival, or as a live stream. Every failure is problem details (RFC 9457) with a Z code; docs/errors.md lists them.
Tokens are made with \`zamsync token create\`, and sent as \`Authorization: Bearer TOKEN\`.`;

/** Before any route is added. */
export async function addOpenApi(app: HubApp): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "ZamSync hub", version, description, license: { name: "MIT" } },
      tags: [
        { name: "Events", description: "Push, list, follow" },
        { name: "Nodes", description: "Who there is, and how far each is" },
        { name: "Webhooks", description: "Events pushed to a program of yours, signed" },
        { name: "Session", description: "The caller's own token" },
        { name: "Health", description: "For supervisors; needs no token" },
      ],
      components: {
        securitySchemes: { token: { type: "http", scheme: "bearer" } },
      },
      security: [{ token: [] }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`),
    },
    transform: ({ schema, url, route }) => ({ schema: toShown(schema, route), url }),
  });
  let kept: { readonly json: string; readonly page: string } | undefined;
  const made = (): { readonly json: string; readonly page: string } => {
    if (kept === undefined) {
      const document = app.swagger();
      kept = { json: JSON.stringify(document), page: apiPage(document as unknown as OpenApi) };
    }
    return kept;
  };
  const hidden = { config: { access: "public" }, schema: { hide: true } } as const;
  app.get("/v1/openapi.json", hidden, async (_request, reply) =>
    reply.type("application/json; charset=utf-8").serializer(String).send(made().json),
  );
  app.get("/v1/docs", hidden, async (_request, reply) =>
    reply
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .type("text/html; charset=utf-8")
      .serializer(String)
      .send(made().page),
  );
}

/** Routes without a schema are pages and pictures: no part of the API. */
function toShown(schema: FastifySchema | undefined, route: RouteOptions): FastifySchema {
  if (schema === undefined) return { hide: true } as FastifySchema;
  const access = route.config?.access;
  if (access === undefined || access === "public") return schema;
  const needs = access === "token" ? "any token" : `a token with scope \`${access}\``;
  const text = (schema as { readonly description?: string }).description;
  return {
    ...schema,
    description: `${text === undefined ? "" : `${text} `}Needs ${needs}.`,
  } as FastifySchema;
}
