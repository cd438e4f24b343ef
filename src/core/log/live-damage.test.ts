/** Damage that is met while the log stays open: one event, named, healed in place. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { textToUtf8 } from "../bytes.ts";
import type { Log, StoredEvent } from "./api.ts";
import { createLog, openLog } from "./open.ts";

const count = 30;
const common = { crypto: nodeCrypto, nodeId: "clinic_a", wallMs: 1_760_000_000_000 };

function readable(log: Log): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let seq = 1; seq <= count; ) {
    const found = log.readStream(0, seq, { events: count, bytes: 1e6 });
    events.push(...found);
    seq = (found[found.length - 1]?.seq ?? seq) + 1;
  }
  return events;
}

/** Where the record begins that holds what lies at `at`. */
function recordStart(bytes: Buffer, at: number): number {
  let start = 0;
  for (let next = bytes.indexOf("ZR"); next >= 0 && next < at; next = bytes.indexOf("ZR", next + 1))
    start = next;
  return start;
}

for (const seq of [1, 2, 7, count]) {
  test(`event ${seq} of ${count} rots while the log is open: it alone is a hole, and it heals for good`, () => {
    const store = new MemoryStore();
    const log = createLog({ ...common, store, epoch: 5 });
    for (let at = 1; at <= count; at++)
      log.push(
        [{ lane: "", type: 1, payload: textToUtf8(`visit ${at}.`) }],
        common.wallMs + at,
        () => {},
      );
    const original = readable(log)[seq - 1];
    assert.ok(original !== undefined);
    const segment = Buffer.from(store.dump().get("00000001.seg") ?? []);
    store.flip("00000001.seg", segment.indexOf(`visit ${seq}.`) + 1);

    assert.equal(readable(log).length, count - 1);
    assert.deepEqual(log.stream(0).holes, [{ from: seq, to: seq }]);

    const { stream, chainBefore, chain } = original;
    const range = {
      stream,
      from: seq,
      events: [original],
      chainBefore8: chainBefore.subarray(0, 8),
      chainAfter8: chain.subarray(0, 8),
    };
    let isDurable = false;
    const outcome = log.receive(
      { ...range, receivedFrom: "hub", receivedMs: common.wallMs },
      (error) => {
        isDurable = error === undefined;
      },
    );
    assert.deepEqual([outcome.kind, isDurable], ["stored", true]);
    for (let round = 0; round < 2; round++) {
      assert.equal(readable(log).length, count);
      assert.deepEqual(log.stream(0).holes, []);
    }
    log.close();
    assert.equal(readable(openLog({ ...common, store, confirmed: [] }).log).length, count);
  });
}

test("two events rot while the log is open: whatever is read first, no third one is a hole", () => {
  for (const isHeader of [false, true]) {
    for (let from = 1; from <= 9; from++) {
      const store = new MemoryStore();
      const log = createLog({ ...common, store, epoch: 5 });
      for (let at = 1; at <= 9; at++)
        log.push(
          [{ lane: "", type: 1, payload: textToUtf8(`visit ${at}.`) }],
          common.wallMs + at,
          () => {},
        );
      const offsets = log.readArrivals(0, { events: 9, bytes: 1e6 }).map(({ payload }) => {
        const bytes = Buffer.from(store.dump().get("00000001.seg") ?? []);
        const at = bytes.indexOf(payload);
        return isHeader ? recordStart(bytes, at) + 8 : at;
      });
      for (const seq of [4, 7]) store.flip("00000001.seg", offsets[seq - 1] ?? 0);

      log.readStream(0, from, { events: 1, bytes: 1 });
      const found = new Set<number>();
      for (let seq = 1; seq <= 9; seq++)
        for (const each of log.readStream(0, seq, { events: 9, bytes: 1e6 })) found.add(each.seq);
      assert.deepEqual([...found], [1, 2, 3, 5, 6, 8, 9], `first read at ${from}`);
      const holes = [4, 7].map((seq) => ({ from: seq, to: seq }));
      assert.deepEqual(log.stream(0).holes, holes, `first read at ${from}`);
    }
  }
});
