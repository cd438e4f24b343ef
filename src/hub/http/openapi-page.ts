/** The API's description as one page of HTML without a script: works offline and in any browser. */

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly default?: unknown;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly description?: string;
        readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
      }
    >
  >;
}

export interface OpenApi {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1b1b1b;background:#fff}
h1,h2,h3{line-height:1.2}h3{margin:2rem 0 .3rem}code,.path{font-family:ui-monospace,monospace}
.method{display:inline-block;min-width:4rem;font-weight:700}.path{overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border:1px solid #bbb}
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}a{color:#9cf}th,td{border-color:#555}}`;

export function apiPage(api: OpenApi): string {
  const { title, version, description } = api.info;
  const sections = api.tags.map((tag) => section(api, tag)).join("");
  const schemas = Object.entries(api.components.schemas)
    .map(([name, schema]) => `<h3 id="${text(name)}">${text(name)}</h3>${properties(schema)}`)
    .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)}: API</title><style>${style}</style></head>
<body><h1>${text(title)} ${text(version)}: API</h1><p>${prose(description)}</p>
<p><a href="/v1/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>${sections}<h2>Objects</h2>${schemas}</body></html>
`;
}

function section(api: OpenApi, tag: OpenApi["tags"][number]): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags?.includes(tag.name) === true)
      .map(([method, operation]) => operationHtml(method, path, operation)),
  );
  if (operations.length === 0) return "";
  return `<h2>${text(tag.name)}</h2><p>${text(tag.description)}</p>${operations.join("")}`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = "", description = "", parameters = [], requestBody, responses } = operation;
  const rows = parameters.map(({ name, in: where, required, description: what, schema }) => [
    `<code>${text(name)}</code>`,
    `${text(where)}${required === true ? ", required" : ""}`,
    typeText(schema),
    prose(what ?? schema.description ?? ""),
  ]);
  const body = Object.entries(requestBody?.content ?? {}).map(
    ([type, { schema }]) => `<p>Body, <code>${text(type)}</code>:</p>${properties(schema)}`,
  );
  const answers = Object.entries(responses).map(([status, answer]) => [
    text(status),
    prose(answer.description ?? ""),
    Object.entries(answer.content ?? {})
      .map(([type, { schema }]) => `<code>${text(type)}</code> ${schema ? typeText(schema) : ""}`)
      .join("<br>"),
  ]);
  return [
    `<h3><span class="method">${text(method.toUpperCase())}</span> <span class="path">${text(path)}</span></h3>`,
    `<p><strong>${text(summary)}.</strong> ${prose(description)}</p>`,
    rows.length === 0 ? "" : table(["Parameter", "Where", "Type", ""], rows),
    ...body,
    table(["Status", "When", "Content"], answers),
  ].join("");
}

function properties(schema: Schema): string {
  const entries = Object.entries(schema.properties ?? {});
  if (entries.length === 0) return `<p>${typeText(schema)} ${prose(schema.description ?? "")}</p>`;
  const rows = entries.map(([name, member]) => [
    `<code>${text(name)}</code>${schema.required?.includes(name) === true ? "" : "?"}`,
    typeText(member),
    prose(member.description ?? ""),
  ]);
  const about = schema.description === undefined ? "" : `<p>${prose(schema.description)}</p>`;
  return `${about}${table(["Member", "Type", ""], rows)}`;
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#${text(name)}">${text(name)}</a>`;
  }
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `<code>${text(String(value))}</code>`).join(", ");
  const type =
    typeof schema.type === "string" ? schema.type : (schema.type ?? ["any"]).join(" or ");
  return schema.items === undefined ? text(type) : `list of ${typeText(schema.items)}`;
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = titles.map((title) => `<th scope="col">${text(title)}</th>`).join("");
  const body = rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

/** Text with `code` in it. */
function prose(words: string): string {
  return text(words).replace(/`([^`]+)`/g, "<code>$1</code>");
}

function text(words: string): string {
  return words
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
