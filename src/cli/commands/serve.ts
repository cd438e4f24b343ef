/** `serve`: the hub, until interrupted. */
import {
  listeningToJson,
  listeningToText,
  sessionToJson,
  sessionToText,
} from "../../command/render-sync.ts";
import { counted, printable } from "../../command/text.ts";
import { careToText } from "../../command/render-care.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { CareSummary, Judge } from "../../engine/api.ts";
import type { ValuesOf } from "../../command/table.ts";
import type { RunningHub } from "../../hub/index.ts";
import type { RunningProjection } from "../../hub/projection/index.ts";
import type { CliContext } from "../context.ts";
import type { Engine, OwnedNode } from "../engine-port.ts";
import { exitDone, openInput } from "../open.ts";
import type { Handler } from "../run.ts";

export const serve: Handler<"serve"> = async (values, context) => {
  const signal = context.graceful();
  const judge = await judgeOf(values);
  const startProjection = await projectionOf(values, context);
  const engine = await context.loadEngine();
  const input = openInput(values);
  const node = await engine.openNode(input);
  let hub: RunningHub | undefined;
  let projection: RunningProjection | undefined;
  try {
    // Only once the key has been found to fit: a wrong one must leave no trace.
    if (await engine.promoteToHub(input)) await tellBecameHub(values.dataDir, context);
    await node.serveSocket();
    // Before the sync port: no session's end is missed, and a bind that is refused lets nobody in.
    hub = await startServices(engine, node, values, context);
    projection = startProjection?.(node);
    const server = await node.serve({
      bind: values.bind,
      policy: values.policy,
      ...(values.codec === undefined ? {} : { codec: values.codec }),
      maxPeers: values.maxPeers,
      ...(values.retain === undefined ? {} : { retainMs: values.retain }),
      ...(judge === undefined ? {} : { judge }),
      onReleased: (count) => tellReleased(count, context),
      onRetained: (summary) => tellRetained(summary, context),
      onSession: (session) => {
        void context.tell(
          () => sessionToText(session, context.view()),
          () => sessionToJson(session, context.io.nowMs()),
        );
        hub?.session(session);
      },
      onReport: (error, peer) => {
        tellReport(error, peer, context);
        hub?.report(error, peer);
      },
    });
    const listening = { address: server.address, http: hub?.http, metrics: hub?.metrics };
    if (judge !== undefined)
      context.onHangup(() => void readAgain(values, context, (later) => server.useJudge(later)));
    await context.tell(
      () => listeningToText(listening),
      () => listeningToJson(listening),
    );
    await aborted(signal);
    await hub?.close();
    await server.close();
  } finally {
    await projection?.close();
    await hub?.close();
    await node.close();
  }
  return exitDone;
};

async function judgeOf(values: ValuesOf<"serve">): Promise<Judge | undefined> {
  if (values.schema === undefined) return undefined;
  return (await import("../../hub/schema/index.ts")).readSchema(values.schema);
}

/** Rules that cannot be read are told, and those that there were stay. */
async function readAgain(
  values: ValuesOf<"serve">,
  context: CliContext,
  use: (judge: Judge) => void,
): Promise<void> {
  try {
    const judge = await judgeOf(values);
    if (judge !== undefined) use(judge);
  } catch (error) {
    if (!(error instanceof ZamError)) throw error;
    tellReport(error, "", context);
  }
}

/** Reads what `--project` and `--mapping` say, before anything is opened. */
async function projectionOf(
  values: ValuesOf<"serve">,
  context: CliContext,
): Promise<((node: OwnedNode) => RunningProjection) | undefined> {
  if (values.project === undefined) return undefined;
  const hub = await import("../../hub/projection/index.ts");
  const target = hub.parseTarget(values.project);
  const mapping =
    values.mapping === undefined ? hub.defaultMapping : hub.readMapping(values.mapping);
  const onReport = (error: ZamError): void => tellReport(error, "", context);
  return (node) => hub.keepProjecting({ node, target, mapping, onReport });
}

/** What is beside the sync port, when any of it was asked for. */
async function startServices(
  engine: Engine,
  node: OwnedNode,
  values: ValuesOf<"serve">,
  context: CliContext,
): Promise<RunningHub | undefined> {
  if (values.http === undefined && values.metrics === undefined) return undefined;
  return engine.startHub({
    node,
    http: values.http,
    metrics: values.metrics,
    quietAfterMs: values.quietAfter,
    httpNames: values.httpName?.split(",") ?? [],
    onReport: (error, source) => tellReport(error, source, context),
  });
}

async function tellBecameHub(dataDir: string, context: CliContext): Promise<void> {
  if (context.isJson) await context.printJson({ event: "becameHub", dataDir });
  else context.notice(`${dataDir} was never signed, so it is a hub from now on`);
}

function tellReleased(count: number, context: CliContext): void {
  if (count === 0) return;
  const at = new Date(context.io.nowMs()).toISOString();
  void context.tell(
    () => `${at}  ${counted(count, "event")} released from quarantine: the schema lets them in now`,
    () => ({ event: "released", at, count }),
  );
}

function tellRetained(summary: CareSummary, context: CliContext): void {
  if (summary.dropped === 0) return;
  const at = new Date(context.io.nowMs()).toISOString();
  void context.tell(
    () => `${at}  retention: ${careToText(summary, { isDryRun: false }).replaceAll("\n", "; ")}`,
    () => ({ event: "retained", at, ...summary }),
  );
}

/** Something a peer did or met, which its session's own line does not say. */
function tellReport(error: ZamError, peer: string, context: CliContext): void {
  const at = new Date(context.io.nowMs()).toISOString();
  const { code, message, hint } = error;
  if (context.isJson) {
    void context.printJson({ event: "report", at, peer, code, message, hint });
    return;
  }
  context.io.err(
    `${at}  ${context.errStyle.yellow(code)}  ${peer === "" ? "" : `${peer}: `}${printable(message)}\n`,
  );
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
