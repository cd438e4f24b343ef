/** What a command does when the process that owns the log goes away before it has answered. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ZamError } from "../core/errors/zam-error.ts";
import type { AuditRow, NodeApi } from "./api.ts";
import { SharedNode } from "./shared-node.ts";

const lost = new ZamError("Z412", { path: "clinic_a", method: "audit" });

/** A node of another process that lists these seqs, and then goes away, or not. */
function owner(seqs: readonly number[], isLeaving: boolean): NodeApi {
  return {
    async *audit() {
      for (const seq of seqs) yield { seq } as AuditRow;
      if (isLeaving) throw lost;
    },
    close: async () => undefined,
  } as unknown as NodeApi;
}

function sharedBy(...owners: readonly NodeApi[]): SharedNode {
  const found = owners.map((node) => ({ node, isOwned: false }));
  const [first] = found.splice(0, 1);
  assert.ok(first !== undefined);
  return new SharedNode(async () => found.shift() ?? assert.fail("nobody else owns it"), first);
}

async function listed(node: SharedNode): Promise<readonly number[]> {
  const seqs: number[] = [];
  for await (const { seq } of node.audit({})) seqs.push(seq);
  return seqs;
}

test("a listing is asked of the next owner when the first goes away before its first line", async () => {
  const gone = owner([], true);
  assert.deepEqual(await listed(sharedBy(gone, gone, owner([1, 2], false))), [1, 2]);
});

test("a listing that was cut short says so, and repeats no line", async () => {
  const seqs: number[] = [];
  const reading = (async () => {
    for await (const { seq } of sharedBy(owner([1], true), owner([1, 2], false)).audit({}))
      seqs.push(seq);
  })();
  await assert.rejects(reading, { code: "Z412" });
  assert.deepEqual(seqs, [1]);
});
