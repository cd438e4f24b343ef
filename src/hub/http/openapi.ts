/**
 * The description of the API (OpenAPI 3.1), made from the schemas that requests are
 * checked by, and a page to read it that needs nothing but itself. Made when it is first
 * asked for, by an app of its own that knows the same routes: what makes it takes some
 * megabytes, and most hubs are never asked.
 */
import { fastify, type FastifySchema, type RouteOptions } from "fastify";
import { version } from "../../engine/index.ts";
import type { HubApp } from "../hub-context.ts";
import { apiPage, type OpenApi } from "./openapi-page.ts";

const description = `What has arrived at the hub, for the programs of those who run it. Events are read by cursor in the order of
arrival, or as a live stream. Every failure is problem details (RFC 9457) with a Z code; docs/errors.md lists them.
Tokens are made with \`zamsync token create\`, and sent as \`Authorization: Bearer TOKEN\`.`;

interface Described {
  readonly json: string;
  readonly page: string;
}

/** Before any route is added. */
export function addOpenApi(app: HubApp): void {
  const routes: RouteOptions[] = [];
  const scopes = new Set<HubApp>();
  app.addHook("onRoute", function (route) {
    scopes.add(this);
    // A copy: fastify notes in a schema that it has been prepared for one app.
    routes.push({
      ...route,
      ...(route.schema === undefined ? {} : { schema: { ...route.schema } }),
    });
  });
  let kept: Promise<Described> | undefined;
  const described = (): Promise<Described> => {
    kept ??= describe(routes, [...scopes]).catch((error: unknown) => {
      kept = undefined;
      throw error;
    });
    return kept;
  };
  const hidden = { config: { access: "public" }, schema: { hide: true } } as const;
  app.get("/v1/openapi.json", hidden, async (_request, reply) =>
    reply
      .type("application/json; charset=utf-8")
      .serializer(String)
      .send((await described()).json),
  );
  app.get("/v1/docs", hidden, async (_request, reply) =>
    reply
      .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'")
      .type("text/html; charset=utf-8")
      .serializer(String)
      .send((await described()).page),
  );
}

async function describe(
  routes: readonly RouteOptions[],
  scopes: readonly HubApp[],
): Promise<Described> {
  const { default: swagger } = await import("@fastify/swagger");
  const app = fastify({ exposeHeadRoutes: false });
  app.setSerializerCompiler(() => JSON.stringify);
  app.setValidatorCompiler(() => () => true);
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
  const schemas = Object.assign({}, ...scopes.map((scope) => scope.getSchemas()));
  for (const schema of Object.values(schemas)) app.addSchema(schema);
  for (const { method, url, config, schema } of routes)
    app.route({
      method,
      url,
      ...(config === undefined ? {} : { config }),
      ...(schema === undefined ? {} : { schema }),
      handler: () => undefined,
    });
  await app.ready();
  const document = app.swagger();
  await app.close();
  return { json: JSON.stringify(document), page: apiPage(document as unknown as OpenApi) };
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
