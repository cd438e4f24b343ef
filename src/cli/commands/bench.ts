/** `bench`. */
import { resolve } from "node:path";
import { benchToText } from "../../command/render-identity.ts";
import { exitDone } from "../open.ts";
import type { Handler } from "../run.ts";

export const bench: Handler<"bench"> = async (values, context) => {
  const engine = await context.loadEngine();
  const line = context.progress();
  const facts = await engine.runBench({
    dir: resolve(values.dataDir ?? "."),
    events: values.events,
    payloadBytes: values.payloadBytes,
    signal: context.graceful(),
    onPhase: (phase) => line.update(() => `${phase} ...`),
  });
  line.clear();
  if (context.isJson) await context.printJson(facts);
  else await context.print(benchToText(facts, context.view()));
  return exitDone;
};
