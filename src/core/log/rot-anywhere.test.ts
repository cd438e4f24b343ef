/**
 * A log with something of everything in it, and rot in each of its records and in each of its other
 * files: what that costs is named and no more than what was hit, is the same to whoever opens the log
 * next, and a peer that has the events makes the log whole again.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemoryStore } from "../../testing/memory-store.ts";
import type { Log, StoredEvent } from "./api.ts";
import { Teller } from "./histories.test-kit.ts";
import {
  arrivals,
  dataKey,
  digest,
  event,
  open,
  pushNow,
  sha,
  streamName,
} from "./log.test-kit.ts";

const sizes = { segmentBytes: 3_000, checkpointBytes: 2_500 };
const own = { node: "clinic_a", epoch: 0x1234, lane: "" };
const chain = new Uint8Array(16).fill(9);
type Options = typeof sizes & { readonly dataKey: Uint8Array | undefined };

function everything(key: Uint8Array | undefined): MemoryStore {
  const from = new Teller({ nodeId: "clinic_b" });
  for (const size of [60, 20_000, 70, 80, 20_001, 90]) from.pushes(1, size);
  const told = new Teller({ ...sizes, ...(key === undefined ? {} : { dataKey: key }) });
  told.pushes(6, 90).pushes(3, 60, "urgent").push("once", { key: "k1" });
  told.receive(from, [1, 1]);
  for (const at of [0, 9_000, 18_000]) told.receivePiece(from, 2, at, 9_000);
  told.push("between").receive(from, [3, 4]);
  told.push("z".repeat(20_000), { key: "k2" }).pushes(4, 90);
  told.mark({ kind: "bind", node: "clinic_b", epoch: 5, fingerprint: new Uint8Array(32).fill(3) });
  told.mark({ kind: "alarm", id: "a", code: "Z509", text: "two branches" });
  told.mark({ kind: "trustedTime", ms: 900_000 });
  const floor = { seq: 8, chain, byOrigin: true };
  told.mark({ kind: "floor", stream: { ...own, node: "clinic_c" }, floor });
  told.mark({ kind: "newEpoch", reason: "Z507" }).mark({ kind: "rehome", stream: own, from: 10 });
  told.pushes(5, 90).pushes(2, 60, "urgent").receivePiece(from, 5, 0, 9_000);
  told.close();
  return told.store.copy();
}

/** Everything about a log that its users act upon. */
function portrait(log: Log): object {
  const streams = [];
  for (let index = 0; index < log.streamCount; index++) {
    const { index: _, changeOrdinal, ...state } = log.stream(index);
    assert.ok(changeOrdinal <= log.changeOrdinal);
    streams.push({ ...state, name: streamName(state.id) });
  }
  return {
    streams: streams.sort((a, b) => (a.name < b.name ? -1 : 1)),
    events: [...digest(log)].sort(),
    arrivals: arrivals(log),
    damages: log.damages,
    alarms: log.alarms,
    ownEpoch: log.ownEpoch,
    trustedTimeMs: log.trustedTimeMs,
    binding: log.binding("clinic_b", 5),
    count: log.recordCount,
    lastOrdinal: log.lastOrdinal,
  };
}

function sound(log: Log, label: string): void {
  const held = digest(log);
  assert.equal(log.recordCount, held.size, label);
  assert.deepEqual([...arrivals(log)].sort(), [...held.keys()].sort(), label);
}

/** The names of what a log says that it misses, as its streams and as its damages have it. */
function missed(log: Log): {
  readonly holes: readonly string[];
  readonly named: readonly string[];
} {
  const holes: string[] = [];
  for (let index = 0; index < log.streamCount; index++) {
    const { id, holes: ranges } = log.stream(index);
    for (const { from, to } of ranges)
      for (let seq = from; seq <= to; seq++) holes.push(`${streamName(id)}/${seq}`);
  }
  const named = log.damages.flatMap(({ missing }) =>
    missing.flatMap(({ stream, range: { from, to } }) =>
      Array.from({ length: to - from + 1 }, (_, at) => `${streamName(stream)}/${from + at}`),
    ),
  );
  return { holes: holes.sort(), named: [...new Set(named)].sort() };
}

