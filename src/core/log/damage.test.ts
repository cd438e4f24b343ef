/**
 * Damage is never a tear: a flipped bit or a lost sector below the proven
 * durable offset costs the events it hit, which become holes, and nothing else.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import { ZamError } from "../errors/zam-error.ts";
import type { Log } from "./api.ts";
import {
  create,
  digest,
  epoch,
  event,
  lastSegment,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

const stream = { node: "clinic_a", epoch, lane: "" };

function hundred(options: { dataKey?: Uint8Array | undefined } = {}): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, options);
  pushMany(log, 100);
  log.close();
  return store;
}

/** File offset of the n-th event record, by walking the clear headers. */
function recordOffsets(store: MemoryStore, name: string): number[] {
  const bytes = store.dump().get(name) ?? new Uint8Array(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const offsets: number[] = [];
  for (let at = 64; at + 20 <= bytes.length; ) {
    if (bytes[at + 2] === 1) offsets.push(at);
    at += 20 + 12 + view.getUint32(at + 8) + 4;
  }
  return offsets;
}

test("one bit in any part of record 3 of 100 costs that event alone", () => {
  const pristine = hundred();
  const name = lastSegment(pristine);
  const offsets = recordOffsets(pristine, name);
  const third = offsets[2] ?? 0;
  const bytes = pristine.dump().get(name) ?? new Uint8Array(0);
  const sealed = new DataView(bytes.buffer, bytes.byteOffset).getUint32(third + 8);
  const end = third + 20 + 12 + sealed + 4;
  for (const at of [third, third + 4, third + 9, third + 13, third + 18, third + 40, end - 2]) {
    const store = pristine.copy();
    store.flip(name, at);
    const sizeBefore = store.dump().get(name)?.length ?? 0;
    const { log, recovery } = open(store);
    const held = digest(log);
    assert.equal(held.size, 99, `byte ${at - third}`);
    assert.ok(!held.has("clinic_a/1234//3"));
    assert.equal(recovery.reports[0]?.code, "Z209");
    assert.equal(log.damages.length, 1);
    assert.deepEqual(log.damages[0]?.missing, [{ stream, range: { from: 3, to: 3 } }]);
    assert.equal(pushNow(log, event("next"))[0]?.seq, 101);
    assert.deepEqual(log.stream(0).holes, [{ from: 3, to: 3 }]);
    assert.ok((store.dump().get(name)?.length ?? 0) >= sizeBefore, "the file is not cut");
    assert.ok(store.list("set-aside").length > 0, "the bad range is kept aside");
    log.close();
    const again = open(store);
    assert.equal(digest(again.log).size, 100);
    assert.equal(again.log.damages.length, 1, "known damage stays named");
    assert.equal(again.recovery.reports.length, 0, "and is reported once");
  }
});

test("a damaged event is healed by receiving exactly that event", () => {
  const pristine = hundred();
  const original = open(pristine.copy()).log;
  const [third] = original.readStream(0, 3, { events: 1, bytes: 1000 });
  const name = lastSegment(pristine);
  const store = pristine.copy();
  store.flip(name, (recordOffsets(pristine, name)[2] ?? 0) + 40);
  const { log } = open(store);
  assert.ok(third !== undefined);
  const heal = (target: Log) =>
    target.receive(
      {
        stream,
        from: 3,
        events: [third],
        chainBefore8: third.chainBefore.slice(0, 8),
        chainAfter8: third.chain.slice(0, 8),
        receivedFrom: "hub",
        receivedMs: 2_000_000,
      },
      (error) => assert.equal(error, undefined),
    );
  assert.deepEqual(heal(log), { kind: "stored" });
  assert.deepEqual(log.stream(0).holes, []);
  assert.equal(log.damages.length, 0);
  assert.deepEqual([...digest(log)].sort(), [...digest(original)].sort());
  assert.deepEqual(heal(log), { kind: "duplicate" });
  log.close();
  const again = open(store).log;
  assert.deepEqual([...digest(again)].sort(), [...digest(original)].sort());
  assert.equal(again.damages.length, 0);
  assert.equal(again.readArrivals(0, { events: 1000, bytes: 1 << 20 }).length, 100);
});

test("damage beside what was damaged and healed before does not take that away again", () => {
  const pristine = hundred();
  const original = open(pristine.copy()).log;
  const name = lastSegment(pristine);
  const offsets = recordOffsets(pristine, name);
  const store = pristine.copy();
  for (const [nth, holes] of [
    [2, [{ from: 3, to: 3 }]],
    [5, [{ from: 6, to: 6 }]],
    [3, [{ from: 4, to: 4 }]],
  ] as const) {
    store.flip(name, (offsets[nth] ?? 0) + 40);
    const { log } = open(store);
    assert.deepEqual(log.stream(0).holes, holes);
    const [event] = original.readStream(0, nth + 1, { events: 1, bytes: 1000 });
    assert.ok(event !== undefined);
    const chains = {
      chainBefore8: event.chainBefore.slice(0, 8),
      chainAfter8: event.chain.slice(0, 8),
    };
    const from = { receivedFrom: "hub", receivedMs: 2_000_000 };
    log.receive({ stream, from: nth + 1, events: [event], ...chains, ...from }, () => undefined);
    assert.deepEqual(log.stream(0).holes, []);
    log.close();
  }
  const again = open(store).log;
  assert.equal(again.readArrivals(0, { events: 1000, bytes: 1 << 20 }).length, 100);
});

test("a forged event does not heal a hole", () => {
  const pristine = hundred();
  const original = open(pristine.copy()).log;
  const [third] = original.readStream(0, 3, { events: 1, bytes: 1000 });
  const name = lastSegment(pristine);
  pristine.flip(name, (recordOffsets(pristine, name)[2] ?? 0) + 40);
  const { log } = open(pristine);
  assert.ok(third !== undefined);
  const forged = { ...third, payload: new Uint8Array([1, 2, 3]) };
  const outcome = log.receive(
    {
      stream,
      from: 3,
      events: [forged],
      chainBefore8: third.chainBefore.slice(0, 8),
      chainAfter8: third.chain.slice(0, 8),
      receivedFrom: "hub",
      receivedMs: 2_000_000,
    },
    () => assert.fail("nothing was stored"),
  );
  assert.equal(outcome.kind, "malformed");
  assert.deepEqual(log.stream(0).holes, [{ from: 3, to: 3 }]);
});

test("a zeroed sector costs the events that touch it", () => {
  const store = hundred();
  const name = lastSegment(store);
  const bytes = store.dump().get(name) ?? new Uint8Array(0);
  bytes.fill(0, 4096, 8192);
  store.overwrite(name, bytes);
  const { log, recovery } = open(store);
  const held = digest(log).size;
  const missing = log.damages.flatMap((damage) => damage.missing);
  const count = missing.reduce((sum, run) => sum + run.range.to - run.range.from + 1, 0);
  assert.equal(held + count, 100);
  assert.ok(count > 5 && count < 60, `${count} are missing`);
  assert.equal(recovery.reports.length, 1);
  assert.equal(pushNow(log, event("next"))[0]?.seq, 101);
});

for (const [label, key] of [
  ["an encrypted", new Uint8Array(32).fill(7)],
  ["a plaintext", undefined],
] as const) {
  test(`any flipped bit in ${label} log leaves all but a named hole`, () => {
    const store = new MemoryStore();
    const log = create(store, { dataKey: key });
    for (let i = 1; i <= 8; i++)
      pushNow(log, event(`event ${i}`, { lane: i % 4 === 0 ? "urgent" : "" }));
    const whole = digest(log);
    log.close();
    const pristine = store.copy();
    for (const [name, bytes] of pristine.dump()) {
      if (name === "reserve") continue;
      for (let at = 0; at < bytes.length; at++) {
        const disk = pristine.copy();
        disk.flip(name, at, 1 << (at % 8));
        checkFlip(disk, whole, key, `${name} byte ${at}`);
      }
    }
  });
}

function checkFlip(
  disk: MemoryStore,
  whole: ReadonlyMap<string, string>,
  key: Uint8Array | undefined,
  label: string,
): void {
  const before = disk.dump();
  let log: Log;
  try {
    log = open(disk, { dataKey: key }).log;
  } catch (error) {
    assert.ok(error instanceof ZamError, `${label}: ${String(error)}`);
    assert.fail(`${label}: does not open: ${error.code} ${error.message}, ${before.size} files`);
  }
  const held = digest(log);
  for (const [name, value] of held) assert.equal(whole.get(name), value, label);
  const missing = new Set<string>();
  for (const damage of log.damages) {
    for (const { stream: id, range } of damage.missing) {
      for (let seq = range.from; seq <= range.to; seq++) {
        missing.add(`${id.node}/${id.epoch.toString(16)}/${id.lane}/${seq}`);
      }
    }
  }
  for (const name of whole.keys()) {
    assert.ok(held.has(name) || missing.has(name), `${label}: ${name} is neither held nor named`);
  }
  assert.ok(missing.size <= 1, `${label}: ${[...missing].join(" ")} are missing`);
  const next = pushNow(log, event("next"), event("next", { lane: "urgent" }));
  for (const { stream: id, seq } of next) {
    const name = `${id.node}/${id.epoch.toString(16)}/${id.lane}/${seq}`;
    assert.ok(!whole.has(name), `${label}: ${name} is issued twice`);
  }
}

test("a payload full of record magics does not mislead resynchronising", () => {
  for (const key of [new Uint8Array(32).fill(7), undefined]) {
    const store = new MemoryStore();
    const log = create(store, { dataKey: key });
    pushNow(log, event("first"));
    const name = lastSegment(store);
    const whole = store.dump().get(name) ?? new Uint8Array(0);
    const trap = new Uint8Array(8000);
    for (let at = 0; at + whole.length < trap.length; at += whole.length) trap.set(whole, at);
    for (let at = 1; at < 1500; at += 2) trap.set([0x5a, 0x52], at);
    pushNow(log, event("", { payload: trap }));
    pushNow(log, event("third"));
    log.close();
    const pristine = store.copy();
    const bytes = pristine.dump().get(name) ?? new Uint8Array(0);
    const at = bytes.findIndex(
      (byte, i) => i > whole.length && byte === 0x5a && bytes[i + 1] === 0x52 && bytes[i + 2] === 1,
    );
    assert.ok(at > 0);
    const disk = pristine.copy();
    disk.flip(name, at + 9);
    const damaged = open(disk, { dataKey: key }).log;
    const held = [...digest(damaged).keys()].sort();
    assert.deepEqual(held, ["clinic_a/1234//1", "clinic_a/1234//3"]);
  }
});

test("an unreadable sector is damage, not an exception", () => {
  const store = hundred();
  const name = lastSegment(store);
  const rule = store.faults.add({
    operation: "read",
    name: new RegExp(name),
    range: { from: 5000, to: 5001 },
    times: Number.POSITIVE_INFINITY,
  });
  const { log } = open(store);
  assert.ok(rule.fired > 0, "the fault was met");
  const held = digest(log).size;
  assert.ok(held > 40 && held < 100);
  assert.equal(log.stream(0).head, 100);
  assert.ok(nodeCrypto.randomBytes(1).length === 1);
});

test("damage met by a later read becomes a hole that survives a restart", () => {
  const store = hundred();
  const { log } = open(store);
  const name =
    store
      .list()
      .filter((file) => file.endsWith(".seg"))
      .sort()[0] ?? "";
  store.flip(name, (recordOffsets(store, name)[49] ?? 0) + 40);
  const first = log.readStream(0, 45, { events: 20, bytes: 1 << 20 });
  assert.deepEqual(
    first.map(({ seq }) => seq),
    [45, 46, 47, 48, 49],
  );
  assert.deepEqual(log.stream(0).holes, [{ from: 50, to: 50 }]);
  assert.equal(log.readStream(0, 51, { events: 100, bytes: 1 << 20 }).length, 50);
  log.close();
  const again = open(store).log;
  assert.deepEqual(again.stream(0).holes, [{ from: 50, to: 50 }]);
  assert.equal(digest(again).size, 99);
  assert.equal(again.recordCount, 99);
});
