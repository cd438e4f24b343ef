/** What may be pushed, and that a refusal stages nothing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { payloadBytesMax, typeMax } from "../event.ts";
import { FileFault } from "../ports.ts";
import type { NewEvent } from "./api.ts";
import { hashIdempotencyKey } from "./chain.ts";
import { diskError, syncError } from "./faults.ts";
import { create, event, open, pushNow } from "./log.test-kit.ts";
import { randomEpoch } from "./random-epoch.ts";

const id = hashIdempotencyKey(nodeCrypto, "visit 1");

describe("a push", () => {
  test("of a wrong lane, type, size or id is refused with its code, and nothing of it is staged", () => {
    const wrong: readonly [string, Partial<NewEvent>][] = [
      ["Z603", { lane: "to/" }],
      ["Z101", { type: -1 }],
      ["Z101", { type: 1.5 }],
      ["Z101", { type: Number.NaN }],
      ["Z101", { type: typeMax + 1 }],
      ["Z101", { idempotency: id.subarray(1) }],
      ["Z601", { payload: new Uint8Array(payloadBytesMax + 1) }],
    ];
    const log = create(new MemoryStore());
    for (const [code, change] of wrong) {
      const events = [event("fine"), event("not", change)];
      assert.throws(() => pushNow(log, ...events), { code }, JSON.stringify(Object.keys(change)));
      assert.equal(log.streamCount === 0 ? 0 : log.stream(0).head, 0);
    }
    const pushed = pushNow(log, event("a", { type: 0 }), event("b", { type: typeMax }));
    assert.deepEqual(
      pushed.map(({ seq }) => seq),
      [1, 2],
    );
  });

  test("says what was wrong in its error's context", () => {
    const log = create(new MemoryStore());
    const payload = new Uint8Array(payloadBytesMax + 1);
    assert.throws(() => pushNow(log, event("", { payload })), {
      context: { sizeBytes: payloadBytesMax + 1, maxBytes: payloadBytesMax },
    });
    assert.throws(() => pushNow(log, event("", { lane: "Lab" })), { context: { lane: "Lab" } });
  });

  test("of an id that was used is the first event again, and another payload under it is refused", () => {
    const log = create(new MemoryStore());
    const [first] = pushNow(log, event("one", { idempotency: id }));
    const [repeat] = pushNow(log, event("one", { idempotency: id, lane: "lab" }));
    assert.deepEqual(repeat, { ...first, isRepeat: true });
    assert.deepEqual([first?.isRepeat, first?.stream.lane], [false, ""]);
    assert.throws(() => pushNow(log, event("two", { idempotency: id })), { code: "Z602" });
    assert.throws(() => pushNow(log, event("onE", { idempotency: id })), { code: "Z602" });
    assert.equal(log.recordCount, 1);
  });

  test("may hold one id twice with one payload, and not with two", () => {
    const log = create(new MemoryStore());
    const once = event("one", { idempotency: id });
    for (const other of [event("two", { idempotency: id }), event("longer", { idempotency: id })]) {
      assert.throws(() => pushNow(log, once, other), { code: "Z602" });
    }
    const pushed = pushNow(log, once, event("between"), once);
    assert.deepEqual(
      pushed.map(({ seq, isRepeat }) => [seq, isRepeat]),
      [
        [1, false],
        [2, false],
        [1, true],
      ],
    );
    assert.equal(log.recordCount, 2);
  });

  test("to a log that was closed, or opened for reading, is refused", () => {
    const store = new MemoryStore();
    const log = create(store);
    pushNow(log, event("one"));
    log.close();
    assert.throws(() => pushNow(log, event("two")), { code: "Z210" });
    const reader = open(store, { readOnly: true }).log;
    assert.throws(() => pushNow(reader, event("two")), { code: "Z208" });
    assert.equal(reader.readOnlyReason?.code, "Z208");
    assert.equal(open(store).log.readOnlyReason, undefined);
  });

  test("keeps the wall clock's milliseconds within what a record holds", () => {
    const log = create(new MemoryStore());
    const times: number[] = [];
    for (const wallMs of [-5, 0.5, 1000.9, 2 ** 50, Number.NaN]) {
      const [pushed] = log.push([event("x")], wallMs, () => {});
      const index = pushed === undefined ? undefined : log.findStream(pushed.stream);
      const [stored] = log.readStream(index ?? 0, pushed?.seq ?? 0, { events: 1, bytes: 1 });
      times.push(stored?.receivedMs ?? -1);
    }
    assert.deepEqual(times, [0, 0, 1000, 2 ** 48 - 1, 0]);
  });
});

test("a fault of the disk is an error that says what to do", () => {
  const code = (kind: FileFault["kind"]) =>
    diskError(new FileFault(kind, "write", "a"), "push").code;
  assert.equal(code("noSpace"), "Z204");
  assert.equal(code("readOnly"), "Z208");
  assert.equal(code("permission"), "Z208");
  assert.equal(code("io"), "Z206");
  const full = diskError(new FileFault("noSpace", "write", "a"), "push");
  assert.deepEqual(full.context, { operation: "push" });
  const fault = new FileFault("io", "sync", "a");
  for (const error of [syncError(fault), diskError(fault, "push")]) {
    assert.equal(error.cause, fault);
    assert.equal(error.context.operation, fault.message);
  }
  assert.equal(syncError(fault).code, "Z205");
});

test("a fresh epoch is never the present one, nor the one that stands for none", () => {
  const drawn = (ownEpoch: number, ...bytes: number[]): number => {
    const crypto = { ...nodeCrypto, randomBytes: () => Uint8Array.from(bytes) };
    return randomEpoch({ crypto, ownEpoch } as unknown as Parameters<typeof randomEpoch>[0]);
  };
  assert.equal(drawn(7, 0x01, 0x02, 0x03, 0x04), 0x01020304);
  assert.equal(drawn(7, 0, 0, 0, 0), 1);
  assert.equal(drawn(0x01020304, 1, 2, 3, 4), 0x01020305);
  assert.notEqual(drawn(0xffffffff, 0xff, 0xff, 0xff, 0xff), 0xffffffff);
});
