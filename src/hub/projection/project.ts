/**
 * A projection from its first event to its end: reads the log, lets the worker
 * write, and begins again where the database says it is, whatever went wrong.
 *
 * The log is read ahead of the database and never locked: a batch is being written, the next one is
 * with the worker already, and one more is read meanwhile. The place in the
 * database counts, and it is believed only if the log has the same event there: else
 * the log was restored from a backup or is another one, and is read from its beginning,
 * which leaves the rows that are there as they are.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { AbsentRanges, ArrivedEvent } from "../../engine/index.ts";
import type { ArrivalSource, OpenedBatch } from "../../engine/index.ts";
import type { Mapping } from "./mapping.ts";
import { ProjectionThread } from "./projection-thread.ts";
import type { Applied } from "./projector.ts";
import type { Place } from "./table.ts";
import { type Target, targetToText } from "./target.ts";

/** How long one look at the log waits for news. */
const patienceMs = 30_000;
/** An event above this comes in a batch of its own. */
const largeBytes = 512 * 1024;
const backoffMsMin = 1000;
const backoffMsMax = 60_000;
/** Without `follow`, somebody else's projection into the same table is met so often at most. */
const triesMax = 10;
/** Batches that the worker has: it must not wait for the next one. */
const inFlightMax = 2;

export interface ProjectInput {
  readonly source: ArrivalSource;
  readonly target: Target;
  readonly mapping: Mapping;
  /** Go on as events arrive, and through every outage of the database, until the signal aborts. */
  readonly isFollowing: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: ProjectProgress) => void;
  /** Something a person should know; the projection goes on. */
  readonly onReport?: (error: ZamError) => void;
}

export interface ProjectProgress {
  readonly added: number;
  readonly arrival: number;
  /** All that the log has now is in the table. */
  readonly isCaughtUp: boolean;
}

export interface ProjectSummary {
  readonly target: string;
  readonly table: string;
  readonly added: number;
  readonly repeated: number;
  readonly moved: number;
  readonly unfitting: number;
  /** Events that this run found to be gone from the log before they were projected. */
  readonly missing: number;
  readonly rows: number;
  readonly arrival: number;
  /** False when it was interrupted before all was there. */
  readonly complete: boolean;
}

/** @throws ZamError of the log (Z2xx, Z3xx); Z424, Z611, Z612, Z614 unless it follows and they pass */
export async function project(input: ProjectInput): Promise<ProjectSummary> {
  const projection = new Projection(input);
  try {
    return await projection.run();
  } finally {
    await projection.close();
  }
}

class Projection {
  private readonly input: ProjectInput;
  private readonly thread: ProjectionThread;
  private readonly count = { added: 0, repeated: 0, moved: 0, unfitting: 0, missing: 0 };
  /** Of the events that were read; the database may be some batches behind. */
  private readTo = 0;
  private written: Place = { arrival: 0, chain: "", logId: "" };
  private opening = -1;
  private inFlight: Promise<Applied>[] = [];
  private absentNoted = "";

  constructor(input: ProjectInput) {
    this.input = input;
    const { target, mapping, source } = input;
    this.thread = new ProjectionThread({
      target,
      mapping,
      lookup: (arrival) => eventAt(source, arrival),
    });
  }

