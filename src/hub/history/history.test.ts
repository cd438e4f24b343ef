import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { SessionSync, SessionWatcher } from "../../engine/index.ts";
import { BucketRing, sumOf } from "./bucket-ring.ts";
import { clinicsMax, History, recentMax } from "./history.ts";
import { decodeHistory, encodeHistory, historyBytesMax } from "./history-codec.ts";
import { type HistoryHost, HistoryKeeper, historyFile } from "./history-keeper.ts";

const hour = 3_600_000;
const day = 24 * hour;
const startMs = Date.UTC(2026, 2, 1, 12);

const syncOf = (peer: string, changes: Partial<SessionSync> = {}): SessionSync => ({
  peer,
  address: "10.0.0.1:4000",
  endedMs: startMs,
  durationMs: 1500,
  eventsSent: 1,
  eventsReceived: 10,
  bytesSent: 700,
  bytesReceived: 900,
  endedBy: "rest",
  ...changes,
});

function told(history: History, sync: SessionSync, atMs: number): void {
  history.addTraffic(sync, atMs);
  history.addSync(sync, atMs);
}

describe("a ring of buckets", () => {
  test("sums a stretch, keeps the longest, and shows its range only", () => {
    const ring = new BucketRing(hour, 3);
    ring.add(startMs, { syncs: 1, durationMaxMs: 5 });
    ring.add(startMs + hour - 1, { syncs: 2, durationMaxMs: 3 });
    ring.add(startMs + 2 * hour, { syncs: 4 });
    const rows = ring.read(startMs + 2 * hour);
    assert.deepEqual(
      rows.map(({ fromMs, syncs, durationMaxMs }) => [fromMs, syncs, durationMaxMs]),
      [
        [startMs, 3, 5],
        [startMs + 2 * hour, 4, 0],
      ],
    );
    assert.deepEqual(ring.read(startMs + 10 * hour), []);
    ring.add(startMs + 3 * hour, { syncs: 1 });
    assert.equal(sumOf(ring.read(startMs + 3 * hour), "syncs"), 5, "the oldest slot was taken");
  });

  test("loses little to a clock that jumps ahead and comes back, and nothing to one before 1970", () => {
    const ring = new BucketRing(hour, 24);
    for (let at = 0; at < 24; at++) ring.add(startMs + at * hour, { syncs: 1 });
    ring.add(startMs + 400 * day, { syncs: 1 });
    ring.add(-5, { syncs: 1 });
    assert.equal(sumOf(ring.read(startMs + 23 * hour), "syncs"), 23);
  });
});

describe("the history", () => {
  test("counts in all and for each clinic, failures and budgets apart", () => {
    const history = new History(startMs);
    told(history, syncOf("a"), startMs);
    told(history, syncOf("b", { endedBy: "error", code: "Z521" }), startMs + hour);
    told(history, syncOf("a", { endedBy: "budget" }), startMs + 2 * hour);
    assert.deepEqual(history.totals, {
      syncs: 3,
      failures: 1,
      budgetEnds: 1,
      eventsReceived: 30,
      eventsSent: 3,
      bytesReceived: 2700,
      bytesSent: 2100,
    });
    assert.equal(sumOf(history.read("day", "a", startMs + 2 * hour), "eventsReceived"), 20);
    assert.equal(sumOf(history.read("month", undefined, startMs + 2 * hour), "failures"), 1);
    assert.deepEqual(history.read("day", "nobody", startMs), []);
    const codes = history.syncsOf(undefined, 10).map(({ peer, code }) => [peer, code]);
    assert.deepEqual(codes, [
      ["a", ""],
      ["b", "Z521"],
      ["a", ""],
    ]);
    assert.equal(history.syncsOf("a", 1).length, 1);
  });

  test("is bounded in memory and in bytes, and forgets whoever moved nothing for the longest time", () => {
    const history = new History(startMs);
    for (let n = 0; n < clinicsMax + 5; n++)
      for (let at = 0; at < 3; at++) told(history, syncOf(`clinic-${n}`), startMs + n + at * day);
    assert.equal(history.clinics.size, clinicsMax);
    assert.equal(history.clinics.has("clinic-0"), false);
    assert.equal(history.recent.length, recentMax);
    const bytes = encodeHistory(history);
    assert.ok(bytes.length < historyBytesMax, `${bytes.length} bytes`);
    assert.equal(decodeHistory(bytes)?.clinics.size, clinicsMax);
  });

  test("comes back from its bytes, and from nothing else", () => {
    const history = new History(startMs);
    for (let at = 0; at < 40; at++) {
      told(
        history,
        syncOf(`c${at % 3}`, { endedBy: at % 7 === 0 ? "error" : "done" }),
        startMs + at * 5 * hour,
      );
    }
    history.addExpired(12);
    const bytes = encodeHistory(history);
    const back = decodeHistory(bytes);
    assert.ok(back !== undefined);
    assert.deepEqual(encodeHistory(back), bytes);
    assert.deepEqual(
      back.read("month", "c1", startMs + 8 * day),
      history.read("month", "c1", startMs + 8 * day),
    );
    assert.equal(back.expired, 12);
    for (let size = 0; size < bytes.length; size += 3)
      assert.equal(decodeHistory(bytes.subarray(0, size)), undefined, `${size} bytes`);
    const later = bytes.slice();
    later[0] = 2;
    assert.equal(decodeHistory(later), undefined);
  });
});

