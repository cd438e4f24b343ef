/**
 * Every operation that changes the files of a log, small enough to cut the power at each
 * of its calls. `prepare` makes a closed log; `run` opens it and does the operation, and may
 * be run again on what a cut left.
 */
import assert from "node:assert/strict";
import { ZamError } from "../../src/core/errors/zam-error.ts";
import type { Log, Mark, NewEvent, RekeyStep, WorkStep } from "../../src/core/log/api.ts";
import { createLog, openLog } from "../../src/core/log/open.ts";
import { MemoryStore } from "../../src/testing/memory-store.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";
import { seededCrypto } from "./harness.ts";

export const nodeId = "clinic_a";
const epoch = 0x1234;
const firstKey = new Uint8Array(32).fill(7);
const secondKey = new Uint8Array(32).fill(9);
const wallMs = 1_700_000_000_000;
const sizes = { segmentBytes: 3_000, checkpointBytes: 2_000 };

/** What became durable before the cut, by "epoch/lane/seq". */
export type Acked = Map<string, string>;

export interface Operation {
  readonly name: string;
  /** Makes rot, or whatever the operation is about, on a closed log. */
  readonly prepare?: (store: MemoryStore, acked: Acked) => void;
  readonly run: (log: Log, context: Context) => void;
  /** Events that this operation may take away. */
  readonly mayLose?: (key: string) => boolean;
  /** The log ends with damage that is named. */
  readonly hasDamage?: boolean;
}

export interface Context {
  readonly random: SeededRandom;
  readonly acked: Acked;
}

function event(text: string, lane = ""): NewEvent {
  return { lane, type: 1, payload: new TextEncoder().encode(text) };
}

export function push(log: Log, acked: Acked, ...events: NewEvent[]): void {
  let pushed: ReturnType<Log["push"]> = [];
  let isDurable = false;
  const note = (): void => {
    pushed.forEach(({ stream, seq }, at) => {
      const text = new TextDecoder().decode(events[at]?.payload);
      acked.set(`${stream.epoch}/${stream.lane}/${seq}`, text);
    });
  };
  pushed = log.push(events, wallMs, (error) => {
    if (error !== undefined) throw error;
    isDurable = true;
  });
  if (isDurable) note();
}

function mark(log: Log, fact: Mark): void {
  log.mark(fact, wallMs, (error) => assert.equal(error, undefined));
}

function own(log: Log, lane = ""): number {
  const index = log.findStream({ node: nodeId, epoch, lane });
  assert.ok(index !== undefined);
  return index;
}

function steps(work: { step(done: (step: WorkStep | RekeyStep) => void): void }): void {
  for (let left = 10_000; left > 0; left--) {
    const state: { now: WorkStep | RekeyStep } = { now: "more" };
    work.step((step) => {
      state.now = step;
    });
    if (state.now instanceof ZamError) throw state.now;
    if (state.now === "done") return;
  }
  assert.fail("the work does not end");
}

const cutTo = 14;
const movedFrom = 21;

/** What was acknowledged under the old name is owed under the derived one from now on. */
function followMoved(log: Log, acked: Acked): void {
  const nameOf = (seq: number): string => `${epoch}//${seq}`;
  const first = acked.get(nameOf(movedFrom));
  if (first === undefined) return;
  const derived = Array.from({ length: log.streamCount }, (_, index) => index).find((index) => {
    const [begin] = log.readStream(index, 1, { events: 1, bytes: 9999 });
    return begin !== undefined && new TextDecoder().decode(begin.payload) === first;
  });
  assert.ok(derived !== undefined, "the tail has another name");
  const { id } = log.stream(derived);
  for (let seq = movedFrom; ; seq++) {
    const text = acked.get(nameOf(seq));
    if (text === undefined) return;
    acked.delete(nameOf(seq));
    acked.set(`${id.epoch}/${id.lane}/${seq - movedFrom + 1}`, text);
  }
}

