import assert from "node:assert/strict";
import { test } from "node:test";
import type { Durable, Log, ReceivedRange } from "../core/log/api.ts";
import { CommitScheduler, type CommitTicket } from "./commit-scheduler.ts";

function range(node: string, from: number, payloadBytes: number): ReceivedRange {
  return {
    stream: { node, epoch: 1, lane: "" },
    from,
    events: [
      {
        seq: from,
        hlc: { ms: from, counter: 0 },
        type: 0,
        known: new Uint8Array(1),
        payload: new Uint8Array(payloadBytes),
      },
    ],
    chainBefore8: new Uint8Array(8),
    chainAfter8: new Uint8Array(8),
    receivedFrom: node,
    receivedMs: 0,
  };
}

/** A log that only remembers the order of commits, and is durable when told. */
function recordingLog(): { log: Log; order: string[]; finish: () => void } {
  const order: string[] = [];
  let waiting: Durable[] = [];
  const log = {
    receive(received: ReceivedRange, durable: Durable) {
      order.push(`${received.stream.node}:${received.from}`);
      waiting.push(durable);
      return { kind: "stored" };
    },
  } as unknown as Log;
  const finish = (): void => {
    const ready = waiting;
    waiting = [];
    for (const durable of ready) durable();
  };
  return { log, order, finish };
}

function ticket(received: ReceivedRange): CommitTicket {
  return {
    operation: { kind: "range", range: received },
    onOutcome: () => {},
    onDurable: () => {},
  };
}

test("a small session waits for one batch of a big one, not for its backlog", () => {
  const { log, order, finish } = recordingLog();
  const scheduler = new CommitScheduler(log, () => 0);
  const big = scheduler.open();
  const small = scheduler.open();
  for (let seq = 1; seq <= 40; seq++) big.add(ticket(range("big", seq, 64 * 1024)));
  small.add(ticket(range("small", 1, 100)));
  const stagedAtOnce = order.length;
  assert.ok(stagedAtOnce < 12, "the disk is not handed the whole backlog");
  for (let round = 0; round < 20; round++) finish();
  assert.ok(order.indexOf("small:1") <= stagedAtOnce + 1);
  assert.equal(order.length, 41);
});

test("a session's own batches keep their order", () => {
  const { log, order, finish } = recordingLog();
  const scheduler = new CommitScheduler(log, () => 0);
  const a = scheduler.open();
  const b = scheduler.open();
  for (let seq = 1; seq <= 30; seq++) {
    a.add(ticket(range("a", seq, 40_000)));
    b.add(ticket(range("b", seq, 40_000)));
  }
  for (let round = 0; round < 30; round++) finish();
  const seqs = (node: string): number[] =>
    order.filter((name) => name.startsWith(node)).map((name) => Number(name.split(":")[1]));
  assert.deepEqual(
    seqs("a"),
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
  assert.deepEqual(
    seqs("b"),
    Array.from({ length: 30 }, (_, i) => i + 1),
  );
});

test("nothing of a fenced session is staged afterwards", () => {
  const { log, order, finish } = recordingLog();
  const scheduler = new CommitScheduler(log, () => 0);
  const old = scheduler.open();
  for (let seq = 1; seq <= 40; seq++) old.add(ticket(range("old", seq, 64 * 1024)));
  const staged = order.length;
  old.fence();
  for (let round = 0; round < 10; round++) finish();
  old.add(ticket(range("old", 41, 10)));
  assert.equal(order.length, staged);
});

test("tells the outcome before durability when the log calls back at once", () => {
  const told: string[] = [];
  const log = {
    receive(_: ReceivedRange, durable: Durable) {
      durable();
      return { kind: "stored" };
    },
  } as unknown as Log;
  new CommitScheduler(log, () => 0).open().add({
    operation: { kind: "range", range: range("a", 1, 10) },
    onOutcome: (outcome) => told.push(outcome.kind),
    onDurable: () => told.push("durable"),
  });
  assert.deepEqual(told, ["stored", "durable"]);
});
