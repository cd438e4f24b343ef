/**
 * Poly1305 (RFC 8439, section 2.5) for short messages of whole blocks.
 *
 * Numbers are six limbs of 22 bits: a sum of six products, of which some count twentyfold (2^132 is
 * 20 modulo 2^130 - 5), stays below 2^52, and a double holds it exactly. No branch and no index depends
 * on key or message.
 */

const limb = 2 ** 22;
const limbMask = limb - 1;
const perLimb = 1 / limb;
const limbs = 6;
const sumLimbs = new Int32Array(limbs);

/**
 * The first four words of `key` multiply, the next four are added at the end. Of `message` the first
 * `words` count, a multiple of four.
 */
export function poly1305(
  key: Int32Array,
  message: Int32Array,
  words: number,
  tag: Int32Array,
): void {
  const t0 = key[0] ?? 0;
  const t1 = key[1] ?? 0;
  const t2 = key[2] ?? 0;
  const t3 = key[3] ?? 0;
  const c0 = t0 & 0x0fffffff;
  const c1 = t1 & 0x0ffffffc;
  const c2 = t2 & 0x0ffffffc;
  const c3 = t3 & 0x0ffffffc;
  const r0 = c0 & limbMask;
  const r1 = (c0 >>> 22) | ((c1 & 0xfff) << 10);
  const r2 = (c1 >>> 12) | ((c2 & 3) << 20);
  const r3 = (c2 >>> 2) & limbMask;
  const r4 = (c2 >>> 24) | ((c3 & 0x3fff) << 8);
  const r5 = c3 >>> 14;
  const s1 = 20 * r1;
  const s2 = 20 * r2;
  const s3 = 20 * r3;
  const s4 = 20 * r4;
  const s5 = 20 * r5;
  let h0 = 0;
  let h1 = 0;
  let h2 = 0;
  let h3 = 0;
  let h4 = 0;
  let h5 = 0;
  for (let at = 0; at < words; at += 4) {
    const w0 = message[at] ?? 0;
    const w1 = message[at + 1] ?? 0;
    const w2 = message[at + 2] ?? 0;
    const w3 = message[at + 3] ?? 0;
    h0 += w0 & limbMask;
    h1 += (w0 >>> 22) | ((w1 & 0xfff) << 10);
    h2 += (w1 >>> 12) | ((w2 & 3) << 20);
    h3 += (w2 >>> 2) & limbMask;
    h4 += (w2 >>> 24) | ((w3 & 0x3fff) << 8);
    h5 += (w3 >>> 14) | (1 << 18);
    const d0 = h0 * r0 + h1 * s5 + h2 * s4 + h3 * s3 + h4 * s2 + h5 * s1;
    const d1 = h0 * r1 + h1 * r0 + h2 * s5 + h3 * s4 + h4 * s3 + h5 * s2;
    const d2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s5 + h4 * s4 + h5 * s3;
    const d3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s5 + h5 * s4;
    const d4 = h0 * r4 + h1 * r3 + h2 * r2 + h3 * r1 + h4 * r0 + h5 * s5;
    const d5 = h0 * r5 + h1 * r4 + h2 * r3 + h3 * r2 + h4 * r1 + h5 * r0;
    // All carries at once, twice: a limb is then below 2^22 + 2^13.
    const u0 = Math.floor(d0 * perLimb);
    const u1 = Math.floor(d1 * perLimb);
    const u2 = Math.floor(d2 * perLimb);
    const u3 = Math.floor(d3 * perLimb);
    const u4 = Math.floor(d4 * perLimb);
    const u5 = Math.floor(d5 * perLimb);
    const e0 = d0 - u0 * limb + 20 * u5;
    const e1 = d1 - u1 * limb + u0;
    const e2 = d2 - u2 * limb + u1;
    const e3 = d3 - u3 * limb + u2;
    const e4 = d4 - u4 * limb + u3;
    const e5 = d5 - u5 * limb + u4;
    const v0 = Math.floor(e0 * perLimb);
    const v1 = Math.floor(e1 * perLimb);
    const v2 = Math.floor(e2 * perLimb);
    const v3 = Math.floor(e3 * perLimb);
    const v4 = Math.floor(e4 * perLimb);
    const v5 = Math.floor(e5 * perLimb);
    h0 = e0 - v0 * limb + 20 * v5;
    h1 = e1 - v1 * limb + v0;
    h2 = e2 - v2 * limb + v1;
    h3 = e3 - v3 * limb + v2;
    h4 = e4 - v4 * limb + v3;
    h5 = e5 - v5 * limb + v4;
  }
  sumLimbs.set([h0, h1, h2, h3, h4, h5]);
  finish(key, tag);
}

/** The sum in `sumLimbs` modulo 2^130 - 5, plus the second half of the key, modulo 2^128. */
function finish(key: Int32Array, tag: Int32Array): void {
  addTo0(5 * carry());
  addTo0(5 * carry());
  // Less the modulus, when that is not below zero: what 5 more carries out of bit 130.
  let over = 5;
  for (let at = 0; at < limbs; at++) over = ((sumLimbs[at] ?? 0) + over) >>> limbBits(at);
  addTo0(5 * over);
  carry();
  const [h0 = 0, h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0] = sumLimbs;
  let sum = word(h0 | (h1 << 22), key[4]);
  tag[0] = sum;
  sum = word((h1 >>> 10) | (h2 << 12), key[5]) + Math.floor(sum / 2 ** 32);
  tag[1] = sum;
  sum = word((h2 >>> 20) | (h3 << 2) | (h4 << 24), key[6]) + Math.floor(sum / 2 ** 32);
  tag[2] = sum;
  sum = word((h4 >>> 8) | (h5 << 14), key[7]) + Math.floor(sum / 2 ** 32);
  tag[3] = sum;
}

/** Each limb to its own size; what goes beyond bit 130, which counts fivefold at the other end. */
function carry(): number {
  let over = 0;
  for (let at = 0; at < limbs; at++) {
    const value = (sumLimbs[at] ?? 0) + over;
    const bits = limbBits(at);
    over = value >>> bits;
    sumLimbs[at] = value & ((1 << bits) - 1);
  }
  return over;
}

function addTo0(value: number): void {
  sumLimbs[0] = (sumLimbs[0] ?? 0) + value;
}

function limbBits(at: number): number {
  return at === limbs - 1 ? 20 : 22;
}

/** A word of the sum and one of the key's second half; may be over 2^32. */
function word(value: number, added = 0): number {
  return (value >>> 0) + (added >>> 0);
}
