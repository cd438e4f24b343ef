/**
 * Two daemons on one directory: somebody starts the second by hand because "it does not sync".
 * One owns the node; the other waits its time, says so and changes nothing; pushes go through the
 * owner all the while; and when the first is killed, a third takes over at once.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startDaemon, untilHeld } from "./daemons.ts";
import {
  describe,
  digest,
  digestWithoutRepeats,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  runProcess,
  serveHub,
} from "./harness.ts";

test("a second daemon is refused, and nothing is sent or stored twice", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  const args = [dir, "--hub", hub.address, "--interval", "1h"];
  await pushAll(dir, numbered(3));
  const first = startDaemon(t, args);
  await untilHeld(fleet.hub, 3);

  const second = runProcess(["daemon", ...args, "--lock-timeout", "1s", "--json"]);
  await pushAll(dir, numbered(3, "meanwhile"));
  const refused = await second;
  assert.equal(refused.status, 3, describe(refused));
  assert.match(errorOf(refused)?.code ?? "", /^Z2/, describe(refused));
  assert.match(errorOf(refused)?.message ?? "", /use|lock|process/, describe(refused));
  await untilHeld(fleet.hub, 6);
  assert.equal((await first.stop()).status, 0);

  const third = startDaemon(t, args);
  await pushAll(dir, numbered(2, "after"));
  await untilHeld(fleet.hub, 8);
  assert.equal((await third.stop()).status, 0);
  assert.deepEqual(await digestWithoutRepeats(fleet.hub), await digest(dir));
  await hub.stop();
  const received = hub.sessions().reduce((sum, { eventsReceived }) => sum + eventsReceived, 0);
  assert.equal(received, 8, "each event was received once");
});
