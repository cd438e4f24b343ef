import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ZamError } from "../../core/errors/zam-error.ts";
import type { ArrivedEvent } from "../../engine/index.ts";
import { ProjectionThread } from "./projection-thread.ts";

const log = { nodeId: "hub", logId: "00".repeat(8) };

function eventOf(arrival: number, seq: number, chain: string): ArrivedEvent {
  return {
    arrival,
    node: "clinic_a",
    epoch: "1234abcd",
    lane: "",
    seq,
    hlc: "018bcfe568000003",
    chain: chain.repeat(32),
    type: 1,
    tsMs: 1_700_000_000_000,
    receivedMs: 1_700_000_000_500,
    payload: Buffer.from("{}"),
  };
}

test("a batch behind one that failed is not written: nothing is left out in between", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "zs-"));
  t.after(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  let isAnswered = false;
  const thread = new ProjectionThread({
    target: { kind: "sqlite", path: join(dir, "events.db") },
    mapping: { table: "events", columns: [] },
    // Asked where the row went that has the second batch's name.
    lookup: async () => {
      if (isAnswered) return undefined;
      throw new ZamError("Z206", { operation: "the disk is away" });
    },
  });
  t.after(() => thread.close());
  await thread.open(log);
  await thread.apply([eventOf(1, 1, "a")]);
  const [second, third] = await Promise.allSettled([
    thread.apply([eventOf(2, 1, "b")]),
    thread.apply([eventOf(3, 2, "c")]),
  ]);
  for (const { status } of [second, third]) assert.equal(status, "rejected");
  assert.deepEqual([(await thread.open(log)).arrival, await thread.rowCount()], [1, 1]);
  isAnswered = true;
  await Promise.all([
    thread.apply([eventOf(2, 1, "b")]),
    thread.apply([eventOf(3, 2, "c")]),
    thread.apply([eventOf(4, 3, "d")]),
  ]);
  assert.equal((await thread.open(log)).arrival, 4);
});
