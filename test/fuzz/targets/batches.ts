/**
 * Blocks of the codecs 2 to 5: tokens and mixing, full and small. An input is how many events the frame
 * claims, whether the direction was primed before, and the block.
 *
 * Claims: as of every decoder; what comes out is within the codec's limits and counts on without a
 * hole; a refusal is for good, since both ends no longer know the same; what was accepted can be
 * coded again, and comes back the same.
 */
import assert from "node:assert/strict";
import { BatchCodec, contentBytesOf } from "../../../src/core/codec/batch-codec.ts";
import {
  codecMix,
  codecMixSmall,
  codecTokens,
  codecTokensSmall,
  sizesOf,
} from "../../../src/core/codec/codecs.ts";
import { textToUtf8 } from "../../../src/core/bytes.ts";
import type { EventContent } from "../../../src/core/event.ts";
import { nodeCompressor } from "../../../src/storage/node-compressor.ts";
import { countAllocation } from "../allocation.ts";
import { type FuzzTarget, refused } from "../fuzz-target.ts";
import { sampleEvents } from "../samples.ts";

const names: Readonly<Record<number, string>> = {
  [codecTokens]: "token blocks",
  [codecMix]: "mixed blocks",
  [codecTokensSmall]: "small token blocks",
  [codecMixSmall]: "small mixed blocks",
};

const from = 41;
const stream = 3;

function record(seq: number): EventContent {
  const text = JSON.stringify({
    event: "visit",
    id: `7f3c1a${seq}0-0000-4000-a000-00000000000${seq % 10}`,
    at: new Date(1_760_000_000_000 + seq * 61_000).toISOString(),
    temp_c: 36.6 + seq / 10,
    note: "fever, follow up in two weeks",
  });
  const hlc = { ms: 1_760_000_000_000 + seq * 61_000, counter: 0 };
  return { seq, hlc, type: 2, known: Uint8Array.of(0), payload: textToUtf8(text) };
}

const records = (first: number, count: number): readonly EventContent[] =>
  Array.from({ length: count }, (_, i) => record(first + i));

/** What both ends know before the block. */
const history = records(from - 6, 6);

const isPrimedBit = 0x80;
const countMax = 0x7f;

function codecOf(codec: number, isPrimed: boolean): BatchCodec {
  const made = new BatchCodec(codec, nodeCompressor);
  if (isPrimed) made.prime(stream, history);
  return made;
}

function sampleOf(codec: number, events: readonly EventContent[], isPrimed: boolean): Uint8Array {
  const { block, count } = codecOf(codec, isPrimed).encode({ stream, events, bytesAim: 4000 });
  assert.equal(count, events.length);
  return Uint8Array.of(count | (isPrimed ? isPrimedBit : 0), ...block);
}

/** Tables are made with the codec; what is decoded on top of that is bounded by a batch, not by the block. */
const allocatedBytesMax = (codec: number): number => 8 * sizesOf(codec).batchBytesMax + (1 << 20);

function decodeAndCheck(codec: number, bytes: Uint8Array): string {
  const count = (bytes[0] ?? 0) & countMax;
  const isPrimed = ((bytes[0] ?? 0) & isPrimedBit) !== 0;
  const block = bytes.subarray(1);
  const before = block.slice();
  const receiver = codecOf(codec, isPrimed);
  const input = { stream, from, count, block };
  const { value: events, allocatedBytes } = countAllocation(() => receiver.decode(input));
  assert.deepEqual(block, before, "a decoder leaves its input alone");
  assert.ok(allocatedBytes <= allocatedBytesMax(codec), `${allocatedBytes} bytes`);
  if (events === undefined) {
    const valid = codecOf(codec, isPrimed).encode({
      stream,
      events: records(from, 2),
      bytesAim: 4000,
    });
    const later = { stream, from, count: valid.count, block: valid.block };
    assert.equal(receiver.decode(later), undefined, "nothing is believed behind a refusal");
    return refused;
  }
  assert.deepEqual(
    events.map(({ seq }) => seq),
    Array.from({ length: count }, (_, i) => from + i),
  );
  const contentBytes = events.reduce((sum, event) => sum + contentBytesOf(event), 0);
  assert.ok(contentBytes <= sizesOf(codec).batchBytesMax, `${contentBytes} bytes of content`);
  comesBack(codec, isPrimed, events);
  return `${isPrimed ? "primed " : ""}${count === 0 ? "nothing" : count === 1 ? "one" : "several"}`;
}

/** Perhaps in several batches: how a sender cuts them is its own affair. */
function comesBack(codec: number, isPrimed: boolean, events: readonly EventContent[]): void {
  const [sender, receiver] = [codecOf(codec, isPrimed), codecOf(codec, isPrimed)];
  for (let at = 0; at < events.length; ) {
    const batch = sender.encode({ stream, events: events.slice(at), bytesAim: 1 << 20 });
    const { block, count } = batch;
    const again = receiver.decode({ stream, from: from + at, count, block });
    assert.deepEqual(
      again,
      events.slice(at, at + count),
      "an accepted value survives a round trip",
    );
    at += count;
  }
}

export const batchTargets: readonly FuzzTarget[] = Object.entries(names).map(([key, name]) => {
  const codec = Number(key);
  const numbered = sampleEvents.map((events) =>
    events.map((event, i) => ({ ...event, seq: from + i })),
  );
  return {
    name,
    // Tables of the large codecs are made anew for each input.
    shortRuns: 120,
    samples: [
      ...numbered.map((events) => sampleOf(codec, events, false)),
      sampleOf(codec, records(from, 4), false),
      sampleOf(codec, records(from, 4), true),
    ],
    run: (bytes) => decodeAndCheck(codec, bytes),
  };
});
