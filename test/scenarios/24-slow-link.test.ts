/**
 * SCENARIOS 24: mutual TLS over 600 ms one way, 30 KB/s, 100 ms jitter: 500 events
 * at the first try; also at a round trip of 2.5 s.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { takeEvents } from "../../lab/clinic-events.ts";
import { digest, linkTo, makeFleet, pushAll, serveHub, syncOk, waitUntil } from "./harness.ts";

const links = {
  "600 ms one way": { delayMs: 600, jitterMs: 100 },
  "2.5 s round trip": { delayMs: 1250, jitterMs: 100 },
} as const;

test("500 visits arrive at the first try", { concurrency: true }, async (t) => {
  await Promise.all(
    Object.entries(links).map(([name, nature]) =>
      t.test(name, async (t) => {
        const fleet = await makeFleet(t);
        const hub = await serveHub(t, fleet.hub);
        const link = await linkTo(t, hub, { ...nature, rateBytesPerS: 30_000, seed: 24 });
        const events = takeEvents("visit", 500, 24).map(({ payload }) => payload);
        await pushAll(fleet.clinic("clinic_a"), events);
        const summary = await syncOk(fleet.clinic("clinic_a"), link.address);
        assert.equal(summary.attempts, 1);
        assert.equal(summary.eventsConfirmed, 500);
        const counters = link.counters();
        assert.equal(counters.connections.length, 1);
        // The command has returned while its goodbye is still on the way.
        await waitUntil(() => link.counters().upBytes >= summary.bytesSent, 15_000);
        assert.equal(
          summary.bytesSent,
          link.counters().upBytes,
          "the command counts what the link counts",
        );
        assert.equal(summary.bytesReceived, counters.downBytes);
        assert.deepEqual(await digest(fleet.hub), await digest(fleet.clinic("clinic_a")));
        t.diagnostic(
          `${summary.bytesSent} bytes up, ${summary.bytesReceived} down, ${summary.durationMs} ms`,
        );
        await hub.stop();
      }),
    ),
  );
});
