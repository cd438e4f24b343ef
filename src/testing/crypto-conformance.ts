/**
 * What every `CryptoPort` must do, as a suite of `node:test`: the published test
 * vectors, and that whatever was changed does not open.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesToHex, hexToBytes, textToUtf8 } from "../core/bytes.ts";
import type { AeadKey, CryptoPort } from "../core/ports.ts";

export interface CryptoFactory {
  /** Shown in front of each test. */
  readonly name: string;
  readonly crypto: CryptoPort;
}

/** Registers the whole suite for one implementation. */
export function describeCrypto(factory: CryptoFactory): void {
  for (const [name, check] of claims) test(`${factory.name}: ${name}`, () => check(factory.crypto));
}

type Claim = readonly [name: string, check: (crypto: CryptoPort) => void];

const claims: readonly Claim[] = [
  ["seal gives the vector of RFC 8439, section 2.8.2, at the offset asked for", sealsTheVector],
  [
    "open undoes seal and refuses every flipped bit, another nonce, other data and short input",
    opens,
  ],
  ["an empty plaintext seals to a bare tag and opens to nothing", sealsNothing],
  ["hashes agree with FIPS 180-4, one-shot and in steps, and are plain arrays", hashes],
  ["HKDF gives test case 1 of RFC 5869", derives],
  ["CRC-32 gives the check value and goes on from a seed", checks],
  ["random bytes come in the size asked for and never twice", drawsRandom],
  ["bytes handed out stay as they are when more are drawn", keepsRandom],
  ["a key of another size is refused", refusesKeys],
];

function hex(text: string): Uint8Array {
  const bytes = hexToBytes(text);
  assert.ok(bytes);
  return bytes;
}

const nonce = hex("070000004041424344454647");
const aad = hex("50515253c0c1c2c3c4c5c6c7");
const rfcText = textToUtf8(
  "Ladies and Gentlemen of the class of '99: If I could offer you " +
    "only one tip for the future, sunscreen would be it.",
);

function rfcKeyOf(crypto: CryptoPort): AeadKey {
  return crypto.importKey(hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
}

function sealRfcText(crypto: CryptoPort): Uint8Array {
  const out = new Uint8Array(3 + rfcText.length + 16);
  crypto.seal(rfcKeyOf(crypto), { nonce, aad, plaintext: rfcText }, out, 3);
  return out;
}

function sealsTheVector(crypto: CryptoPort): void {
  const out = sealRfcText(crypto);
  assert.equal(bytesToHex(out.subarray(0, 3)), "000000");
  assert.equal(bytesToHex(out.subarray(3, 11)), "d31a8d34648e60db");
  assert.equal(bytesToHex(out.subarray(3 + rfcText.length)), "1ae10b594f09e26a7e902ecbd0600691");
}

function opens(crypto: CryptoPort): void {
  const rfcKey = rfcKeyOf(crypto);
  const sealed = sealRfcText(crypto).slice(3);
  const opened = crypto.open(rfcKey, { nonce, aad, sealed });
  assert.ok(opened);
  assert.equal(bytesToHex(opened), bytesToHex(rfcText));
  for (let bit = 0; bit < sealed.length * 8; bit += 7) {
    const bad = sealed.slice();
    bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(crypto.open(rfcKey, { nonce, aad, sealed: bad }), undefined);
  }
  assert.equal(crypto.open(rfcKey, { nonce: new Uint8Array(12), aad, sealed }), undefined);
  assert.equal(crypto.open(rfcKey, { nonce, aad: new Uint8Array(0), sealed }), undefined);
  for (const size of [0, 1, 15, 16, sealed.length - 1]) {
    const short = { nonce, aad, sealed: sealed.subarray(0, size) };
    assert.equal(crypto.open(rfcKey, short), undefined);
  }
}

function sealsNothing(crypto: CryptoPort): void {
  const rfcKey = rfcKeyOf(crypto);
  const out = new Uint8Array(16);
  crypto.seal(rfcKey, { nonce, aad, plaintext: new Uint8Array(0) }, out, 0);
  assert.equal(crypto.open(rfcKey, { nonce, aad, sealed: out })?.length, 0);
}

function hashes(crypto: CryptoPort): void {
  const abc = textToUtf8("abc");
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const oneShot = crypto.sha256(abc);
  assert.equal(bytesToHex(oneShot), expected);
  const steps = crypto.createSha256();
  steps.update(abc.subarray(0, 1));
  steps.update(abc.subarray(1));
  const digest = steps.digest();
  assert.equal(bytesToHex(digest), expected);
  // A subclass (Node's Buffer) would slice and print in other ways.
  for (const bytes of [oneShot, digest, crypto.randomBytes(4)])
    assert.equal(Object.getPrototypeOf(bytes), Uint8Array.prototype);
}

function derives(crypto: CryptoPort): void {
  const out = crypto.hkdfSha256(hex("0b".repeat(22)), {
    salt: hex("000102030405060708090a0b0c"),
    info: hex("f0f1f2f3f4f5f6f7f8f9"),
    sizeBytes: 42,
  });
  const expected =
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865";
  assert.equal(bytesToHex(out), expected);
}

function checks(crypto: CryptoPort): void {
  const digits = textToUtf8("123456789");
  assert.equal(crypto.crc32(digits), 0xcbf43926);
  const half = crypto.crc32(digits.subarray(0, 4));
  assert.equal(crypto.crc32(digits.subarray(4), half), 0xcbf43926);
}

function drawsRandom(crypto: CryptoPort): void {
  const seen = new Set<string>();
  for (let i = 0; i < 3000; i++) seen.add(bytesToHex(crypto.randomBytes(12)));
  assert.equal(seen.size, 3000);
  for (const size of [0, 1, 255, 256, 257, 100_000])
    assert.equal(crypto.randomBytes(size).length, size);
}

function keepsRandom(crypto: CryptoPort): void {
  const first = crypto.randomBytes(16);
  const before = bytesToHex(first);
  for (let i = 0; i < 2000; i++) crypto.randomBytes(16);
  assert.equal(bytesToHex(first), before);
}

function refusesKeys(crypto: CryptoPort): void {
  assert.throws(() => crypto.importKey(new Uint8Array(31)), RangeError);
}
