/** `sync`: one session, with a progress line, and its summary last on stdout. */
import type { CommandValues } from "../../command/flag.ts";
import { progressToText, syncToJson, syncToText } from "../../command/render-sync.ts";
import type { commandTable } from "../../command/table.ts";
import type { SyncInput, SyncProgress, SyncSummary } from "../../engine/api.ts";
import { exitDone, exitInPart, withNode } from "../open.ts";
import { type ProgressLine, RateMeter } from "../progress.ts";
import type { Handler } from "../run.ts";

type LinkValues = Pick<
  CommandValues<(typeof commandTable)["sync"]>,
  "hub" | "hubId" | "maxBytes" | "budgetKbps" | "codec"
>;

/** The flags that `sync` and `daemon` share. */
export function linkInput(values: LinkValues): Pick<SyncInput, keyof LinkValues> {
  const { hub, hubId, maxBytes, budgetKbps, codec } = values;
  return {
    ...(hub === undefined ? {} : { hub }),
    ...(hubId === undefined ? {} : { hubId }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(budgetKbps === undefined ? {} : { budgetKbps }),
    ...(codec === undefined ? {} : { codec }),
  };
}

export const sync: Handler<"sync"> = async (values, context) => {
  const line = context.progress();
  const signal = context.graceful();
  let summary: SyncSummary;
  try {
    summary = await withNode(values, context, {
      use: (node) =>
        node.sync({
          ...linkInput(values),
          timeoutMs: values.timeout,
          dryRun: values.dryRun,
          signal,
          ...(line.isActive ? { onProgress: progressDrawer(line, context.io.nowMs) } : {}),
        }),
    });
  } finally {
    line.clear();
  }
  await context.tell(
    () => syncToText(summary, context.view()),
    () => syncToJson(summary),
  );
  const isDone = summary.complete && summary.quarantined === 0;
  return isDone || values.dryRun ? exitDone : exitInPart;
};

export function progressDrawer(
  line: ProgressLine,
  nowMs: () => number,
): (progress: SyncProgress) => void {
  const bytes = new RateMeter();
  const events = new RateMeter();
  return (progress) => {
    const rates = {
      bytesPerS: bytes.measure(progress.bytesSent + progress.bytesReceived, nowMs()),
      eventsPerS: events.measure(progress.eventsConfirmed, nowMs()),
    };
    line.update(() => progressToText(progress, rates));
  };
}
