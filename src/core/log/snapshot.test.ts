import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { Log } from "./api.ts";
import { create, digest, event, mapsEqual, open, pushMany } from "./log.test-kit.ts";
import { checkSidecar, readSegmentHeader, scanSegment } from "./scan.ts";

const sizes = { segmentBytes: 1500, checkpointBytes: 2000 };

/** What a copying process would write: prefixes of files, and what was made for them. */
function copyOf(store: MemoryStore, log: Log): MemoryStore {
  const { files, made } = log.snapshot();
  const content = store.dump();
  const copy = new MemoryStore();
  for (const { name, sizeBytes } of files) {
    const bytes = content.get(name);
    assert.ok(bytes !== undefined && bytes.length >= sizeBytes, name);
    copy.overwrite(name, bytes.slice(0, sizeBytes));
  }
  for (const { name, bytes } of made) copy.overwrite(name, bytes);
  return copy;
}

function assertOpensClean(copy: MemoryStore, expected: ReadonlyMap<string, string>): void {
  const reader = open(copy, { ...sizes, readOnly: true });
  assert.equal(reader.recovery.isClean, true);
  assert.equal(reader.recovery.needsWriter, false);
  mapsEqual(digest(reader.log), expected);
  const writer = open(copy, sizes);
  assert.equal(writer.recovery.isClean, true);
  mapsEqual(digest(writer.log), expected);
  const problems: string[] = [];
  const run = writer.log.verify(({ problem }) => problems.push(problem));
  while (run.step());
  assert.deepEqual(problems, []);
  pushMany(writer.log, 3);
  assert.equal(digest(writer.log).size, expected.size + 3, "it can be written on");
  writer.log.close();
}

test("a copy at every sync, while groups are in flight and segments roll, is what was durable then", () => {
  const made = new MemoryStore();
  create(made, sizes).close();
  const store = new MemoryStore({ syncs: "queued" });
  for (const [name, bytes] of made.dump()) store.overwrite(name, bytes);
  const { log } = open(store, sizes);
  let acked = 0;
  let copies = 0;
  let inFlight = 0;
  for (let round = 0; round < 12; round++) {
    for (let n = 0; n < 3; n++)
      log.push([event(`event ${round} ${n} `.repeat(8))], 1_000_000, () => acked++);
    do {
      const expected = digest(log);
      assert.ok(expected.size >= acked);
      if (store.pendingSyncs > 0) inFlight++;
      assertOpensClean(copyOf(store, log), expected);
      copies++;
      store.runSyncs(1);
    } while (store.pendingSyncs > 0);
  }
  assert.equal(acked, 36);
  assert.ok(copies > 40 && inFlight > 30, `${copies} copies, ${inFlight} with syncs in flight`);
  assert.ok(log.snapshot().files.filter(({ name }) => name.endsWith(".seg")).length > 3);
});

test("a copy of an opened reader, and of a damaged log, says what the log says", () => {
  const store = new MemoryStore();
  const log = create(store, sizes);
  pushMany(log, 60);
  log.close();
  const reader = open(store, { ...sizes, readOnly: true });
  assertOpensClean(copyOf(store, reader.log), digest(reader.log));

  const bytes = store.dump().get("00000002.seg") ?? new Uint8Array(0);
  bytes[400] = (bytes[400] ?? 0) ^ 0xff;
  store.overwrite("00000002.seg", bytes);
  const damaged = open(store, sizes).log;
  assert.equal(damaged.damages.length, 1);
  const copy = open(copyOf(store, damaged), sizes).log;
  mapsEqual(digest(copy), digest(damaged));
  assert.deepEqual(copy.damages, damaged.damages);
  assert.throws(() => log.snapshot(), { code: "Z210" });
});

test("scanning needs no key, and finds every flipped byte of a segment", () => {
  const store = new MemoryStore();
  const log = create(store);
  pushMany(log, 5);
  log.close();
  const name = "00000001.seg";
  const whole = store.dump().get(name) ?? new Uint8Array(0);
  const scan = (): { readonly bad: number; readonly good: number } => {
    const header = readSegmentHeader(store, { number: 1, generation: 0 });
    if (typeof header === "string") return { bad: 1, good: 0 };
    const run = scanSegment({ store, crypto: nodeCrypto }, header);
    while (run.step());
    return { bad: run.result().bad.length, good: run.result().recordCount };
  };
  const healthy = scan();
  assert.equal(healthy.bad, 0);
  for (let at = 0; at < whole.length; at++) {
    const bytes = whole.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    store.overwrite(name, bytes);
    assert.ok(scan().bad > 0, `byte ${at}`);
  }
});

test("a sidecar's state is told with the key, without it, and with another", () => {
  const store = new MemoryStore();
  create(store).close();
  const state = (dataKey: Uint8Array | undefined): string =>
    checkSidecar({ store, crypto: nodeCrypto, dataKey }, "manifest", "manifest");
  assert.equal(state(new Uint8Array(32).fill(7)), "good");
  assert.equal(state(undefined), "unsealed");
  assert.equal(state(new Uint8Array(32)), "wrongKey");
  const whole = store.dump().get("manifest") ?? new Uint8Array(0);
  for (let at = 0; at < whole.length; at++) {
    const bytes = whole.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    store.overwrite("manifest", bytes);
    for (const key of [undefined, new Uint8Array(32), new Uint8Array(32).fill(7)])
      assert.equal(state(key), "damaged", `byte ${at}`);
  }
  store.remove("manifest");
  assert.equal(state(undefined), "missing");
});
