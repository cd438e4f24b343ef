/** What other processes may ask of the one that owns the log, over its socket. */
import { codecNames } from "../core/session/codec-choice.ts";
import type { RpcHandlers } from "../storage/local-rpc.ts";
import { decodeDataKey, tokenScopes } from "../pki/index.ts";
import type {
  ArrivalQuery,
  AuditQuery,
  NodeApi,
  PullQuery,
  RekeyInput,
  RekeySummary,
  SyncInput,
} from "./api.ts";
import { revokeHere, type SignNodeInput, signHere } from "./identity.ts";
import { createTokenHere, type NewToken, revokeTokenHere } from "./tokens.ts";
import {
  asFields,
  countField,
  decodePushInputs,
  encodeArrivalBatch,
  encodePulledEvent,
  flagField,
  listField,
  present,
  textField,
} from "./wire-json.ts";

/** The node as its own process has it. */
export interface OwnedNode extends NodeApi {
  readonly dataDir: string;
  /** `newKey`: what is in `newKeyFile`, which this process may not be able to read. */
  rekey(input: RekeyInput & { readonly newKey?: Uint8Array | undefined }): Promise<RekeySummary>;
}

export function createHandlers(node: OwnedNode): RpcHandlers {
  return {
    calls: {
      push: async (params) => node.push(decodePushInputs(asFields(params).events)),
      pull: async (params) => (await node.pull(toPullQuery(params))).map(encodePulledEvent),
      arrivals: async (params, signal) =>
        encodeArrivalBatch(await node.arrivals({ ...toArrivalQuery(params), signal })),
      verify: () => node.verify(),
      status: () => node.status(),
      nodes: () => node.nodes(),
      ping: async (params) => {
        const fields = asFields(params);
        return node.ping(
          present({
            hub: textField(fields, "hub"),
            hubId: textField(fields, "hubId"),
            count: countField(fields, "count"),
            timeoutMs: countField(fields, "timeoutMs"),
          }),
        );
      },
      revoke: async (params) =>
        revokeHere({ nodeId: textField(asFields(params), "nodeId") ?? "", hubDir: node.dataDir }),
      createToken: async (params) => createTokenHere(toNewToken(params, node.dataDir)),
      revokeToken: async (params) =>
        revokeTokenHere({ dataDir: node.dataDir, id: textField(asFields(params), "id") ?? "" }),
      compact: (params) =>
        node.compact(present({ graceMs: countField(asFields(params), "graceMs") })),
      expire: (params) => {
        const fields = asFields(params);
        return node.expire(
          present({
            beforeMs: countField(fields, "beforeMs"),
            olderThanMs: countField(fields, "olderThanMs"),
            minKeep: countField(fields, "minKeep"),
            dryRun: flagField(fields, "dryRun"),
          }),
        );
      },
      rekey: async (params) => {
        const fields = asFields(params);
        const newKeyFile = textField(fields, "newKeyFile");
        const text = textField(fields, "newKey");
        if (newKeyFile === undefined || text === undefined) return node.rekey({});
        return node.rekey({ newKeyFile, newKey: decodeDataKey(text, newKeyFile) });
      },
      acknowledge: (params) => node.acknowledge(textField(asFields(params), "id") ?? ""),
      snapshot: (params, signal) =>
        node.snapshot({ out: textField(asFields(params), "out") ?? "", signal }),
      sign: async (params) => {
        const fields = asFields(params);
        const input: SignNodeInput = {
          csrPath: textField(fields, "csrPath") ?? "",
          // Whatever was asked for: this process signs for its own directory only.
          hubDir: node.dataDir,
          ...present({
            outPath: textField(fields, "outPath"),
            days: countField(fields, "days"),
            replace: flagField(fields, "replace"),
          }),
        };
        return signHere(input, textField(fields, "csrPem") ?? "");
      },
    },
    streams: {
      events: (params, signal) => pulled(node, params, signal),
      audit: (params) => node.audit(toAuditQuery(params)),
      sync: (params, signal) => syncing(node, params, signal),
    },
  };
}

async function* pulled(
  node: OwnedNode,
  params: unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const follow = flagField(asFields(params), "follow") ?? false;
  for await (const event of node.events({ ...toPullQuery(params), follow, signal }))
    yield encodePulledEvent(event);
}

/** Progress as it comes, at most one item waiting; the summary last. */
async function* syncing(
  node: OwnedNode,
  params: unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const news: { latest: unknown; wake: () => void } = { latest: undefined, wake: () => {} };
  let isOver = false;
  const running = node
    .sync({
      ...toSyncInput(params),
      signal,
      onProgress: (progress) => {
        news.latest = progress;
        news.wake();
      },
    })
    .finally(() => {
      isOver = true;
      news.wake();
    });
  // Awaited below; a failure in between must not count as unhandled.
  running.catch(() => undefined);
  while (!isOver) {
    await new Promise<void>((resolve) => {
      news.wake = resolve;
      if (news.latest !== undefined || isOver) resolve();
    });
    const progress = news.latest;
    news.latest = undefined;
    if (progress !== undefined) yield { progress };
  }
  yield { summary: await running };
}

/** For this process's own directory, whatever was asked for. */
function toNewToken(params: unknown, dataDir: string): NewToken {
  const fields = asFields(params);
  const scopes = listField(fields, "scopes");
  return {
    dataDir,
    scopes: tokenScopes.filter((scope) => scopes.includes(scope)),
    nodes: listField(fields, "nodes"),
    label: textField(fields, "label") ?? "",
    expiresInMs: countField(fields, "expiresInMs"),
  };
}

function toPullQuery(params: unknown): PullQuery {
  const fields = asFields(params);
  return present({
    since: textField(fields, "since"),
    node: textField(fields, "node"),
    type: countField(fields, "type"),
    limit: countField(fields, "limit"),
    order: textField(fields, "order") === "hlc" ? ("hlc" as const) : undefined,
  });
}

function toArrivalQuery(params: unknown): ArrivalQuery {
  const fields = asFields(params);
  return {
    after: countField(fields, "after") ?? 0,
    ...present({
      eventsMax: countField(fields, "eventsMax"),
      waitMs: countField(fields, "waitMs"),
      absent: flagField(fields, "absent"),
    }),
  };
}

function toAuditQuery(params: unknown): AuditQuery {
  const fields = asFields(params);
  return present({
    since: textField(fields, "since"),
    until: textField(fields, "until"),
    node: textField(fields, "node"),
    head: countField(fields, "head"),
    tail: countField(fields, "tail"),
  });
}

function toSyncInput(params: unknown): SyncInput {
  const fields = asFields(params);
  return present({
    hub: textField(fields, "hub"),
    hubId: textField(fields, "hubId"),
    maxBytes: countField(fields, "maxBytes"),
    budgetKbps: countField(fields, "budgetKbps"),
    codec: codecNames.find((name) => name === textField(fields, "codec")),
    timeoutMs: countField(fields, "timeoutMs"),
    dryRun: flagField(fields, "dryRun"),
  });
}
