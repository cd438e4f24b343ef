/** A hub that serves HTTP in this process, for the fuzz, and what its answers must be. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import { createNode, createToken, openNode } from "../../src/engine/index.ts";
import { startHub } from "../../src/hub/index.ts";
import type { ApiRequest, Known, OpenApi } from "./http-requests.ts";

export interface FuzzedHub {
  readonly api: OpenApi;
  readonly known: Known;
  /** The status, when the answer is one that the document allows. @throws AssertionError otherwise */
  ask(request: ApiRequest): Promise<number>;
  close(): Promise<void>;
}

/** Before any route is reached these may come, whatever the operation. */
const always: ReadonlySet<number> = new Set([400, 401, 403, 404, 408, 413, 415, 429, 431]);

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export async function startFuzzedHub(): Promise<FuzzedHub> {
  const dir = mkdtempSync(join(tmpdir(), "zh-"));
  const forget = (): void => rmSync(dir, { recursive: true, force: true });
  process.once("exit", forget);
  const { epoch } = await createNode({ dir, nodeId: "hub", isHub: true });
  // The same caller asks far more often than a person: a token for it, and no limit in its way.
  const { token } = await createToken({ dataDir: dir, scopes: ["admin"], nodes: [], label: "" });
  const node = await openNode({ dataDir: dir });
  await node.push([{ payload: Buffer.from('{"n":1}'), type: 3 }]);
  const defects: string[] = [];
  const hub = await startHub({
    node,
    http: "127.0.0.1:0",
    onReport: ({ code, message }) => {
      if (code === "Z199") defects.push(message);
    },
  });
  const port = Number(new URL(hub.http?.url ?? "").port);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const get = (path: string): ApiRequest => {
    return { operation: "", method: "GET", path, headers: {}, body: undefined };
  };
  const text = await send({ port, agent }, get("/v1/openapi.json"));
  const api = JSON.parse(text.body) as OpenApi;
  const check = checker(api);
  const known = { token, node: "hub", epoch, cursor: node.newestCursor() };
  return {
    api,
    known,
    ask: async (request) => {
      const answer = await sendPatiently({ port, agent }, request);
      assert.deepEqual(defects, [], `${request.method} ${request.path}`);
      check(request, answer);
      return answer.status;
    },
    close: async () => {
      agent.destroy();
      await hub.close();
      await node.close();
      forget();
      process.off("exit", forget);
    },
  };
}

interface Target {
  readonly port: number;
  readonly agent: Agent;
}

/** The rate limit is no finding: it is waited for. */
async function sendPatiently(target: Target, request: ApiRequest): Promise<Answer> {
  for (let tries = 0; ; tries++) {
    const answer = await send(target, request);
    if (answer.status !== 429 || tries === 50) return answer;
    if (!answer.body.includes("asks too often")) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function send(
  { port, agent }: Target,
  { method, path, headers, body }: ApiRequest,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const length = body === undefined ? {} : { "content-length": body.length };
  const options = {
    port,
    host: "127.0.0.1",
    agent,
    method,
    path,
    headers: { ...headers, ...length },
  };
  const request = httpRequest(options, (response) => {
    const { statusCode: status = 0 } = response;
    const type = response.headers["content-type"] ?? "";
    const chunks: Buffer[] = [];
    const finish = (): void => resolve({ status, type, body: Buffer.concat(chunks).toString() });
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      // A stream does not end by itself.
      if (!type.startsWith("text/event-stream")) return;
      finish();
      request.destroy();
    });
    response.on("end", finish);
    response.on("error", finish);
  });
  request.on("error", reject);
  request.end(body);
  return promise;
}

/** Statuses that the document names, bodies that fit its schemas, and never a 5xx. */
function checker(api: OpenApi): (request: ApiRequest, answer: Answer) => void {
  const ajv = new Ajv2020.default({ strict: false, validateFormats: false });
  ajv.addSchema(api, "api");
  const validators = new Map<string, ValidateFunction>();
  const escaped = (part: string): string =>
    encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
  const validator = (pointer: readonly string[]): ValidateFunction => {
    const $ref = `api#/${pointer.map(escaped).join("/")}`;
    const found = validators.get($ref) ?? ajv.compile({ $ref });
    validators.set($ref, found);
    return found;
  };
  return ({ operation, method, path }, { status, type, body }) => {
    const what = `${method} ${path}: ${status} ${body.slice(0, 300)}`;
    assert.ok(status >= 200 && status < 500, what);
    if (status >= 400) {
      assert.match(type, /^application\/problem\+json/, what);
      const problem = validator(["components", "schemas", "Problem"]);
      assert.ok(problem(JSON.parse(body)), `${what}: ${ajv.errorsText(problem.errors)}`);
    }
    const [name = "", template = ""] = operation.split(" ");
    const lower = name.toLowerCase();
    const responses = api.paths[template]?.[lower]?.responses ?? {};
    if (method === name)
      assert.ok(String(status) in responses || always.has(status), `${what}: not documented`);
    const mediaType = type.split(";")[0] ?? "";
    const content = responses[String(status)]?.content?.[mediaType];
    if (mediaType !== "application/json" || content?.schema === undefined) return;
    const place = ["paths", template, lower, "responses", String(status), "content", mediaType];
    const fits = validator([...place, "schema"]);
    assert.ok(fits(JSON.parse(body)), `${what}: ${ajv.errorsText(fits.errors)}`);
  };
}
