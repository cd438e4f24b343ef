/**
 * SCENARIOS 1: a wrong key never modifies the log.
 *
 * Given 100 acknowledged events; when any command runs with another valid key,
 * with an all-zero key, with a garbled one, with a former one or with none; then it fails with a
 * Z3xx code, no byte of any file has changed, and with the right key all are there.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { encodeDataKey } from "../../src/pki/data-key.ts";
import {
  describe,
  digest,
  errorOf,
  fingerprint,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  serveHub,
  syncOk,
} from "./harness.ts";

/** Every command that opens a log, with an address where nobody listens. */
const commandsOf = (dir: string): readonly (readonly string[])[] => [
  ["status", dir],
  ["audit", dir],
  ["audit", dir, "--verify"],
  ["pull", dir],
  ["push", dir, "--payload", "{}"],
  ["sync", dir, "--hub", "127.0.0.1:1", "--timeout", "1s"],
  ["daemon", dir, "--hub", "127.0.0.1:1"],
  ["serve", dir, "--bind", "127.0.0.1:0"],
  ["peers", dir],
  ["snapshot", dir, "--out", `${dir}.zsnap`],
  ["compact", dir],
  ["expire", dir, "--before", "2999-01-01"],
  ["rekey", dir],
  ["rekey", dir, "--new-key-file", `${dir}.key`],
];

test("no command with a wrong key changes a byte or pretends to work", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(100));
  const before = await digest(dir);
  assert.equal(before.length, 100);

  const keyPath = join(dir, "keys", "data.key");
  const keptPath = join(fleet.dir, "right.key");
  await copyFile(keyPath, keptPath);
  const install = {
    another: () => copyFile(join(fleet.clinic("clinic_b"), "keys", "data.key"), keyPath),
    zero: () => writeFile(keyPath, encodeDataKey(new Uint8Array(32))),
    garbled: () => writeFile(keyPath, "zamsync-key-1 not a key at all\n"),
    none: () => rm(keyPath),
  };

  for (const [name, makeWrong] of Object.entries(install)) {
    await makeWrong();
    const files = await fingerprint(dir);
    for (const args of commandsOf(dir)) {
      const ran = await run([...args, "--json"]);
      const error = errorOf(ran);
      assert.equal(ran.status, 4, `${name} key: ${describe(ran)}`);
      assert.match(error?.code ?? "", /^Z3/, `${name} key: ${describe(ran)}`);
      assert.deepEqual(await fingerprint(dir), files, `${name} key: ${args[0]} changed a file`);
    }
    await copyFile(keptPath, keyPath);
  }
  assert.equal(existsSync(`${dir}.key`), false, "no new key was made");
  assert.deepEqual(await digest(dir), before);

  await runOk(["rekey", dir]);
  const newest = await readFile(keyPath);
  assert.notDeepEqual(newest, await readFile(keptPath));
  await copyFile(keptPath, keyPath);
  const files = await fingerprint(dir);
  for (const args of commandsOf(dir)) {
    const ran = await run([...args, "--json"]);
    assert.equal(ran.status, 4, `former key: ${describe(ran)}`);
    assert.equal(errorOf(ran)?.code, "Z301", `former key: ${describe(ran)}`);
    assert.deepEqual(await fingerprint(dir), files, `former key: ${args[0]} changed a file`);
  }
  await writeFile(keyPath, newest);
  assert.deepEqual(await digest(dir), before);
});

test("a hub with a wrong key does not listen, and works again with the right one", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const first = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(20));
  await syncOk(fleet.clinic("clinic_a"), first.address);
  await first.stop();

  const keyPath = join(fleet.hub, "keys", "data.key");
  await rename(keyPath, join(fleet.dir, "kept"));
  await copyFile(join(fleet.clinic("clinic_b"), "keys", "data.key"), keyPath);
  const files = await fingerprint(fleet.hub);
  const ran = await run(["serve", fleet.hub, "--bind", "127.0.0.1:0", "--json"]);
  assert.equal(ran.status, 4, describe(ran));
  assert.doesNotMatch(ran.stdout, /listening/);
  assert.deepEqual(await fingerprint(fleet.hub), files);

  await rename(join(fleet.dir, "kept"), keyPath);
  const again = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(5));
  const summary = await syncOk(fleet.clinic("clinic_a"), again.address);
  assert.equal(summary.eventsConfirmed, 5);
  await again.stop();
  assert.deepEqual(await digest(fleet.hub), await digest(fleet.clinic("clinic_a")));
});
