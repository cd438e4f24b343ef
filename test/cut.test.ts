/** What a cut costs beyond the bytes of the same sync without one, as the link counts them, TLS included. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { clinicEvents, takeEvents } from "../lab/clinic-events.ts";
import { startLink } from "../lab/link.ts";
import { createNode, openNode, signNode } from "../src/engine/index.ts";
import { createScratch } from "./identities.ts";

const visits = 1200;

test("a cut in the middle costs a resumed handshake and little more: what has arrived is kept", async (t) => {
  const scratch = createScratch();
  const hubDir = join(scratch.dir, "hub");
  await createNode({ dir: hubDir, isHub: true });
  /** Where each clinic's link is cut, as a part of what goes up without one. */
  const parts = [undefined, 0.4, 0.55, 0.7];
  const dirOf = (at: number) => join(scratch.dir, `clinic_${at}`);
  for (const at of parts.keys()) {
    await createNode({ dir: dirOf(at) });
    await signNode({ csrPath: join(dirOf(at), "tls", "node.csr"), hubDir });
  }
  const hub = await openNode({ dataDir: hubDir });
  const { port } = await hub.serve({ bind: "127.0.0.1:0" });
  t.after(async () => {
    await hub.close();
    scratch.remove();
  });
  let uncut = { up: 0, all: 0 };
  for (const [at, part] of parts.entries()) {
    const node = await openNode({ dataDir: dirOf(at) });
    const link = await startLink({ to: { port }, delayMs: 150, rateBytesPerS: 30_000 });
    if (part !== undefined)
      link.setCutPlan({
        afterBytes: Math.floor(uncut.up * part),
        direction: "up",
        scope: "link",
        mode: "rst",
        downMs: 300,
      });
    const payloads = takeEvents(clinicEvents("visit", 81), visits).map(({ payload }) => payload);
    await node.push(payloads.map((text) => ({ payload: new TextEncoder().encode(text) })));
    const summary = await node.sync({ hub: link.address });
    assert.deepEqual([summary.complete, summary.eventsConfirmed > 0], [true, true]);
    await node.close();
    const { upBytes, downBytes, cuts } = link.counters();
    await link.close();
    assert.equal(cuts, part === undefined ? 0 : 1, "the link was cut as asked");
    if (part === undefined) uncut = { up: upBytes, all: upBytes + downBytes };
    else {
      const extra = upBytes + downBytes - uncut.all;
      t.diagnostic(`cut at ${part}: ${extra} bytes beyond ${uncut.all}`);
      assert.ok(extra <= 6 * 1024, `${extra} bytes`);
    }
  }
});
