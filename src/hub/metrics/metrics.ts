/**
 * Metrics for Prometheus. Everything is computed when it is asked for, from the overview
 * and the history, so a hub without a scraper pays nothing; only the durations of syncs
 * are counted as they end.
 *
 * Labels are bounded: the `peer` label names at most 500 clinics, those that were signed
 * first; what the others have is told under `peer="other"`, as a sum, or as the worst
 * where a sum says nothing. Counters go on over restarts (docs/operations.md).
 */
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";
import type { HubContext } from "../hub-context.ts";
import type { History, Totals } from "../history/history.ts";
import { outcomeOf } from "../history/history.ts";
import type { HistoryKeeper } from "../history/history-keeper.ts";
import type { ClinicRow, Overview } from "../overview/overview-types.ts";
import type { OverviewSource } from "../overview/overview.ts";

export const peersMax = 500;
const otherPeers = "other";
const prefix = "zamsync_";

export interface MetricsInput {
  readonly node: HubContext["node"];
  readonly source: Pick<OverviewSource, "read">;
  readonly keeper: Pick<HistoryKeeper, "history">;
}

/** How the values of clinics beyond the limit become one. */
type Merge = (a: number, b: number) => number;
const sum: Merge = (a, b) => a + b;
const worstIsMore: Merge = Math.max;
const worstIsLess: Merge = Math.min;

export class Metrics {
  readonly registry = new Registry<OpenMetricsContentType>();
  private readonly input: MetricsInput;
  private readonly durations: Histogram<"outcome">;
  private readonly stopWatching: () => void;
  private readonly gauges = new Map<string, Gauge<string>>();
  private readonly counters = new Map<string, Counter<string>>();

  constructor(input: MetricsInput) {
    this.input = input;
    const { registry } = this;
    collectDefaultMetrics({ register: registry as unknown as Registry });
    this.durations = new Histogram({
      name: `${prefix}sync_duration_seconds`,
      help: "Duration of syncs, from the first frame until everything was exchanged, or to the end",
      labelNames: ["outcome"],
      buckets: [0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600],
      registers: [registry as unknown as Registry],
    });
    this.stopWatching = input.node.meters.watch({
      onTraffic: () => undefined,
      onSync: ({ durationMs, endedBy }) =>
        this.durations.observe({ outcome: outcomeOf(endedBy) }, durationMs / 1000),
    });
  }

