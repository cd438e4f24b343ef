/** What is said of a log's files without opening it: as much with a wrong key or none as with the right one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { MemoryStore } from "../../testing/memory-store.ts";
import type { FileHeader } from "./file-header.ts";
import type { FileKind } from "./format.ts";
import { create, dataKey, event, pushMany, pushNow } from "./log.test-kit.ts";
import { checkSidecar, readSegmentHeader, type SegmentScan, scanSegment } from "./scan.ts";

const crypto = nodeCrypto;
const first = { number: 1, generation: 0 };
const name = "00000001.seg";
const keys: readonly (Uint8Array | undefined)[] = [dataKey, undefined];

/** A closed log with every kind of file; the first segment has more records than are checked in a step. */
function filled(key: Uint8Array | undefined): MemoryStore {
  const store = new MemoryStore();
  const log = create(store, { dataKey: key, segmentBytes: 120_000, checkpointBytes: 4000 });
  pushMany(log, 700);
  pushNow(log, event("z".repeat(100_000)));
  pushMany(log, 10);
  log.close();
  return store;
}

const pristine = new Map(keys.map((key) => [key, filled(key)]));
const copyOf = (key: Uint8Array | undefined): MemoryStore =>
  pristine.get(key)?.copy() ?? new MemoryStore();

function scan(store: MemoryStore, endBytes?: number): SegmentScan & { readonly steps: number } {
  const header = readSegmentHeader(store, first);
  assert.ok(typeof header === "object");
  const work = scanSegment({ store, crypto }, header, endBytes);
  let steps = 1;
  while (work.step()) steps++;
  assert.deepEqual(store.openFiles, []);
  return { ...work.result(), steps };
}

describe("the scan of a segment", () => {
  for (const key of keys) {
    const label = key === undefined ? "plaintext" : "encrypted";
    test(`counts its records, and finds nothing in a good one (${label})`, () => {
      const store = copyOf(key);
      const whole = scan(store);
      assert.deepEqual(whole.bad, []);
      assert.equal(whole.number, 1);
      assert.equal(whole.sizeBytes, store.dump().get(name)?.length);
      assert.ok(whole.recordCount > 600 && whole.steps > 1, `${whole.recordCount} records`);
    });

    test(`names the range of each bad record, and counts the others (${label})`, () => {
      const whole = scan(copyOf(key)).recordCount;
      const store = copyOf(key);
      for (const at of [10_000, 50_000]) store.flip(name, at);
      const { bad, recordCount } = scan(store);
      assert.equal(bad.length, 2);
      assert.equal(recordCount, whole - 2);
      for (const [i, at] of [10_000, 50_000].entries()) {
        const { from, to } = bad[i] ?? { from: 0, to: 0 };
        assert.ok(from <= at && at < to && to - from < 400, `${from} to ${to}`);
      }
      assert.equal(scan(store, bad[1]?.from).bad.length, 1, "as far as it is asked");
    });
  }

  test("does not begin where the header cannot be believed", () => {
    const store = copyOf(dataKey);
    assert.equal(readSegmentHeader(store, { number: 99, generation: 0 }), "missing");
    assert.equal((readSegmentHeader(store, first) as FileHeader).number, 1);
    store.flip(name, 20);
    assert.equal(readSegmentHeader(store, first), "damaged");
    store.overwrite(name, new Uint8Array(0));
    assert.equal(readSegmentHeader(store, first), "damaged");
  });
});

describe("a manifest, a checkpoint and an index", () => {
  const sidecars: readonly (readonly [string, FileKind])[] = [
    ["manifest", "manifest"],
    ["manifest-copy", "manifest"],
    ["checkpoint-a", "checkpoint"],
    ["00000001.idx", "index"],
  ];
  const state = (store: MemoryStore, file: string, kind: FileKind, key?: Uint8Array) =>
    checkSidecar({ store, crypto, dataKey: key }, file, kind);
  const wrongKey = new Uint8Array(32).fill(1);

  for (const [file, kind] of sidecars) {
    test(`${file} is good, unsealed without its key, and under a wrong one, or another's`, () => {
      const sealed = copyOf(dataKey);
      assert.equal(state(sealed, file, kind, dataKey), "good");
      assert.equal(state(sealed, file, kind), "unsealed");
      assert.equal(state(sealed, file, kind, wrongKey), "wrongKey");
      const plain = copyOf(undefined);
      assert.equal(state(plain, file, kind), "good");
      assert.equal(state(plain, file, kind, dataKey), "mixed");
      assert.equal(state(sealed, `${file}-gone`, kind, dataKey), "missing");
    });

    test(`${file} is damaged whatever the key, wherever its header or first block rotted or it ends`, () => {
      const whole = copyOf(dataKey).dump().get(file) ?? new Uint8Array(0);
      const bodyEnd = 64 + new DataView(whole.buffer, whole.byteOffset).getUint32(56);
      for (const key of [dataKey, wrongKey, undefined]) {
        for (let at = 0; at < bodyEnd; at += at < 80 ? 1 : 1 + (bodyEnd >> 5)) {
          const store = MemoryStore.fromFiles(new Map([[file, whole]]));
          store.flip(file, at, 1 << (at % 8));
          assert.equal(state(store, file, kind, key), "damaged", `byte ${at}`);
          store.overwrite(file, whole.slice(0, at));
          assert.equal(state(store, file, kind, key), "damaged", `cut at ${at}`);
        }
      }
    });
  }
});
