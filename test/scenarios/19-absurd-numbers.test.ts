/**
 * SCENARIOS 19: absurd numbers. A seq of 2^53-1, 1 and then 7, an HLC at its
 * maximum: refused or held; what the hub acknowledges is a contiguous prefix, and
 * later genuine events of the same clinic go through.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hlcMsMax } from "../../src/core/event.ts";
import { connectAs, forgeRange, helloOf } from "./hostile-peer.ts";
import {
  auditOf,
  digest,
  makeFleet,
  numbered,
  pushAll,
  serveHub,
  sha256,
  statusOf,
  syncOk,
} from "./harness.ts";

/** An epoch of A's own that its real log does not use. */
const epoch = 0x5eed;

test("absurd numbers neither move a vector nor block a clinic", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  await pushAll(fleet.clinic("clinic_a"), numbered(5));
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  const before = await digest(fleet.hub);

  const stream = (lane: string) => ({ node: "clinic_a", epoch, lane });
  const absurd = {
    "the largest seq": forgeRange(stream("a"), [{ seq: Number.MAX_SAFE_INTEGER - 1 }]),
    "seq 7 first": forgeRange(stream("b"), [{ seq: 7 }]),
    "an HLC beyond 2200": forgeRange(stream("c"), [
      { seq: 1, hlc: { ms: hlcMsMax, counter: 0xffff } },
    ]),
    "the largest HLC that fits": forgeRange(stream("d"), [
      { seq: 1, hlc: { ms: 2 ** 48 - 1, counter: 0xffff } },
    ]),
    "an HLC that falls": forgeRange(stream("e"), [
      { seq: 1, hlc: { ms: 2000, counter: 0 } },
      { seq: 2, hlc: { ms: 2000, counter: 0 } },
    ]),
  };
  for (const [name, frames] of Object.entries(absurd)) {
    const liar = await connectAs(fleet.clinic("clinic_a"), { port: hub.port, nodeId: "clinic_a" });
    liar.send(helloOf("clinic_a"));
    await liar.expect("hello");
    liar.send(...frames, { type: "done", isPartial: false });
    await Promise.race([liar.closed(), liar.expect("refused"), liar.expect("done")]).catch(
      () => {},
    );
    await new Promise((resolve) => setTimeout(resolve, 150));
    liar.socket.destroy();
    assert.deepEqual(await digest(fleet.hub), before, name);
    assert.ok(!liar.frames.some(({ type }) => type === "ack"), `${name}: nothing is acknowledged`);
  }

  // 1, and then 7: the first is a genuine beginning, the second has no predecessor.
  const gap = await connectAs(fleet.clinic("clinic_a"), { port: hub.port, nodeId: "clinic_a" });
  gap.send(helloOf("clinic_a"));
  await gap.expect("hello");
  gap.send(...forgeRange(stream("gap"), [{ seq: 1 }]));
  const ack = await gap.expect("ack");
  assert.deepEqual(
    ack.entries.map(({ seq }) => seq),
    [1],
  );
  gap.send(
    ...forgeRange(stream("gap"), [{ seq: 7 }], { number: 1 })
      .slice(1)
      .map((frame) => (frame.type === "range" ? { ...frame, stream: 0 } : frame)),
  );
  await Promise.race([gap.closed(), gap.expect("refused")]).catch(() => {});
  gap.socket.destroy();
  const line = (await statusOf(fleet.hub)).vector.find(({ lane }) => lane === "gap");
  assert.deepEqual({ seq: line?.seq, holes: line?.holes }, { seq: 1, holes: [] });

  const later = numbered(4, "genuine");
  const genuine = new Set(later.map((event) => sha256(JSON.stringify(event))));
  await pushAll(fleet.clinic("clinic_a"), later);
  await syncOk(fleet.clinic("clinic_a"), hub.address);
  assert.equal((await statusOf(fleet.clinic("clinic_a"))).pending, 0);
  const rows = await auditOf(fleet.hub);
  assert.equal(rows.filter(({ sha256 }) => genuine.has(sha256)).length, 4);
  await hub.stop();
});
