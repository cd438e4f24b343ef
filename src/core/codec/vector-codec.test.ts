import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { ByteReader, ByteWriter, bytesToHex } from "../bytes.ts";
import type { VectorEntry } from "../vector/entry.ts";
import {
  decodeStoredEntry,
  decodeVectorEntry,
  encodeStoredEntry,
  encodeVectorEntry,
  vectorDigest,
} from "./vector-codec.ts";
import { holesPerStreamMax } from "./wire-limits.ts";

const ends = { sender: "clinic_a", receiver: "hub" };
const id = { node: "clinic_a", epoch: 7, lane: "" };
const chain8 = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const chain16 = Uint8Array.from({ length: 16 }, (_, i) => i);

describe("the digest of a vector", () => {
  const line: VectorEntry = { id, head: 100, chain: chain8, holes: [] };
  const hexOf = (...entries: readonly VectorEntry[]): string =>
    bytesToHex(vectorDigest(nodeCrypto, entries));

  test("tells vectors apart by everything that a line says", () => {
    const others: readonly VectorEntry[] = [
      { ...line, id: { ...id, node: "clinic_b" } },
      { ...line, id: { ...id, epoch: 8 } },
      { ...line, id: { ...id, lane: "urgent" } },
      { ...line, head: 101 },
      { ...line, chain: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 9) },
      { ...line, holes: [{ from: 3, to: 3 }] },
    ];
    const digests = [hexOf(), hexOf(line), ...others.map((other) => hexOf(other))];
    assert.equal(new Set(digests).size, digests.length);
    assert.match(hexOf(line), /^[0-9a-f]{16}$/);
  });

  test("is of the lines in any order, and of the last of very many too", () => {
    const many = Array.from({ length: 500 }, (_, i) => ({ ...line, id: { ...id, epoch: i } }));
    assert.equal(hexOf(...many), hexOf(...many.toReversed()));
    const last = many.at(-1) ?? line;
    assert.notEqual(hexOf(...many), hexOf(...many.slice(0, -1), { ...last, head: 101 }));
  });
});

describe("lines of a vector", () => {
  const line: VectorEntry = { id, head: 100, chain: chain8, holes: [] };
  const decoded = (entry: VectorEntry): VectorEntry | undefined => {
    const writer = new ByteWriter();
    encodeVectorEntry(writer, entry, ends);
    const reader = new ByteReader(writer.take());
    const back = decodeVectorEntry(reader, ends);
    return reader.finished ? back : undefined;
  };
  const spaced = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ from: 2 * i + 1, to: 2 * i + 1 }));

  test("come back with each of their parts alone", () => {
    const parts: Partial<VectorEntry>[] = [
      {},
      { floor: { seq: 3, chain: chain8, byOrigin: true } },
      { floor: { seq: 3, chain: chain8, byOrigin: false } },
      { holes: [{ from: 1, to: 100 }] },
      { lost: [{ from: 5, to: Number.MAX_SAFE_INTEGER }] },
      { partialBytes: 1 },
      { head: 0, chain: new Uint8Array(8) },
    ];
    for (const part of parts) assert.deepEqual(decoded({ ...line, ...part }), { ...line, ...part });
    const long = { ...line, chain: chain16, floor: { seq: 1, chain: chain16, byOrigin: true } };
    assert.deepEqual(decoded(long)?.chain, chain16.subarray(0, 8));
    assert.deepEqual(decoded(long)?.floor?.chain, chain16.subarray(0, 8));
  });

  test("come back from a file with their stream named in full", () => {
    const entry = { ...line, id: { node: "far", epoch: 9, lane: "to/hub" }, partialBytes: 5 };
    const writer = new ByteWriter();
    encodeStoredEntry(writer, entry);
    const reader = new ByteReader(writer.take());
    assert.deepEqual(decodeStoredEntry(reader), entry);
    assert.equal(reader.finished, true);
  });

  test("hold ranges that do not touch, from 1, with holes up to the head", () => {
    assert.notEqual(decoded({ ...line, holes: spaced(50) }), undefined);
    const refused = [
      [{ from: 0, to: 3 }],
      [{ from: 1, to: 101 }],
      [
        { from: 1, to: 2 },
        { from: 3, to: 4 },
      ],
      [
        { from: 1, to: 2 },
        { from: 2, to: 4 },
      ],
    ];
    for (const holes of refused) {
      assert.equal(decoded({ ...line, holes }), undefined, JSON.stringify(holes));
    }
    const far = { ...line, head: 1_000_000 };
    assert.notEqual(decoded({ ...far, holes: spaced(holesPerStreamMax) }), undefined);
    assert.equal(decoded({ ...far, holes: spaced(holesPerStreamMax + 1) }), undefined);
  });

  test("with flags that do not exist, or say nothing, are refused", () => {
    const writer = new ByteWriter();
    encodeVectorEntry(writer, line, ends);
    const bytes = writer.take();
    for (const flags of [2, 32, 255]) {
      const changed = bytes.slice();
      changed[5] = flags;
      const reader = new ByteReader(changed);
      decodeVectorEntry(reader, ends);
      assert.equal(reader.failed, true, String(flags));
    }
  });
});
