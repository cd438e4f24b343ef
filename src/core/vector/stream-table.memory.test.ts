/**
 * What 10,000 streams cost on Node, by the heap's own account: everything that
 * garbage collection leaves, typed arrays and objects together. Needs Node
 * (`process.memoryUsage`); the arrays alone are measured in
 * `stream-table.test.ts`, on every runtime.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { StreamId } from "../event.ts";
import { StreamTable } from "./stream-table.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function usedBytes(): number {
  // Freed array buffers are only given up by the collection after next.
  for (let i = 0; i < 4; i++) collect();
  const usage = process.memoryUsage();
  return usage.heapUsed + usage.arrayBuffers;
}

function fill(idAt: (i: number) => StreamId): StreamTable {
  const table = new StreamTable();
  for (let i = 0; i < 10_000; i++) {
    const index = table.add(idAt(i));
    table.setHead(index, i + 1);
    table.setChain(index, new Uint8Array(16).fill(i));
    if (i % 100 === 0) table.addHole(index, { from: 1, to: 1 });
  }
  return table;
}

function measure(idAt: (i: number) => StreamId): { used: number; arrays: number } {
  fill(idAt);
  const before = usedBytes();
  const table = fill(idAt);
  const used = usedBytes() - before;
  return { used, arrays: table.sizeBytes };
}

describe("StreamTable's memory", () => {
  test("10,000 streams of 10,000 nodes stay under 1 MB of heap and arrays", (t) => {
    const { used, arrays } = measure((i) => ({ node: `clinic-${i}`, epoch: i * 77, lane: "" }));
    t.diagnostic(`10,000 nodes: ${used} bytes by the heap, ${arrays} bytes of arrays`);
    assert.ok(used < 1_000_000, `${used} bytes`);
    assert.ok(used >= arrays * 0.9, "the measurement sees the table");
  });

  test("10,000 streams of 2,500 nodes with four lanes stay under 800 KB", (t) => {
    const lanes = ["", "urgent", "lab", "to/hub"];
    const { used, arrays } = measure((i) => ({
      node: `clinic-${i >> 2}`,
      epoch: (i >> 2) * 77,
      lane: lanes[i & 3] ?? "",
    }));
    t.diagnostic(`2,500 nodes: ${used} bytes by the heap, ${arrays} bytes of arrays`);
    assert.ok(used < 800_000, `${used} bytes`);
  });
});
