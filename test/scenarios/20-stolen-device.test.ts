/**
 * SCENARIOS 20: a stolen device.
 *
 * Revoked with one command beside the running hub: refused before data, also on a
 * resumed connection, and cut off in the middle of a session; B is unaffected, and
 * nobody else needs a new certificate.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connectAs, helloOf } from "./hostile-peer.ts";
import {
  describe,
  digest,
  errorOf,
  jsonLines,
  makeFleet,
  numbered,
  pushAll,
  run,
  runOk,
  serveHub,
  summaryOf,
  sync,
  syncOk,
} from "./harness.ts";
import type { Ran } from "./harness.ts";

/** The peer refused (exit status 6), and said why. */
function assertRefused(ran: Ran): void {
  assert.equal(ran.status, 4, describe(ran));
  assert.equal(errorOf(ran)?.context.code, "Z315", describe(ran));
}

test("a revoked device is refused before data, others go on as they were", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  const stolen = fleet.clinic("clinic_a");
  const other = fleet.clinic("clinic_b");
  await pushAll(stolen, numbered(3));
  await pushAll(other, numbered(3, "of b"));
  await syncOk(stolen, hub.address);
  await syncOk(stolen, hub.address);
  await syncOk(other, hub.address);
  const before = await digest(fleet.hub);
  const certificate = await readFile(join(other, "tls", "node.crt"));

  const revoked = await runOk(["revoke", "clinic_a", "--ca", fleet.hub, "--json"]);
  assert.equal(summaryOf<{ revokedCount: number }>(revoked).revokedCount, 1);

  await pushAll(stolen, numbered(2, "by the thief"));
  const { ran } = await sync(stolen, hub.address, { args: ["--timeout", "10s"] });
  assertRefused(ran);
  assert.deepEqual(await digest(fleet.hub), before, "nothing of it was stored");

  await pushAll(other, numbered(2, "of b, later"));
  assert.equal((await syncOk(other, hub.address)).eventsConfirmed, 2);
  assert.deepEqual(await readFile(join(other, "tls", "node.crt")), certificate);
  const rows = jsonLines<{ node: string; isRevoked: boolean }>(
    (await runOk(["nodes", fleet.hub, "--json"])).stdout,
  );
  const states = rows.map(({ node, isRevoked }) => `${node} ${isRevoked}`).sort();
  assert.deepEqual(states, ["clinic_a true", "clinic_b false", "hub false"]);
  await hub.stop();

  const again = await serveHub(t, fleet.hub);
  const later = await sync(stolen, again.address, { args: ["--timeout", "10s"] });
  assertRefused(later.ran);
  await again.stop();
});

test("a live session ends within a second, and nothing it sends is stored any more", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  const peer = await connectAs(fleet.clinic("clinic_a"), { port: hub.port, nodeId: "clinic_a" });
  peer.send(helloOf("clinic_a"));
  await peer.expect("hello");
  await runOk(["revoke", "clinic_a", "--ca", fleet.hub]);
  const startMs = performance.now();
  const error = await peer.expect("error");
  assert.equal(error.code, 315);
  await peer.closed();
  await hub.until(() => hub.sessions().some(({ peer: name }) => name === "clinic_a"));
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 1000, `${tookMs} ms`);
  const line = hub.sessions().find(({ peer: name }) => name === "clinic_a");
  assert.equal(line?.error?.code, "Z315");
  await syncOk(fleet.clinic("clinic_b"), hub.address);
  await hub.stop();
});

test("revoking says what it did: unknown ids, the hub itself, and a repetition", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const revoke = (id: string) => run(["revoke", id, "--ca", fleet.hub, "--json"]);

  const unknown = await revoke("clinic_aa");
  assert.equal(unknown.status, 4, describe(unknown));
  assert.equal(errorOf(unknown)?.code, "Z323");
  assert.match(errorOf(unknown)?.hint ?? "", /clinic_a\?/);
  const own = await revoke("hub");
  assert.equal(own.status, 4, describe(own));
  assert.equal(errorOf(own)?.code, "Z324");
  const clinic = await run(["revoke", "clinic_a", "--ca", fleet.clinic("clinic_a"), "--json"]);
  assert.equal(errorOf(clinic)?.code, "Z310");

  const first = summaryOf<{ revokedAt: string; repeat: boolean }>(await revoke("clinic_a"));
  assert.equal(first.repeat, false);
  const second = await revoke("clinic_a");
  assert.equal(second.status, 0);
  assert.deepEqual(summaryOf<object>(second), {
    nodeId: "clinic_a",
    revokedCount: 0,
    revokedAt: first.revokedAt,
    repeat: true,
  });
});

test("a device that was signed again under another key loses both, and stays out", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const next = join(fleet.dir, "next");
  await runOk(["keygen", next, "--node-id", "clinic_a"]);
  await runOk(["sign", join(next, "tls", "node.csr"), "--ca", fleet.hub, "--replace"]);
  await runOk(["revoke", "clinic_a", "--ca", fleet.hub]);
  const hub = await serveHub(t, fleet.hub);
  for (const dir of [fleet.clinic("clinic_a"), next]) {
    const { ran } = await sync(dir, hub.address, { args: ["--timeout", "10s"] });
    assertRefused(ran);
  }
  const signed = await run(["sign", join(next, "tls", "node.csr"), "--ca", fleet.hub, "--json"]);
  assert.equal(errorOf(signed)?.code, "Z322");
  await hub.stop();
});