/** Gives the log what it misses out of one that has it. */
function heal(log: Log, whole: Log): void {
  for (let index = 0; index < log.streamCount; index++) {
    const { id, holes } = log.stream(index);
    const there = whole.findStream(id) ?? assert.fail(streamName(id));
    for (const { from, to } of holes)
      for (let seq = from; seq <= to; seq++) {
        const [lost] = whole.readStream(there, seq, { events: 1, bytes: 1 });
        assert.ok(lost !== undefined);
        if (lost.isFragmented) giveLarge(log, lost, whole.readPayload(there, seq, all));
        else give(log, lost);
      }
  }
}

const all = { offset: 0, sizeBytes: 1 << 20 };

const delivery = (lost: StoredEvent) => ({
  stream: lost.stream,
  chainBefore8: lost.chainBefore.slice(0, 8),
  chainAfter8: lost.chain.slice(0, 8),
  receivedFrom: "hub",
  receivedMs: 2_000_000,
});

function give(log: Log, lost: StoredEvent): void {
  const range = { ...delivery(lost), from: lost.seq, events: [lost] };
  const outcome = log.receive(range, (error) => assert.equal(error, undefined));
  assert.deepEqual(outcome, { kind: "stored" }, `${streamName(lost.stream)}/${lost.seq}`);
}

function giveLarge(log: Log, lost: StoredEvent, payload: Uint8Array | undefined): void {
  assert.ok(payload !== undefined);
  const { seq, hlc, type, known } = lost;
  for (let offset = 0; offset < payload.length; offset += 9_000) {
    const bytes = payload.subarray(offset, offset + 9_000);
    const piece = { seq, hlc, type, known, totalBytes: payload.length, offset, bytes };
    const outcome = log.receiveFragment({ ...delivery(lost), ...piece }, (error) =>
      assert.equal(error, undefined),
    );
    assert.deepEqual(outcome, { kind: "stored" }, `${seq} from ${offset}`);
  }
}

const segmentsOf = (store: MemoryStore): readonly string[] =>
  store
    .list()
    .filter((name) => name.endsWith(".seg"))
    .sort();

/** Kinds and places of the records of a segment, by their clear headers. */
function recordsOf(
  bytes: Uint8Array,
  isEncrypted: boolean,
): { readonly kind: number; readonly at: number; readonly end: number }[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records = [];
  for (let at = 64; at + 20 <= bytes.length; ) {
    const end = at + 20 + (isEncrypted ? 12 : 0) + view.getUint32(at + 8) + 4;
    records.push({ kind: bytes[at + 2] ?? 0, at, end });
    at = end;
  }
  return records;
}

const kind = { event: 1, alias: 2, fragment: 3, mark: 4, close: 5 };

/** Opened by a reader, by a writer, and once more: all see the same. */
function openDamaged(disk: MemoryStore, options: Options, label: string): Log {
  const files = disk.dump();
  const reader = open(disk.copy(), { ...options, readOnly: true });
  const { log, recovery } = open(disk, options);
  sound(log, label);
  assert.deepEqual([...digest(reader.log)].sort(), [...digest(log)].sort(), label);
  assert.deepEqual(reader.log.damages, log.damages, label);
  const codes = (reports: typeof recovery.reports) => reports.map(({ code }) => code).sort();
  assert.deepEqual(codes(reader.recovery.reports), codes(recovery.reports), label);
  const isClean = recovery.reports.length === 0 && recovery.isClean;
  assert.equal(recovery.needsWriter, false, label);
  if (isClean) assert.equal(log.damages.length, 0, label);
  for (const [name, bytes] of files) {
    if (!name.endsWith(".seg")) continue;
    const now = disk.dump().get(name)?.subarray(0, bytes.length) ?? new Uint8Array(0);
    assert.equal(sha(now), sha(bytes), `${label}: ${name} is not cut`);
  }
  const seen = portrait(log);
  const killed = open(disk.copy(), options);
  assert.deepEqual(portrait(killed.log), seen, `${label}, after a kill`);
  assert.deepEqual(killed.recovery.reports, [], `${label}: it is reported once`);
  log.close();
  const again = open(disk, options);
  assert.deepEqual(portrait(again.log), seen, `${label}, after a close`);
  assert.ok(again.recovery.isClean, label);
  return again.log;
}

