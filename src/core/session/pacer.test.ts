import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { Pacer } from "./pacer.ts";
import { createNode, createPair, settle, startMs } from "./session.test-kit.ts";

test("keeps to its rate over a hundred seconds, whatever the frames' sizes", () => {
  for (const rateBytesPerS of [300, 3_000, 30_000]) {
    const random = createSeededRandom(rateBytesPerS);
    const pacer = new Pacer();
    pacer.limit(rateBytesPerS, 0);
    let nowMs = 0;
    let spent = 0;
    while (nowMs < 100_000) {
      const waitMs = pacer.waitMs(nowMs);
      nowMs += waitMs;
      if (waitMs > 0) continue;
      const bytes = 20 + random.below(4000);
      pacer.spend(bytes, nowMs);
      spent += bytes + 22;
    }
    const allowed = rateBytesPerS * 100;
    assert.ok(
      spent <= allowed * 1.01 + 4_100 && spent > allowed * 0.95,
      `${rateBytesPerS}: ${spent}`,
    );
  }
});

test("a pause is made up for by a quarter of a second, and a clock that is set by no more", () => {
  const pacer = new Pacer();
  pacer.limit(8_000, 0);
  pacer.spend(8_000, 3_600_000);
  assert.equal(pacer.waitMs(3_600_000), Math.ceil((8_000 + 22 - 2_000) / 8));
  assert.ok(pacer.waitMs(1_000) > 700);
  assert.equal(pacer.waitMs(10 ** 12), 0);
});

test("without a limit nothing waits, whatever has gone", () => {
  const pacer = new Pacer();
  for (const nowMs of [0, 0, startMs, startMs]) {
    pacer.spend(1e9, nowMs);
    assert.equal(pacer.waitMs(nowMs), 0);
  }
});

test("the lower of both limits counts", () => {
  const pacer = new Pacer();
  assert.equal(pacer.rateBytesPerS, undefined);
  pacer.limit(5_000, 0);
  pacer.limit(9_000, 0);
  assert.equal(pacer.rateBytesPerS, 5_000);
});

test("a limit that one side names shapes both directions", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const random = createSeededRandom(5);
  for (let i = 0; i < 100; i++) {
    const payload = random.bytes(200);
    a.log.push([{ lane: "", type: 1, payload }], startMs - 9_000 + i, () => {});
    hub.log.push([{ lane: "to/clinic_a", type: 1, payload }], startMs - 9_000 + i, () => {});
  }
  settle(a);
  settle(hub);
  const pair = createPair(a, hub, { latencyMs: 50, from: { rateBytesPerS: 2_000 } }).run();
  assert.equal(pair.summaries().initiator.isComplete, true);
  const tookS = (pair.nowMs - startMs) / 1000;
  for (const { sentBytes } of [pair.initiator, pair.responder]) {
    assert.ok(sentBytes > 20_000);
    // A quarter of a second's burst, and the last frames, which nothing has to wait for.
    assert.ok(sentBytes < 2_000 * tookS + 3_000, `${sentBytes} bytes in ${tookS} s`);
  }
  assert.ok(tookS < 15, `${tookS} s`);
});
