import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type { Log } from "../core/log/api.ts";
import { DailyBudget } from "./daily-budget.ts";
import { type ConnectionEnd, type DaemonCycle, type DaemonHost, runDaemon } from "./daemon.ts";

const dayMs = 86_400_000;
const ended: ConnectionEnd = { hasMoved: true, wasAside: false, error: undefined };

/** A node whose events become durable when told to, at noon. */
function fakeHost(connect: DaemonHost["connect"], fields: Partial<DaemonHost> = {}) {
  const listeners = new Set<() => void>();
  let pending = 0;
  const log = {
    onDurable(listener: () => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Log;
  const host: DaemonHost = {
    log,
    pendingCount: () => pending,
    localMs: () => 20_000 * dayMs + dayMs / 2,
    budget: undefined,
    connect: async (input) => {
      const end = await connect(input);
      pending = 0;
      return end;
    },
    ...fields,
  };
  return {
    host,
    push: () => {
      pending++;
      for (const listener of listeners) listener();
    },
  };
}

test("visits a hub that keeps nothing open again at once after a push, long before the interval is over", async () => {
  const stop = new AbortController();
  let connections = 0;
  const { host, push } = fakeHost(async () => {
    if (++connections === 1) setTimeout(push, 20);
    else stop.abort();
    return ended;
  });
  await runDaemon(host, { hub: "hub", intervalMs: 3_600_000, signal: stop.signal });
  assert.equal(connections, 2);
});

test("backs off while the hub is away, and tells each failure", async () => {
  const stop = new AbortController();
  const cycles: DaemonCycle[] = [];
  const error = new ZamError("Z402", { address: "hub:7700" });
  const { host } = fakeHost(async () => ({ ...ended, hasMoved: false, error }));
  await runDaemon(host, {
    hub: "hub",
    signal: stop.signal,
    onCycle: (cycle) => {
      cycles.push(cycle);
      stop.abort();
    },
  });
  const [first] = cycles;
  assert.ok(first?.kind === "failed" && first.error === error && first.retryInMs >= 500);
});

test("comes back at once after it stepped aside", async () => {
  const stop = new AbortController();
  let connections = 0;
  const { host } = fakeHost(async () => {
    if (++connections === 3) stop.abort();
    return { ...ended, wasAside: true };
  });
  await runDaemon(host, { hub: "hub", intervalMs: 3_600_000, signal: stop.signal });
  assert.equal(connections, 3);
});

test("does not hide a defect as a failed connection", async () => {
  const stop = new AbortController();
  const { host } = fakeHost(async () => {
    throw new TypeError("a defect");
  });
  await assert.rejects(runDaemon(host, { hub: "hub", signal: stop.signal }), TypeError);
});

test("does not connect outside its window, and ends the connection when it shuts", async () => {
  const stop = new AbortController();
  const cycles: DaemonCycle[] = [];
  let connections = 0;
  let localMs = 20_000 * dayMs + dayMs / 2;
  const { host } = fakeHost(
    async ({ signal }) => {
      connections++;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      // The clock that the daemon reads is this test's: time passed with the connection.
      localMs += 1000;
      return ended;
    },
    { localMs: () => localMs },
  );
  const window = "11:00-12:00";
  const input = { hub: "hub", signal: stop.signal, window };
  const onCycle = (cycle: DaemonCycle) => {
    cycles.push(cycle);
    stop.abort();
  };
  await runDaemon(host, { ...input, onCycle });
  assert.deepEqual(cycles, [{ kind: "waiting", reason: "window", waitMs: 23 * 3_600_000 }]);
  assert.equal(connections, 0);
  localMs -= 100;
  const again = new AbortController();
  await runDaemon(host, {
    ...input,
    signal: again.signal,
    onCycle: (cycle) => {
      cycles.push(cycle);
      again.abort();
    },
  });
  assert.equal(connections, 1);
  assert.equal(cycles.at(-1)?.kind, "waiting");
});

test("waits when the day's bytes are spent, and gives a connection what is left", async () => {
  const stop = new AbortController();
  const cycles: DaemonCycle[] = [];
  const limits: (number | undefined)[] = [];
  const files = new Map<string, Uint8Array>();
  const folder = {
    list: () => [...files.keys()],
    read: (name: string) => files.get(name),
    write: async (name: string, content: Uint8Array) => void files.set(name, content),
  };
  const budget = new DailyBudget({
    folder,
    bytesPerDay: 100_000,
    localMs: () => 20_000 * dayMs + dayMs / 2,
    upMs: () => 0,
  });
  const { host, push } = fakeHost(
    async ({ bytesMax }) => {
      limits.push(bytesMax);
      budget.spend(60_000);
      setTimeout(push, 5);
      return ended;
    },
    { budget },
  );
  await runDaemon(host, {
    hub: "hub",
    signal: stop.signal,
    maxBytes: 90_000,
    onCycle: (cycle) => {
      cycles.push(cycle);
      stop.abort();
    },
  });
  assert.deepEqual(limits, [90_000, 40_000]);
  assert.deepEqual(cycles, [{ kind: "waiting", reason: "budget", waitMs: dayMs / 2 }]);
});
