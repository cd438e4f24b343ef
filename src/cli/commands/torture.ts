/** `torture`. */
import { resolve } from "node:path";
import { tortureProgressToText, tortureToText } from "../../command/render-torture.ts";
import { entry } from "../entry.ts";
import type { Handler } from "../run.ts";

export const torture: Handler<"torture"> = async (values, context) => {
  const signal = context.graceful();
  const engine = await context.loadEngine();
  const line = context.progress();
  line.update(() => "making a hub and a clinic ...");
  const report = await engine.runTorture({
    dir: resolve(values.dataDir ?? "."),
    entry,
    durationMs: values.minutes * 60_000,
    rounds: values.rounds,
    seed: values.seed ?? context.io.nowMs() % 0x1_0000_0000,
    signal,
    onRound: (soFar, kind) => {
      line.update(() => tortureProgressToText(soFar));
      if (context.isVerbose && !context.isJson)
        context.io.err(`${kind}: ${tortureProgressToText(soFar)}\n`);
    },
  });
  line.clear();
  if (context.isJson) await context.printJson(report);
  else await context.print(tortureToText(report, context.view()));
  return report.exit;
};
