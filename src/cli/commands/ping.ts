/** `ping`. */
import { pingToText } from "../../command/render-sync.ts";
import { exitDone, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const ping: Handler<"ping"> = async (values, context) => {
  const { hub, hubId, count, timeout } = values;
  const found = await withNode(values, context, {
    use: (node) =>
      node.ping({
        count,
        timeoutMs: timeout,
        ...(hub === undefined ? {} : { hub }),
        ...(hubId === undefined ? {} : { hubId }),
      }),
  });
  if (context.isJson) await context.printJson(found);
  else await context.print(pingToText(found, context.view()));
  return exitDone;
};
