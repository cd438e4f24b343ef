/**
 * Validation of requests by the JSON Schemas of the routes (2020-12, as OpenAPI 3.1 has
 * it). What comes in a URL is text, so numbers are read from it there; a body is taken
 * as it is. A member that a schema does not know is an error: a misspelt filter that is
 * ignored would answer with everything.
 */
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import type { FastifySchema, FastifySchemaCompiler } from "fastify";
import formats from "ajv-formats";
import type { HubApp } from "../hub-context.ts";

const noParameters = { type: "object", additionalProperties: false, properties: {} } as const;

/** Before any route is added. */
export function addValidation(app: HubApp): void {
  const compile = createValidatorCompiler();
  app.addHook("onRoute", (route) => {
    // On the route and not on the app: a part that adds a schema of its own would get fastify's
    // compilers again, which drop what a schema does not know and answer with everything.
    route.validatorCompiler = compile;
    // Schemas describe answers for readers; compiling each into code would cost memory for nothing.
    route.serializerCompiler = () => JSON.stringify;
    const { schema, config } = route;
    if (schema === undefined || schema.querystring !== undefined) return;
    // Health and pages take any parameter: probes add their own.
    if (config?.access !== "public") schema.querystring = noParameters;
  });
}

function createValidatorCompiler(): FastifySchemaCompiler<FastifySchema> {
  const options = { strict: false, useDefaults: true, allErrors: false };
  const forBodies = new Ajv2020.default({ ...options, coerceTypes: false });
  const forTexts = new Ajv2020.default({ ...options, coerceTypes: true });
  for (const ajv of [forBodies, forTexts]) ajv.addFormat("date-time", isTime);
  return ({ schema, httpPart }) => {
    const ajv = httpPart === "body" ? forBodies : forTexts;
    // Compiled at the first use: most of a hub's routes are never asked for.
    let validate: ValidateFunction | undefined;
    return (data: unknown) => {
      validate ??= ajv.compile(schema as object);
      if (validate(data)) return { value: data };
      const [first] = validate.errors ?? [];
      const where = first?.instancePath.slice(1).replaceAll("/", ".") ?? "";
      const params = first?.params as { additionalProperty?: string } | undefined;
      const extra =
        params?.additionalProperty === undefined ? "" : `: '${params.additionalProperty}'`;
      const place = [httpPart ?? "request", where].filter((part) => part !== "").join(" ");
      return { error: new Error(`${place} ${first?.message ?? "is invalid"}${extra}`) };
    };
  };
}

/** RFC 3339, as far as a Date can hold it: a filter by a leap second would compare with no number. */
function isTime(text: string): boolean {
  const { validate } = formats.default.get("date-time") as { validate(text: string): boolean };
  return validate(text) && Number.isFinite(Date.parse(text));
}
