/**
 * `push --stdin`: the next group is read while the disk makes the one before durable. It is
 * sent only when that one is: what is durable is always the first lines, so that one number
 * says where to go on.
 *
 * A slow writer's events do not wait for a full group: what there is goes off
 * as soon as the input pauses.
 */
import type { Readable } from "node:stream";
import type { StreamPushSummary } from "../command/render-events.ts";
import { ZamError } from "../core/errors/zam-error.ts";
import type { NodeApi, PushInput, PushResult } from "../engine/api.ts";
import { device } from "../engine/device.ts";
import { EventLines, type EventTemplate } from "./event-lines.ts";

/** Longer than the gap between two chunks of a file, shorter than anyone notices. */
const idleMs = 3;

export interface StreamPushInput {
  readonly node: NodeApi;
  readonly input: Readable;
  readonly template: EventTemplate;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { readonly durable: number; readonly readBytes: number }) => void;
}

export interface StreamPushOutcome {
  readonly summary: StreamPushSummary;
  /** Why it stopped early, if it did. */
  readonly fault: ZamError | undefined;
}

/** Everything that `summary.count` counts is durable when this resolves. */
export async function pushStream(input: StreamPushInput): Promise<StreamPushOutcome> {
  const lines = new EventLines(input.template);
  const pipe = new PushPipe(input.node);
  let readBytes = 0;
  let isComplete = false;
  const chunks = chunksOf(input.input, input.signal);
  try {
    for (;;) {
      const chunk = await chunks.next(lines.eventCount > 0 ? idleMs : undefined);
      if (chunk === "idle") {
        await pipe.push(lines.take());
        continue;
      }
      if (chunk === undefined) break;
      readBytes += chunk.length;
      lines.feed(chunk);
      if (lines.fault !== undefined) break;
      const isFull =
        lines.eventCount >= device.groupEventsMax || lines.payloadBytes >= device.groupBytesMax;
      if (isFull) await pipe.push(lines.take());
      if (pipe.fault !== undefined) break;
      input.onProgress({ durable: pipe.count, readBytes });
    }
    if (!input.signal.aborted) lines.finish();
    await pipe.push(lines.take());
    await pipe.settle();
    isComplete = !input.signal.aborted;
  } finally {
    chunks.close();
  }
  const fault = pipe.fault ?? lines.fault;
  const summary = await pipe.summary(input.template.lane, isComplete && fault === undefined);
  return { summary, fault: fault === undefined ? undefined : withDurable(fault, summary.count) };
}

function withDurable(fault: ZamError, durable: number): ZamError {
  return new ZamError(fault.code, { ...fault.context, durable }, fault.cause);
}

/** One group on its way to the disk. After a fault nothing more is sent. */
class PushPipe {
  fault: ZamError | undefined;
  count = 0;
  private repeats = 0;
  private firstSeq: number | null = null;
  private lastSeq: number | null = null;
  private last: PushResult | undefined;
  private inFlight: Promise<void> = Promise.resolve();
  private readonly node: NodeApi;

  constructor(node: NodeApi) {
    this.node = node;
  }

  /** Resolves when the group before is durable and this one is on its way. */
  async push(events: readonly PushInput[]): Promise<void> {
    if (events.length === 0) return;
    await this.inFlight;
    if (this.fault === undefined) this.inFlight = this.send(events);
  }

  settle(): Promise<void> {
    return this.inFlight;
  }

  /** Never rejects. */
  private async send(events: readonly PushInput[]): Promise<void> {
    try {
      this.add(await this.node.push(events));
    } catch (error) {
      const fault =
        error instanceof ZamError ? error : new ZamError("Z199", { problem: String(error) }, error);
      const durable = fault.context.durable;
      if (typeof durable === "number") this.count += durable;
      this.fault ??= fault;
    }
  }

  private add(results: readonly PushResult[]): void {
    for (const result of results) {
      if (result.isRepeat) this.repeats++;
      this.firstSeq = this.firstSeq === null ? result.seq : Math.min(this.firstSeq, result.seq);
      this.lastSeq = this.lastSeq === null ? result.seq : Math.max(this.lastSeq, result.seq);
    }
    this.count += results.length;
    this.last = results[results.length - 1] ?? this.last;
  }

  async summary(lane: string, complete: boolean): Promise<StreamPushSummary> {
    const place = this.last ?? (await this.ownPlace());
    const { count, repeats, firstSeq, lastSeq } = this;
    return {
      node: place.node,
      epoch: place.epoch,
      lane,
      count,
      repeats,
      firstSeq,
      lastSeq,
      complete,
    };
  }

  private async ownPlace(): Promise<{ readonly node: string; readonly epoch: string }> {
    try {
      const { nodeId, epoch } = await this.node.status();
      return { node: nodeId, epoch };
    } catch {
      return { node: "", epoch: "" };
    }
  }
}

/** A stream's chunks, one at a time, with a way to notice a pause; ends early when the signal aborts. */
function chunksOf(stream: Readable, signal: AbortSignal) {
  const iterator = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  let coming: Promise<Buffer | undefined> | undefined;
  const read = async (): Promise<Buffer | undefined> => {
    const step = await iterator.next();
    return step.done === true ? undefined : step.value;
  };
  return {
    /** The next chunk, undefined at the end, or "idle" when none came within `patienceMs`. */
    async next(patienceMs: number | undefined): Promise<Buffer | "idle" | undefined> {
      coming ??= read();
      const racers: Promise<Buffer | "idle" | undefined>[] = [coming, stopped];
      let timer: NodeJS.Timeout | undefined;
      if (patienceMs !== undefined) {
        racers.push(
          new Promise((resolve) => {
            timer = setTimeout(() => resolve("idle"), patienceMs);
          }),
        );
      }
      const found = await Promise.race(racers);
      clearTimeout(timer);
      if (found !== "idle") coming = undefined;
      return found;
    },
    close(): void {
      stream.destroy();
    },
  };
}
