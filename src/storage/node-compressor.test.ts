import assert from "node:assert/strict";
import { test } from "node:test";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { zstdFull, zstdSmall } from "../core/codec/codecs.ts";
import { nodeCompressor } from "./node-compressor.ts";

const none = new Uint8Array(0);
const encoder = new TextEncoder();

/** 32 KiB on the wire, a gigabyte when inflated, with a window small enough to be let in. */
function makeBomb(): Uint8Array {
  const params = { [constants.ZSTD_c_windowLog]: 17, [constants.ZSTD_c_contentSizeFlag]: 0 };
  return zstdCompressSync(Buffer.alloc(2 ** 30), { params }).subarray(4);
}

test("any bytes with any dictionary come back exactly", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 3000 }),
      fc.uint8Array({ maxLength: 3000 }),
      (bytes, dictionary) => {
        const packed = nodeCompressor.compress(bytes, dictionary, zstdFull);
        const sizeBytes = bytes.length;
        assert.deepEqual(nodeCompressor.decompress(packed, { dictionary, sizeBytes }), bytes);
      },
    ),
    { numRuns: 200 },
  );
});

test("any input is refused or gives exactly the size asked for", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 400 }),
      fc.nat(5000),
      fc.uint8Array({ maxLength: 50 }),
      (bytes, sizeBytes, dictionary) => {
        const out = nodeCompressor.decompress(bytes, { dictionary, sizeBytes });
        assert.ok(out === undefined || out.length === sizeBytes);
      },
    ),
    { numRuns: 2000 },
  );
});

test("every flipped bit of a real frame is refused or keeps the size", () => {
  const bytes = encoder.encode('{"patient_id":"BT-0042","event":"visit"}'.repeat(20));
  const packed = nodeCompressor.compress(bytes, none, zstdFull);
  let refused = 0;
  for (let bit = 0; bit < packed.length * 8; bit++) {
    const bad = packed.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const out = nodeCompressor.decompress(bad, { dictionary: none, sizeBytes: bytes.length });
    if (out === undefined) refused++;
    else assert.equal(out.length, bytes.length);
  }
  assert.ok(refused > 0);
});

test("one byte less, one byte more, a cut and a trailing byte are refused", () => {
  const bytes = encoder.encode("abcdefgh".repeat(100));
  const packed = nodeCompressor.compress(bytes, none, zstdFull);
  const ask = (input: Uint8Array, sizeBytes: number) =>
    nodeCompressor.decompress(input, { dictionary: none, sizeBytes });
  assert.ok(ask(packed, 800));
  assert.equal(ask(packed, 799), undefined);
  assert.equal(ask(packed, 801), undefined);
  assert.equal(ask(packed.subarray(0, packed.length - 1), 800), undefined);
  assert.equal(ask(Uint8Array.from([...packed, 0]), 800), undefined);
  assert.equal(ask(none, 0), undefined);
});

test("a bomb that inflates from 64 KiB to a gigabyte is refused in little time and memory", () => {
  const bomb = makeBomb();
  assert.ok(bomb.length <= 64 * 1024, "it fits one frame");
  const rssBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  for (let i = 0; i < 20; i++) {
    const input = { dictionary: none, sizeBytes: 32 * 1024 };
    assert.equal(nodeCompressor.decompress(bomb, input), undefined);
  }
  assert.ok(performance.now() - startMs < 2000, "20 bombs take under two seconds");
  assert.ok(process.memoryUsage.rss() - rssBefore < 64 * 1024 * 1024, "memory stays bounded");
});

test("a window beyond the limit is refused although its content would fit", () => {
  const params = { [constants.ZSTD_c_windowLog]: 24, [constants.ZSTD_c_contentSizeFlag]: 0 };
  const bytes = Buffer.alloc(20 * 1024 * 1024);
  const frame = zstdCompressSync(bytes, { params }).subarray(4);
  const input = { dictionary: none, sizeBytes: bytes.length };
  assert.equal(nodeCompressor.decompress(frame, input), undefined);
});

test("a dictionary that looks like a trained one is used as raw bytes", () => {
  const text = "registration of a patient at the district clinic, follow-up in two weeks";
  const dictionary = Uint8Array.from([0x37, 0xa4, 0x30, 0xec, ...encoder.encode(text)]);
  const bytes = encoder.encode(text);
  const packed = nodeCompressor.compress(bytes, dictionary, zstdFull);
  assert.ok(packed.length < 30, "it helps");
  const input = { dictionary, sizeBytes: bytes.length };
  assert.deepEqual(nodeCompressor.decompress(packed, input), bytes);
});

test("a frame carries no magic, content size, checksum or dictionary id", () => {
  const packed = nodeCompressor.compress(encoder.encode("x".repeat(1000)), none, zstdFull);
  assert.equal(packed[0], 0, "frame header descriptor (RFC 8878, section 3.1.1.1.1)");
  assert.equal(Buffer.isBuffer(packed), false);
});

test("a dictionary of 128 KiB of shared history stays within reach", () => {
  const row = (i: number) =>
    `{"patient_id":"BT-${i % 977}","visit":${i},"weight":${(i * 31) % 90}}`;
  const rows = (from: number, to: number) =>
    encoder.encode(Array.from({ length: to - from }, (_, i) => row(from + i)).join("\n"));
  const dictionary = rows(0, 4000).slice(-128 * 1024);
  const oldest = dictionary.slice(0, 8 * 1024);
  const packed = nodeCompressor.compress(oldest, dictionary, zstdFull);
  assert.ok(packed.length < 64, `${packed.length} bytes`);
  const input = { dictionary, sizeBytes: oldest.length };
  assert.deepEqual(nodeCompressor.decompress(packed, input), oldest);
});

test("a frame asks for no larger window than the tables that it was made with", () => {
  const bytes = new Uint8Array(1 << 19).map((_, at) => (at * at) >> 7);
  for (const tables of [zstdFull, zstdSmall]) {
    const packed = nodeCompressor.compress(bytes, none, tables);
    const exponent = (packed[1] ?? 0) >> 3;
    assert.equal(10 + exponent, tables.windowLog, "window descriptor (RFC 8878, 3.1.1.1.2)");
    const input = { dictionary: none, sizeBytes: bytes.length };
    assert.deepEqual(nodeCompressor.decompress(packed, input), bytes);
  }
});
