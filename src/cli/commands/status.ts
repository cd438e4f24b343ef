/** `status` and `peers`. */
import {
  peersToText,
  statusProblems,
  statusToJson,
  statusToText,
} from "../../command/render-status.ts";
import { exitDone, exitInPart, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const status: Handler<"status"> = async (values, context) => {
  const found = await withNode(values, context, { readOnly: true, use: (node) => node.status() });
  const view = context.view();
  if (context.isJson) await context.printJson(statusToJson(found));
  else await context.print(statusToText(found, view));
  return statusProblems(found, view.nowMs).length === 0 ? exitDone : exitInPart;
};

export const peers: Handler<"peers"> = async (values, context) => {
  const found = await withNode(values, context, { readOnly: true, use: (node) => node.status() });
  if (context.isJson) for (const peer of found.peers) await context.printJson(peer);
  else await context.print(peersToText(found.peers, context.view()));
  return exitDone;
};
