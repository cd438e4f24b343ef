/**
 * SCENARIOS 18: no forging. Events of stream B, of the hub, or of A with a wrong
 * chain, sent with A's certificate: none is stored, B's vector is untouched, and
 * A's true events still arrive.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectAs, forgeRange, helloOf } from "./hostile-peer.ts";
import { digest, makeFleet, numbered, pushAll, serveHub, statusOf, syncOk } from "./harness.ts";

test("nothing forged is stored", async (t) => {
  const fleet = await makeFleet(t, ["clinic_a", "clinic_b"]);
  const hub = await serveHub(t, fleet.hub);
  for (const name of ["clinic_a", "clinic_b"]) {
    await pushAll(fleet.clinic(name), numbered(5, name));
    await syncOk(fleet.clinic(name), hub.address);
  }
  const before = await digest(fleet.hub);
  const vectorOf = async (node: string) =>
    (await statusOf(fleet.hub)).vector.filter((line) => line.node === node);
  const vectorOfB = await vectorOf("clinic_b");
  const epochOf = async (dir: string) => Number.parseInt((await statusOf(dir)).epoch, 16);
  const epochs = {
    a: await epochOf(fleet.clinic("clinic_a")),
    b: await epochOf(fleet.clinic("clinic_b")),
    hub: await epochOf(fleet.hub),
  };

  const forgeries = {
    "the next event of B": forgeRange({ node: "clinic_b", epoch: epochs.b, lane: "" }, [
      { seq: 6 },
    ]),
    "a new epoch of B": forgeRange({ node: "clinic_b", epoch: 7, lane: "" }, [{ seq: 1 }]),
    "an event of the hub": forgeRange({ node: "hub", epoch: epochs.hub, lane: "" }, [{ seq: 1 }]),
    "an order of the hub to B": forgeRange(
      { node: "hub", epoch: epochs.hub, lane: "to/clinic_b" },
      [{ seq: 1 }],
    ),
    "an event of A addressed to B": forgeRange(
      { node: "clinic_a", epoch: epochs.a, lane: "to/clinic_b" },
      [{ seq: 1 }],
    ),
    "another history of A": forgeRange({ node: "clinic_a", epoch: epochs.a, lane: "" }, [
      { seq: 1 },
      { seq: 2 },
    ]),
    "A's next event after a chain that is not there": forgeRange(
      { node: "clinic_a", epoch: epochs.a, lane: "" },
      [{ seq: 6 }],
      { before8: new Uint8Array(8).fill(9) },
    ),
    "an event that does not give its own chain": forgeRange(
      { node: "clinic_a", epoch: epochs.a, lane: "new-lane" },
      [{ seq: 1 }],
      { after8: new Uint8Array(8).fill(9) },
    ),
  };
  for (const [name, frames] of Object.entries(forgeries)) {
    const liar = await connectAs(fleet.clinic("clinic_a"), { port: hub.port, nodeId: "clinic_a" });
    liar.send(helloOf("clinic_a"));
    await liar.expect("hello");
    liar.send(...frames, { type: "done", isPartial: false });
    // The victim either closes, or answers what it thinks of the range; then the liar leaves.
    await Promise.race([liar.closed(), liar.expect("refused"), liar.expect("done")]).catch(
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    liar.socket.destroy();
    assert.deepEqual(await digest(fleet.hub), before, name);
    const acks = liar.frames.filter(({ type }) => type === "ack");
    assert.deepEqual(acks, [], `${name}: nothing is acknowledged`);
  }
  assert.deepEqual(await vectorOf("clinic_b"), vectorOfB);

  await pushAll(fleet.clinic("clinic_a"), numbered(3, "true"));
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  await pushAll(fleet.clinic("clinic_b"), numbered(3, "true"));
  await syncOk(fleet.clinic("clinic_b"), hub.address);
  assert.equal((await digest(fleet.hub)).length, before.length + 6);
  await hub.stop();
});
