/** An idempotency key is found wherever its event is, and never taken for a new one because a disk does not say. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { hashIdempotencyKey } from "./chain.ts";
import { create, event, open, pushMany, pushNow } from "./log.test-kit.ts";

const sizes = { segmentBytes: 700, checkpointBytes: 1_500 };
const keyOf = (text: string) => hashIdempotencyKey(nodeCrypto, text);
const keyed = (n: number) => event(`event ${n}`.repeat(9), { idempotency: keyOf(`key ${n}`) });
const count = 40;

function filled(): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, sizes);
  for (let n = 1; n <= count; n++) pushNow(log, keyed(n));
  log.close();
  return store;
}

const pristine = filled();

describe("an idempotency key", () => {
  test("is found in every segment, after a close, a kill, and without any sidecar", () => {
    const bare = pristine.copy();
    for (const name of bare.list()) if (/^checkpoint|idx$/.test(name)) bare.remove(name);
    const killed = pristine.copy();
    pushNow(open(killed, sizes).log, keyed(count + 1));
    for (const store of [pristine.copy(), bare, killed.kill()]) {
      const { log } = open(store, sizes);
      for (let n = 1; n <= count; n++) {
        const found = log.findIdempotency(keyOf(`key ${n}`));
        assert.deepEqual([found?.seq, found?.stream], [n, log.stream(0).id]);
      }
      assert.equal(log.findIdempotency(keyOf("another")), undefined);
      const next = log.stream(0).head + 1;
      const last = log.findIdempotency(keyOf(`key ${next - 1}`));
      assert.equal(last?.seq, next - 1, "also of what no close had made durable");
      assert.deepEqual(
        pushNow(log, keyed(7), keyed(99)).map(({ seq, isRepeat }) => [seq, isRepeat]),
        [
          [7, true],
          [next, false],
        ],
      );
    }
  });

  test("that the disk will not look up now is refused with a code, not taken for a new one", () => {
    const operations = ["open", "read"] as const;
    let refused = 0;
    for (const operation of operations) {
      for (let nth = 1; nth <= 12; nth++) {
        const store = pristine.copy();
        const { log } = open(store, sizes);
        // Other files are kept open now.
        log.readStream(0, 10, { events: count, bytes: 1 << 20 });
        const rule = store.faults.add({ operation, nth, times: 1 });
        try {
          const [pushed] = pushNow(log, keyed(3));
          assert.deepEqual([pushed?.seq, pushed?.isRepeat], [3, true], `${operation} ${nth}`);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "Z206", `${operation} ${nth}`);
          refused++;
        }
        const [again] = pushNow(log, keyed(3));
        assert.deepEqual([again?.seq, again?.isRepeat], [3, true], `${operation} ${nth}`);
        assert.equal(log.stream(0).head, count, "nothing was written");
        if (rule.fired === 0) break;
      }
    }
    assert.ok(refused > 0, `${refused} look-ups were refused`);
  });

  test("is found though the index of its segment rotted anywhere", () => {
    const [name] = pristine.list().filter((file) => file.endsWith(".idx"));
    assert.ok(name !== undefined);
    const size = pristine.dump().get(name)?.length ?? 0;
    for (let at = 0; at < size; at += 5) {
      const store = pristine.copy();
      store.flip(name, at, 1 << (at % 8));
      const { log } = open(store, sizes);
      for (const n of [1, 2, 5]) {
        assert.equal(log.findIdempotency(keyOf(`key ${n}`))?.seq, n, `byte ${at}, key ${n}`);
      }
    }
  });

  test("of an event that is still on its way to the disk, in pieces or whole, is a repeat", () => {
    const slow = new MemoryStore({ syncs: "queued" });
    for (const [name, bytes] of pristine.dump()) slow.overwrite(name, bytes);
    const { log } = open(slow, { ...sizes, segmentBytes: 1 << 22 });
    const order: string[] = [];
    const push = (name: string, ...events: Parameters<typeof log.push>[0][number][]) =>
      log.push(events, 1_000_000, (error) => order.push(error?.code ?? name));
    const large = { payload: new Uint8Array(700_000).fill(5) };
    // Far more than is gathered before it is written: the key's record has left the buffer.
    push("in flight", event("first of all"));
    slow.runSyncs();
    const first = push("first", keyed(50), event("", large), keyed(51));
    const waiting = push(
      "waiting",
      keyed(52),
      event("", { ...large, idempotency: keyOf("large") }),
    );
    for (const [n, pushed] of [
      [50, first[0]],
      [51, first[2]],
      [52, waiting[0]],
    ] as const) {
      assert.equal(pushed?.isRepeat, false);
      const [repeat] = push(`repeat ${n}`, keyed(n));
      assert.deepEqual([repeat?.seq, repeat?.isRepeat], [pushed?.seq, true], `key ${n}`);
      const other = event("something else", { idempotency: keyOf(`key ${n}`) });
      assert.throws(() => push("other", other), { code: "Z602" });
    }
    const [repeat] = push("repeat large", event("", { ...large, idempotency: keyOf("large") }));
    assert.equal(repeat?.seq, waiting[1]?.seq);
    const wrong = event("", {
      payload: large.payload.slice().fill(6),
      idempotency: keyOf("large"),
    });
    assert.throws(() => push("other", wrong), { code: "Z602" });
    assert.deepEqual(order, ["in flight"], "no repeat is acknowledged before its event");
    slow.runSyncs();
    assert.deepEqual(order.slice(0, 3), ["in flight", "first", "waiting"]);
    assert.equal(order.length, 7);
    assert.equal(log.findIdempotency(keyOf("large"))?.seq, waiting[1]?.seq);
  });

  test("of an event in a damaged range is as good as new: the hole is not the event", () => {
    const store = new MemoryStore();
    const log = create(store, { dataKey: undefined });
    pushNow(log, keyed(1));
    pushMany(log, 5);
    log.close();
    const bytes = Buffer.from(store.dump().get("00000001.seg") ?? []);
    store.flip("00000001.seg", bytes.indexOf("event 1event 1") + 2);
    const { log: again } = open(store, { dataKey: undefined });
    assert.deepEqual(again.stream(0).holes, [{ from: 1, to: 1 }]);
    assert.equal(again.findIdempotency(keyOf("key 1")), undefined);
  });
});
