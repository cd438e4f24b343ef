/** A hub with its services in this process, in a scratch folder, until the test ends. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import {
  createNode,
  createToken,
  type LocalNode,
  openNode,
  type TokenScope,
} from "../engine/index.ts";
import { type RunningHub, startHub, type StartHubInput } from "./index.ts";

export interface TestHub {
  readonly dir: string;
  readonly node: LocalNode;
  readonly hub: RunningHub;
  readonly url: string;
  /** Lines of the hub's log. */
  readonly reports: readonly { readonly code: string; readonly message: string }[];
  token(scopes: readonly TokenScope[], nodes?: readonly string[]): Promise<string>;
  /** With a token that may do everything, unless `headers` say otherwise. */
  call(path: string, init?: RequestInit): Promise<Response>;
}

export async function startTestHub(
  t: TestContext,
  input: Partial<Omit<StartHubInput, "node">> = {},
): Promise<TestHub> {
  const dir = await mkdtemp(join(tmpdir(), "zh-"));
  await createNode({ dir, nodeId: "hub", isHub: true });
  const hub = await openTestHub(t, dir, input);
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  return hub;
}

/** On a directory that is there already: what a restart of `serve` sees. */
export async function openTestHub(
  t: TestContext,
  dir: string,
  input: Partial<Omit<StartHubInput, "node">> = {},
): Promise<TestHub> {
  const reports: { code: string; message: string }[] = [];
  const node = await openNode({ dataDir: dir });
  let started: RunningHub | undefined;
  // In this order: what runs after a test runs as it was asked for.
  t.after(async () => {
    await started?.close();
    await node.close();
  });
  const hub = await startHub({
    node,
    http: "127.0.0.1:0",
    onReport: ({ code, message }) => reports.push({ code, message }),
    ...input,
  });
  started = hub;
  await node.serveSocket();
  const token = async (
    scopes: readonly TokenScope[],
    nodes: readonly string[] = [],
  ): Promise<string> => {
    const made = await createToken({ dataDir: dir, scopes, nodes, label: "" });
    return made.token;
  };
  const admin = await token(["admin"]);
  const url = hub.http?.url ?? "";
  const call = (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has("authorization") && !headers.has("cookie"))
      headers.set("authorization", `Bearer ${admin}`);
    return fetch(`${url}${path}`, { ...init, headers });
  };
  return { dir, node, hub, url, reports, token, call };
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** The Z code of an answer that must be a problem. */
export async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { readonly code?: string; readonly status?: number };
  if (body.status !== response.status) throw new Error(`status ${response.status} is not told`);
  return `${response.status} ${body.code ?? ""}`;
}
