/** What a codec's state really holds, beside what is reckoned for it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { createSeededRandom, type SeededRandom } from "../../testing/seeded-random.ts";
import { bytesToHex, textToUtf8 } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import { BatchCodec } from "./batch-codec.ts";
import { codecStateBytes } from "./codec-memory.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall, isMixCodec } from "./codecs.ts";
import { drawDocument } from "./payloads.test-kit.ts";

/** Bytes of the typed arrays that can be reached from a value, each buffer once. */
function arrayBytes(root: unknown): number {
  const seen = new Set<unknown>();
  const buffers = new Set<ArrayBufferLike>();
  const open: unknown[] = [root];
  for (let value = open.pop(); value !== undefined || open.length > 0; value = open.pop()) {
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) buffers.add(value.buffer);
    else if (value instanceof Map) open.push(...value.keys(), ...value.values());
    else open.push(...Object.values(value));
  }
  let bytes = 0;
  for (const buffer of buffers) bytes += buffer.byteLength;
  return bytes;
}

function hexOf(random: SeededRandom, bytes: number): string {
  return bytesToHex(random.bytes(bytes));
}

function events(count: number, textBytes: number): readonly EventContent[] {
  const random = createSeededRandom(77);
  return Array.from({ length: count }, (_, i) => ({
    seq: i + 1,
    hlc: { ms: 1_767_581_452_960 + i * 60_000, counter: 0 },
    type: 2,
    known: Uint8Array.of(0),
    // Among records, texts that fill dictionaries and windows.
    payload: i % 2 === 0 ? drawDocument(random) : textToUtf8(`{"n":"${hexOf(random, textBytes)}"}`),
  }));
}

const names = { 2: "tokens", 3: "mix", 4: "tokens, small", 5: "mix, small" } as const;
/** Bytes that a direction may take at most (FACTS: 2.5 MB with mixing; both directions of the small ones below 1 MB). */
const limits = {
  [codecTokens]: 1_500_000,
  [codecMix]: 2_500_000,
  [codecTokensSmall]: 500_000,
  [codecMixSmall]: 700_000,
};

for (const codec of [codecTokens, codecMix, codecTokensSmall, codecMixSmall] as const) {
  test(`a direction of ${names[codec]} holds what is reckoned for it, whichever end it is`, (t) => {
    const all = events(1500, isMixCodec(codec) ? 20 : 200);
    const sender = new BatchCodec(codec, nodeCompressor);
    const receiver = new BatchCodec(codec, nodeCompressor);
    for (let at = 0; at < all.length; ) {
      const { block, count } = sender.encode({
        stream: 0,
        events: all.slice(at, at + 60),
        bytesAim: 6000,
      });
      assert.ok(receiver.decode({ stream: 0, from: at + 1, count, block }) !== undefined);
      at += count;
    }
    const reckoned = codecStateBytes(codec);
    const measured = [arrayBytes(sender), arrayBytes(receiver)] as const;
    t.diagnostic(`${measured[0]} bytes to encode, ${measured[1]} to decode, ${reckoned} reckoned`);
    for (const bytes of measured) {
      assert.ok(bytes <= reckoned, `${bytes} of ${reckoned}`);
      assert.ok(bytes >= reckoned * 0.75, `${bytes} of ${reckoned}`);
      assert.ok(bytes <= limits[codec], `${bytes}`);
    }
  });
}
