import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import type { SessionWatcher } from "../../engine/index.ts";
import { bearer, codeOf, startTestHub } from "../hub.test-fixture.ts";
import { History } from "../history/history.ts";
import type { ClinicRow, Overview } from "../overview/overview-types.ts";
import { Metrics, type MetricsInput, peersMax } from "./metrics.ts";

const deployed = (name: string): string =>
  readFileSync(new URL(`../../../deploy/${name}`, import.meta.url), "utf8");

const row = (node: string, changes: Partial<ClinicRow> = {}): ClinicRow => ({
  node,
  role: "clinic",
  state: "away",
  level: null,
  lastSeen: "2026-03-01T12:00:00.000Z",
  lastResult: "complete",
  behindSince: null,
  pendingIn: 2,
  pendingOut: 1,
  events: 10,
  today: { syncs: 0, failures: 0, events: 0, bytes: 0 },
  clockDifferenceMs: 0,
  certDaysLeft: 100,
  damagedThere: 0,
  quarantinedThere: 0,
  quarantinedHere: 0,
  quarantineReason: "",
  damagedHere: 0,
  isForked: false,
  diskFreeBytes: 1e9,
  version: "0.1.0",
  troubles: [],
  hours: [],
  transfer: null,
  ...changes,
});

function overviewOf(clinics: readonly ClinicRow[]): Overview {
  return {
    at: "2026-03-01T12:00:00.000Z",
    hub: {
      node: "hub",
      version: "0.1.0",
      records: 10,
      written: 7,
      logBytes: 4096,
      isEncrypted: true,
      diskFreeBytes: 1e9,
      certDaysLeft: 300,
      isReadOnly: false,
      damaged: 0,
      quarantined: 0,
      alarms: 0,
      scrubFinishedAt: "2026-03-01T12:00:00.000Z",
    },
    quietAfterMs: 86_400_000,
    today: { syncs: 0, failures: 0, events: 0, bytes: 0 },
    counts: { clinics: clinics.length, connected: 0, quiet: 0, urgent: 0, soon: 0 },
    attention: [],
    attentionLeft: 0,
    clinics,
  };
}

function metricsOf(clinics: readonly ClinicRow[], history = new History(0)) {
  const watchers: SessionWatcher[] = [];
  const node = {
    meters: { watch: (watcher: SessionWatcher) => void watchers.push(watcher) },
    oldestEventMs: 1000,
  } as unknown as MetricsInput["node"];
  const source = { read: async () => overviewOf(clinics) };
  const metrics = new Metrics({ node, source, keeper: { history } });
  return { metrics, watchers };
}

