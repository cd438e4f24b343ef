/** `help` and `completion`. */
import { completionScript } from "../../command/completion.ts";
import { commandHelpToText, helpToJson, overviewToText } from "../../command/help.ts";
import { isCommandName } from "../../command/table.ts";
import { exitDone } from "../open.ts";
import type { Handler } from "../run.ts";

export const help: Handler<"help"> = async ({ topic }, context) => {
  const name = topic !== undefined && isCommandName(topic) ? topic : undefined;
  const { style } = context.view();
  if (context.isJson) await context.printJson(helpToJson(name));
  else
    await context.print(
      name === undefined ? overviewToText(style) : commandHelpToText(name, style),
    );
  return exitDone;
};

export const completion: Handler<"completion"> = async ({ shell }, context) => {
  const script = completionScript(shell);
  if (context.isJson) await context.printJson({ shell, script });
  else await context.io.out(script);
  return exitDone;
};