  async run(): Promise<ProjectSummary> {
    const { isFollowing, signal, target, mapping } = this.input;
    let complete = false;
    for (let outages = 0; !complete && !signal.aborted; ) {
      try {
        await this.begin();
        complete = await this.copy(() => {
          outages = 0;
        });
      } catch (error) {
        await Promise.allSettled(this.inFlight.splice(0));
        const passes = error instanceof ZamError && error.isRetryable;
        const hasPatience = isFollowing || (outages < triesMax && isElsewhere(error));
        if (!passes || !hasPatience) throw error;
        if (outages === 0 && !isElsewhere(error)) this.input.onReport?.(error);
        await pause(outages++, signal);
      }
    }
    const rows = signal.aborted ? -1 : await this.thread.rowCount();
    return {
      target: targetToText(target),
      table: mapping.table,
      ...this.count,
      rows,
      arrival: this.written.arrival,
      complete,
    };
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  /** Opens the database, and fills columns that a changed mapping has added. */
  private async begin(): Promise<void> {
    const batch = await this.input.source.next({ after: 0, eventsMax: 1 });
    this.written = await this.thread.open(batch);
    this.opening = -1;
    while (!this.input.signal.aborted && (await this.thread.fill())) {
      // Each turn fills some rows, and keeps the place.
    }
  }

  /** True when everything is there; false when the signal has aborted. */
  private async copy(onProgress: () => void): Promise<boolean> {
    const { source, isFollowing, signal } = this.input;
    this.readTo = this.written.arrival;
    let isCaughtUp = false;
    while (!signal.aborted) {
      const waitMs = isCaughtUp && isFollowing ? patienceMs : 0;
      const batch = await source.next({ after: this.readTo, waitMs, absent: true, signal });
      if (batch.opening !== this.opening && !(await this.isPlaceStillThere(batch))) continue;
      const { events } = batch;
      const last = events[events.length - 1];
      // A large event is in memory alone.
      const isLarge = last !== undefined && last.payload.length > largeBytes;
      await this.settle(onProgress, isLarge ? 0 : inFlightMax - 1);
      if (last !== undefined) {
        const applying = this.thread.apply(events);
        // It is awaited below; until then a failure must not count as unhandled.
        applying.catch(() => undefined);
        this.inFlight.push(applying);
        this.readTo = last.arrival;
        if (isLarge) await this.settle(onProgress);
      }
      ({ isCaughtUp } = batch);
      // The disk would not let the log be read just now.
      if (!isCaughtUp && last === undefined) await pause(0, signal);
      if (!isCaughtUp) continue;
      await this.settle(onProgress);
      await this.noteAbsent(batch.absent ?? []);
      if (last !== undefined || !isFollowing) this.tell(true);
      if (!isFollowing) return true;
    }
    await this.settle(onProgress);
    return false;
  }

  /** Waits until no more than `left` batches are with the worker. */
  private async settle(onProgress: () => void, left = 0): Promise<void> {
    while (this.inFlight.length > left) {
      const applied = await this.inFlight.shift();
      if (applied === undefined) return;
      this.written = applied.place;
      this.count.added += applied.added;
      this.count.repeated += applied.repeated;
      this.count.moved += applied.moved;
      this.count.unfitting += applied.unfitting;
      onProgress();
      this.tell(false);
    }
  }

  private tell(isCaughtUp: boolean): void {
    const { added } = this.count;
    this.input.onProgress?.({ added, arrival: this.written.arrival, isCaughtUp });
  }

  /** Whether the directory, as it was opened now, has the event that the database ends with. */
  private async isPlaceStillThere(batch: OpenedBatch): Promise<boolean> {
    await this.settle(() => undefined);
    this.opening = batch.opening;
    const { arrival, chain, logId } = this.written;
    const isStart = arrival === 0 && logId === batch.logId;
    const there = isStart ? undefined : await eventAt(this.input.source, arrival);
    if (isStart || (logId === batch.logId && there?.chain === chain)) return true;
    await this.thread.restart(batch.logId);
    this.written = { arrival: 0, chain: "", logId: batch.logId };
    this.readTo = 0;
    return false;
  }

  private async noteAbsent(absent: readonly AbsentRanges[]): Promise<void> {
    const text = JSON.stringify(absent);
    if (text === this.absentNoted) return;
    const found = await this.thread.noteAbsent(absent);
    this.absentNoted = text;
    if (found === 0) return;
    this.count.missing += found;
    this.input.onReport?.(new ZamError("Z613", { count: found, table: this.input.mapping.table }));
  }
}

async function eventAt(source: ArrivalSource, arrival: number): Promise<ArrivedEvent | undefined> {
  const { events } = await source.next({ after: arrival - 1, eventsMax: 1 });
  const [event] = events;
  return event?.arrival === arrival ? event : undefined;
}

function isElsewhere(error: unknown): boolean {
  return error instanceof ZamError && error.code === "Z614";
}

/** Longer each time, and never the same for two. */
async function pause(outages: number, signal: AbortSignal): Promise<void> {
  const ms = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(outages, 10));
  await sleep(ms * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined);
}
