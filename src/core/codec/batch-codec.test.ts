import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { createSeededRandom, type SeededRandom } from "../../testing/seeded-random.ts";
import { bytesToHex, hexToBytes } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import { BatchCodec } from "./batch-codec.ts";
import { codecMix, codecMixSmall, codecTokens, codecTokensSmall, isMixCodec } from "./codecs.ts";
import { exampleBlocks, exampleEvents } from "./batch-examples.test-kit.ts";
import { drawDocument, drawPayload } from "./payloads.test-kit.ts";

const codecs = [codecTokens, codecMix, codecTokensSmall, codecMixSmall];
const seed = 20_261_126;

function eventsOf(payloads: readonly Uint8Array[], random: SeededRandom): EventContent[] {
  let ms = 1_760_000_000_000;
  let counter = 0;
  return payloads.map((payload, at) => {
    if (random.chance(0.7)) {
      ms += random.between(1, random.chance(0.1) ? 2 ** 40 : 900_000);
      counter = random.chance(0.1) ? random.below(65_536) : 0;
    } else if (counter < 65_535) counter++;
    else ms++;
    return {
      seq: at + 1,
      hlc: { ms: ms % 7_258_118_400_000, counter },
      type: random.pick([1, 2, 7, 2 ** 31 - 1]),
      known: random.chance(0.05) ? random.bytes(random.below(40)) : Uint8Array.of(0),
      payload,
    };
  });
}

/** Codes events in batches of random size, and asserts that the other end gets the same. */
function assertSame(codec: number, events: readonly EventContent[], random: SeededRandom): number {
  const sender = new BatchCodec(codec, nodeCompressor);
  const receiver = new BatchCodec(codec, nodeCompressor);
  let bytes = 0;
  for (let at = 0; at < events.length; ) {
    const part = events.slice(at, at + random.between(1, 80));
    const stream = random.below(3);
    const { block, count } = sender.encode({ stream, events: part, bytesAim: 6000 });
    const got = receiver.decode({ stream, from: at + 1, count, block });
    assert.deepEqual(got, part.slice(0, count), `seed ${random.seed}, codec ${codec}, event ${at}`);
    bytes += block.length;
    at += count;
  }
  return bytes;
}

for (const codec of codecs) {
  test(`codec ${codec} gives back every payload byte for byte, whatever it is`, () => {
    const random = createSeededRandom(seed);
    const payloads = Array.from({ length: 400 }, () => drawPayload(random));
    assertSame(codec, eventsOf(payloads, random), random);
  });

  test(`codec ${codec} makes records of a few shapes much smaller`, () => {
    const random = createSeededRandom(seed + 1);
    const payloads = Array.from({ length: 400 }, () => drawDocument(random));
    const size = payloads.reduce((sum, payload) => sum + payload.length, 0);
    const bytes = assertSame(codec, eventsOf(payloads, random), random);
    assert.ok(bytes < size * 0.2, `${bytes} of ${size}`);
  });

  test(`codec ${codec} leaves bytes without pattern at their size`, () => {
    const random = createSeededRandom(seed + 2);
    const payloads = Array.from({ length: 20 }, () => random.bytes(16_384));
    const bytes = assertSame(codec, eventsOf(payloads, random), random);
    assert.ok(bytes < 20 * (16_384 + 40), `${bytes}`);
  });

  test(`codec ${codec} primed with the same events starts where the other end does`, () => {
    const random = createSeededRandom(seed + 3);
    const events = eventsOf(
      Array.from({ length: 240 }, () => drawDocument(random)),
      random,
    );
    const size = (primed: number): number => {
      const sender = new BatchCodec(codec, nodeCompressor);
      const receiver = new BatchCodec(codec, nodeCompressor);
      for (const end of [sender, receiver]) end.prime(0, events.slice(200 - primed, 200));
      const part = events.slice(200, 210);
      const { block, count } = sender.encode({ stream: 0, events: part, bytesAim: 60_000 });
      assert.deepEqual(receiver.decode({ stream: 0, from: 201, count, block }), part);
      return block.length;
    };
    assert.ok(size(200) < size(0) / 2, `${size(200)} of ${size(0)}`);
  });

  test(`codec ${codec} refuses everything after a block that it could not decode`, () => {
    const random = createSeededRandom(seed + 4);
    const events = eventsOf(
      Array.from({ length: 20 }, () => drawDocument(random)),
      random,
    );
    const { block } = new BatchCodec(codec, nodeCompressor).encode({
      stream: 0,
      events,
      bytesAim: 60_000,
    });
    const receiver = new BatchCodec(codec, nodeCompressor);
    const garbage = Uint8Array.from([...block, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert.equal(receiver.decode({ stream: 0, from: 1, count: 20, block: garbage }), undefined);
    assert.equal(receiver.decode({ stream: 0, from: 1, count: 20, block }), undefined);
  });

  test(`codec ${codec} takes bounded steps over garbage`, () => {
    const random = createSeededRandom(seed + 5);
    for (let round = 0; round < 60; round++) {
      const receiver = new BatchCodec(codec, nodeCompressor);
      const block = random.bytes(random.below(600));
      const got = receiver.decode({ stream: 0, from: 1, count: random.between(1, 128), block });
      const size = (got ?? []).reduce((sum, event) => sum + event.payload.length, 0);
      assert.ok(size <= 64 * 1024);
    }
  });
}

test("a batch stops before it is larger than was aimed at", () => {
  const random = createSeededRandom(seed + 6);
  const events = eventsOf(
    Array.from({ length: 300 }, () => drawDocument(random)),
    random,
  );
  for (const codec of codecs) {
    const { block, count } = new BatchCodec(codec, nodeCompressor).encode({
      stream: 0,
      events,
      bytesAim: 1000,
    });
    assert.ok(count > 4 && count < 300 && block.length < 1300, `${count}, ${block.length}`);
    const one = new BatchCodec(codec, nodeCompressor).encode({ stream: 0, events, bytesAim: 1 });
    assert.equal(one.count, 1);
  }
});

test("the same events make the same bytes as ever", () => {
  for (const [codec, hex] of exampleBlocks) {
    const block = hexToBytes(hex);
    assert.ok(block !== undefined);
    const receiver = new BatchCodec(codec, nodeCompressor);
    assert.deepEqual(receiver.decode({ stream: 0, from: 1, count: 3, block }), exampleEvents);
    // Another zstd may make other bytes of the same tokens.
    if (!isMixCodec(codec)) continue;
    const sender = new BatchCodec(codec, nodeCompressor);
    const made = sender.encode({ stream: 0, events: exampleEvents, bytesAim: 1000 });
    assert.equal(bytesToHex(made.block), hex);
  }
});

test("a long session of mixed batches makes the same bytes on every runtime", () => {
  const random = createSeededRandom(seed + 7);
  const events = eventsOf(
    Array.from({ length: 200 }, () => drawPayload(random)),
    random,
  );
  const sender = new BatchCodec(codecMix, nodeCompressor);
  let sum = 0;
  for (let at = 0; at < events.length; ) {
    const part = events.slice(at, at + 50);
    const { block, count } = sender.encode({ stream: 0, events: part, bytesAim: 60_000 });
    for (const byte of block) sum = (Math.imul(sum, 31) + byte) | 0;
    at += count;
  }
  assert.equal(sum, -1_443_654_328);
});