  close(): void {
    this.stopWatching();
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  /** The text that Prometheus reads. Rejects as the node's `status` does. */
  async text(): Promise<string> {
    const overview = await this.input.source.read();
    this.setHub(overview);
    this.setPeers(overview.clinics);
    return this.registry.metrics();
  }

  private setHub(overview: Overview): void {
    const { hub, counts } = overview;
    const { history } = this.input.keeper;
    this.gauge("build_info", "1, with the version as label", ["version"]).set(
      { version: hub.version },
      1,
    );
    this.set("wal_size_bytes", "Bytes of the log on disk, indexes included", hub.logBytes);
    this.set("wal_records", "Events that can be read", hub.records);
    this.set("wal_read_only", "1 when the log takes no writes", hub.isReadOnly ? 1 : 0);
    this.set("damaged_events", "Events that cannot be read here and are not healed", hub.damaged);
    this.set("quarantined_events", "Events that do not follow the schema", hub.quarantined);
    this.set("alarms", "Alarms that a person has not cleared", hub.alarms);
    this.set("clinics", "Clinics with a certificate that is not revoked", counts.clinics);
    this.set("clinics_connected", "Clinics that are connected now", counts.connected);
    this.set("clinics_quiet", "Clinics that were not heard for too long", counts.quiet);
    const attention = this.gauge("attention", "Things that need a person", ["level"]);
    attention.set({ level: "urgent" }, counts.urgent);
    attention.set({ level: "soon" }, counts.soon);
    this.setOrOmit("disk_free_bytes", "Free room where the hub's data is", hub.diskFreeBytes);
    this.setOrOmit("certificate_days_left", "Of the hub's own certificate", hub.certDaysLeft);
    const { oldestEventMs } = this.input.node;
    this.setOrOmit(
      "wal_oldest_event_timestamp_seconds",
      "When the oldest event that is still held was stored",
      oldestEventMs === undefined ? null : oldestEventMs / 1000,
    );
    const { scrubFinishedAt } = hub;
    this.setOrOmit(
      "scrub_finished_timestamp_seconds",
      "When the background check last reached the end of the log",
      scrubFinishedAt === null ? null : Date.parse(scrubFinishedAt) / 1000,
    );
    this.count("events_expired_total", "Events dropped by retention and expire", history.expired);
    this.count(
      "budget_exhausted_total",
      "Syncs that ended because a budget was used up",
      history.totals.budgetEnds,
    );
    this.count("events_submitted_total", "Events written at the hub itself", hub.written);
    this.count("syncs_total", "Syncs that ended", history.totals.syncs);
    this.count("sync_failures_total", "Syncs that failed", history.totals.failures);
  }

  private setPeers(clinics: readonly ClinicRow[]): void {
    const { history } = this.input.keeper;
    const rows = clinics.filter(({ state }) => state !== "revoked");
    const named = new Set(rows.slice(0, peersMax).map(({ node }) => node));
    const labelOf = (node: string): string => (named.has(node) ? node : otherPeers);
    const gauge = (
      name: string,
      help: string,
      value: (row: ClinicRow) => number | null,
      merge: Merge,
    ): void => {
      const merged = new Map<string, number>();
      for (const row of rows) {
        const of = value(row);
        if (of === null) continue;
        const label = labelOf(row.node);
        const before = merged.get(label);
        merged.set(label, before === undefined ? of : merge(before, of));
      }
      const metric = this.gauge(name, help, ["peer"]);
      metric.reset();
      for (const [peer, of] of merged) metric.set({ peer }, of);
    };
    gauge(
      "vv_drift_events",
      "Events that one side has and the other lacks, as last told",
      drift,
      sum,
    );
    gauge("peer_pending_in_events", "Events there that are not here", (row) => row.pendingIn, sum);
    gauge("peer_pending_out_events", "Events here that lack there", (row) => row.pendingOut, sum);
    gauge("peer_connected", "1 while connected", isConnected, sum);
    gauge("peer_last_seen_timestamp_seconds", "When it was last heard", lastSeenS, worstIsLess);
    gauge("peer_clock_difference_seconds", "Its clock less the hub's", clockS, farther);
    gauge("peer_certificate_days_left", "Of its certificate", certDays, worstIsLess);
    gauge("peer_disk_free_bytes", "As it told", (row) => row.diskFreeBytes, worstIsLess);
    gauge("peer_damaged_events", "Events that it cannot read", (row) => row.damagedThere, sum);
    gauge(
      "peer_quarantined_events",
      "Held back here by the schema",
      (row) => row.quarantinedHere,
      sum,
    );
    gauge(
      "peer_forked",
      "1 when branches of its history met",
      (row) => (row.isForked ? 1 : 0),
      worstIsMore,
    );
    gauge(
      "peer_urgent",
      "1 when it needs a person now",
      (row) => (row.level === "urgent" ? 1 : 0),
      sum,
    );
    this.setPeerTotals(history, labelOf);
  }

  private setPeerTotals(history: History, labelOf: (node: string) => string): void {
    const totals = (name: string, help: string, of: (totals: Totals) => number): void => {
      const metric = this.counter(name, help, ["peer"]);
      metric.reset();
      for (const [node, clinic] of history.clinics)
        metric.inc({ peer: labelOf(node) }, of(clinic.totals));
    };
    totals("sync_events_sent_total", "Events that peers confirmed", (t) => t.eventsSent);
    totals("sync_events_received_total", "Events received from peers", (t) => t.eventsReceived);
    totals("bytes_sent_total", "Bytes on the TCP socket, TLS included", (t) => t.bytesSent);
    totals("bytes_received_total", "Bytes on the TCP socket, TLS included", (t) => t.bytesReceived);
  }

  private set(name: string, help: string, value: number): void {
    this.gauge(name, help, []).set(value);
  }

  private setOrOmit(name: string, help: string, value: number | null): void {
    const metric = this.gauge(name, help, []);
    if (value === null) metric.remove();
    else metric.set(value);
  }

  private count(name: string, help: string, value: number): void {
    const metric = this.counter(name, help, []);
    metric.reset();
    metric.inc(value);
  }

  private gauge(name: string, help: string, labelNames: readonly string[]): Gauge<string> {
    const known = this.gauges.get(name);
    if (known !== undefined) return known;
    const registers = [this.registry as unknown as Registry];
    const made = new Gauge({ name: prefix + name, help, labelNames: [...labelNames], registers });
    this.gauges.set(name, made);
    return made;
  }

  private counter(name: string, help: string, labelNames: readonly string[]): Counter<string> {
    const known = this.counters.get(name);
    if (known !== undefined) return known;
    const registers = [this.registry as unknown as Registry];
    const made = new Counter({ name: prefix + name, help, labelNames: [...labelNames], registers });
    this.counters.set(name, made);
    return made;
  }
}

const drift = (row: ClinicRow): number | null =>
  row.pendingIn === null && row.pendingOut === null
    ? null
    : (row.pendingIn ?? 0) + (row.pendingOut ?? 0);
const isConnected = ({ state }: ClinicRow): number =>
  state === "live" || state === "syncing" ? 1 : 0;
const lastSeenS = ({ lastSeen }: ClinicRow): number | null =>
  lastSeen === null ? null : Date.parse(lastSeen) / 1000;
const clockS = ({ clockDifferenceMs }: ClinicRow): number | null =>
  clockDifferenceMs === null ? null : clockDifferenceMs / 1000;
const certDays = ({ certDaysLeft }: ClinicRow): number => certDaysLeft;
const farther: Merge = (a, b) => (Math.abs(a) >= Math.abs(b) ? a : b);
