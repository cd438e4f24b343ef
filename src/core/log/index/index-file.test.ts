/** An index file comes back whole or not at all, and its pages lead to every id. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../../storage/node-crypto.ts";
import { MemoryStore } from "../../../testing/memory-store.ts";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { ByteReader, ByteWriter } from "../../bytes.ts";
import { decodeFileHeader } from "../file-header.ts";
import { fileHeaderBytes } from "../format.ts";
import { blockOverhead, type FileSeal, openBlock, sealFile } from "../sealed-file.ts";
import { IdTable, idsPerPage, offsetsInPage } from "./id-table.ts";
import { encodeIndexFile, type LoadedIndex, loadIndexFile, lookUpId } from "./index-file.ts";
import { SegmentIndex } from "./segment-index.ts";

const logId = new Uint8Array(16).fill(1);
const dataKey = new Uint8Array(32).fill(7);
const sealed: FileSeal = { crypto: nodeCrypto, dataKey, logId };
const plain: FileSeal = { crypto: nodeCrypto, dataKey: undefined, logId };
const summary = { segment: 3, coveredBytes: 70_000, firstOrdinal: 11, lastOrdinal: 999 };
const aliases = [
  { alias: 1, stream: { node: "clinic_a", epoch: 7, lane: "" } },
  { alias: 9, stream: { node: "hub", epoch: 0xffffffff, lane: "to/clinic_a" } },
];

function hashes(count: number): readonly Uint8Array[] {
  const random = createSeededRandom(11);
  return Array.from({ length: count }, () => random.bytes(16));
}

function indexFile(seal: FileSeal, ids: readonly Uint8Array[]): Uint8Array {
  const index = new SegmentIndex();
  index.addRecord(64, 11);
  index.addEvent(1, 5, 64);
  index.addRecord(66_000, 500);
  index.addEvent(9, 1, 66_000);
  const table = new IdTable();
  ids.forEach((hash, i) => {
    table.add(hash, 64 + i);
  });
  return encodeIndexFile(seal, { summary, aliases, index, ids: table });
}

function onDisk(bytes: Uint8Array) {
  const store = new MemoryStore();
  const writer = store.open("index", "create");
  writer.write(0, bytes);
  writer.close();
  const file = store.open("index", "read");
  return { store, file };
}

describe("an index file", () => {
  for (const [name, seal] of Object.entries({ sealed, plain })) {
    test(`comes back as it was (${name})`, () => {
      for (const count of [0, 1, idsPerPage, idsPerPage + 1]) {
        const bytes = indexFile(seal, hashes(count));
        const loaded = loadIndexFile(seal, onDisk(bytes).file, 3);
        assert.ok(loaded !== undefined);
        assert.deepEqual(loaded.summary, summary);
        assert.deepEqual(loaded.aliases, aliases);
        assert.equal(loaded.index.find(9, 1)?.offset, 66_000);
        assert.equal(loaded.idCount, count);
        assert.equal(loaded.pageHighs.length, Math.ceil(count / idsPerPage));
        assert.equal(loaded.sizeBytes, bytes.length);
      }
    });

    test(`leads to every id in its pages, and to nothing for another (${name})`, () => {
      const ids = hashes(3 * idsPerPage + 5);
      const { file } = onDisk(indexFile(seal, ids));
      const loaded = loadIndexFile(seal, file, 3) as LoadedIndex;
      ids.forEach((hash, i) => {
        if (i % 7 === 0) assert.deepEqual(lookUpId(seal, file, loaded, hash), [64 + i]);
      });
      for (const other of [new Uint8Array(16), new Uint8Array(16).fill(0xff)]) {
        assert.deepEqual(lookUpId(seal, file, loaded, other), []);
      }
    });

    test(`is nothing when a byte of its body differs, or it ends early (${name})`, () => {
      const bytes = indexFile(seal, hashes(3));
      const { store, file } = onDisk(bytes);
      const bodyEnd = (loadIndexFile(seal, file, 3)?.pagesOffset ?? 0) - 1;
      for (let at = 0; at <= bodyEnd; at++) {
        store.flip("index", at);
        assert.equal(loadIndexFile(seal, file, 3), undefined, `byte ${at}`);
        store.flip("index", at);
        if (at % 5 === 0) {
          assert.equal(loadIndexFile(seal, onDisk(bytes.subarray(0, at)).file, 3), undefined);
        }
      }
      assert.equal(loadIndexFile(seal, file, 4), undefined, "of another segment");
      store.flip("index", bodyEnd + 3);
      const loaded = loadIndexFile(seal, file, 3);
      assert.ok(loaded !== undefined, "a page is not looked at until it is needed");
      assert.equal(lookUpId(seal, file, loaded, hashes(1)[0] ?? logId), undefined);
    });
  }

  test("of an encrypted log is nothing without the key, nor one of a plaintext log with one", () => {
    assert.equal(loadIndexFile(plain, onDisk(indexFile(sealed, [])).file, 3), undefined);
    assert.equal(loadIndexFile(sealed, onDisk(indexFile(plain, [])).file, 3), undefined);
    const other = { ...sealed, dataKey: new Uint8Array(32) };
    assert.equal(loadIndexFile(other, onDisk(indexFile(sealed, [])).file, 3), undefined);
  });

  test("finds all events whose ids begin alike, also across the end of a page", () => {
    const table = new IdTable();
    const alike = new Uint8Array(16).fill(0x55);
    const count = idsPerPage + 50;
    for (let i = 0; i < count; i++) {
      table.add(
        Uint8Array.from(alike, (byte, at) => (at < 8 ? byte : i & 0xff)),
        64 + i,
      );
    }
    table.add(new Uint8Array(16).fill(0x54), 1);
    table.add(new Uint8Array(16).fill(0x56), 2);
    const index = new SegmentIndex();
    const bytes = encodeIndexFile(plain, { summary, aliases, index, ids: table });
    const { file } = onDisk(bytes);
    const loaded = loadIndexFile(plain, file, 3) as LoadedIndex;
    const found = lookUpId(plain, file, loaded, alike) ?? [];
    assert.deepEqual(
      [...found].sort((a, b) => a - b),
      Array.from({ length: count }, (_, i) => 64 + i),
    );
    assert.deepEqual(offsetsInPage(new Uint8Array(0), alike), []);
  });
});

describe("a block of a sidecar", () => {
  test("opens at its own place, with its own key, and nowhere else", () => {
    for (const seal of [sealed, plain]) {
      const blocks = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)];
      const file = { kind: "checkpoint", number: 0, generation: 2 } as const;
      const bytes = sealFile(seal, file, blocks);
      const header = decodeFileHeader("checkpoint", bytes);
      assert.ok(typeof header !== "string");
      const overhead = blockOverhead(seal.dataKey !== undefined);
      assert.equal(bytes.length, fileHeaderBytes + 4 + 3 * overhead);
      assert.equal(header.bodyBytes, 3 + overhead);
      let at = fileHeaderBytes;
      for (const block of blocks) {
        const size = block.length + overhead;
        const piece = bytes.subarray(at, at + size);
        assert.deepEqual(openBlock(seal, header, piece, at), block);
        assert.equal(openBlock(seal, header, piece, at + 1), undefined);
        assert.equal(openBlock(seal, { ...header, generation: 3 }, piece, at), undefined);
        assert.equal(openBlock(seal, header, piece.subarray(1), at), undefined);
        at += size;
      }
      assert.equal(openBlock(seal, header, new Uint8Array(3), 64), undefined);
      const other = seal.dataKey === undefined ? sealed : plain;
      const first = bytes.subarray(fileHeaderBytes, fileHeaderBytes + header.bodyBytes);
      assert.equal(openBlock(other, header, first, fileHeaderBytes), undefined);
    }
  });
});

describe("the sparse index", () => {
  test("knows where records begin around any offset, and which seqs it holds", () => {
    const index = new SegmentIndex();
    const block = 64 * 1024;
    const starts = [64, 2 * block + 10, 2 * block + 500, 5 * block];
    starts.forEach((offset, i) => {
      index.addRecord(offset, 10 * (i + 1));
      index.addEvent(3, 10 * (i + 1), offset);
    });
    const copy = (() => {
      const out = new ByteWriter();
      index.encode(out);
      return SegmentIndex.decode(new ByteReader(out.take()));
    })();
    assert.ok(copy !== undefined);
    // The second record of a block is not noted: one start a block is enough.
    for (const each of [index, copy]) {
      assert.equal(each.recordStartBefore(63), undefined);
      assert.equal(each.recordStartBefore(64), 64);
      assert.equal(each.recordStartBefore(2 * block + 9), 64);
      assert.equal(each.recordStartBefore(2 * block + 10), 2 * block + 10);
      assert.equal(each.recordStartBefore(9 * block), 5 * block);
      assert.equal(each.recordStartAfter(0), 64);
      assert.equal(each.recordStartAfter(64), 2 * block + 10);
      assert.equal(each.recordStartAfter(2 * block + 10), 5 * block);
      assert.equal(each.recordStartAfter(5 * block), undefined);
      assert.equal(each.offsetForOrdinal(0), 64);
      assert.equal(each.offsetForOrdinal(18), 64);
      assert.equal(each.offsetForOrdinal(19), 2 * block + 10);
      assert.equal(each.offsetForOrdinal(39), 5 * block);
      assert.equal(each.offsetForOrdinal(999), 5 * block);
      const spans: number[][] = [];
      each.spans((alias, first, last) => spans.push([alias, first, last]));
      assert.deepEqual(spans, [[3, 10, 40]]);
      assert.equal(each.entryCount, 4);
      assert.deepEqual(each.find(3, 30), {
        alias: 3,
        firstSeq: 30,
        count: 1,
        offset: 2 * block + 500,
      });
      for (const seq of [9, 11, 41]) assert.equal(each.find(3, seq), undefined);
      assert.equal(each.find(4, 10), undefined);
    }
    assert.equal(new SegmentIndex().offsetForOrdinal(0), undefined);
  });

  test("joins what follows on in a block, and keeps the newest of two entries", () => {
    const index = new SegmentIndex();
    for (let seq = 1; seq <= 3; seq++) index.addEvent(1, seq, 64 + seq);
    index.addEvent(2, 1, 100);
    index.addEvent(1, 4, 110);
    index.addEvent(1, 9, 120);
    index.addEvent(1, 2, 130);
    assert.equal(index.entryCount, 4);
    assert.deepEqual(index.find(1, 4), { alias: 1, firstSeq: 1, count: 4, offset: 65 });
    assert.equal(index.find(1, 2)?.offset, 130, "a record that was written again");
    const spans = new Map<number, readonly number[]>();
    index.spans((alias, first, last) => spans.set(alias, [first, last]));
    assert.deepEqual(
      [...spans],
      [
        [1, [1, 9]],
        [2, [1, 1]],
      ],
    );
  });

  test("is refused with an alias, an offset or a count that cannot be", () => {
    const decoded = (write: (out: ByteWriter) => void) => {
      const out = new ByteWriter();
      write(out);
      return SegmentIndex.decode(new ByteReader(out.take()));
    };
    const entry = (out: ByteWriter, alias: number, offset: number): void => {
      out.varint(1);
      for (const field of [alias, 1, 1, offset, 0]) out.varint(field);
    };
    assert.notEqual(
      decoded((out) => entry(out, 0xfffff, 0xffffffff)),
      undefined,
    );
    assert.equal(
      decoded((out) => entry(out, 0x100000, 1)),
      undefined,
    );
    assert.equal(
      decoded((out) => entry(out, 1, 0x1_0000_0000)),
      undefined,
    );
    assert.equal(
      decoded((out) => out.varint(5)),
      undefined,
    );
    const block = (shifted: number) =>
      decoded((out) => {
        for (const field of [0, 1, shifted, 7]) out.varint(field);
      });
    assert.notEqual(block(64 * 1024), undefined);
    assert.equal(block(64 * 1024 + 1), undefined);
  });
});
