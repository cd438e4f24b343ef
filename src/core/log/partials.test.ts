/** Several large events of one stream on their way to disk: each counts by its own pieces, in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { StreamId } from "../event.ts";
import type { Log, ReceivedFragment } from "./api.ts";
import { chainZero, nextChain } from "./chain.ts";
import { create, digest, open } from "./log.test-kit.ts";

const stream: StreamId = { node: "clinic_b", epoch: 9, lane: "" };
const payload = new Uint8Array(30_000).map((_, i) => (i * 11) & 0xff);

/** The fragments of `count` large events, as their author sends them. */
function authored(count: number): readonly (readonly ReceivedFragment[])[] {
  const events: ReceivedFragment[][] = [];
  let before = chainZero(nodeCrypto, stream);
  for (let seq = 1; seq <= count; seq++) {
    const link = { seq, hlc: { ms: 1000 + seq, counter: 0 }, type: seq, known: Uint8Array.of(0) };
    const chain = nextChain(nodeCrypto, before, { ...link, payload });
    const fields = {
      ...link,
      stream,
      totalBytes: payload.length,
      chainBefore8: before.slice(0, 8),
      chainAfter8: chain.slice(0, 8),
      receivedFrom: "clinic_b",
      receivedMs: 1_000_000,
    };
    events.push(
      [0, 10_000, 20_000].map((offset) => ({
        ...fields,
        offset,
        bytes: payload.subarray(offset, offset + 10_000),
      })),
    );
    before = chain;
  }
  return events;
}

function slowHub(): { readonly store: MemoryStore; readonly log: Log } {
  const made = new MemoryStore();
  create(made).close();
  const store = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of made.dump()) store.overwrite(name, bytes);
  return { store, log: open(store).log };
}

function send(log: Log, fragments: readonly (ReceivedFragment | undefined)[]): () => number {
  let durable = 0;
  for (const fragment of fragments) {
    assert.ok(fragment !== undefined);
    const { kind } = log.receiveFragment(fragment, (error) => {
      assert.equal(error, undefined);
      durable++;
    });
    assert.equal(kind, "stored");
  }
  return () => durable;
}

test("three large events are staged before the first is durable, and all become visible", () => {
  const { store, log } = slowHub();
  const events = authored(4);
  const durable = send(log, [...events.slice(0, 3).flat(), events[3]?.[0]]);
  const index = log.findStream(stream) ?? 0;
  assert.equal(log.stream(index).head, 0, "nothing is durable yet");
  assert.equal(log.stream(index).partialBytes, undefined);
  store.runSyncs();
  assert.equal(durable(), 10);
  for (const each of [log, open(store.copy()).log]) {
    assert.equal(each.stream(index).head, 3);
    assert.equal(each.stream(index).partialBytes, 10_000, "of the fourth");
    assert.equal(digest(each).size, 3);
    for (const seq of [1, 2, 3]) {
      assert.deepEqual(each.readPayload(index, seq, { offset: 0, sizeBytes: 40_000 }), payload);
    }
  }
  send(log, events[3]?.slice(1) ?? []);
  store.runSyncs();
  assert.equal(log.stream(index).head, 4);
  assert.equal(log.stream(index).partialBytes, undefined);
});

test("pieces of the next event count from the moment that the one before it is held", () => {
  const { store, log } = slowHub();
  const events = authored(2);
  send(log, events[0]?.slice(0, 2) ?? []);
  store.runSyncs();
  const index = log.findStream(stream) ?? 0;
  assert.equal(log.stream(index).partialBytes, 20_000);
  send(log, [events[0]?.[2], events[1]?.[0], events[1]?.[1]]);
  assert.equal(log.stream(index).partialBytes, 20_000, "of what is durable");
  store.runSyncs();
  assert.equal(log.stream(index).head, 1);
  assert.equal(log.stream(index).partialBytes, 20_000, "of the second one by now");
});

test("forgetting an unfinished event takes its seq and no other", () => {
  const store = new MemoryStore();
  const log = create(store);
  const [first, second] = authored(2);
  send(log, [...(first ?? []), second?.[0]]);
  const index = log.findStream(stream) ?? 0;
  const drop = (seq: number) =>
    log.mark({ kind: "dropPartial", stream, seq }, 1, (error) => assert.equal(error, undefined));
  for (const [seq, bytes] of [
    [1, 10_000],
    [3, 10_000],
    [2, undefined],
  ] as const) {
    drop(seq);
    assert.equal(log.stream(index).partialBytes, bytes, `seq ${seq}`);
    assert.equal(open(store.copy()).log.stream(index).partialBytes, bytes, `seq ${seq}, replayed`);
  }
  send(log, second ?? []);
  assert.equal(log.stream(index).head, 2);
});

test("a piece that the disk refuses counts nowhere, and is taken when it comes again", () => {
  const store = new MemoryStore();
  const log = create(store);
  const [first] = authored(1);
  send(log, [first?.[0]]);
  store.capacityBytes = store.usedBytes;
  const codes: (string | undefined)[] = [];
  const refused = first?.[1];
  assert.ok(refused !== undefined);
  log.receiveFragment(refused, (error) => codes.push(error?.code));
  log.mark({ kind: "dropPartial", stream, seq: 1 }, 1, (error) => codes.push(error?.code));
  assert.deepEqual(codes, ["Z204", "Z204"]);
  const index = log.findStream(stream) ?? 0;
  assert.equal(log.stream(index).partialBytes, 10_000, "neither the piece nor the mark");
  store.capacityBytes = Number.POSITIVE_INFINITY;
  send(log, first?.slice(1) ?? []);
  assert.equal(log.stream(index).head, 1);
  assert.equal(digest(open(store.copy()).log).size, 1);
});

test("a checkpoint keeps what is unfinished, and it goes on from there", () => {
  const store = new MemoryStore();
  const log = create(store, { checkpointBytes: 1 });
  const [first] = authored(1);
  send(log, first?.slice(0, 2) ?? []);
  log.close();
  const again = open(store).log;
  const index = again.findStream(stream) ?? 0;
  assert.equal(again.stream(index).partialBytes, 20_000);
  send(again, first?.slice(2) ?? []);
  assert.equal(again.stream(index).head, 1);
  assert.equal(again.stream(index).partialBytes, undefined);
});
