/** The worker of a projection, as the thread sees it that reads the log. */
import { Worker } from "node:worker_threads";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { AbsentRanges, ArrivedEvent } from "../../engine/index.ts";
import { toColumns } from "./event-columns.ts";
import { PortCalls } from "./port-calls.ts";
import type { LogName, Rehearsal, WorkerInput } from "./projection-worker.ts";
import type { Applied, Lookup } from "./projector.ts";
import type { Place } from "./table.ts";

/** A database that does not answer is not waited for longer than this at the end. */
const closeMsMax = 5000;

export class ProjectionThread {
  private readonly worker: Worker;
  private readonly calls: PortCalls;

  constructor(input: WorkerInput & { readonly lookup: Lookup }) {
    const { lookup, ...workerData } = input;
    const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
    const file = new URL(`./projection-worker.${extension}`, import.meta.url);
    // Its batches are small: a heap that may not grow keeps the whole process small.
    const resourceLimits = { maxOldGenerationSizeMb: 256 };
    // What the process was told to load at its start (a debugger, a test's preload) is not for here.
    this.worker = new Worker(file, { workerData, resourceLimits, execArgv: [] });
    this.calls = new PortCalls(this.worker, { lookup: (arrival: number) => lookup(arrival) });
    this.worker.on("error", (error) => this.ended(String(error), error));
    this.worker.on("exit", () => this.ended("the projection's thread ended"));
  }

  /** Makes or changes the tables; where the projection is. @throws ZamError Z424, Z611, Z612 */
  async open(log: LogName): Promise<Place> {
    return (await this.calls.call("open", log)) as Place;
  }

  /** Looks at the tables and changes nothing. @throws ZamError as `open` */
  async rehearse(log: LogName): Promise<Rehearsal> {
    return (await this.calls.call("rehearse", log)) as Rehearsal;
  }

  async measure(events: readonly ArrivedEvent[]): Promise<number> {
    return (await this.callWith("measure", events)) as number;
  }

  /** @throws ZamError Z424, Z612, Z614 */
  async apply(events: readonly ArrivedEvent[]): Promise<Applied> {
    return (await this.callWith("apply", events)) as Applied;
  }

  async restart(logId: string): Promise<void> {
    await this.calls.call("restart", logId);
  }

  /** Events that are missing now and were not before. */
  async noteAbsent(absent: readonly AbsentRanges[]): Promise<number> {
    return (await this.calls.call("noteAbsent", absent)) as number;
  }

  /** False when there is nothing left to fill. */
  async fill(): Promise<boolean> {
    return (await this.calls.call("fill")) as boolean;
  }

  async rowCount(): Promise<number> {
    return (await this.calls.call("rowCount")) as number;
  }

  /** Never rejects. */
  async close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, closeMsMax);
    });
    await Promise.race([this.calls.call("close").catch(() => undefined), patience]);
    clearTimeout(timer);
    await this.worker.terminate();
  }

  private callWith(method: string, events: readonly ArrivedEvent[]): Promise<unknown> {
    const batch = toColumns(events);
    return this.calls.call(method, batch, [batch.payloads.buffer]);
  }

  private ended(problem: string, cause?: unknown): void {
    this.calls.fail(new ZamError("Z199", { problem }, cause));
  }
}
