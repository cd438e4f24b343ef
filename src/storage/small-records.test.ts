/** What is opened by libsodium and by OpenSSL is the same, at every size around every boundary. */
import assert from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { before, test } from "node:test";
import { createSeededRandom } from "../testing/seeded-random.ts";
import { nodeCrypto } from "./node-crypto.ts";
import {
  areSmallRecordsLoaded,
  loadSmallRecords,
  openSmall,
  smallSealedBytesMax,
} from "./small-records.ts";

const random = createSeededRandom(8439);
const raw = random.bytes(32);
const key = nodeCrypto.importKey(raw);

interface Sealed {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
  readonly sealed: Uint8Array;
}

function sealByOpenSsl(text: Uint8Array, aadBytes: number): Sealed {
  const nonce = random.bytes(12);
  const aad = random.bytes(aadBytes);
  const cipher = createCipheriv("chacha20-poly1305", raw, nonce, { authTagLength: 16 });
  cipher.setAAD(aad);
  const parts = [cipher.update(text), cipher.final(), cipher.getAuthTag()];
  return { nonce, aad, sealed: Uint8Array.from(Buffer.concat(parts)) };
}

before(async () => {
  assert.equal(areSmallRecordsLoaded(), false, "nobody asked for it yet");
  assert.throws(() => openSmall(raw, sealByOpenSsl(new Uint8Array(3), 0)), /loadSmallRecords/);
  await loadSmallRecords();
});

test("records of every size open, whichever of the two opens them", () => {
  for (let size = 0; size <= smallSealedBytesMax + 20; size++) {
    const text = random.bytes(size);
    const input = sealByOpenSsl(text, size % 70);
    assert.deepEqual(nodeCrypto.open(key, input), text, `${size} bytes`);
    assert.deepEqual(openSmall(raw, input), text, `${size} bytes`);
  }
});

test("what the port seals, opens here", () => {
  const [nonce, aad, plaintext] = [random.bytes(12), random.bytes(46), random.bytes(200)];
  const sealed = new Uint8Array(plaintext.length + 16);
  nodeCrypto.seal(key, { nonce, aad, plaintext }, sealed, 0);
  assert.deepEqual(openSmall(raw, { nonce, aad, sealed }), plaintext);
});

test("one changed bit anywhere, another nonce, other data, another key or a cut opens nothing", () => {
  const input = sealByOpenSsl(random.bytes(77), 46);
  const { sealed } = input;
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const bent = sealed.slice();
    bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(openSmall(raw, { ...input, sealed: bent }), undefined);
  }
  assert.equal(openSmall(raw, { ...input, nonce: random.bytes(12) }), undefined);
  assert.equal(openSmall(raw, { ...input, aad: random.bytes(46) }), undefined);
  assert.equal(openSmall(random.bytes(32), input), undefined);
  for (const length of [0, 15, 16, 92])
    assert.equal(openSmall(raw, { ...input, sealed: sealed.slice(0, length) }), undefined);
});
