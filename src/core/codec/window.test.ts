import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import { codecsAll, codecsSmall, zstdFull, zstdSmall } from "./codecs.ts";
import { decodeBlock, encodeBlock, sendWindowFor, Window } from "./window.ts";

const both = 0b11;

test("who reads codecs with full tables, or rows alone, sends with full windows, a small device with small ones", () => {
  assert.equal(sendWindowFor(codecsAll).tables, zstdFull);
  assert.equal(sendWindowFor(both).tables, zstdFull, "the version before");
  assert.equal(sendWindowFor(codecsSmall).tables, zstdSmall);
  assert.equal(sendWindowFor(0x13).tables, zstdSmall, "without mixing");
});

test("what a small device leans on, a receiver with a full window has as well", () => {
  const random = createSeededRandom(2026);
  const [sender, receiver] = [sendWindowFor(codecsSmall), new Window()];
  let longest = 0;
  for (let round = 0; round < 40; round++) {
    const parts = Array.from({ length: 60 }, () => `"${random.below(700) * 7919}",`).join("");
    const raw = new TextEncoder().encode(parts.repeat(1 + random.below(12)));
    longest = Math.max(longest, receiver.dictionary().length);
    const { codec, block } = encodeBlock(nodeCompressor, { window: sender, codecs: both, raw });
    const input = { window: receiver, codec, rawBytes: raw.length, block };
    assert.deepEqual(decodeBlock(nodeCompressor, input), raw);
    sender.append(raw);
    receiver.append(raw);
    assert.ok(sender.dictionary().length <= 32 * 1024);
  }
  assert.ok(longest > 100 * 1024, `the receiver's window held ${longest} bytes`);
});

test("a window whose bytes look like a trained dictionary is used alike on both sides", () => {
  const magic = Uint8Array.of(0x37, 0xa4, 0x30, 0xec);
  const [sender, receiver] = [sendWindowFor(codecsSmall), new Window()];
  const text = new TextEncoder()
    .encode("fever since three days ".repeat(1425))
    .slice(0, 32 * 1024 - 4);
  for (const part of [Uint8Array.of(1, 2, 3), magic, text]) {
    sender.append(part);
    receiver.append(part);
  }
  assert.deepEqual(sender.dictionary().subarray(0, 4), magic);
  assert.notDeepEqual(receiver.dictionary().subarray(0, 4), magic);
  const raw = text.slice(0, 500);
  const { codec, block } = encodeBlock(nodeCompressor, { window: sender, codecs: both, raw });
  assert.ok(block.length < 60);
  const input = { window: receiver, codec, rawBytes: raw.length, block };
  assert.deepEqual(decodeBlock(nodeCompressor, input), raw);
});
