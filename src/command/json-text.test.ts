import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSeededRandom } from "../testing/seeded-random.ts";
import { scanJson } from "./json-text.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Pieces that JSON and what is nearly JSON are made of. */
const pieces = [
  ..."{}[],:\"'\\ \t\n\r\u00a0\ufeff\u2028\0\u001f\u007f+-.0123e",
  ...["true", "false", "null", "nul", "NaN", "01", "-0", "1.5e-3", "1e", ".5", "5.", "-", "0x1"],
  ...[
    '"a"',
    '"\\u00e4"',
    '"\\u00g4"',
    '"\\x"',
    '"\\ud800"',
    '"\\u12"',
    '"a\\',
    "{}",
    "[]",
    '"k":',
    "/*c*/",
  ],
];

describe("JSON that is read and not built", () => {
  it("takes what JSON.parse takes, and nothing else", () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
    const random = createSeededRandom(seed);
    let taken = 0;
    for (let n = 0; n < 60_000; n++) {
      const bytes = random.bytes(1 + (n % 9));
      const text = Array.from(bytes, (byte) => pieces[byte % pieces.length]).join("");
      const wrapped = n % 3 === 0 ? `[${text}]` : n % 3 === 1 ? `{"k":${text}}` : text;
      const expected = parses(wrapped);
      if (expected) taken++;
      assert.equal(scanJson(wrapped), expected, `${JSON.stringify(wrapped)} (FUZZ_SEED=${seed})`);
    }
    assert.ok(taken > 500, `only ${taken} were JSON`);
  });

  it("takes any length and depth", () => {
    const deep = 3_000_000;
    assert.equal(scanJson("[".repeat(deep) + "]".repeat(deep)), true);
    assert.equal(scanJson("[".repeat(deep) + "]".repeat(deep - 1)), false);
    assert.equal(scanJson(`{"a":${'{"a":'.repeat(deep)}1${"}".repeat(deep)}}`), true);
    assert.equal(scanJson(`[${"{},".repeat(deep)}{}]`), true);
    assert.equal(scanJson(`"${"x".repeat(deep)}"`), true);
    assert.equal(scanJson(`${" ".repeat(deep)}1`), true);
    assert.equal(scanJson("1".repeat(deep)), true);
  });
});
