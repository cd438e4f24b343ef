/**
 * ChaCha20-Poly1305 (RFC 8439) for records of a few hundred bytes. There OpenSSL's set-up for each call
 * through Node costs several times what the bytes do; for large ones OpenSSL is the faster.
 *
 * No branch and no index depends on a secret: only additions, rotations, exclusive ors, and products of
 * numbers of one size. What was computed of keys stays in arrays of this module, and is overwritten
 * by the next call.
 *
 * Words are read as this machine has them: only for little-endian ones (`isSmallAeadHere`).
 */
import { aeadTagBytes } from "../core/ports.ts";
import { poly1305 } from "./poly1305.ts";

export const isSmallAeadHere = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Plaintext; beyond that OpenSSL takes less time. */
export const smallBytesMax = 1024;
const smallAadBytesMax = 256;
const blockBytes = 64;
const macBlockBytes = 16;

/** Additional data, ciphertext and their lengths, each padded: what the tag covers. */
const macBytes = new Uint8Array(smallAadBytesMax + smallBytesMax + macBlockBytes);
const macWords = new Int32Array(macBytes.buffer);
/** The key stream from block 0 on: first the key of the tag, then what the text is combined with. */
const streamWords = new Int32Array((blockBytes + smallBytesMax) / 4);
const tagWords = new Int32Array(aeadTagBytes / 4);
const tagBytes = new Uint8Array(tagWords.buffer);
const nonceWords = new Int32Array(3);
const nonceBytes = new Uint8Array(nonceWords.buffer);

/** A key as eight words. */
export type SmallKey = Int32Array;

export function toSmallKey(raw: Uint8Array): SmallKey {
  return new Int32Array(raw.slice().buffer);
}

export function isSmall(textBytes: number, aadBytes: number): boolean {
  return isSmallAeadHere && textBytes <= smallBytesMax && aadBytes <= smallAadBytesMax;
}

export interface SmallInput {
  readonly nonce: Uint8Array;
  readonly aad: Uint8Array;
}

/** The plaintext at the start of `out`, or undefined when the tag does not fit. `isSmall` holds. */
export function openSmall(
  key: SmallKey,
  input: SmallInput & { readonly sealed: Uint8Array },
  out: Uint8Array,
): Uint8Array | undefined {
  const { sealed } = input;
  const textBytes = sealed.length - aeadTagBytes;
  const aadEnd = padded(input.aad.length);
  macBytes.set(sealed, aadEnd);
  let difference = 0;
  makeKeyStream(key, input.nonce, textBytes);
  makeTag(input.aad, textBytes);
  for (let at = 0; at < aeadTagBytes; at++)
    difference |= (tagBytes[at] ?? 0) ^ (sealed[textBytes + at] ?? 0);
  if (difference !== 0) return undefined;
  combine(aadEnd >> 2, textBytes);
  out.set(macBytes.subarray(aadEnd, aadEnd + textBytes));
  return out.subarray(0, textBytes);
}

/** Writes ciphertext and tag into `out` at `outOffset`. `isSmall` holds. */
export function sealSmall(
  key: SmallKey,
  input: SmallInput,
  text: Uint8Array,
  out: Uint8Array,
  outOffset: number,
): void {
  const aadEnd = padded(input.aad.length);
  macBytes.set(text, aadEnd);
  makeKeyStream(key, input.nonce, text.length);
  combine(aadEnd >> 2, text.length);
  makeTag(input.aad, text.length);
  out.set(macBytes.subarray(aadEnd, aadEnd + text.length), outOffset);
  out.set(tagBytes, outOffset + text.length);
}

function padded(count: number): number {
  return (count + macBlockBytes - 1) & -macBlockBytes;
}

/** Combines the text at this word of `macWords` with the key stream; up to three bytes behind it change as well. */
function combine(word: number, textBytes: number): void {
  const first = blockBytes / 4;
  const count = (textBytes + 3) >> 2;
  for (let at = 0; at < count; at++)
    macWords[word + at] = (macWords[word + at] ?? 0) ^ (streamWords[first + at] ?? 0);
}

/** Of the additional data and the ciphertext, which is in `macBytes` behind the place of the other. */
function makeTag(aad: Uint8Array, textBytes: number): void {
  const aadEnd = padded(aad.length);
  const textEnd = aadEnd + textBytes;
  const end = aadEnd + padded(textBytes);
  macBytes.set(aad);
  for (let at = aad.length; at < aadEnd; at++) macBytes[at] = 0;
  for (let at = textEnd; at < end; at++) macBytes[at] = 0;
  const lengths = end >> 2;
  macWords[lengths] = aad.length;
  macWords[lengths + 1] = 0;
  macWords[lengths + 2] = textBytes;
  macWords[lengths + 3] = 0;
  poly1305(streamWords, macWords, lengths + 4, tagWords);
}