for (const [title, key] of [
  ["an encrypted", dataKey],
  ["a plaintext", undefined],
] as const) {
  const options = { ...sizes, dataKey: key };

  test(`rot in any record of ${title} log costs what it held, is named, and heals`, () => {
    const pristine = everything(key);
    const whole = open(pristine.copy(), options).log;
    const names = [...digest(whole).keys()];
    const before = portrait(whole);
    let hit = 0;
    for (const name of segmentsOf(pristine)) {
      const records = recordsOf(pristine.dump().get(name) ?? new Uint8Array(0), key !== undefined);
      records.forEach((record, nth) => {
        // The last record of all is not told apart from a tail that was torn, and is cut.
        if (record.kind === kind.close) return;
        const disk = pristine.copy();
        // In the clear header, behind it, and in the last bytes, in turn.
        disk.flip(name, [record.at + 5, record.at + 30, record.end - 3][nth % 3] ?? 0);
        const label = `record ${nth} of kind ${record.kind} in ${name}`;
        const log = openDamaged(disk, options, label);
        const held = digest(log);
        const lost = names.filter((each) => !held.has(each)).sort();
        const isPart = record.kind === kind.event || record.kind === kind.fragment;
        assert.ok(lost.length <= (isPart ? 1 : 0), `${label} costs ${lost.join(" ")}`);
        const { holes, named } = missed(log);
        assert.deepEqual([holes, named], [lost, lost], label);
        hit += lost.length;
        if (isPart && lost.length > 0)
          assert.equal(log.damages.length, 1, `${label}: ${JSON.stringify(log.damages)}`);
        heal(log, whole);
        assert.deepEqual([...digest(log)].sort(), [...digest(whole)].sort(), label);
        assert.deepEqual(missed(log), { holes: [], named: [] }, label);
        sound(log, label);
        const [next] = pushNow(log, event("next"));
        assert.ok(next !== undefined && !names.includes(`${streamName(next.stream)}/${next.seq}`));
      });
    }
    assert.ok(hit > 20, `${hit} events were hit`);
    assert.deepEqual(portrait(whole), before);
  });

  test(`the files beside the segments of ${title} log may all be gone or rotten`, () => {
    const pristine = everything(key);
    const whole = portrait(open(pristine.copy(), options).log);
    const beside = pristine.list().filter((name) => !name.endsWith(".seg"));
    const check = (label: string, change: (disk: MemoryStore) => void): void => {
      const disk = pristine.copy();
      change(disk);
      for (const readOnly of [true, false]) {
        const { log, recovery } = open(disk, { ...options, readOnly });
        assert.deepEqual(portrait(log), whole, label);
        assert.deepEqual(recovery.reports, [], label);
        if (readOnly) continue;
        log.close();
        const again = open(disk, options);
        assert.deepEqual(portrait(again.log), whole, `${label}, opened again`);
        assert.ok(again.recovery.isClean, label);
      }
    };
    for (const name of beside) {
      const { length } = pristine.dump().get(name) ?? new Uint8Array(0);
      check(`without ${name}`, (disk) => disk.remove(name));
      if (name === "reserve") continue;
      check(`rot in the header of ${name}`, (disk) => disk.flip(name, 20));
      check(`rot in ${name}`, (disk) => disk.flip(name, 64 + ((length - 64) >> 1)));
      check(`half of ${name}`, (disk) =>
        disk.overwrite(
          name,
          pristine
            .dump()
            .get(name)
            ?.slice(0, length >> 1) ?? chain,
        ),
      );
    }
    for (const left of [undefined, ...beside])
      check(`only ${left} beside the segments`, (disk) => {
        for (const name of beside) if (name !== left) disk.remove(name);
      });
  });
}
