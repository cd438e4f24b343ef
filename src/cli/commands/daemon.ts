/** `daemon`: a line a sync, until interrupted. */
import { daemonSyncToText, daemonWaitToText, syncToJson } from "../../command/render-sync.ts";
import { elapsedToText, printable } from "../../command/text.ts";
import type { DaemonCycle } from "../../engine/daemon.ts";
import type { CliContext } from "../context.ts";
import { exitDone, openInput } from "../open.ts";
import type { Handler } from "../run.ts";
import { linkInput, progressDrawer } from "./sync.ts";

export const daemon: Handler<"daemon"> = async (values, context) => {
  const signal = context.graceful();
  const engine = await context.loadEngine();
  const node = await engine.openNode(openInput(values));
  const line = context.progress();
  try {
    await node.serveSocket();
    await node.daemon({
      ...linkInput(values),
      intervalMs: values.interval,
      ...(values.dailyBudget === undefined ? {} : { dailyBytes: values.dailyBudget }),
      ...(values.window === undefined ? {} : { window: values.window }),
      signal,
      ...(line.isActive ? { onProgress: progressDrawer(line, context.io.nowMs) } : {}),
      onCycle: (cycle) => {
        line.clear();
        void tellCycle(cycle, context);
      },
    });
  } finally {
    line.clear();
    await node.close();
  }
  return exitDone;
};

/** A connection that fails is news, not an error: the daemon goes on. */
function tellCycle(cycle: DaemonCycle, context: CliContext): Promise<void> | undefined {
  const at = new Date(context.io.nowMs()).toISOString();
  if (cycle.kind === "synced") {
    return context.tell(
      () => daemonSyncToText(cycle.summary, context.view()),
      () => ({ event: "synced", at, ...syncToJson(cycle.summary) }),
    );
  }
  if (cycle.kind === "waiting") {
    const { reason, waitMs } = cycle;
    return context.tell(
      () => daemonWaitToText(reason, waitMs, context.view()),
      () => ({ event: "waiting", at, reason, waitMs }),
    );
  }
  const { code, message } = cycle.error;
  const { retryInMs } = cycle;
  if (context.isJson) return context.printJson({ event: "failed", at, code, message, retryInMs });
  context.io.err(
    `${at}  ${context.errStyle.red(code)}  ${printable(message)}; trying again in ${elapsedToText(retryInMs)}\n`,
  );
  return undefined;
}
