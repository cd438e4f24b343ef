/** What is found in a log is named by the file that it is in. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, cutAndReclaim, pushMany } from "../core/log/log.test-kit.ts";
import { fileHeaderBytes } from "../core/log/format.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { computeStatus } from "./status.ts";
import { verifyLog } from "./verifying.ts";

test("damage in a segment that was written anew is named by the new file", async () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 3_000 });
  pushMany(log, 60);
  cutAndReclaim(log, 3);
  const name = store.list().find((each) => /^\d{8}-1\.seg$/.test(each));
  assert.ok(name !== undefined, "a segment was written anew");
  assert.equal(log.segmentFile(Number(name.slice(0, 8))), name);
  store.flip(name, fileHeaderBytes + 400, 2);
  const { problems } = await verifyLog(log);
  assert.deepEqual([...new Set(problems.map(({ path }) => path))], [`log/${name}`]);
  log.readStream(0, 4, { events: 60, bytes: 1 << 20 });
  const { damagedRanges, scrub } = computeStatus({
    ...{ log, role: "clinic", peers: [], connectedPeers: new Set<string>(), certDaysLeft: null },
    ...{ isReader: false, isRekeyRunning: false, wallMs: 1_000_000, buildMs: 0 },
    scrub: { finishedMs: 0, place: undefined, found: log.damages },
  });
  for (const { path } of [...damagedRanges, ...scrub.found]) assert.equal(path, `log/${name}`);
  assert.deepEqual([damagedRanges.length, scrub.found.length], [1, 1]);
});