/** A node with sidecars in memory, and its sessions at the test's command. */
function fakeHost(files: Map<string, Uint8Array>) {
  const watchers = new Set<SessionWatcher>();
  const reports: string[] = [];
  const node = {
    meters: {
      watch: (watcher: SessionWatcher) => {
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
      flush: () => undefined,
      rows: () => [],
    },
    sidecars: {
      list: () => [...files.keys()],
      read: (name: string) => files.get(name),
      write: async (name: string, content: Uint8Array) => {
        files.set(name, content);
      },
    },
    expiredCount: 0,
  };
  const host = {
    node,
    nowMs: () => startMs,
    report: ({ code }: ZamError) => reports.push(code),
  } as unknown as HistoryHost;
  const tell = (sync: SessionSync): void => {
    for (const watcher of watchers) {
      watcher.onTraffic(sync);
      watcher.onSync(sync);
    }
  };
  return { host, node, reports, tell };
}

describe("what is kept over a restart", () => {
  test("goes on where it was, with what was dropped since", async () => {
    const files = new Map<string, Uint8Array>();
    for (const total of [1, 2, 3]) {
      const { host, node, reports, tell } = fakeHost(files);
      const keeper = new HistoryKeeper(host);
      tell(syncOf("a"));
      node.expiredCount += 5;
      await keeper.close();
      assert.equal(keeper.history.totals.syncs, total);
      assert.equal(keeper.history.expired, 5 * total);
      assert.deepEqual(reports, []);
    }
  });

  test("is begun anew, with a code, when the file is garbage or cannot be opened", async () => {
    const files = new Map([[historyFile, new TextEncoder().encode("garbage")]]);
    const { host, reports, tell } = fakeHost(files);
    const keeper = new HistoryKeeper(host);
    assert.deepEqual(reports, ["Z212"]);
    tell(syncOf("a"));
    await keeper.close();
    assert.equal(decodeHistory(files.get(historyFile) ?? new Uint8Array(0))?.totals.syncs, 1);
    const other = fakeHost(files);
    other.node.sidecars.read = () => {
      throw new ZamError("Z212", { path: "x", problem: "a broken seal" });
    };
    assert.equal(new HistoryKeeper(other.host).history.totals.syncs, 0);
    assert.deepEqual(other.reports, ["Z212"]);
  });

  test("tells once when it cannot be written, and the hub goes on", async () => {
    const { host, node, reports, tell } = fakeHost(new Map());
    node.sidecars.write = () => Promise.reject(new ZamError("Z204", { operation: "write" }));
    const keeper = new HistoryKeeper(host);
    tell(syncOf("a"));
    await keeper.close();
    assert.deepEqual(reports, ["Z204"]);
  });
});
