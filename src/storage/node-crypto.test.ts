import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes } from "../core/bytes.ts";
import { nodeCrypto } from "./node-crypto.ts";

function hex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  assert.ok(bytes);
  return bytes;
}

const nonce = hex("070000004041424344454647");
const aad = hex("50515253c0c1c2c3c4c5c6c7");
const rfcKey = nodeCrypto.importKey(
  hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"),
);
const rfcText = new TextEncoder().encode(
  "Ladies and Gentlemen of the class of '99: If I could offer you " +
    "only one tip for the future, sunscreen would be it.",
);

function sealRfcText(): Uint8Array {
  const out = new Uint8Array(3 + rfcText.length + 16);
  nodeCrypto.seal(rfcKey, { nonce, aad, plaintext: rfcText }, out, 3);
  return out;
}

test("seal gives the vector of RFC 8439, section 2.8.2, at the offset asked for", () => {
  const out = sealRfcText();
  assert.equal(bytesToHex(out.subarray(0, 3)), "000000");
  assert.equal(bytesToHex(out.subarray(3, 11)), "d31a8d34648e60db");
  assert.equal(bytesToHex(out.subarray(3 + rfcText.length)), "1ae10b594f09e26a7e902ecbd0600691");
});

test("open undoes seal and refuses every flipped bit, another nonce, other data and short input", () => {
  const sealed = sealRfcText().slice(3);
  const opened = nodeCrypto.open(rfcKey, { nonce, aad, sealed });
  assert.ok(opened);
  assert.equal(bytesToHex(opened), bytesToHex(rfcText));
  for (let bit = 0; bit < sealed.length * 8; bit += 7) {
    const bad = sealed.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(nodeCrypto.open(rfcKey, { nonce, aad, sealed: bad }), undefined);
  }
  assert.equal(nodeCrypto.open(rfcKey, { nonce: new Uint8Array(12), aad, sealed }), undefined);
  assert.equal(nodeCrypto.open(rfcKey, { nonce, aad: new Uint8Array(0), sealed }), undefined);
  for (const size of [0, 1, 15, 16, sealed.length - 1]) {
    assert.equal(
      nodeCrypto.open(rfcKey, { nonce, aad, sealed: sealed.subarray(0, size) }),
      undefined,
    );
  }
});

test("an empty plaintext seals to a bare tag and opens to nothing", () => {
  const out = new Uint8Array(16);
  nodeCrypto.seal(rfcKey, { nonce, aad, plaintext: new Uint8Array(0) }, out, 0);
  assert.equal(nodeCrypto.open(rfcKey, { nonce, aad, sealed: out })?.length, 0);
});

test("hashes agree with FIPS 180-4, one-shot and in steps, and are not Buffers", () => {
  const abc = new TextEncoder().encode("abc");
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const oneShot = nodeCrypto.sha256(abc);
  assert.equal(bytesToHex(oneShot), expected);
  const steps = nodeCrypto.createSha256();
  steps.update(abc.subarray(0, 1));
  steps.update(abc.subarray(1));
  const digest = steps.digest();
  assert.equal(bytesToHex(digest), expected);
  for (const bytes of [oneShot, digest, nodeCrypto.randomBytes(4)]) {
    assert.equal(Buffer.isBuffer(bytes), false);
  }
});

test("HKDF gives test case 1 of RFC 5869", () => {
  const out = nodeCrypto.hkdfSha256(hex("0b".repeat(22)), {
    salt: hex("000102030405060708090a0b0c"),
    info: hex("f0f1f2f3f4f5f6f7f8f9"),
    sizeBytes: 42,
  });
  const expected =
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  assert.equal(bytesToHex(out), expected);
});

test("CRC-32 gives the check value and goes on from a seed", () => {
  const digits = new TextEncoder().encode("123456789");
  assert.equal(nodeCrypto.crc32(digits), 0xcbf43926);
  const half = nodeCrypto.crc32(digits.subarray(0, 4));
  assert.equal(nodeCrypto.crc32(digits.subarray(4), half), 0xcbf43926);
});

test("random bytes come in the size asked for and never twice, over many refills of the pool", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 3000; i++) seen.add(bytesToHex(nodeCrypto.randomBytes(12)));
  assert.equal(seen.size, 3000);
  for (const size of [0, 1, 255, 256, 257, 100_000]) {
    assert.equal(nodeCrypto.randomBytes(size).length, size);
  }
});

test("bytes handed out stay as they are when the pool is refilled", () => {
  const first = nodeCrypto.randomBytes(16);
  const before = bytesToHex(first);
  for (let i = 0; i < 2000; i++) nodeCrypto.randomBytes(16);
  assert.equal(bytesToHex(first), before);
});

test("a key of another size is refused", () => {
  assert.throws(() => nodeCrypto.importKey(new Uint8Array(31)), RangeError);
});
