/**
 * Where the new data key goes (CLI.md, `rekey`), and that an interrupted one is found and
 * finished, wherever the key lives: in the directory, in a file of the operator's, in
 * the environment, in a systemd credential.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rename, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
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
  runProcess,
  serveHub,
  statusOf,
  summaryOf,
  syncOk,
} from "./harness.ts";

interface RekeyJson {
  readonly keyPath: string;
  readonly segments: number;
  readonly resumed: boolean;
}

test("the new key takes the place of the old one, private, and the peers' files follow", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(50));
  await syncOk(dir, hub.address);
  const before = await digest(dir);
  const peers = await fingerprint(join(dir, "peers"));
  const keyPath = join(dir, "keys", "data.key");
  const summary = summaryOf<RekeyJson>(await runOk(["rekey", dir, "--json"]));
  assert.deepEqual(summary, { keyPath, segments: 1, resumed: false });
  assert.equal((await stat(keyPath)).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(join(dir, "keys")), ["data.key"]);
  assert.notDeepEqual(await fingerprint(join(dir, "peers")), peers);
  assert.deepEqual(await digest(dir), before);
  const again = await syncOk(dir, hub.address);
  assert.equal(again.eventsSent, 0, "what was known of the hub is still known");
  await hub.stop();
});

test("a key file of the operator's, that is made or is there already", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(30));
  const before = await digest(dir);
  const first = join(fleet.dir, "stick", "first.key");
  const made = summaryOf<RekeyJson>(await runOk(["rekey", dir, "--new-key-file", first, "--json"]));
  assert.equal(made.keyPath, first);
  assert.equal((await stat(first)).mode & 0o777, 0o600);
  assert.equal(existsSync(join(dir, "keys", "data.key")), false, "the useless key is gone");
  const keyless = await run(["status", dir, "--json"]);
  assert.equal(errorOf(keyless)?.code, "Z302", describe(keyless));
  assert.equal((await run(["status", dir, "--key-file", first])).status, 0);

  // The same command again finds nothing to do, although the key that it names opens nothing any more.
  const repeat = await runOk(["rekey", dir, "--new-key-file", first, "--json"]);
  assert.deepEqual(summaryOf(repeat), { keyPath: first, segments: 0, resumed: false });

  const second = join(fleet.dir, "second.key");
  await copyFile(join(fleet.hub, "keys", "data.key"), second);
  await runOk(["rekey", dir, "--key-file", first, "--new-key-file", second]);
  assert.ok(existsSync(first), "the operator's file is the operator's");
  const former = await run(["audit", dir, "--key-file", first, "--json"]);
  assert.equal(errorOf(former)?.code, "Z301", describe(former));

  const environment = { ZAMSYNC_KEY_FILE: join(fleet.dir, "link.key") };
  await symlink(second, environment.ZAMSYNC_KEY_FILE);
  const taken = await runProcess(["rekey", dir, "--json"], { env: environment });
  assert.equal(taken.status, 0, describe(taken));
  const listed = await runProcess(["audit", dir, "--json"], { env: environment });
  assert.equal(listed.stdout.trim().split("\n").length, before.length);
  assert.notDeepEqual(await readFile(second), await readFile(join(fleet.hub, "keys", "data.key")));
});

test("a systemd credential cannot be replaced, only followed by another", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  await pushAll(dir, numbered(10));
  const credentials = join(fleet.dir, "credentials");
  await mkdir(credentials);
  await rename(join(dir, "keys", "data.key"), join(credentials, "zamsync-key"));
  const env = { CREDENTIALS_DIRECTORY: credentials };
  const files = await fingerprint(credentials);
  const refused = await runProcess(["rekey", dir, "--json"], { env });
  assert.equal(errorOf(refused)?.code, "Z328", describe(refused));
  assert.equal(refused.status, 4);
  assert.deepEqual(await fingerprint(credentials), files);
  const next = join(fleet.dir, "next.key");
  const done = await runProcess(["rekey", dir, "--new-key-file", next, "--json"], { env });
  assert.equal(done.status, 0, describe(done));
  const stale = await runProcess(["status", dir, "--json"], { env });
  assert.equal(errorOf(stale)?.code, "Z301", describe(stale));
  assert.equal((await run(["status", dir, "--key-file", next])).status, 0);
});

test("beside a running serve the key file that is named is this process's, and the node goes on", async (t) => {
  const fleet = await makeFleet(t);
  const dir = fleet.clinic("clinic_a");
  const hub = await serveHub(t, fleet.hub);
  await pushAll(dir, numbered(40));
  await syncOk(dir, hub.address);
  const next = join(fleet.dir, "next.key");
  await runOk(["rekey", fleet.hub, "--new-key-file", next]);
  await pushAll(dir, numbered(2));
  await syncOk(dir, hub.address);
  assert.equal((await statusOf(fleet.hub)).walRecords, 42);
  await hub.stop();
  const without = await runProcess(["serve", fleet.hub, "--bind", "127.0.0.1:0", "--json"]);
  assert.equal(errorOf(without)?.code, "Z302", describe(without));
  const again = await serveHub(t, fleet.hub, { args: ["--key-file", next] });
  assert.equal((await statusOf(fleet.hub)).walRecords, 42);
  await again.stop();
});
