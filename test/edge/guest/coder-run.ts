/** What the coder of events makes of documents, of any bytes, and of garbage, as lines: each runtime has to make the same. */
import { ByteWriter } from "../../../src/core/bytes.ts";
import { EventCoder } from "../../../src/core/codec/event-coder.ts";
import { drawDocument, drawPayload } from "../../../src/core/codec/payloads.test-kit.ts";
import { createSeededRandom, type SeededRandom } from "../../../src/testing/seeded-random.ts";

interface Batch {
  readonly visible: Uint8Array;
  readonly tokensLength: number;
  readonly dense: Uint8Array;
  readonly count: number;
}

const batchBytesMax = 24 * 1024;

function sumOf(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

function addEvents(coder: EventCoder, random: SeededRandom, count: number): void {
  let ms = 1_760_000_000_000 + random.below(2 ** 32);
  for (let i = 0; i < count; i++) {
    ms += random.chance(0.2) ? -random.below(5) : random.below(900_000);
    const known = random.chance(0.1) ? random.bytes(random.below(40)) : Uint8Array.of(0);
    const counter = random.chance(0.1) ? random.below(65_536) : 0;
    const payload = random.chance(0.7) ? drawDocument(random) : drawPayload(random);
    coder.encode(i % 3, ms, counter, random.below(5), known, payload.subarray(0, 16_384));
  }
}

function encode(coder: EventCoder, random: SeededRandom, count: number): Batch {
  coder.beginEncoding();
  addEvents(coder, random, count);
  coder.finish();
  const { tokensLength } = coder;
  return { visible: coder.visible().slice(), tokensLength, dense: coder.dense().slice(), count };
}

/** As many events as there are to be had, as a line. */
function decode(coder: EventCoder, batch: Batch): string {
  coder.beginDecoding(batch.visible, batch.tokensLength, batch.dense);
  const seen = new ByteWriter();
  let left = batchBytesMax;
  let count = 0;
  for (; count < batch.count && left > 0; count++) {
    if (!coder.decode(count % 3, left)) break;
    for (const number of [coder.counter, coder.type]) seen.u32(number);
    seen.u48(coder.ms);
    seen.bytes(coder.known());
    const payload = coder.payload();
    seen.bytes(payload);
    left -= payload.length;
  }
  return `${count} events, ${coder.isDecoded}, ${sumOf(seen.view())}`;
}

function damaged(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const copy = bytes.slice();
  for (let i = random.between(1, 3); i > 0 && copy.length > 0; i--)
    copy[random.below(copy.length)] = random.below(256);
  if (random.chance(0.2)) return copy.subarray(0, random.below(copy.length + 1));
  return random.chance(0.1) ? random.bytes(random.below(500)) : copy;
}

function primed(codec: number, seed: number, count: number): EventCoder {
  const coder = new EventCoder(codec);
  coder.beginLearning();
  addEvents(coder, createSeededRandom(seed), count);
  coder.finish();
  return coder;
}

export function codeEverything(print: (line: string) => void, rounds: number): void {
  for (let codec = 2; codec <= 5; codec++)
    for (let round = 0; round < rounds; round++) {
      const random = createSeededRandom(codec * 1000 + round);
      const history = random.pick([0, 20]);
      const sender = primed(codec, round, history);
      const batches = [1, 2, 3].map(() => encode(sender, random, random.between(1, 30)));
      for (const { visible, dense, tokensLength } of batches)
        print(`codec ${codec}: ${tokensLength}, ${sumOf(visible)}, ${sumOf(dense)}`);
      for (let attempt = 0; attempt < 12; attempt++) {
        const receiver = primed(codec, round, history);
        const [first, second] = batches as [Batch, Batch, Batch];
        print(decode(receiver, first));
        const part = random.below(2);
        const hurt = {
          ...second,
          visible: part === 0 ? damaged(second.visible, random) : second.visible,
          dense: part === 1 ? damaged(second.dense, random) : second.dense,
        };
        print(decode(receiver, hurt));
      }
    }
}