const figureIn = (text: string, line: string): number | undefined => {
  const found = text.split("\n").find((of) => of.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

/** The names that operators of such hubs already chart. */
const promised = [
  "zamsync_events_submitted_total",
  "zamsync_sync_events_sent_total",
  "zamsync_sync_events_received_total",
  "zamsync_bytes_sent_total",
  "zamsync_bytes_received_total",
  "zamsync_sync_duration_seconds",
  "zamsync_vv_drift_events",
  "zamsync_wal_size_bytes",
  "zamsync_events_expired_total",
  "zamsync_wal_oldest_event_timestamp_seconds",
  "zamsync_budget_exhausted_total",
];

async function exportedNames(): Promise<ReadonlySet<string>> {
  const { metrics } = metricsOf([row("a")]);
  const names = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(
    ([, name = "", type]) =>
      type === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  );
  return new Set(names);
}

test("the promised names, and every name in the alert rules and the Grafana dashboard, are exported", async () => {
  const exported = await exportedNames();
  const namesIn = (text: string): readonly string[] => text.match(/\bzamsync_[a-z_]+/g) ?? [];
  const { groups } = parse(deployed("alerts.yml")) as {
    readonly groups: readonly {
      readonly rules: readonly {
        readonly alert: string;
        readonly expr: string;
        readonly labels: { readonly severity: string };
        readonly annotations: { readonly summary: string; readonly action: string };
      }[];
    }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 10);
  for (const { alert, labels, annotations } of rules) {
    assert.match(labels.severity, /^(urgent|soon)$/, alert);
    assert.ok(annotations.summary !== "" && annotations.action !== "", alert);
  }
  const grafana = JSON.parse(deployed("grafana.json")) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  const expressions = [
    ...rules.map(({ expr }) => expr),
    ...grafana.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ];
  const asked = new Set([...promised, ...expressions.flatMap(namesIn)]);
  assert.ok(asked.size > 25);
  assert.deepEqual(
    [...asked].filter((name) => !exported.has(name)),
    [],
  );
  // And the other way: what is exported for operators is in the manual.
  const manual = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
  const own = [...exported].filter(
    (name) => /^zamsync_/.test(name) && !/_(bucket|sum|count)$/.test(name),
  );
  assert.deepEqual(
    own.filter((name) => !manual.includes(name.slice("zamsync_".length))),
    [],
  );
});

test("counters go on from the history, own events from the log, durations as syncs end", async () => {
  const history = new History(0);
  const sync = { peer: "a", eventsSent: 1, eventsReceived: 10, bytesSent: 7, bytesReceived: 9 };
  history.addTraffic(sync, 1000);
  history.addSync({ ...sync, address: "", endedMs: 0, durationMs: 900, endedBy: "budget" }, 1000);
  history.addExpired(5);
  const { metrics, watchers } = metricsOf([row("a", { isForked: true, level: "urgent" })], history);
  watchers[0]?.onSync({ ...sync, address: "", endedMs: 0, durationMs: 900, endedBy: "error" });
  for (const _ of [1, 2]) {
    const text = await metrics.text();
    assert.equal(figureIn(text, 'zamsync_sync_events_received_total{peer="a"}'), 10);
    assert.equal(figureIn(text, 'zamsync_bytes_sent_total{peer="a"}'), 7);
    assert.equal(figureIn(text, "zamsync_budget_exhausted_total"), 1);
    assert.equal(figureIn(text, "zamsync_events_expired_total"), 5);
    assert.equal(figureIn(text, "zamsync_events_submitted_total"), 7);
    assert.equal(figureIn(text, 'zamsync_vv_drift_events{peer="a"}'), 3);
    assert.equal(figureIn(text, 'zamsync_peer_forked{peer="a"}'), 1);
    assert.equal(figureIn(text, "zamsync_wal_oldest_event_timestamp_seconds"), 1);
    assert.equal(figureIn(text, 'zamsync_sync_duration_seconds_count{outcome="failed"}'), 1);
  }
});

test("labels are bounded: beyond 500 clinics the rest is one, with sums and the worst", async () => {
  const clinics = Array.from({ length: peersMax + 200 }, (_, n) =>
    row(`c${n}`, n === peersMax + 7 ? { certDaysLeft: 3, clockDifferenceMs: -90_000_000 } : {}),
  );
  const { metrics } = metricsOf(clinics);
  const text = await metrics.text();
  const peers = new Set([...text.matchAll(/peer="([^"]+)"/g)].map(([, peer]) => peer));
  assert.equal(peers.size, peersMax + 1);
  assert.equal(figureIn(text, 'zamsync_vv_drift_events{peer="other"}'), 600);
  assert.equal(figureIn(text, 'zamsync_peer_certificate_days_left{peer="other"}'), 3);
  assert.equal(figureIn(text, 'zamsync_peer_clock_difference_seconds{peer="other"}'), -90_000);
});

test("metrics have a listener of their own, closed to whoever has no token for everything", async (t) => {
  const { hub, call, token } = await startTestHub(t, { metrics: "127.0.0.1:0" });
  const url = `${hub.metrics?.url}/metrics`;
  assert.equal(await codeOf(await fetch(url)), "401 Z329");
  const limited = await token(["read"], ["clinic_a"]);
  assert.equal(await codeOf(await fetch(url, { headers: bearer(limited) })), "403 Z332");
  const pushes = await token(["push"]);
  assert.equal(await codeOf(await fetch(url, { headers: bearer(pushes) })), "403 Z331");
  const reads = await fetch(url, { headers: bearer(await token(["read"])) });
  assert.equal(reads.status, 200);
  assert.match(reads.headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(await reads.text(), /^zamsync_build_info\{version="[^"]+"\} 1$/m);
  assert.equal((await call("/metrics")).status, 404, "not on the API's listener");
  const api = await fetch(`${hub.metrics?.url}/v1/overview`, {
    headers: bearer(await token(["read"])),
  });
  assert.equal(api.status, 404, "and the API not on this one");
});
