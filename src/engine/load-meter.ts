/**
 * Whether this process has more to do than it can: the share of the time in which its
 * event loop did not wait for anything. A hub that is called by a thousand clinics at
 * once asks them for what is quick to read (docs/codec.md).
 */
import { type EventLoopUtilization, performance } from "node:perf_hooks";

/** Shorter spans say little: one commit may fill them. */
const spanMsMin = 250;
const busyShare = 0.8;

/** What `performance.eventLoopUtilization` and `performance.now` tell. */
export interface LoadSource {
  readonly nowMs: () => number;
  readonly utilization: (since?: EventLoopUtilization) => EventLoopUtilization;
}

const ownProcess: LoadSource = {
  nowMs: () => performance.now(),
  utilization: (since) => performance.eventLoopUtilization(since),
};

export class LoadMeter {
  private readonly source: LoadSource;
  private since: EventLoopUtilization;
  private sinceMs: number;
  private share = 0;

  constructor(source: LoadSource = ownProcess) {
    this.source = source;
    this.since = source.utilization();
    this.sinceMs = source.nowMs();
  }

  /** Of the time since the last call, or of the span before when that was a moment ago. */
  isBusy(): boolean {
    const nowMs = this.source.nowMs();
    if (nowMs - this.sinceMs >= spanMsMin) {
      this.share = this.source.utilization(this.since).utilization;
      this.since = this.source.utilization();
      this.sinceMs = nowMs;
    }
    return this.share > busyShare;
  }
}