export const operations: readonly Operation[] = [
  {
    name: "push, with seal and roll",
    run(log, { acked }) {
      for (let i = 0; i < 12; i++) push(log, acked, event(`new ${i} `.repeat(40)));
      push(log, acked, event("a"), event("b", "urgent"), event("c"));
      push(log, acked, event("large ".repeat(3000)));
    },
  },
  {
    name: "recovery of an unclean stop",
    prepare(store, acked) {
      const log = openAny(store, createSeededRandom(2));
      for (let i = 0; i < 4; i++) push(log, acked, event(`tail ${i} `.repeat(30)));
      // Not closed: what follows is the next opening's to sort out.
    },
    run(log, { acked }) {
      push(log, acked, event("after it"));
    },
  },
  {
    name: "compact and expire: cut, write anew, remove",
    mayLose: (key) => key.startsWith(`${epoch}//`) && Number(key.split("/")[2]) <= cutTo,
    run(log) {
      const cuts = [{ index: own(log), seq: cutTo, byOrigin: true }];
      log.cut(cuts, wallMs, (error) => assert.equal(error, undefined));
      steps(log.reclaim(wallMs));
    },
  },
  {
    name: "rekey",
    run(log) {
      if (log.isRekeying) steps(log.rekey());
      else if (keyOfLog.get(log) === firstKey) steps(log.rekey(secondKey));
    },
  },
  {
    name: "scrub that finds rot",
    hasDamage: true,
    mayLose: () => true,
    prepare(store) {
      store.flip("00000001.seg", 700, 1);
      store.flip("00000002.seg", 1500, 1);
    },
    run(log) {
      let place = log.scrub(undefined, 400).next;
      while (place !== undefined) place = log.scrub(place, 400).next;
    },
  },
  {
    name: "fresh epoch (restore, rollback)",
    run(log, { acked }) {
      mark(log, { kind: "newEpoch", reason: "Z227" });
      push(log, acked, event("in the fresh epoch"));
    },
  },
  {
    name: "re-homing of a tail",
    // A cut may leave it under either name; after the repetition it is all under the derived one.
    mayLose: (key) => key.startsWith(`${epoch}//`) && Number(key.split("/")[2]) >= movedFrom,
    run(log, { acked }) {
      if (log.streamHead(own(log)) >= movedFrom) {
        mark(log, { kind: "newEpoch", reason: "Z509" });
        mark(log, { kind: "rehome", stream: { node: nodeId, epoch, lane: "" }, from: movedFrom });
      }
      assert.equal(log.streamHead(own(log)), movedFrom - 1, "never under both names");
      followMoved(log, acked);
      push(log, acked, event("in the fresh epoch"));
    },
  },
  {
    name: "sync receive: events and pieces of one, from a peer",
    run(log, { acked }) {
      const source = peerLog();
      for (let from = 1; from <= 9; from += 3) receive(log, source, acked, from, 3);
      receiveLarge(log, source, acked);
    },
  },
  {
    name: "alarm, and doctor --ack",
    run(log) {
      mark(log, { kind: "alarm", id: "a-1", code: "Z509", text: "two branches" });
      mark(log, { kind: "alarmAck", id: "a-1" });
    },
  },
];

const peerEpoch = 0x77;
const peerStream = { node: "clinic_b", epoch: peerEpoch, lane: "" };
const largeSeq = 10;

/** Another node's log: nine small events and a large one. */
function peerLog(): Log {
  const store = new MemoryStore();
  const crypto = seededCrypto(createSeededRandom(3));
  const log = createLog({ store, crypto, nodeId: "clinic_b", epoch: peerEpoch, wallMs });
  for (let i = 1; i <= 9; i++) log.push([event(`in ${i} `.repeat(20))], wallMs + i, () => {});
  log.push([event("in pieces ".repeat(4000))], wallMs + 10, () => {});
  return log;
}

