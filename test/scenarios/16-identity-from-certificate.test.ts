/**
 * SCENARIOS 16: identity comes from the certificate.
 *
 * A's certificate, B's node id in the message: the connection is closed before any
 * vector or event goes out, and the hub's log names the mismatch.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textToUtf8, bytesToHex } from "../../src/core/bytes.ts";
import { connectAs, helloOf } from "./hostile-peer.ts";
import { digest, makeFleet, numbered, pushAll, serveHub, syncOk } from "./harness.ts";

test("a HELLO with another's name gets a reason, and neither vector nor event", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_b"), numbered(10, "private to b"));
  await syncOk(fleet.clinic("clinic_b"), hub.address);
  const before = await digest(fleet.hub);

  const liar = await connectAs(fleet.clinic("clinic_a"), { port: hub.port, nodeId: "clinic_a" });
  liar.send(helloOf("clinic_b"));
  await liar.closed();
  assert.deepEqual(
    liar.frames.filter(({ type }) => type !== "error").map(({ type }) => type),
    [],
  );
  const error = await liar.expect("error");
  assert.ok(error.code >= 300 && error.code < 600, `${error.code}`);
  assert.ok(!liar.receivedHex().includes(bytesToHex(textToUtf8("private to b"))));

  await hub.until(() => hub.sessions().some((session) => session.error !== undefined));
  const line = hub.sessions().find((session) => session.error !== undefined);
  assert.equal(line?.peer, "clinic_a", "the name in the certificate is the one that is told");
  assert.match(line?.error?.message ?? "", /clinic_b/, "the name that was claimed is told too");
  assert.deepEqual(await digest(fleet.hub), before);
  await hub.stop();
});
