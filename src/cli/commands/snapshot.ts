/** `snapshot` and `restore`. */
import { resolve } from "node:path";
import { restoreToText, snapshotToText } from "../../command/render-snapshot.ts";
import { exitDone, exitInPart, openInput, withNode } from "../open.ts";
import type { Handler } from "../run.ts";

export const snapshot: Handler<"snapshot"> = async (values, context) => {
  const signal = context.graceful();
  const out = resolve(values.out);
  const made = await withNode(values, context, {
    readOnly: true,
    use: (node) => node.snapshot({ out, signal }),
  });
  await context.tell(
    () => snapshotToText(made, context.view()),
    () => made,
  );
  return made.problems === 0 ? exitDone : exitInPart;
};

export const restore: Handler<"restore"> = async (values, context) => {
  const engine = await context.loadEngine();
  const input = openInput(values);
  const restored = await engine.restoreNode({ ...input, path: resolve(values.file) });
  await context.tell(
    () => restoreToText(restored, context.view()),
    () => restored,
  );
  return restored.problems === 0 && restored.reports.length === 0 ? exitDone : exitInPart;
};
