/**
 * The card is pulled out (its file system is unmounted, and the empty folder below shows) while
 * a daemon is away, and while one runs. No command takes the empty folder for an empty log, or
 * puts a file there; with the card back in, everything that was acknowledged is there.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startDaemon, untilHeld } from "./daemons.ts";
import {
  copyDir,
  describe,
  digest,
  errorOf,
  makeFleet,
  numbered,
  pushAll,
  run,
  serveHub,
  syncOk,
} from "./harness.ts";
import { mountSmallDisk, skipWithoutMount } from "./small-disk.ts";

const cardBytes = 64 * 1024 * 1024;

test("nothing writes where the card was", { skip: skipWithoutMount }, async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  const card = mountSmallDisk(t, cardBytes);
  const dir = join(card.dir, "clinic_a");
  await copyDir(fleet.clinic("clinic_a"), dir);
  const daemon = startDaemon(t, [dir, "--hub", hub.address, "--interval", "1h"]);
  await pushAll(dir, numbered(10));
  await untilHeld(fleet.hub, 10);
  const whole = await digest(dir);
  const kept = join(fleet.dir, "card");
  await copyDir(dir, kept);
  card.pullOut();
  assert.deepEqual(await readdir(card.dir), [], "the empty folder shows");

  const commands: readonly (readonly string[])[] = [
    ["status", dir],
    ["audit", dir],
    ["push", dir, "--payload", "{}"],
    ["sync", dir, "--hub", hub.address, "--timeout", "2s"],
    ["compact", dir],
    ["expire", dir, "--before", "2999-01-01"],
    ["serve", dir, "--bind", "127.0.0.1:0"],
    ["daemon", dir, "--hub", hub.address],
  ];
  for (const args of commands) {
    const ran = await run([...args, "--json"]);
    assert.ok(ran.status === 3 || ran.status === 4, describe(ran));
    assert.match(errorOf(ran)?.code ?? "", /^Z[23]/, describe(ran));
    assert.deepEqual(await readdir(card.dir), [], `${args[0]} put something there`);
  }
  // However it ends without its card: not by hanging, and not by making a new log there.
  await daemon.stop();
  assert.deepEqual(await readdir(card.dir), []);

  assert.deepEqual(await digest(kept), whole);
  await pushAll(kept, numbered(2, "the card is back"));
  assert.equal((await syncOk(kept, hub.address)).complete, true);
  assert.equal((await digest(fleet.hub)).length, 12);
  await hub.stop();
});
