/**
 * SCENARIOS 3: a torn tail, cut at every byte.
 *
 * Given N acknowledged events and one in flight (kill -9, no clean close); when the
 * file is cut at every offset of the last record; then every acknowledged event is
 * there, a second open gives the same, and the next event gets a seq that none of
 * the N had.
 */
import assert from "node:assert/strict";
import { readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { openNode } from "../../src/engine/index.ts";
import type { AuditRow } from "../../src/engine/api.ts";
import {
  copyDir,
  digestOf,
  makeFleet,
  pushOne,
  scratchDir,
  segmentsOf,
  serveHub,
} from "./harness.ts";
import { mapSegment } from "./segment-map.ts";

const acked = 5;

async function openAndAudit(dir: string): Promise<readonly AuditRow[]> {
  const node = await openNode({ dataDir: dir });
  try {
    const rows: AuditRow[] = [];
    for await (const row of node.audit({})) rows.push(row);
    return rows;
  } finally {
    await node.close();
  }
}

test("every cut of the last record leaves all acknowledged events", async (t) => {
  const fleet = await makeFleet(t);
  const hub = await serveHub(t, fleet.hub);
  for (let n = 1; n <= acked + 1; n++) await pushOne(fleet.hub, { event: "note", n });
  await hub.kill();
  const [segment, ...others] = await segmentsOf(fleet.hub);
  assert.ok(segment !== undefined && others.length === 0);
  const last = mapSegment(await readFile(segment)).at(-1);
  assert.ok(
    last !== undefined && last.kind === 1,
    "the last record is an event: it died in mid-work",
  );

  const reference = await openReference(t, fleet.hub);
  assert.equal(reference.length, acked + 1);
  for (let size = last.from; size < last.to; size++) {
    const dir = join(await scratchDir(t), "hub");
    await copyDir(fleet.hub, dir);
    await truncate((await segmentsOf(dir))[0] ?? "", size);
    const rows = await openAndAudit(dir);
    assert.deepEqual(digestOf(rows), digestOf(reference.slice(0, acked)), `cut at ${size}`);
    assert.deepEqual(await openAndAudit(dir), rows, `second open after a cut at ${size}`);
    if (size % 16 !== 0) continue;
    const node = await openNode({ dataDir: dir });
    const [pushed] = await node.push([{ payload: Buffer.from("{}") }]);
    await node.close();
    assert.ok((pushed?.seq ?? 0) > acked, `seq ${pushed?.seq} after a cut at ${size}`);
  }
});

async function openReference(
  t: Parameters<typeof scratchDir>[0],
  hub: string,
): Promise<readonly AuditRow[]> {
  const dir = join(await scratchDir(t), "hub");
  await copyDir(hub, dir);
  return openAndAudit(dir);
}
