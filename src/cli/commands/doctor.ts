/** `doctor`: what is wrong and what to do; with `--ack` it clears an alarm instead. */
import { acknowledgedToText, doctorToText } from "../../command/render-doctor.ts";
import { exitDone, openInput, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const doctor: Handler<"doctor"> = async (values, context) => {
  const { ack } = values;
  if (ack !== undefined) {
    const cleared = await withNode(values, context, { use: (node) => node.acknowledge(ack) });
    await context.tell(
      () => acknowledgedToText(cleared, context.view()),
      () => cleared,
    );
    return exitDone;
  }
  const engine = await context.loadEngine();
  const report = await engine.examine(openInput(values));
  if (context.isJson) await context.printJson(report);
  else await context.print(doctorToText(report, context.view()));
  return report.exit;
};
