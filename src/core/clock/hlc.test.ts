import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { bytesToHex } from "../bytes.ts";
import {
  compareHlc,
  decodeHlc,
  encodeHlc,
  type Hlc,
  hlcBytes,
  hlcCounterMax,
  hlcToText,
  textToHlc,
} from "./hlc.ts";

const msEdges = [0, 1, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 47, 2 ** 48 - 1];
const counterEdges = [0, 1, 255, 256, 0x7fff, 0x8000, hlcCounterMax];

const anyHlc: fc.Arbitrary<Hlc> = fc.record({
  ms: fc.oneof(fc.constantFrom(...msEdges), fc.integer({ min: 0, max: 2 ** 48 - 1 })),
  counter: fc.oneof(fc.constantFrom(...counterEdges), fc.integer({ min: 0, max: hlcCounterMax })),
});

function encoded(hlc: Hlc): Uint8Array {
  const out = new Uint8Array(hlcBytes);
  encodeHlc(hlc, out);
  return out;
}

describe("HLC encoding", () => {
  test("has the documented bytes", () => {
    const hlc = { ms: 0x0123_4567_89ab, counter: 0xcdef };
    assert.equal(bytesToHex(encoded(hlc)), "0123456789abcdef");
    assert.equal(hlcToText(hlc), "0123456789abcdef");
  });

  test("comes back exactly at every 31-, 32- and 48-bit edge", () => {
    for (const ms of msEdges) {
      for (const counter of counterEdges) {
        assert.deepEqual(decodeHlc(encoded({ ms, counter })), { ms, counter });
        assert.deepEqual(textToHlc(hlcToText({ ms, counter })), { ms, counter });
      }
    }
  });

  test("writes at its offset and touches nothing else", () => {
    const out = new Uint8Array(12).fill(0xee);
    encodeHlc({ ms: 1, counter: 2 }, out, 2);
    assert.equal(bytesToHex(out), "eeee0000000000010002eeee");
    assert.deepEqual(decodeHlc(out, 2), { ms: 1, counter: 2 });
  });

  test("sorts as bytes and as text exactly as it sorts as values", () => {
    fc.assert(
      fc.property(anyHlc, anyHlc, (a, b) => {
        const expected = Math.sign(compareHlc(a, b));
        const left = hlcToText(a);
        const right = hlcToText(b);
        assert.equal(left < right ? -1 : left > right ? 1 : 0, expected);
        const x = encoded(a);
        const y = encoded(b);
        const at = x.findIndex((byte, i) => byte !== y[i]);
        assert.equal(at < 0 ? 0 : Math.sign((x[at] ?? 0) - (y[at] ?? 0)), expected);
      }),
    );
  });

  test("refuses what is too short or was never written by it", () => {
    assert.equal(decodeHlc(new Uint8Array(7)), undefined);
    assert.equal(decodeHlc(new Uint8Array(9), 2), undefined);
    assert.equal(decodeHlc(new Uint8Array(9), -1), undefined);
    for (const text of [
      "",
      "0123456789abcde",
      "0123456789abcdef0",
      "0123456789ABCDEF",
      "0x23456789abcdef",
    ]) {
      assert.equal(textToHlc(text), undefined, text);
    }
  });
});
