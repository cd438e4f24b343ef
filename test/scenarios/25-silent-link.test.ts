/**
 * SCENARIOS 25: a silent link.
 *
 * 17 clinics, each cut off without FIN or RST at another step of the protocol, from the first
 * bytes of the handshake to the goodbye, at a hub that has 16 places. The 18th is served while
 * they hang; so is one of them that was killed and comes again. Then both sides have given up
 * by themselves, every clinic has finished on a new connection, and nothing was stored twice.
 *
 * The hub and the clinics live by a clock that runs eight times faster, so that the minute
 * which that takes is over in seconds; the link keeps its own time.
 */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { createClinics, startDriver } from "../../lab/many-clinics.ts";
import {
  auditOf,
  digest,
  digestWithoutRepeats,
  linkTo,
  numbered,
  pushAll,
  runProcess,
  scratchDir,
  serveHub,
  statusOf,
  sync,
  syncOk,
} from "./harness.ts";
import type { Serving } from "./harness.ts";
import { makeClock, skipWithoutCompiler } from "./preload.ts";

const silentCount = 17;
const eventsEach = 8;
const speed = 8;

/** Bytes of a whole first sync, both ways. */
async function bytesOfSync(dir: string, hub: Serving): Promise<number> {
  const { bytesSent, bytesReceived } = await syncOk(dir, hub.address);
  return bytesSent + bytesReceived;
}

test("17 clinics that fall silent at every step stop neither the 18th nor themselves", {
  skip: skipWithoutCompiler,
}, async (t) => {
  const scratch = await scratchDir(t);
  const clock = makeClock(scratch, speed);
  const { hub: hubDir, clinics } = await createClinics(join(scratch, "f"), silentCount + 2);
  for (const dir of clinics) await pushAll(dir, numbered(eventsEach, "a visit"));
  const silent = clinics.slice(0, silentCount);
  const [probe = "", last = ""] = clinics.slice(silentCount);
  const hub = await serveHub(t, hubDir, { args: ["--max-peers", "16"], env: clock.env });
  const wholeBytes = await bytesOfSync(probe, hub);
  const links = await Promise.all(
    silent.map((_, index) => {
      const afterBytes = Math.round(((index + 0.5) / silentCount) * wholeBytes);
      return linkTo(t, hub, { cutPlan: { afterBytes, mode: "silence", times: 1 } });
    }),
  );
  const hubOf = (index: number) => links[index]?.address ?? "";

  // The one that is cut in its transfer runs as a process of its own, to be killed.
  const killedIndex = silentCount - 5;
  const killed = silent[killedIndex] ?? "";
  let victim: ChildProcess | undefined;
  const doomed = runProcess(["sync", killed, "--hub", hubOf(killedIndex)], {
    env: clock.env,
    onStart: (child) => {
      victim = child;
    },
  });
  const others = silent.flatMap((dir, index) =>
    index === killedIndex ? [] : [{ dir, hub: hubOf(index) }],
  );
  const driver = await startDriver(others, clock.env);
  t.after(() => driver.kill());
  const syncs = driver.go();
  await hub.until(() => links.every((link) => link.counters().cuts === 1), 60_000);

  const eighteenth = await syncOk(last, hub.address);
  assert.equal(eighteenth.attempts, 1, "the 18th is served");
  victim?.kill("SIGKILL");
  assert.equal((await doomed).signal, "SIGKILL");
  const again = await sync(killed, hub.address);
  assert.equal(again.summary?.attempts, 1, "who comes again is served at once");
  assert.equal(again.summary?.complete, true);

  for (const { clinic, isComplete, attempts, error } of await syncs) {
    assert.equal(isComplete, true, `${clinic}: ${error}`);
    assert.ok(attempts >= 2 || clinic === "clinic_16", `${clinic} noticed the silence`);
  }
  assert.deepEqual(
    links.map((link) => link.counters().cuts),
    links.map(() => 1),
  );
  // Of each connection that died the hub has said how it ended.
  await hub.until(() => hub.sessions().length + hub.reports().length >= 2 * silentCount, 60_000);
  assert.ok(clock.wasAsked());
  assert.equal(await hub.stop(), 0);

  for (const dir of clinics) {
    const { nodeId } = await statusOf(dir);
    const received = hub
      .sessions()
      .filter(({ peer }) => peer === nodeId)
      .reduce((sum, { eventsReceived }) => sum + eventsReceived, 0);
    assert.equal(received, eventsEach, `${nodeId}: nothing was stored twice, and all of it once`);
    const own = (await auditOf(hubDir)).filter(({ node }) => node === nodeId);
    assert.equal(own.length, eventsEach);
    assert.equal((await digest(dir)).length, eventsEach);
  }
  await digestWithoutRepeats(hubDir);
});