/** As a session hands it over, what is there already included. */
function receive(log: Log, source: Log, acked: Acked, from: number, count: number): void {
  const events = source.readStream(0, from, { events: count, bytes: 1 << 20 });
  const [first, last] = [events[0], events[events.length - 1]];
  assert.ok(first !== undefined && last !== undefined);
  const outcome = log.receive(
    {
      stream: peerStream,
      from,
      events,
      chainBefore8: first.chainBefore.subarray(0, 8),
      chainAfter8: last.chain.subarray(0, 8),
      receivedFrom: "clinic_b",
      receivedMs: wallMs,
    },
    (error) => {
      assert.equal(error, undefined);
      for (const { seq, payload } of events)
        acked.set(`${peerEpoch}//${seq}`, new TextDecoder().decode(payload));
    },
  );
  assert.ok(outcome.kind === "stored" || outcome.kind === "duplicate", outcome.kind);
}

/** Goes on behind the piece that is durable, as the vector tells it. */
function receiveLarge(log: Log, source: Log, acked: Acked): void {
  const [large] = source.readStream(0, largeSeq, { events: 1, bytes: 1 });
  assert.ok(large?.isFragmented === true);
  const index = log.findStream(peerStream) ?? assert.fail("the small ones came first");
  const pieceBytes = 9_000;
  for (;;) {
    const { head, partialBytes: offset = 0 } = log.stream(index);
    if (head >= largeSeq) return;
    const sizeBytes = Math.min(pieceBytes, large.payloadSize - offset);
    const bytes = source.readPayload(0, largeSeq, { offset, sizeBytes });
    assert.ok(bytes !== undefined);
    const { seq, hlc, type, known, chainBefore, chain, payloadSize } = large;
    const outcome = log.receiveFragment(
      {
        stream: peerStream,
        seq,
        hlc,
        type,
        known,
        totalBytes: payloadSize,
        offset,
        bytes,
        chainBefore8: chainBefore.subarray(0, 8),
        chainAfter8: chain.subarray(0, 8),
        receivedFrom: "clinic_b",
        receivedMs: wallMs,
      },
      (error) => {
        assert.equal(error, undefined);
        const isWhole = offset + sizeBytes === payloadSize;
        if (isWhole) acked.set(`${peerEpoch}//${seq}`, "in pieces ".repeat(4000));
      },
    );
    assert.ok(outcome.kind === "stored" || outcome.kind === "duplicate", outcome.kind);
  }
}

/** The key by which each log was opened. */
const keyOfLog = new WeakMap<Log, Uint8Array>();

export function openAny(store: MemoryStore, random: SeededRandom): Log {
  const open = (dataKey: Uint8Array): Log => {
    const crypto = seededCrypto(random.fork());
    const { log } = openLog({ store, crypto, nodeId, dataKey, wallMs, confirmed: [], ...sizes });
    keyOfLog.set(log, dataKey);
    return log;
  };
  try {
    return open(firstKey);
  } catch (error) {
    if (!(error instanceof ZamError && error.code === "Z301")) throw error;
    return open(secondKey);
  }
}

/** A closed log of a few segments, with two lanes and payloads in fragments. */
export function prepared(operation: Operation): { store: MemoryStore; acked: Acked } {
  const store = new MemoryStore();
  const crypto = seededCrypto(createSeededRandom(1));
  const log = createLog({ store, crypto, nodeId, epoch, dataKey: firstKey, wallMs, ...sizes });
  const acked: Acked = new Map();
  for (let i = 1; i <= 24; i++) {
    push(log, acked, event(`event ${i} `.repeat(i === 9 ? 2500 : 10)));
    if (i % 3 === 0) push(log, acked, event(`urgent ${i} `.repeat(6), "urgent"));
  }
  log.close();
  operation.prepare?.(store, acked);
  return { store: store.copy(), acked };
}
