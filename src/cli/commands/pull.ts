/** `pull`: events out, one line each. */
import { type PayloadText, pulledToJson, pulledToText } from "../../command/render-events.ts";
import type { NodeApi, PullQuery } from "../../engine/api.ts";
import type { CliContext } from "../context.ts";
import { exitDone, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export const payloadText: PayloadText = {
  decode: (bytes) => {
    try {
      return decoder.decode(bytes);
    } catch {
      return undefined;
    }
  },
  base64: (bytes) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64"),
};

export const pull: Handler<"pull"> = async (values, context) => {
  const { since, node, type, limit } = values;
  const query: PullQuery & { follow: boolean; signal: AbortSignal } = {
    order: values.order,
    follow: values.follow,
    signal: context.graceful(),
    ...(since === undefined ? {} : { since }),
    ...(node === undefined ? {} : { node }),
    ...(type === undefined ? {} : { type }),
    ...(limit === undefined ? {} : { limit }),
  };
  await withNode(values, context, {
    // A follower owns the log, or goes through its owner: only there are new events announced.
    readOnly: !values.follow,
    use: (opened) => printEvents(opened, query, context),
  });
  return exitDone;
};

async function printEvents(
  node: NodeApi,
  query: PullQuery & { readonly follow: boolean; readonly signal: AbortSignal },
  context: CliContext,
): Promise<void> {
  const view = context.view();
  let count = 0;
  let cursor = "";
  for await (const event of node.events(query)) {
    const line = context.isJson
      ? pulledToJson(event, payloadText)
      : pulledToText(event, view, payloadText);
    const busy = context.lines.write(`${line}\n`);
    if (busy !== undefined) await busy;
    count++;
    cursor = event.cursor;
    if (context.io.isOutClosed() || query.signal.aborted) break;
  }
  await context.lines.flush();
  const isCut = query.limit !== undefined && count >= query.limit && query.order !== "hlc";
  if (isCut) context.notice(`to go on from here: --since ${cursor}`);
}
