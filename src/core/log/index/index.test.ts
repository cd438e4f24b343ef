/** The indexes against obvious slow ones. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { ByteReader, ByteWriter } from "../../bytes.ts";
import { smallCrc, smallCrcOfU32 } from "../small-crc.ts";
import { IdTable, idsPerPage, offsetsInPage } from "./id-table.ts";
import { SegmentIndex } from "./segment-index.ts";

test("an entry is found for every event, and leads to its block", () => {
  const random = createSeededRandom(5);
  const index = new SegmentIndex();
  const events: { alias: number; seq: number; offset: number }[] = [];
  const heads = new Map<number, number>();
  let offset = 64;
  for (let ordinal = 1; ordinal <= 5000; ordinal++) {
    const alias = random.between(1, 9);
    const jump = random.chance(0.02) ? random.between(2, 50) : 1;
    const seq = (heads.get(alias) ?? 0) + jump;
    heads.set(alias, seq);
    index.addRecord(offset, ordinal);
    index.addEvent(alias, seq, offset);
    events.push({ alias, seq, offset });
    offset += random.between(60, 400);
  }
  const out = new ByteWriter();
  index.encode(out);
  assert.ok(out.length < 5000, `${out.length} bytes for 5,000 events of 9 streams`);
  const decoded = SegmentIndex.decode(new ByteReader(out.take()));
  assert.ok(decoded !== undefined);
  for (const { alias, seq, offset: at } of events) {
    const entry = decoded.find(alias, seq);
    assert.ok(entry !== undefined && entry.offset <= at);
    assert.equal(Math.floor(entry.offset / 65536), Math.floor(at / 65536));
    assert.deepEqual(index.find(alias, seq), entry);
    assert.equal(decoded.find(alias, seq + 100_000), undefined);
  }
  events.forEach(({ offset: at }, i) => {
    const start = decoded.offsetForOrdinal(i);
    assert.ok(start !== undefined && start <= at && at - start < 65536 + 400);
  });
});

test("ids are found in the table, in its pages, and not after they were removed", () => {
  const random = createSeededRandom(6);
  const table = new IdTable();
  const hashes = Array.from({ length: 3000 }, () => random.bytes(16));
  hashes.forEach((hash, i) => {
    table.add(hash, 64 + i);
  });
  const find = (from: IdTable, hash: Uint8Array): number[] => {
    const found: number[] = [];
    from.find(hash, (offset) => {
      found.push(offset);
      return false;
    });
    return found;
  };
  const out = new ByteWriter();
  table.encode(out);
  const decoded = IdTable.decode(new ByteReader(out.take()));
  const pages = table.pages();
  assert.equal(pages.length, Math.ceil(3000 / idsPerPage));
  hashes.forEach((hash, i) => {
    assert.deepEqual(find(table, hash), [64 + i]);
    assert.deepEqual(find(decoded, hash), [64 + i]);
    assert.deepEqual(
      pages.flatMap((page) => offsetsInPage(page, hash)),
      [64 + i],
    );
  });
  table.removeFrom(64 + 1000);
  assert.equal(table.count, 1000);
  hashes.forEach((hash, i) => {
    assert.deepEqual(find(table, hash), i < 1000 ? [64 + i] : []);
  });
});

test("the CRC of headers is the CRC of everything else", () => {
  const random = createSeededRandom(7);
  for (let i = 0; i < 200; i++) {
    const bytes = random.bytes(random.below(40));
    const seed = random.next32();
    assert.equal(smallCrc(bytes, 0, bytes.length, seed), crc32(bytes, seed));
    const number = random.next32();
    const four = new Uint8Array(4);
    new DataView(four.buffer).setUint32(0, number);
    assert.equal(smallCrcOfU32(number, seed), crc32(four, seed));
  }
});
