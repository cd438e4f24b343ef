/** Our UTF-8 against the runtime's own. Needs Node: QuickJS has no TextEncoder to compare with. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { textToUtf8, utf8ToText } from "./bytes.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeByRuntime(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

const anyUnit = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }),
  fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xfeff),
);
const anyText = fc.array(anyUnit, { maxLength: 20 }).map((units) => String.fromCharCode(...units));
/** Random bytes are nearly always refused at once: aim at leads, continuations and the limits. */
const anyByte = fc.oneof(
  fc.integer({ min: 0, max: 255 }),
  fc.constantFrom(0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4),
);
const anyBytes = fc.array(anyByte, { maxLength: 8 }).map((numbers) => Uint8Array.from(numbers));

describe("UTF-8 against TextEncoder and TextDecoder", () => {
  test("any text, lone surrogates included, gives the same bytes", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.deepEqual([...textToUtf8(text)], [...encoder.encode(text)]);
      }),
      { numRuns: 1000 },
    );
  });

  test("any bytes give the same text, or are refused by both", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyBytes, (bytes) => {
        const text = utf8ToText(bytes);
        assert.equal(text, decodeByRuntime(bytes));
        if (text !== undefined && bytes.length > 1) accepted++;
      }),
      { numRuns: 5000 },
    );
    assert.ok(accepted > 20, `only ${accepted} inputs were well-formed`);
  });

  test("every code point comes back", () => {
    for (let point = 0; point <= 0x10ffff; point += point < 0x1_0000 ? 1 : 97) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const text = String.fromCodePoint(point);
      const bytes = textToUtf8(text);
      assert.deepEqual(bytes, encoder.encode(text));
      assert.equal(utf8ToText(bytes), text);
    }
  });
});
