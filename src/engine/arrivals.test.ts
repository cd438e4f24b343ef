/** Arrivals a batch at a time: every event once, in order, with the chain that `audit` computes. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createNode, followDirectory, openNode } from "./index.ts";
import type { ArrivedEvent, AuditRow } from "./api.ts";

test("batches of any size hold every event once, with its chain", async (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), "zarr-")), "node");
  t.after(() => rmSync(join(dir, ".."), { recursive: true }));
  await createNode({ dir, nodeId: "a" });
  const node = await openNode({ dataDir: dir });
  const lanes = ["", "urgent", "x"];
  for (let n = 0; n < 40; n++)
    await node.push([
      { payload: Buffer.from(`{"n":${n}}`), lane: lanes[n % 3] ?? "" },
      ...(n % 10 === 0 ? [{ payload: Buffer.alloc(40_000, n), lane: "x" }] : []),
    ]);
  const audited: AuditRow[] = [];
  for await (const row of node.audit({})) audited.push(row);
  for (const eventsMax of [1, 3, 7, 4096]) {
    const found: ArrivedEvent[] = [];
    for (let after = 0; ; ) {
      const { events, isCaughtUp } = await node.arrivals({ after, eventsMax });
      for (const event of events) {
        assert.ok(event.arrival > after);
        after = event.arrival;
        found.push(event);
      }
      if (isCaughtUp) break;
    }
    assert.deepEqual(
      found.map(({ lane, seq, chain, hlc, payload }) => [lane, seq, chain, hlc, payload.length]),
      audited.map(({ lane, seq, chain, hlc, size }) => [lane, seq, chain, hlc, size]),
    );
  }

  // A waiting call is woken by a push, and by the node's end.
  const last = (await node.arrivals({ after: 0 })).events.at(-1)?.arrival ?? 0;
  const waiting = node.arrivals({ after: last, waitMs: 60_000 });
  await node.push([{ payload: Buffer.from("1") }]);
  assert.equal((await waiting).events.length, 1);
  const idle = node.arrivals({ after: last + 1, waitMs: 60_000 });
  await node.close();
  assert.equal((await idle).events.length, 0);

  // The same without owning the node.
  const source = followDirectory({ dataDir: dir });
  const read = await source.next({ after: 0 });
  assert.equal(read.events.length, 45);
  assert.equal(read.opening, 1);
  const owner = await openNode({ dataDir: dir });
  await owner.push([{ payload: Buffer.from("2") }]);
  await owner.close();
  const { events, opening } = await source.next({
    after: read.events.at(-1)?.arrival ?? 0,
    waitMs: 20_000,
  });
  assert.equal(events.length, 1);
  assert.ok(opening > 1, "it says that it looked anew");
  await source.close();
});

test("a large event comes alone, and holds up nobody while it is read", async (t) => {
  const dir = join(mkdtempSync(join(tmpdir(), "zarr-")), "node");
  t.after(() => rmSync(join(dir, ".."), { recursive: true }));
  await createNode({ dir, nodeId: "a" });
  const node = await openNode({ dataDir: dir });
  t.after(() => node.close());
  const sizes = [10, 16 * 1024 * 1024, 600_000, 20, 20];
  for (const size of sizes) await node.push([{ payload: Buffer.alloc(size, "x") }]);
  const batches: number[][] = [];
  const chains: string[] = [];
  let turns = 0;
  for (let after = 0, isCaughtUp = false; !isCaughtUp; ) {
    const count = setInterval(() => turns++, 0);
    const batch = await node.arrivals({ after });
    clearInterval(count);
    ({ isCaughtUp } = batch);
    after = batch.events.at(-1)?.arrival ?? after;
    chains.push(...batch.events.map(({ chain }) => chain));
    if (batch.events.length > 0) batches.push(batch.events.map(({ payload }) => payload.length));
  }
  assert.deepEqual(batches, [[10], [16 * 1024 * 1024], [600_000], [20, 20]]);
  assert.ok(turns > 10, `${turns} turns of the event loop`);
  const audited: string[] = [];
  for await (const { chain } of node.audit({})) audited.push(chain);
  assert.deepEqual(chains, audited);
});
