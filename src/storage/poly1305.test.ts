/** The vectors of RFC 8439, appendix A.3, that test reduction and carries; random keys never would. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isSmallAeadHere } from "./small-aead.ts";
import { poly1305 } from "./poly1305.ts";

interface Vector {
  readonly name: string;
  readonly r: string;
  readonly s: string;
  readonly message: string;
  readonly tag: string;
}

const ff = "ff".repeat(16);
const none = "00".repeat(16);
const wide = `e33594d7505e43b9${"00".repeat(8)}3394d7505e4379cd01${"00".repeat(7)}`;

const vectors: readonly Vector[] = [
  {
    name: "a key of zeros",
    r: none,
    s: none,
    message: none.repeat(4),
    tag: none,
  },
  {
    name: "reduction where the sum is 2^130 - 5 or more",
    r: `02${"00".repeat(15)}`,
    s: none,
    message: ff,
    tag: `03${"00".repeat(15)}`,
  },
  {
    name: "the addition of s wraps",
    r: `02${"00".repeat(15)}`,
    s: ff,
    message: `02${"00".repeat(15)}`,
    tag: `03${"00".repeat(15)}`,
  },
  {
    name: "limbs of ones",
    r: `01${"00".repeat(15)}`,
    s: none,
    message: `${ff}f0${"ff".repeat(15)}11${"00".repeat(15)}`,
    tag: `05${"00".repeat(15)}`,
  },
  {
    name: "2^130 - 5 itself",
    r: `01${"00".repeat(15)}`,
    s: none,
    message: `${ff}fb${"fe".repeat(15)}${"01".repeat(16)}`,
    tag: none,
  },
  {
    name: "one less than the modulus",
    r: `02${"00".repeat(15)}`,
    s: none,
    message: `fd${"ff".repeat(15)}`,
    tag: `fa${"ff".repeat(15)}`,
  },
  {
    name: "reduction of a wide product, four blocks",
    r: `01${"00".repeat(7)}04${"00".repeat(7)}`,
    s: none,
    message: `${wide}${"00".repeat(16)}01${"00".repeat(15)}`,
    tag: `14${"00".repeat(7)}55${"00".repeat(7)}`,
  },
  {
    name: "the same, three blocks",
    r: `01${"00".repeat(7)}04${"00".repeat(7)}`,
    s: none,
    message: `${wide}${"00".repeat(16)}`,
    tag: `13${"00".repeat(15)}`,
  },
];

for (const { name, r, s, message, tag } of vectors)
  test(`Poly1305 gives RFC 8439's tag for ${name}`, { skip: !isSmallAeadHere }, () => {
    const out = new Int32Array(4);
    const words = wordsOf(message);
    poly1305(wordsOf(r + s), words, words.length, out);
    assert.equal(Buffer.from(out.buffer).toString("hex"), tag);
  });

function wordsOf(hex: string): Int32Array {
  const bytes = Uint8Array.from(Buffer.from(hex, "hex"));
  assert.equal(bytes.length % 16, 0);
  return new Int32Array(bytes.buffer);
}
