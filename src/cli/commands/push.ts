/** `push`: one event from the command line or a file, or many from stdin. */
import { readFile, stat } from "node:fs/promises";
import {
  pushToJson,
  pushToText,
  streamPushToJson,
  streamPushToText,
} from "../../command/render-events.ts";
import type { ValuesOf } from "../../command/table.ts";
import { bytesToText, counted, elapsedToText, grouped } from "../../command/text.ts";
import { ZamError } from "../../core/errors/zam-error.ts";
import { payloadBytesMax } from "../../core/event.ts";
import type { Judge, NodeApi } from "../../engine/api.ts";
import type { CliContext } from "../context.ts";
import { notJson } from "../event-lines.ts";
import { exitDone, exitInPart, withNode } from "../open.ts";
import { RateMeter } from "../progress.ts";
import { pushStream } from "../push-stream.ts";
import type { Handler } from "../run.ts";

const localNotice =
  "this event stays at the hub: with --policy own only --to NODE reaches a clinic";

export const push: Handler<"push"> = async (values, context) => {
  // A signal lets the event in hand become durable.
  const signal = context.graceful();
  const judge = await schemaOf(values);
  if (values.stdin) {
    return withNode(values, context, {
      use: (node) => pushLines(node, values, context, { signal, judge }),
    });
  }
  const payload = await payloadOf(values);
  const where = judge?.({ ...unplaced, type: values.type, payload });
  if (where !== undefined) throw new ZamError("Z620", { type: values.type, where });
  return withNode(values, context, { use: (node) => pushOne(node, values, context, payload) });
};

/** Rules look at the payload and its type, wherever it will be. */
const unplaced = { stream: { node: "", epoch: 0, lane: "" } };

/** Before anything is opened. */
async function schemaOf({ schema }: ValuesOf<"push">): Promise<Judge | undefined> {
  if (schema === undefined) return undefined;
  return (await import("../../hub/schema/index.ts")).readSchema(schema);
}

function laneOf(values: ValuesOf<"push">): string {
  if (values.to !== undefined) return `to/${values.to}${values.urgent ? "/urgent" : ""}`;
  return values.lane ?? (values.urgent ? "urgent" : "");
}

async function payloadOf(values: ValuesOf<"push">): Promise<Uint8Array> {
  if (values.payload !== undefined) {
    const payload = new TextEncoder().encode(values.payload);
    try {
      JSON.parse(values.payload);
    } catch (cause) {
      throw new ZamError("Z604", { problem: notJson(payload) }, cause);
    }
    return payload;
  }
  const path = values.payloadFile ?? "";
  try {
    const { size } = await stat(path);
    if (size > payloadBytesMax)
      throw new ZamError("Z601", { sizeBytes: size, maxBytes: payloadBytesMax });
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof ZamError) throw cause;
    throw new ZamError("Z105", { path, reason: reasonOf(cause) }, cause);
  }
}

function reasonOf(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return "there is no such file";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return code === "" ? String(cause) : code;
}

async function pushOne(
  node: NodeApi,
  values: ValuesOf<"push">,
  context: CliContext,
  payload: Uint8Array,
): Promise<number> {
  const { type, id } = values;
  const event = { payload, type, lane: laneOf(values), ...(id === undefined ? {} : { id }) };
  const [result] = await node.push([event]);
  if (result === undefined) throw new ZamError("Z199", { problem: "a push gave no result" });
  const notice = await localOnlyNotice(node, values);
  await context.tell(
    () => pushToText(result, context.view()),
    () => ({ ...pushToJson(result), ...(notice === undefined ? {} : { notice }) }),
  );
  if (notice !== undefined) context.notice(notice);
  return exitDone;
}

async function pushLines(
  node: NodeApi,
  values: ValuesOf<"push">,
  context: CliContext,
  how: { readonly signal: AbortSignal; readonly judge: Judge | undefined },
): Promise<number> {
  const { signal, judge } = how;
  const line = context.progress();
  const input = context.io.stdin();
  if ("isTTY" in input && input.isTTY === true) {
    context.notice("reading events from this terminal, one JSON value a line; Ctrl-D ends");
  }
  const { type, idField } = values;
  const { summary, fault } = await pushStream({
    node,
    input,
    template: {
      type,
      lane: laneOf(values),
      ...(idField === undefined ? {} : { idField }),
      ...(judge === undefined ? {} : { check: (payload) => judge({ ...unplaced, type, payload }) }),
    },
    signal,
    onProgress: line.isActive
      ? streamProgress(context, (text) => line.update(text))
      : () => undefined,
  }).finally(() => line.clear());
  const notice = summary.count === 0 ? undefined : await localOnlyNotice(node, values);
  await context.tell(
    () => streamPushToText(summary, context.view()),
    () => ({ ...streamPushToJson(summary), ...(notice === undefined ? {} : { notice }) }),
  );
  if (notice !== undefined) context.notice(notice);
  if (fault !== undefined) throw fault;
  return summary.complete ? exitDone : exitInPart;
}

/** At a hub an event without an addressee is for the hub itself; people expect otherwise. */
async function localOnlyNotice(
  node: NodeApi,
  values: ValuesOf<"push">,
): Promise<string | undefined> {
  if (values.to !== undefined || values.lane?.startsWith("to/") === true) return undefined;
  const { role } = await node.status();
  return role === "hub" ? localNotice : undefined;
}

function streamProgress(context: CliContext, update: (text: () => string) => void) {
  const rate = new RateMeter();
  const bytes = new RateMeter();
  const total = context.io.stdinBytes();
  return ({ durable, readBytes }: { readonly durable: number; readonly readBytes: number }): void =>
    update(() => {
      const nowMs = context.io.nowMs();
      const perS = rate.measure(durable, nowMs);
      const bytesPerS = bytes.measure(readBytes, nowMs);
      const left =
        total === undefined || bytesPerS <= 0
          ? ""
          : `  ${elapsedToText((Math.max(0, total - readBytes) / bytesPerS) * 1000)} left`;
      return `${counted(durable, "event")} durable  ${bytesToText(readBytes)} read  ${grouped(Math.round(perS))}/s${left}`;
    });
}
