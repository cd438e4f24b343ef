/** Torn tails, wrong keys, missing files: what opening finds, and what it leaves alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../../testing/memory-store.ts";
import { ZamError } from "../errors/zam-error.ts";
import {
  assertIncludes,
  create,
  dataKey,
  digest,
  epoch,
  event,
  lastSegment,
  mapsEqual,
  open,
  pushMany,
  pushNow,
} from "./log.test-kit.ts";

test("a cut at every byte of the last record keeps every acknowledged event", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 9);
  const acked = digest(log);
  const name = lastSegment(store);
  const ackedBytes = store.dump().get(name)?.length ?? 0;
  pushNow(log, event("in flight"));
  const full = store.kill();
  const bytes = full.dump().get(name) ?? new Uint8Array(0);
  assert.ok(bytes.length > ackedBytes + 60);
  for (let size = ackedBytes; size <= bytes.length; size++) {
    const disk = full.copy();
    disk.overwrite(name, bytes.slice(0, size));
    const first = open(disk);
    const found = digest(first.log);
    assertIncludes(found, acked, `cut at ${size}`);
    assert.equal(first.log.damages.length, 0, `cut at ${size}`);
    const isTorn = size > ackedBytes && size < bytes.length;
    assert.equal(first.recovery.tornBytes, isTorn ? size - ackedBytes : 0, `cut at ${size}`);
    assert.equal(disk.list("set-aside").length, isTorn ? 1 : 0, "torn bytes are kept aside");
    const second = open(disk.kill());
    mapsEqual(digest(second.log), found);
    const seq = pushNow(second.log, event("after"))[0]?.seq ?? 0;
    assert.equal(seq, size === bytes.length ? 11 : 10);
    second.log.close();
    assert.ok(open(disk.copy()).log.recordCount >= 9);
  }
});

test("a cut in a group of many events keeps none or some of them, in order", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 3);
  const name = lastSegment(store);
  const ackedBytes = store.dump().get(name)?.length ?? 0;
  pushNow(log, ...[4, 5, 6, 7].map((i) => event(`event ${i}`)));
  const full = store.kill();
  const bytes = full.dump().get(name) ?? new Uint8Array(0);
  for (let size = ackedBytes; size <= bytes.length; size += 7) {
    const disk = full.copy();
    disk.overwrite(name, bytes.slice(0, size));
    const found = digest(open(disk).log);
    assert.ok(found.size >= 3 && found.size <= 7);
    mapsEqual(digest(open(disk.kill()).log), found);
  }
});

test("a torn record does not let later ones of its group through", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 3);
  const name = lastSegment(store);
  const ackedBytes = store.dump().get(name)?.length ?? 0;
  pushNow(log, ...[4, 5, 6].map((i) => event(`event ${i}`)));
  const disk = store.kill();
  disk.flip(name, ackedBytes + 40);
  const { log: after, recovery } = open(disk);
  assert.equal(after.stream(0).head, 3);
  assert.equal(after.damages.length, 0);
  assert.ok(recovery.tornBytes > 0);
});

for (const [label, key, code] of [
  ["another valid key", new Uint8Array(32).fill(8), "Z301"],
  ["an all-zero key", new Uint8Array(32), "Z301"],
  ["no key", undefined, "Z302"],
] as const) {
  test(`${label} fails loudly and changes no byte`, () => {
    const store = new MemoryStore();
    const log = create(store);
    pushMany(log, 100);
    const disk = store.kill();
    const before = disk.dump();
    const operations = disk.operations.length;
    for (const readOnly of [false, true]) {
      assert.throws(() => open(disk, { dataKey: key, readOnly }), { code });
    }
    assert.equal(disk.operations.length, operations, "nothing was written");
    assert.deepEqual(disk.dump(), before);
    assert.equal(digest(open(disk).log).size, 100);
  });
}

test("a wrong key is told from damage also when the manifests are damaged", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  log.close();
  const disk = store.copy();
  for (const name of ["manifest", "manifest-copy"]) disk.flip(name, 20);
  assert.throws(() => open(disk, { dataKey: new Uint8Array(32) }), { code: "Z301" });
  assert.equal(digest(open(disk).log).size, 5);
});

test("an empty directory is a missing log, never an empty one", () => {
  assert.throws(() => open(new MemoryStore()), { code: "Z201" });
});

test("a log of another node, and a plaintext one under a key, are refused", () => {
  const store = new MemoryStore();
  create(store).close();
  assert.throws(() => open(store.copy(), { nodeId: "clinic_b" }), { code: "Z202" });
  const plain = new MemoryStore();
  create(plain, { dataKey: undefined }).close();
  assert.throws(() => open(plain.copy()), { code: "Z202" });
});

test("a newer format is refused by its number", () => {
  const store = new MemoryStore();
  create(store).close();
  const header = store.dump().get("manifest")?.slice() ?? new Uint8Array(0);
  const view = new DataView(header.buffer);
  view.setUint16(4, 9);
  view.setUint32(60, crc32(header.subarray(0, 60)));
  store.overwrite("manifest", header);
  assert.throws(
    () => open(store),
    (error) => error instanceof ZamError && error.code === "Z203" && error.context.found === 9,
  );
});

test("with both manifests gone, the segments tell what the log is", () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 3000 });
  pushMany(log, 60);
  const whole = digest(log);
  log.close();
  const disk = store.copy();
  for (const name of ["manifest", "manifest-copy"]) disk.overwrite(name, new Uint8Array(10));
  const { log: rebuilt } = open(disk, { segmentBytes: 3000 });
  mapsEqual(digest(rebuilt), whole);
  assert.equal(pushNow(rebuilt, event("next"))[0]?.seq, 61);
  rebuilt.close();
  assert.equal(digest(open(disk.copy(), { segmentBytes: 3000 }).log).size, 61);
});

test("a lost or damaged index is made again from its segment", () => {
  const store = new MemoryStore();
  const log = create(store, { segmentBytes: 2000, checkpointBytes: 2000 });
  for (let i = 1; i <= 60; i++) {
    pushNow(log, event(`event ${i}`, { idempotency: new Uint8Array(16).fill(i) }));
  }
  const whole = digest(log);
  log.close();
  const indexes = store.list().filter((name) => name.endsWith(".idx"));
  assert.ok(indexes.length >= 3);
  for (const spoil of ["remove", "flip"] as const) {
    const disk = store.copy();
    for (const name of indexes) {
      if (spoil === "remove") disk.remove(name);
      else disk.flip(name, 100);
    }
    const { log: after } = open(disk, { segmentBytes: 3000 });
    mapsEqual(digest(after), whole);
    const repeat = after.push(
      [event("event 7", { idempotency: new Uint8Array(16).fill(7) })],
      1_000_000,
      () => undefined,
    );
    assert.deepEqual([repeat[0]?.seq, repeat[0]?.isRepeat], [7, true]);
  }
});

test("a checkpoint that does not fit is discarded, and either one may be lost", () => {
  const store = new MemoryStore();
  const options = { segmentBytes: 6000, checkpointBytes: 3000 };
  const log = create(store, options);
  pushMany(log, 80);
  const whole = digest(log);
  const full = store.kill();
  for (const lost of [["checkpoint-a"], ["checkpoint-b"], ["checkpoint-a", "checkpoint-b"]]) {
    const disk = full.copy();
    for (const name of lost) disk.flip(name, 90);
    const { log: after, recovery } = open(disk, options);
    mapsEqual(digest(after), whole);
    assert.equal(after.damages.length, 0);
    assert.equal(recovery.reports.length, 0);
    assert.equal(pushNow(after, event("next"))[0]?.seq, 81);
  }
});

test("a missing segment is damage: its events are named, the others are readable", () => {
  const store = new MemoryStore();
  const options = { segmentBytes: 3000, checkpointBytes: 2000 };
  const log = create(store, options);
  pushMany(log, 60);
  log.close();
  const disk = store.copy();
  disk.remove("00000002.seg");
  const { log: after, recovery } = open(disk, options);
  const held = digest(after).size;
  assert.ok(held < 60 && held > 30);
  assert.equal(after.stream(0).head, 60);
  const holes = after.stream(0).holes;
  assert.equal(
    holes.reduce((sum, hole) => sum + hole.to - hole.from + 1, 0),
    60 - held,
  );
  assert.ok(recovery.reports.length > 0);
  assert.equal(pushNow(after, event("next"))[0]?.seq, 61);
});

test("a file that ends before its checkpoint is lost data, not a tear", () => {
  const store = new MemoryStore();
  const options = { checkpointBytes: 3000 };
  const log = create(store, options);
  pushMany(log, 60);
  log.close();
  const disk = store.copy();
  const name = lastSegment(disk);
  const bytes = disk.dump().get(name) ?? new Uint8Array(0);
  disk.overwrite(name, bytes.slice(0, 4000));
  const { log: after } = open(disk, options);
  const head = after.stream(0).head;
  assert.ok(head >= 50, `head ${head}`);
  const held = digest(after).size;
  assert.ok(held >= 15 && held < 40, `${held} held`);
  const missing = after.damages.flatMap((damage) => damage.missing);
  assert.ok(missing.length > 0);
  assert.ok((pushNow(after, event("next"))[0]?.seq ?? 0) > 50);
});

test("a head that a peer has confirmed is never issued again", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 4);
  const image = store.kill();
  const chain = new Uint8Array(16).fill(9);
  const stream = { node: "clinic_a", epoch, lane: "" };
  const { log: after, recovery } = open(image, { confirmed: [{ stream, seq: 9, chain }] });
  assert.equal(recovery.reports[0]?.code, "Z213");
  assert.deepEqual(after.stream(0).holes, [{ from: 5, to: 9 }]);
  assert.equal(pushNow(after, event("next"))[0]?.seq, 10);
  after.close();
  const again = open(image, { confirmed: [{ stream, seq: 9, chain }] });
  assert.equal(again.recovery.reports.length, 0);
  assert.deepEqual(again.log.stream(0).holes, [{ from: 5, to: 9 }]);
});

test("rot in the last acknowledged records after a clean close does not let a seq be used twice", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 6);
  const name = lastSegment(store);
  const before = store.dump().get(name)?.length ?? 0;
  pushNow(log, event("rots"));
  log.close();
  const disk = store.copy();
  disk.flip(name, before + 30);
  const { log: after } = open(disk);
  assert.equal(after.stream(0).head, 7);
  assert.equal(pushNow(after, event("next"))[0]?.seq, 8);
});

test("a reader writes nothing, lists what is proven durable, and says when a writer is needed", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  const dirty = store.copy();
  const operations = dirty.operations.length;
  const reader = open(dirty, { readOnly: true });
  assert.equal(reader.recovery.needsWriter, true);
  assert.equal(reader.log.stream(0).head, 4, "the last group is not proven");
  assert.throws(() => pushNow(reader.log, event("x")), { code: "Z208" });
  assert.equal(dirty.operations.length, operations);
  log.close();
  const clean = open(store.copy(), { readOnly: true });
  assert.equal(clean.recovery.needsWriter, false);
  assert.equal(digest(clean.log).size, 5);
  const again = open(store);
  pushMany(again.log, 2);
  again.log.close();
  const twice = open(store.copy(), { readOnly: true });
  assert.equal(twice.recovery.needsWriter, false, "also when it was closed more than once");
  assert.equal(digest(twice.log).size, 7);
  assert.ok(dataKey.length === 32);
});

function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("a copy of the manifest that lags behind by segments names them by their files", () => {
  const store = new MemoryStore();
  const options = { segmentBytes: 1_500 };
  const log = create(store, options);
  pushNow(log, event("one segment is larger than the others ".repeat(100)));
  pushMany(log, 29, 2);
  const rule = store.faults.add({
    operation: "open",
    name: /manifest-copy/,
    kind: "noSpace",
    times: Number.POSITIVE_INFINITY,
  });
  pushMany(log, 40, 31);
  assert.ok(rule.fired > 2, "the copy lags behind by more than one segment");
  const all = digest(log);
  const disk = store.copy();
  disk.remove("manifest");
  const { log: again } = open(disk, options);
  mapsEqual(digest(again), all);
  assert.equal(pushNow(again, event("next"))[0]?.seq, 71);
});
