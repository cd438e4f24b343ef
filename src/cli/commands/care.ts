/** `compact`, `expire` and `rekey`. */
import { resolve } from "node:path";
import { careToText, rekeyToText } from "../../command/render-care.ts";
import { exitDone, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const compact: Handler<"compact"> = async (values, context) => {
  const summary = await withNode(values, context, {
    use: (node) => node.compact({ graceMs: values.grace }),
  });
  await context.tell(
    () => careToText(summary, { isDryRun: false }),
    () => summary,
  );
  return exitDone;
};

export const expire: Handler<"expire"> = async (values, context) => {
  const { before, olderThan, minKeep, dryRun } = values;
  const summary = await withNode(values, context, {
    use: (node) =>
      node.expire({
        minKeep,
        dryRun,
        ...(before === undefined ? {} : { beforeMs: Date.parse(before) }),
        ...(olderThan === undefined ? {} : { olderThanMs: olderThan }),
      }),
  });
  await context.tell(
    () => careToText(summary, { isDryRun: dryRun }),
    () => summary,
  );
  return exitDone;
};

export const rekey: Handler<"rekey"> = async (values, context) => {
  const newKeyFile = values.newKeyFile === undefined ? undefined : resolve(values.newKeyFile);
  const summary = await withNode(values, context, {
    newKeyFile,
    use: (node) => node.rekey({ newKeyFile }),
  });
  await context.tell(
    () => rekeyToText(summary),
    () => summary,
  );
  return exitDone;
};
