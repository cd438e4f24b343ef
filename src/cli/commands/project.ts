/** `project`: events into SQL tables. */
import { projectPlanToText, projectToText } from "../../command/render-project.ts";
import { counted, grouped, printable } from "../../command/text.ts";
import type { ZamError } from "../../core/errors/zam-error.ts";
import type { CliContext } from "../context.ts";
import { exitDone, exitInPart, openInput } from "../open.ts";
import { RateMeter } from "../progress.ts";
import type { Handler } from "../run.ts";

export const project: Handler<"project"> = async (values, context) => {
  const signal = context.graceful();
  const hub = await import("../../hub/projection/index.ts");
  // Before the log is opened: what is wrong on the command line is said at once.
  const target = hub.parseTarget(values.to);
  const mapping =
    values.mapping === undefined ? hub.defaultMapping : hub.readMapping(values.mapping);
  const engine = await context.loadEngine();
  const source = engine.followDirectory(openInput(values));
  try {
    if (values.dryRun) {
      const plan = await hub.rehearseProjection({ source, target, mapping, signal });
      await context.tell(
        () => projectPlanToText(plan),
        () => plan,
      );
      return exitDone;
    }
    const line = context.progress();
    const onProgress = line.isActive
      ? progressOf(context, (text) => line.update(text))
      : values.follow
        ? tellingCatchUps(context)
        : undefined;
    const summary = await hub
      .project({
        source,
        target,
        mapping,
        isFollowing: values.follow,
        signal,
        onReport: (error) => report(error, context),
        ...(onProgress === undefined ? {} : { onProgress }),
      })
      .finally(() => line.clear());
    await context.tell(
      () => projectToText(summary, context.view()),
      () => ({ ...summary, rows: summary.rows < 0 ? null : summary.rows }),
    );
    const isStoppedFollowing = values.follow && signal.aborted;
    return summary.missing > 0 || !(summary.complete || isStoppedFollowing) ? exitInPart : exitDone;
  } finally {
    await source.close();
  }
};

interface Progress {
  readonly added: number;
  readonly isCaughtUp: boolean;
}

function progressOf(context: CliContext, update: (text: () => string) => void) {
  const rate = new RateMeter();
  return ({ added, isCaughtUp }: Progress): void => {
    const perS = rate.measure(added, context.io.nowMs());
    update(() =>
      isCaughtUp
        ? `${counted(added, "row")} added, waiting for events`
        : `${counted(added, "row")} added  ${grouped(Math.round(perS))}/s`,
    );
  };
}

/** A line each time that all is there again. */
function tellingCatchUps(context: CliContext) {
  return ({ added, isCaughtUp }: Progress): void => {
    if (!isCaughtUp) return;
    const at = new Date(context.io.nowMs()).toISOString();
    void context.tell(
      () => `${at}  ${counted(added, "row")} added, all events are there`,
      () => ({ event: "caughtUp", at, added }),
    );
  };
}

function report(error: ZamError, context: CliContext): void {
  const at = new Date(context.io.nowMs()).toISOString();
  const { code, message, hint } = error;
  if (context.isJson) void context.printJson({ event: "report", at, code, message, hint });
  else context.io.err(`${at}  ${context.errStyle.yellow(code)}  ${printable(message)}\n`);
}
