/** What is computed here for small records and what OpenSSL does is the same, at every size around every boundary. */
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { test } from "node:test";
import { createSeededRandom } from "../testing/seeded-random.ts";
import {
  isSmall,
  isSmallAeadHere,
  openSmall,
  sealSmall,
  smallBytesMax,
  toSmallKey,
} from "./small-aead.ts";

const options = { skip: !isSmallAeadHere };
const aadSizes = [0, 1, 15, 16, 17, 46, 48, 255, 256];

interface Sample {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly text: Uint8Array;
}

function sealByOpenSsl({ key, nonce, aad, text }: Sample): Buffer {
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Every size of text, each with one of additional data; bytes are random, all zero or all one. */
function* samples(): Generator<Sample> {
  const random = createSeededRandom(8439);
  const draw = (count: number): Uint8Array => {
    const fill = random.below(6);
    if (fill < 2) return new Uint8Array(count).fill(fill * 255);
    return random.bytes(count);
  };
  for (let size = 0; size <= smallBytesMax; size++) {
    const aad = draw(aadSizes[size % aadSizes.length] ?? 0);
    yield { key: draw(32), nonce: draw(12), aad, text: draw(size) };
  }
}

test("small records are sealed to the byte as OpenSSL seals them, and opened", options, () => {
  for (const sample of samples()) {
    const { key, nonce, aad, text } = sample;
    const expected = sealByOpenSsl(sample);
    const small = toSmallKey(key);
    const out = new Uint8Array(text.length + 16 + 5).fill(9);
    sealSmall(small, { nonce, aad }, text, out, 3);
    assert.deepEqual(Buffer.from(out.subarray(3, -2)), expected, `${text.length} bytes`);
    assert.deepEqual([...out.subarray(0, 3), ...out.subarray(-2)], [9, 9, 9, 9, 9]);
    const opened = openSmall(small, { nonce, aad, sealed: expected }, new Uint8Array(text.length));
    assert.deepEqual(opened, Uint8Array.from(text));
  }
});

test("one changed bit anywhere opens nothing, and what was lent stays as it was", options, () => {
  const [sample] = [...samples()].filter(({ text }) => text.length === 77);
  assert.ok(sample);
  const { key, nonce, aad } = sample;
  const sealed = Uint8Array.from(sealByOpenSsl(sample));
  const small = toSmallKey(key);
  const lent = new Uint8Array(100).fill(7);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(openSmall(small, { nonce, aad, sealed }, lent), undefined);
    sealed[bit >> 3] = (sealed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  assert.ok(lent.every((byte) => byte === 7));
  assert.equal(openSmall(small, { nonce, aad, sealed }, lent)?.buffer, lent.buffer);
});

test("a key of raw bytes at any place in its memory is the same key", options, () => {
  const raw = Uint8Array.from({ length: 32 }, (_, index) => index);
  const shifted = new Uint8Array(40);
  shifted.set(raw, 3);
  assert.deepEqual(toSmallKey(shifted.subarray(3, 35)), toSmallKey(raw));
});

test("what is beyond the bounds is left to OpenSSL", () => {
  assert.equal(isSmall(smallBytesMax, 256), isSmallAeadHere);
  assert.equal(isSmall(smallBytesMax + 1, 46), false);
  assert.equal(isSmall(10, 257), false);
});
