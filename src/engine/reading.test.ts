/** A file that the disk refuses for a moment is an error to whoever reads, and never a gap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { create, open, pushMany } from "../core/log/log.test-kit.ts";
import { MemoryStore } from "../testing/memory-store.ts";
import { readArrivals } from "./arrivals.ts";
import { ordinalToCursor } from "./cursor.ts";
import { readPage } from "./paging.ts";
import { follow, globalOrder } from "./reading.ts";

const options = { segmentBytes: 1500 };

function refusing(nth: number) {
  const store = new MemoryStore();
  const first = create(store, options);
  pushMany(first, 200);
  first.close();
  const disk = store.copy();
  const { log } = open(disk, options);
  return { log, rule: disk.faults.add({ operation: "open", nth, times: 2 }) };
}

/** Reads to the end by a reader that takes up at its place after an error; returns how many errors. */
async function readAll(
  more: (log: ReturnType<typeof refusing>["log"], after: number) => Promise<readonly number[]>,
): Promise<number> {
  let errors = 0;
  for (let nth = 1; nth <= 30; nth++) {
    const { log } = refusing(nth);
    const found: number[] = [];
    for (let tries = 0; tries < 4; tries++) {
      try {
        found.push(...(await more(log, found.at(-1) ?? 0)));
        break;
      } catch (error) {
        assert.equal((error as { code?: string }).code, "Z206");
        errors++;
      }
    }
    assert.deepEqual(
      found,
      Array.from({ length: 200 }, (_, at) => at + 1),
      `open ${nth}`,
    );
  }
  return errors;
}

test("a follower, a page and a copy to elsewhere go on where the disk refused", async () => {
  const followed = await readAll(async (log, after) => {
    const seqs: number[] = [];
    const since = after === 0 ? {} : { since: ordinalToCursor(log, after) };
    for await (const { seq } of follow(log, since)) seqs.push(seq);
    return seqs;
  });
  const paged = await readAll(async (log, after) => {
    const from = after === 0 ? {} : { after: ordinalToCursor(log, after) };
    const page = await readPage(log, { ...from, limit: 1000, bytesMax: 1 << 20 });
    return page.events.map(({ seq }) => seq);
  });
  const copied = await readAll(async (log, after) => {
    const seqs: number[] = [];
    for (let at = after; ; ) {
      const { events, isCaughtUp } = await readArrivals(log, { after: at });
      seqs.push(...events.map(({ seq }) => seq));
      at = events.at(-1)?.arrival ?? at;
      if (isCaughtUp) return seqs;
    }
  });
  const ordered = await readAll(async (log) => [...globalOrder(log)].map(({ seq }) => seq));
  for (const errors of [followed, paged, ordered]) assert.ok(errors > 0);
  // A copy hands over what it has first, and by its next call the file opens again.
  assert.equal(copied, 0);
});
