/**
 * Requests of the hub's API, made from its OpenAPI document by a sequence of choices: what the
 * schemas allow, their edges, and what they do not allow. The choices come from bytes, so that the
 * fuzzer's mutations and its guidance by coverage work on them as on any other input.
 */

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly format?: string;
  readonly pattern?: string;
}

export interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: "path" | "query" | "header";
    readonly schema: Schema;
  }[];
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>
  >;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

export interface ApiRequest {
  /** "GET /v1/events" as the document has it. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** What exists at the hub, so that some requests find something. */
export interface Known {
  readonly token: string;
  readonly node: string;
  readonly epoch: string;
  readonly cursor: string;
}

/** Decisions read from bytes; when they have run out, the first of each. */
export class Choices {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** 0 to `count - 1`, at most 256. */
  below(count: number): number {
    return (this.bytes[this.at++] ?? 0) % count;
  }

  /** True once in `times`, and never when the bytes have run out. */
  rarely(times: number): boolean {
    return this.below(times) === times - 1;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  /** The next bytes as they are. */
  rest(count: number): Buffer {
    const taken = Buffer.from(this.bytes.subarray(this.at, this.at + count));
    this.at += count;
    return taken;
  }
}

const strangeTexts: readonly [string, ...string[]] = [
  "",
  "x",
  "..",
  "%00",
  "%",
  "a/b",
  "-1",
  "1e309",
  "9007199254740993",
  "NaN",
  "null",
  "\u00e4\u{1f600}",
  "__proto__",
  "constructor",
  "{}",
  "'; drop",
  "x".repeat(300),
  "0".repeat(4000),
];

export function operationsOf(api: OpenApi): readonly [string, ...string[]] {
  const names = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const [first = "", ...others] = names;
  return [first, ...others];
}

export function toRequest(api: OpenApi, choices: Choices, known: Known): ApiRequest {
  const operation = choices.pick(operationsOf(api));
  const [method = "", template = ""] = operation.split(" ");
  const { parameters = [], requestBody } = api.paths[template]?.[method.toLowerCase()] ?? {
    responses: {},
  };
  let path = template;
  const query: string[] = [];
  const headers: Record<string, string> = {};
  for (const { name, in: where, schema } of parameters) {
    if (where === "path") {
      const text = textFor(name, schema, choices, known);
      path = path.replace(`{${name}}`, encodeURIComponent(text));
    } else if (!choices.rarely(3)) continue;
    else if (where === "query")
      query.push(`${name}=${encodeURIComponent(textFor(name, schema, choices, known))}`);
    else headers[name] = headerText(textFor(name, schema, choices, known));
  }
  if (choices.rarely(20)) query.push(`${encodeURIComponent(choices.pick(strangeTexts))}=1`);
  addHeaders(headers, choices, known);
  const body =
    requestBody === undefined ? undefined : bodyFor(requestBody, headers, choices, known);
  const url = query.length === 0 ? path : `${path}?${query.join("&")}`;
  return { operation, method: choices.rarely(40) ? "PATCH" : method, path: url, headers, body };
}

function addHeaders(headers: Record<string, string>, choices: Choices, known: Known): void {
  const tokens: readonly [string, ...string[]] = [known.token, "", "zst_", "x".repeat(500)];
  const token = choices.rarely(16) ? choices.pick(tokens) : known.token;
  if (token !== "") headers.authorization = `Bearer ${token}`;
  if (choices.rarely(4))
    headers.accept = choices.pick(["application/x-ndjson", "text/html", "*/*;q=x", ""]);
  if (choices.rarely(30))
    headers.cookie = headerText(`zamsync-token=${choices.pick(strangeTexts)}`);
}

/** What a header may hold: the rest is refused by the client already. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?");
}

function textFor(name: string, schema: Schema, choices: Choices, known: Known): string {
  if (choices.rarely(5)) return choices.pick(strangeTexts);
  // Mostly what there is: else one event in a thousand would be found.
  if (name === "node" || name === "to")
    return choices.rarely(4) ? choices.pick(["clinic_a", "nobody"]) : known.node;
  if (name === "epoch") return choices.rarely(6) ? "00000000" : known.epoch;
  if (name === "seq" && choices.below(2) === 1) return "1";
  if (name === "since" || name === "last-event-id")
    return choices.pick([known.cursor, "now", "00000000-1"]);
  if (name === "lane") return choices.pick(["", "urgent", "to/clinic_a", "UP"]);
  return String(valueFor(schema, choices, known, 0));
}

function bodyFor(
  requestBody: NonNullable<Operation["requestBody"]>,
  headers: Record<string, string>,
  choices: Choices,
  known: Known,
): Buffer | undefined {
  const types = Object.entries(requestBody.content);
  const [type, { schema }] = types[choices.below(types.length)] ?? ["", { schema: {} }];
  headers["content-type"] = choices.rarely(20)
    ? choices.pick(["text/plain", "application/json; charset=x", "", "application/x-ndjson"])
    : type;
  if (choices.rarely(8)) return choices.rest(200);
  if (choices.rarely(30)) return Buffer.from("[".repeat(100_000));
  if (choices.rarely(20)) return undefined;
  const value = valueFor(schema, choices, known, 0);
  if (type !== "application/x-ndjson") return Buffer.from(JSON.stringify(value ?? null));
  const { events } = (value ?? {}) as { readonly events?: unknown };
  const lines: readonly unknown[] = Array.isArray(events) ? events : [value];
  return Buffer.from(lines.map((event) => JSON.stringify(event)).join("\n"));
}

const depthMax = 4;

/** Mostly a value that the schema allows, sometimes one beside it. */
function valueFor(schema: Schema, choices: Choices, known: Known, depth: number): unknown {
  if (choices.rarely(16)) return anyValue(choices, depth);
  if (schema.enum !== undefined) return schema.enum[choices.below(schema.enum.length)];
  const type = typeof schema.type === "string" ? schema.type : schema.type?.[0];
  switch (type) {
    case "integer": {
      const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
      return choices.pick([minimum, minimum + 1, 3, maximum, maximum + 1, minimum - 1, 1.5]);
    }
    case "boolean":
      return choices.below(2) === 1;
    case "string":
      return stringFor(schema, choices);
    case "array": {
      const count = choices.rarely(12) ? 0 : 1 + choices.below(4);
      return Array.from({ length: count }, () =>
        valueFor(schema.items ?? {}, choices, known, depth + 1),
      );
    }
    case "object":
      return objectFor(schema, choices, known, depth);
    default:
      return anyValue(choices, depth);
  }
}

function objectFor(schema: Schema, choices: Choices, known: Known, depth: number): object {
  const value: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    const isRequired = schema.required?.includes(name) === true;
    if (isRequired ? choices.rarely(20) : choices.below(3) > 0) continue;
    if (name === "url") value[name] = choices.pick(["http://127.0.0.1:1/", "nonsense", "ftp://x/"]);
    else if (name === "to" || name === "node") value[name] = choices.pick(["clinic_a", known.node]);
    else value[name] = valueFor(member, choices, known, depth + 1);
  }
  if (choices.rarely(20)) value[choices.pick(strangeTexts)] = 1;
  return value;
}

function stringFor(schema: Schema, choices: Choices): string {
  if (schema.format === "date-time")
    return choices.pick([
      "2026-03-01T00:00:00Z",
      "2999-12-31T23:59:59.999Z",
      "0000-01-01T00:00:00Z",
    ]);
  if (schema.pattern?.includes("=") === true)
    return choices.pick(["AAEC", "", "A", "====", "AA=="]);
  return choices.rarely(6)
    ? choices.pick(strangeTexts)
    : choices.rest(1 + choices.below(12)).toString("hex");
}

function anyValue(choices: Choices, depth: number): unknown {
  switch (choices.below(depth >= depthMax ? 6 : 8)) {
    case 0:
      return { n: choices.below(256) };
    case 1:
      return null;
    case 2:
      return choices.pick(strangeTexts);
    case 3:
      return choices.pick([0, -1, 1e21, 2 ** 53, -0.5]);
    case 4:
      return choices.below(2) === 1;
    case 5:
      return choices.rest(8).toString("latin1");
    case 6:
      return Array.from({ length: choices.below(4) }, () => anyValue(choices, depth + 1));
    default:
      return { [choices.pick(strangeTexts)]: anyValue(choices, depth + 1) };
  }
}
