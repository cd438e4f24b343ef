/**
 * A later schema lets events in: what is held back is judged again, in steps, and what may
 * be read now is released. Interrupted, it is begun again with the next start; what was released
 * stays so.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Judge, Log, QuarantinedRun, StoredEvent } from "../core/log/api.ts";
import type { ServeInput } from "./api.ts";
import { wholePayload } from "./reading.ts";

const eventsPerStep = 64;

/** The judge in force, while `serve` has a schema, and what it lets in of what was held back. */
export class Releasing {
  private readonly log: Log;
  private readonly signal: AbortSignal;
  private inForce: Judge | undefined;
  private ask: () => void = () => {};
  private last: Promise<void> = Promise.resolve();

  /** The signal ends it, between two events. */
  constructor(log: Log, signal: AbortSignal) {
    this.log = log;
    this.signal = signal;
  }

  get judge(): Judge | undefined {
    return this.inForce;
  }

  useJudge(judge: Judge, { onReleased, onReport }: ServeInput): void {
    const { log, signal } = this;
    this.inForce = judge;
    log.setJudge(judge);
    const release = (): Promise<number> => releaseJudged(log, judge, signal);
    this.ask = () => {
      this.last = this.last.then(release).then(
        (count) => onReleased?.(count),
        (error: unknown) => {
          if (error instanceof ZamError) onReport?.(error, "");
          else throw error;
        },
      );
    };
    // A log that takes no writes now lets nothing in; it is asked again when there is room.
    if (log.readOnlyReason === undefined) this.ask();
  }

  /** The log takes writes now. */
  onRoom(): void {
    this.ask();
  }

  /** Rejects with what went wrong other than a ZamError, which was reported. */
  idle(): Promise<void> {
    return this.last;
  }
}

/** How many were released. Rejects with what the log reports. */
async function releaseJudged(log: Log, judge: Judge, signal: AbortSignal): Promise<number> {
  let released = 0;
  for (const run of log.quarantined()) {
    for await (const seq of allowedOf(log, run, judge)) {
      if (signal.aborted) return released;
      await release(log, run, seq);
      released++;
    }
  }
  return released;
}

async function* allowedOf(log: Log, run: QuarantinedRun, judge: Judge): AsyncGenerator<number> {
  const { stream, to } = run;
  for (let seq = run.from; seq <= to; ) {
    // Each time: a log that was opened for writing meanwhile may count its streams otherwise.
    const index = log.findStream(stream);
    if (index === undefined) return;
    const events = log.readStream(index, seq, {
      events: Math.min(eventsPerStep, to - seq + 1),
      bytes: 1024 * 1024,
    });
    for (const event of events) if (isAllowed(log, event, judge)) yield event.seq;
    seq += Math.max(1, events.length);
    await breathe();
  }
}

/** What cannot be read whole now stays where it is. */
function isAllowed(log: Log, event: StoredEvent, judge: Judge): boolean {
  const payload = wholePayload(log, event);
  const { stream, type } = event;
  return payload !== undefined && judge({ stream, type, payload }) === undefined;
}

function release(log: Log, { stream }: QuarantinedRun, seq: number): Promise<void> {
  return new Promise((resolve, reject) => {
    log.mark({ kind: "release", stream, seq }, Date.now(), (error) => {
      if (error === undefined) resolve();
      else reject(error);
    });
  });
}
