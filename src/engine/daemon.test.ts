import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import type { SyncSummary } from "./api.ts";
import { type DaemonCycle, runDaemon } from "./daemon.ts";

const complete: SyncSummary = {
  peer: "hub",
  eventsSent: 0,
  eventsConfirmed: 0,
  eventsReceived: 0,
  bytesSent: 0,
  bytesReceived: 0,
  durationMs: 1,
  attempts: 1,
  complete: true,
  remaining: 0,
  endedBy: "done",
  reports: [],
};

/** A node whose events become durable when told to. */
function fakeHost(sync: () => Promise<SyncSummary>) {
  const listeners = new Set<() => void>();
  let pending = 0;
  const log = {
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Log;
  return {
    host: {
      log,
      pendingCount: () => pending,
      sync: async () => {
        const summary = await sync();
        pending = 0;
        return summary;
      },
    },
    push: () => {
      pending++;
      for (const listener of listeners) listener();
    },
  };
}

test("syncs at once after a push, long before the interval is over", async () => {
  const stop = new AbortController();
  let syncs = 0;
  const { host, push } = fakeHost(async () => {
    syncs++;
    return complete;
  });
  const running = runDaemon(host, {
    hub: "hub",
    intervalMs: 3_600_000,
    signal: stop.signal,
    onCycle: () => {
      if (syncs === 1) setTimeout(push, 20);
      else stop.abort();
    },
  });
  await running;
  assert.equal(syncs, 2);
});

test("backs off while the hub is away, and tells each failure", async () => {
  const stop = new AbortController();
  const cycles: DaemonCycle[] = [];
  const { host } = fakeHost(async () => {
    throw new ZamError("Z402", { address: "hub:7700" });
  });
  await runDaemon(host, {
    hub: "hub",
    signal: stop.signal,
    onCycle: (cycle) => {
      cycles.push(cycle);
      stop.abort();
    },
  });
  const [first] = cycles;
  assert.equal(first?.kind, "failed");
  assert.ok(first?.kind === "failed" && first.retryInMs >= 1_000);
});

test("does not hide a defect as a failed cycle", async () => {
  const stop = new AbortController();
  const { host } = fakeHost(async () => {
    throw new TypeError("a defect");
  });
  await assert.rejects(runDaemon(host, { hub: "hub", signal: stop.signal }), TypeError);
});
