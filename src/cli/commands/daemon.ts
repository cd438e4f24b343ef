/** `daemon`: a line a sync, until interrupted. */
import { daemonSyncToText, daemonWaitToText, syncToJson } from "../../command/render-sync.ts";
import { elapsedToText, printable } from "../../command/text.ts";
import type { CliContext } from "../context.ts";
import type { DaemonReport } from "../engine-port.ts";
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
      onCycle: (report) => {
        line.clear();
        void tellCycle(report, context);
      },
    });
  } finally {
    line.clear();
    await node.close();
  }
  return exitDone;
};

/** A connection that fails is news, not an error: the daemon goes on. */
function tellCycle(report: DaemonReport, context: CliContext): Promise<void> | undefined {
  const at = new Date(context.io.nowMs()).toISOString();
  if (report.kind === "synced") {
    return context.tell(
      () => daemonSyncToText(report.summary, context.view()),
      () => ({ event: "synced", at, ...syncToJson(report.summary) }),
    );
  }
  if (report.kind === "waiting") {
    const { reason, waitMs } = report;
    return context.tell(
      () => daemonWaitToText(reason, waitMs, context.view()),
      () => ({ event: "waiting", at, reason, waitMs }),
    );
  }
  const { code, message } = report.error;
  const { retryInMs } = report;
  if (context.isJson) return context.printJson({ event: "failed", at, code, message, retryInMs });
  context.io.err(
    `${at}  ${context.errStyle.red(code)}  ${printable(message)}; trying again in ${elapsedToText(retryInMs)}\n`,
  );
  return undefined;
}
