import assert from "node:assert/strict";
import { test } from "node:test";
import { type HoldableTransport, InputTurns } from "./input-turns.ts";
import type { TransportListener } from "./session-host.ts";

class FakeTransport implements HoldableTransport {
  readonly sentBytes = 0;
  readonly receivedBytes = 0;
  readonly queuedBytes = 0;
  isHeld = false;
  isClosed = false;
  listener: TransportListener | undefined;

  listen(listener: TransportListener): void {
    this.listener = listener;
  }
  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }
  write(): void {}
  rest(): void {}
  destroy(): void {}
  close(): void {
    this.isClosed = true;
  }
}

/** Turns in which a record takes `recordMs` to look at, and the loop turns when the test says so. */
function createTurns(recordMs: number) {
  const log: string[] = [];
  const planned: { readonly atMs: number; readonly task: () => void }[] = [];
  let nowMs = 0;
  const turns = new InputTurns({
    nowMs: () => nowMs,
    later: (task, delayMs) => void planned.push({ atMs: nowMs + Math.max(0, delayMs), task }),
  });
  return {
    log,
    planned,
    nowMs: () => nowMs,
    /** Time passes until the next of what is planned is due. */
    turnLoop: () => {
      planned.sort((a, b) => a.atMs - b.atMs);
      const next = planned.shift();
      nowMs = Math.max(nowMs, next?.atMs ?? 0);
      next?.task();
    },
    open(name: string) {
      const transport = new FakeTransport();
      const shared = turns.share(transport);
      shared.listen({
        onBytes: (bytes) => {
          nowMs += recordMs;
          log.push(`${name}${bytes[0]}`);
        },
        onDrain: () => {},
        onEnd: () => log.push(`${name} ends`),
      });
      transport.listener?.onBytes(new Uint8Array([9]));
      assert.equal(log.pop(), `${name}9`, "the first is looked at as it comes");
      nowMs -= recordMs;
      const send = (count: number, sizeBytes = 1): void => {
        for (let i = 0; i < count; i++)
          transport.listener?.onBytes(new Uint8Array(sizeBytes).fill(i));
      };
      return { transport, shared, send };
    },
  };
}

test("one record of each in turn, and the loop turns between slices", () => {
  const { log, planned, turnLoop, open } = createTurns(4);
  const [big, small] = [open("b"), open("s")];
  big.send(5);
  small.send(1);
  assert.deepEqual(log, []);
  turnLoop();
  assert.deepEqual(log, ["b0", "s0"], "two of 4 ms fill a slice");
  small.send(1);
  turnLoop();
  assert.deepEqual(log, ["b0", "s0", "b1", "s0"]);
  turnLoop();
  turnLoop();
  assert.deepEqual(log.slice(4), ["b2", "b3", "b4"]);
  assert.equal(planned.length, 0, "nothing is planned while nothing waits");
});

test("while others come with little, one that has had much gets a third of the time", () => {
  const { log, nowMs, turnLoop, open } = createTurns(20);
  const big = open("b");
  big.send(8);
  while (nowMs() < 160) turnLoop();
  assert.equal(log.length, 8, "alone it gets all");
  big.send(8);
  const small = open("s");
  const startedMs = nowMs();
  turnLoop();
  small.send(1);
  turnLoop();
  assert.deepEqual(
    log.slice(8),
    ["b0", "s0"],
    "who comes meanwhile does not wait for the rest of others",
  );
  while (log.length < 17) turnLoop();
  const tookMs = nowMs() - startedMs;
  assert.ok(tookMs > 300 && tookMs < 500, `${tookMs} ms for 180 ms of work`);
});

test("two that have much do not wait for one another", () => {
  const { log, nowMs, turnLoop, open } = createTurns(20);
  const [one, other] = [open("a"), open("b")];
  for (const peer of [one, other]) peer.send(20);
  while (log.length < 40) turnLoop();
  // While both are new they count as ones with little; after that nobody rests.
  assert.ok(nowMs() < 40 * 20 + 2 * 200, `${nowMs()} ms for 800 ms of work`);
});

test("an end comes after what came before it", () => {
  const { log, turnLoop, open } = createTurns(0.1);
  const one = open("a");
  one.send(3);
  one.transport.listener?.onEnd();
  turnLoop();
  assert.deepEqual(log, ["a0", "a1", "a2", "a ends"]);
});

test("a peer that sends more than is looked at is not read for a while", () => {
  const { turnLoop, open } = createTurns(10);
  const flood = open("f");
  flood.send(5, 64 * 1024);
  assert.equal(flood.transport.isHeld, true);
  turnLoop();
  turnLoop();
  assert.equal(flood.transport.isHeld, true, "192 KiB still wait");
  turnLoop();
  assert.equal(flood.transport.isHeld, false);
});

test("after our end nothing that waited is looked at", () => {
  const { log, turnLoop, open } = createTurns(10);
  const one = open("a");
  one.send(3);
  turnLoop();
  one.shared.close();
  assert.equal(one.transport.isClosed, true);
  turnLoop();
  assert.deepEqual(log, ["a0"]);
  one.transport.listener?.onEnd();
  turnLoop();
  assert.deepEqual(log, ["a0", "a ends"]);
});
