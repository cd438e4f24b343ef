/**
 * What the hub's syncs moved over the last day and the last 30 days, in all and for
 * each clinic, totals since the beginning, and the newest syncs one by one.
 *
 * Bounded: 10,000 clinics of 3.6 KB each, and 2,000 syncs. Of more clinics, those that
 * moved nothing for the longest time are forgotten first. Wall time is the hub's own.
 */
import type { SessionSync, SessionTraffic } from "../../engine/index.ts";
import { type Bucket, BucketRing, type Sums } from "./bucket-ring.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const clinicsMax = 10_000;
export const recentMax = 2_000;

/** How a sync ended: all exchanged; ended before that, on purpose; or by a failure. */
export type SyncOutcome = "complete" | "partial" | "failed";

export interface PastSync {
  readonly peer: string;
  readonly endedMs: number;
  readonly durationMs: number;
  readonly eventsReceived: number;
  readonly eventsSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly endedBy: string;
  /** Z code of what ended it; "" when nothing was wrong. */
  readonly code: string;
}

export interface Totals {
  readonly syncs: number;
  readonly failures: number;
  readonly budgetEnds: number;
  readonly eventsReceived: number;
  readonly eventsSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

export const noTotals: Totals = {
  syncs: 0,
  failures: 0,
  budgetEnds: 0,
  eventsReceived: 0,
  eventsSent: 0,
  bytesReceived: 0,
  bytesSent: 0,
};

/** "day": the last 24 hours; "month": the last 30 days. */
export type HistoryRange = "day" | "month";

export interface Series {
  readonly day: BucketRing;
  readonly month: BucketRing;
}

/** One stretch more than the range, because the newest is not over. */
export const hubSeries = (): Series => ({
  day: new BucketRing(10 * minuteMs, 145),
  month: new BucketRing(4 * hourMs, 181),
});

export const clinicSeries = (): Series => ({
  day: new BucketRing(hourMs, 25),
  month: new BucketRing(dayMs, 31),
});

export interface ClinicHistory extends Series {
  totals: Totals;
  /** When something of it was last counted. */
  lastMs: number;
}

export function outcomeOf(endedBy: string): SyncOutcome {
  if (endedBy === "done" || endedBy === "rest") return "complete";
  return endedBy === "error" ? "failed" : "partial";
}

export class History {
  readonly hub: Series = hubSeries();
  totals: Totals = noTotals;
  /** Events that retention and `expire` have dropped, over all processes. */
  expired = 0;
  /** When counting began. */
  sinceMs: number;
  readonly clinics = new Map<string, ClinicHistory>();
  /** Newest last. */
  readonly recent: PastSync[] = [];
  /** Grows with every change. */
  version = 0;

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  addTraffic(traffic: SessionTraffic, nowMs: number): void {
    const { eventsReceived, eventsSent, bytesReceived, bytesSent } = traffic;
    this.add(traffic.peer, nowMs, { eventsReceived, eventsSent, bytesReceived, bytesSent }, 0);
  }

  addSync(sync: SessionSync, nowMs: number): void {
    const { durationMs, endedBy } = sync;
    const failures = outcomeOf(endedBy) === "failed" ? 1 : 0;
    const sums = { syncs: 1, failures, durationMs, durationMaxMs: durationMs };
    this.add(sync.peer, nowMs, sums, endedBy === "budget" ? 1 : 0);
    const { peer, eventsReceived, eventsSent, bytesReceived, bytesSent, code = "" } = sync;
    this.recent.push({
      ...{ peer, endedMs: nowMs, durationMs, endedBy, code },
      ...{ eventsReceived, eventsSent, bytesReceived, bytesSent },
    });
    if (this.recent.length > recentMax) this.recent.splice(0, this.recent.length - recentMax);
  }

  addExpired(count: number): void {
    if (count === 0) return;
    this.expired += count;
    this.version++;
  }

  read(range: HistoryRange, clinic: string | undefined, nowMs: number): readonly Bucket[] {
    const series = clinic === undefined ? this.hub : this.clinics.get(clinic);
    return series?.[range].read(nowMs) ?? [];
  }

  /** Newest first. */
  syncsOf(clinic: string | undefined, limit: number): readonly PastSync[] {
    const found: PastSync[] = [];
    for (let at = this.recent.length - 1; at >= 0 && found.length < limit; at--) {
      const sync = this.recent[at];
      if (sync !== undefined && (clinic === undefined || sync.peer === clinic)) found.push(sync);
    }
    return found;
  }

  clinic(node: string): ClinicHistory {
    const known = this.clinics.get(node);
    if (known !== undefined) return known;
    if (this.clinics.size >= clinicsMax) this.forgetOldest();
    const fresh: ClinicHistory = { ...clinicSeries(), totals: noTotals, lastMs: 0 };
    this.clinics.set(node, fresh);
    return fresh;
  }

  private add(peer: string, nowMs: number, sums: Partial<Sums>, budgetEnds: number): void {
    const clinic = this.clinic(peer);
    clinic.lastMs = nowMs;
    clinic.totals = totalsWith(clinic.totals, sums, budgetEnds);
    this.totals = totalsWith(this.totals, sums, budgetEnds);
    for (const ring of [this.hub.day, this.hub.month, clinic.day, clinic.month])
      ring.add(nowMs, sums);
    this.version++;
  }

  private forgetOldest(): void {
    let oldest: string | undefined;
    let oldestMs = Number.POSITIVE_INFINITY;
    for (const [node, { lastMs }] of this.clinics)
      if (lastMs < oldestMs) {
        oldest = node;
        oldestMs = lastMs;
      }
    if (oldest !== undefined) this.clinics.delete(oldest);
  }
}

function totalsWith(totals: Totals, sums: Partial<Sums>, budgetEnds: number): Totals {
  return {
    syncs: totals.syncs + (sums.syncs ?? 0),
    failures: totals.failures + (sums.failures ?? 0),
    budgetEnds: totals.budgetEnds + budgetEnds,
    eventsReceived: totals.eventsReceived + (sums.eventsReceived ?? 0),
    eventsSent: totals.eventsSent + (sums.eventsSent ?? 0),
    bytesReceived: totals.bytesReceived + (sums.bytesReceived ?? 0),
    bytesSent: totals.bytesSent + (sums.bytesSent ?? 0),
  };
}