/** Block 0 and as many as the text needs, into `streamWords` (section 2.3; counters from 0). */
function makeKeyStream(key: SmallKey, nonce: Uint8Array, textBytes: number): void {
  nonceBytes.set(nonce);
  const [n0 = 0, n1 = 0, n2 = 0] = [nonceWords[0], nonceWords[1], nonceWords[2]];
  const k0 = key[0] ?? 0;
  const k1 = key[1] ?? 0;
  const k2 = key[2] ?? 0;
  const k3 = key[3] ?? 0;
  const k4 = key[4] ?? 0;
  const k5 = key[5] ?? 0;
  const k6 = key[6] ?? 0;
  const k7 = key[7] ?? 0;
  const blocks = 1 + Math.ceil(textBytes / blockBytes);
  for (let block = 0; block < blocks; block++) {
    let x0 = 0x61707865;
    let x1 = 0x3320646e;
    let x2 = 0x79622d32;
    let x3 = 0x6b206574;
    let x4 = k0;
    let x5 = k1;
    let x6 = k2;
    let x7 = k3;
    let x8 = k4;
    let x9 = k5;
    let x10 = k6;
    let x11 = k7;
    let x12 = block;
    let x13 = n0;
    let x14 = n1;
    let x15 = n2;
    for (let round = 0; round < 20; round += 2) {
      x0 = (x0 + x4) | 0;
      x12 = rotated(x12 ^ x0, 16);
      x8 = (x8 + x12) | 0;
      x4 = rotated(x4 ^ x8, 12);
      x0 = (x0 + x4) | 0;
      x12 = rotated(x12 ^ x0, 8);
      x8 = (x8 + x12) | 0;
      x4 = rotated(x4 ^ x8, 7);
      x1 = (x1 + x5) | 0;
      x13 = rotated(x13 ^ x1, 16);
      x9 = (x9 + x13) | 0;
      x5 = rotated(x5 ^ x9, 12);
      x1 = (x1 + x5) | 0;
      x13 = rotated(x13 ^ x1, 8);
      x9 = (x9 + x13) | 0;
      x5 = rotated(x5 ^ x9, 7);
      x2 = (x2 + x6) | 0;
      x14 = rotated(x14 ^ x2, 16);
      x10 = (x10 + x14) | 0;
      x6 = rotated(x6 ^ x10, 12);
      x2 = (x2 + x6) | 0;
      x14 = rotated(x14 ^ x2, 8);
      x10 = (x10 + x14) | 0;
      x6 = rotated(x6 ^ x10, 7);
      x3 = (x3 + x7) | 0;
      x15 = rotated(x15 ^ x3, 16);
      x11 = (x11 + x15) | 0;
      x7 = rotated(x7 ^ x11, 12);
      x3 = (x3 + x7) | 0;
      x15 = rotated(x15 ^ x3, 8);
      x11 = (x11 + x15) | 0;
      x7 = rotated(x7 ^ x11, 7);
      x0 = (x0 + x5) | 0;
      x15 = rotated(x15 ^ x0, 16);
      x10 = (x10 + x15) | 0;
      x5 = rotated(x5 ^ x10, 12);
      x0 = (x0 + x5) | 0;
      x15 = rotated(x15 ^ x0, 8);
      x10 = (x10 + x15) | 0;
      x5 = rotated(x5 ^ x10, 7);
      x1 = (x1 + x6) | 0;
      x12 = rotated(x12 ^ x1, 16);
      x11 = (x11 + x12) | 0;
      x6 = rotated(x6 ^ x11, 12);
      x1 = (x1 + x6) | 0;
      x12 = rotated(x12 ^ x1, 8);
      x11 = (x11 + x12) | 0;
      x6 = rotated(x6 ^ x11, 7);
      x2 = (x2 + x7) | 0;
      x13 = rotated(x13 ^ x2, 16);
      x8 = (x8 + x13) | 0;
      x7 = rotated(x7 ^ x8, 12);
      x2 = (x2 + x7) | 0;
      x13 = rotated(x13 ^ x2, 8);
      x8 = (x8 + x13) | 0;
      x7 = rotated(x7 ^ x8, 7);
      x3 = (x3 + x4) | 0;
      x14 = rotated(x14 ^ x3, 16);
      x9 = (x9 + x14) | 0;
      x4 = rotated(x4 ^ x9, 12);
      x3 = (x3 + x4) | 0;
      x14 = rotated(x14 ^ x3, 8);
      x9 = (x9 + x14) | 0;
      x4 = rotated(x4 ^ x9, 7);
    }
    const at = (block * blockBytes) / 4;
    streamWords[at + 0] = x0 + 0x61707865;
    streamWords[at + 1] = x1 + 0x3320646e;
    streamWords[at + 2] = x2 + 0x79622d32;
    streamWords[at + 3] = x3 + 0x6b206574;
    streamWords[at + 4] = x4 + k0;
    streamWords[at + 5] = x5 + k1;
    streamWords[at + 6] = x6 + k2;
    streamWords[at + 7] = x7 + k3;
    streamWords[at + 8] = x8 + k4;
    streamWords[at + 9] = x9 + k5;
    streamWords[at + 10] = x10 + k6;
    streamWords[at + 11] = x11 + k7;
    streamWords[at + 12] = x12 + block;
    streamWords[at + 13] = x13 + n0;
    streamWords[at + 14] = x14 + n1;
    streamWords[at + 15] = x15 + n2;
  }
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
