import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  bytesToHex,
  hexToBytes,
  textToUtf8,
  utf8ToText,
  varintBytesMax,
  varintSize,
} from "./bytes.ts";

const edges = [
  0,
  1,
  0x7f,
  0x80,
  0x3fff,
  0x4000,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 48 - 1,
  2 ** 48,
  2 ** 52,
  Number.MAX_SAFE_INTEGER - 1,
  Number.MAX_SAFE_INTEGER,
];
const anyInteger = fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat());

function written(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter(0);
  write(writer);
  return writer.take();
}

function reader(hex: string): ByteReader {
  return new ByteReader(hexToBytes(hex) ?? new Uint8Array(0));
}

describe("varints", () => {
  test("have the documented bytes", () => {
    const hex = (value: number): string => bytesToHex(written((writer) => writer.varint(value)));
    assert.equal(hex(0), "00");
    assert.equal(hex(127), "7f");
    assert.equal(hex(128), "8001");
    assert.equal(hex(300), "ac02");
    assert.equal(hex(2 ** 32), "8080808010");
    assert.equal(hex(Number.MAX_SAFE_INTEGER), "ffffffffffffff0f");
  });

  test("come back exactly, in as many bytes as promised", () => {
    fc.assert(
      fc.property(anyInteger, (value) => {
        const bytes = written((writer) => writer.varint(value));
        assert.equal(bytes.length, varintSize(value));
        assert.ok(bytes.length <= varintBytesMax);
        const back = new ByteReader(bytes);
        assert.equal(back.varint(), value);
        assert.equal(back.finished, true);
      }),
      { examples: edges.map((value) => [value]) },
    );
  });

  test("with a sign come back exactly up to 2^52", () => {
    const anySigned = fc.integer({ min: -(2 ** 52) + 1, max: 2 ** 52 - 1 });
    fc.assert(
      fc.property(anySigned, (value) => {
        const back = new ByteReader(written((writer) => writer.signedVarint(value)));
        assert.equal(back.signedVarint(), value);
        assert.equal(back.finished, true);
      }),
      { examples: [[0], [-1], [2 ** 31], [-(2 ** 31)], [-(2 ** 52) + 1], [2 ** 52 - 1]] },
    );
  });

  test("are refused in any but the shortest form, beyond 2^53-1, and without an end", () => {
    for (const hex of [
      "8000",
      "ff8000",
      "ffffffffffffff10",
      "ffffffffffffffff01",
      "8080808080808080",
      "80",
      "",
    ]) {
      const input = reader(hex);
      assert.equal(input.varint(), 0, hex);
      assert.equal(input.failed, true, hex);
    }
  });
});

describe("fixed-width integers", () => {
  test("are big-endian", () => {
    const bytes = written((writer) => {
      writer.u8(1);
      writer.u16(0x0203);
      writer.u32(0x04050607);
      writer.u48(0x08090a0b0c0d);
    });
    assert.equal(bytesToHex(bytes), "0102030405060708090a0b0c0d");
  });

  test("come back exactly at every edge that fits", () => {
    for (const value of edges) {
      const bytes = written((writer) => {
        if (value < 2 ** 16) writer.u16(value);
        if (value < 2 ** 32) writer.u32(value);
        if (value < 2 ** 48) writer.u48(value);
      });
      const back = new ByteReader(bytes);
      if (value < 2 ** 16) assert.equal(back.u16(), value);
      if (value < 2 ** 32) assert.equal(back.u32(), value);
      if (value < 2 ** 48) assert.equal(back.u48(), value);
      assert.equal(back.finished, true);
    }
  });
});

describe("ByteWriter", () => {
  test("grows over any number of writes, and starts again after clear", () => {
    const writer = new ByteWriter(1);
    for (let i = 0; i < 5000; i++) writer.u8(i);
    assert.equal(writer.length, 5000);
    assert.ok(writer.view().every((byte, at) => byte === (at & 255)));
    const kept = writer.take();
    writer.clear();
    writer.u8(77);
    assert.deepEqual(writer.take(), Uint8Array.of(77));
    assert.equal(kept[0], 0, "what take gave is not written to again");
  });

  test("keeps what was written around a reserved place", () => {
    const writer = new ByteWriter(2);
    writer.u8(9);
    assert.equal(writer.reserve(3), 1);
    writer.bytes(new Uint8Array(40).fill(5));
    assert.equal(writer.length, 44);
    assert.equal(writer.view()[0], 9);
    assert.equal(writer.view()[43], 5);
  });
});

describe("ByteReader", () => {
  test("turns whatever is cut short into a failure that stays, wherever the cut is", () => {
    const whole = written((writer) => {
      writer.u8(1);
      writer.u16(2);
      writer.u32(3);
      writer.u48(4);
      writer.varint(2 ** 40);
      writer.signedVarint(-5000);
      writer.text("grüße");
      writer.sized(Uint8Array.of(1, 2, 3));
    });
    const readAll = (input: ByteReader): void => {
      input.u8();
      input.u16();
      input.u32();
      input.u48();
      input.varint();
      input.signedVarint();
      input.text(100);
      input.sized(100);
    };
    const complete = new ByteReader(whole);
    readAll(complete);
    assert.equal(complete.finished, true);
    for (let size = 0; size < whole.length; size++) {
      const cut = new ByteReader(whole.slice(0, size));
      readAll(cut);
      assert.equal(cut.failed, true, `${size} bytes`);
      assert.equal(cut.finished, false);
      assert.equal(cut.remaining, 0);
      assert.equal(cut.u32(), 0);
    }
  });

  test("reads a window of a larger array, also one with an offset of its own", () => {
    const backing = new Uint8Array(20).map((_, at) => at);
    const input = new ByteReader(backing.subarray(4, 12), 2, 6);
    assert.equal(input.u16(), 0x0607);
    assert.equal(input.offset, 4);
    assert.equal(input.remaining, 2);
    assert.deepEqual(input.bytes(2), Uint8Array.of(8, 9));
    assert.equal(input.finished, true);
    input.u8();
    assert.equal(input.failed, true);
  });

  test("refuses a length above the limit before it looks at the bytes", () => {
    const tooLong = reader("04aabbccdd");
    assert.equal(tooLong.sized(3).length, 0);
    assert.equal(tooLong.failed, true);
    const huge = reader("ffffffffffffff0faa");
    assert.equal(huge.sized(Number.MAX_SAFE_INTEGER).length, 0);
    assert.equal(huge.failed, true);
  });

  test("refuses text that is not UTF-8", () => {
    const input = reader("02c328");
    assert.equal(input.text(10), "");
    assert.equal(input.failed, true);
  });

  test("is total: any reads of any bytes stay inside them", () => {
    const reads = fc.array(fc.constantFrom("u8", "u16", "u32", "u48", "varint", "text", "sized"), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), reads, (bytes, kinds) => {
        const input = new ByteReader(bytes);
        let isFailed = false;
        for (const kind of kinds) {
          if (kind === "text") input.text(16);
          else if (kind === "sized") assert.ok(input.sized(16).length <= 16);
          else if (kind === "u8") input.u8();
          else if (kind === "u16") input.u16();
          else if (kind === "u32") input.u32();
          else if (kind === "u48") input.u48();
          else assert.ok(Number.isSafeInteger(input.varint()));
          assert.ok(input.remaining >= 0);
          assert.ok(!isFailed || input.failed, "a failure stays");
          isFailed = input.failed;
        }
      }),
    );
  });
});

describe("UTF-8", () => {
  test("comes back for every kind of character", () => {
    for (const text of ["", "a", "\0", "ß", "\u07ff\u0800", "€", "\uffff", "𐍈", "\u{10ffff}"]) {
      assert.equal(utf8ToText(textToUtf8(text)), text);
    }
    assert.equal(bytesToHex(textToUtf8("aß€𐍈")), "61c39fe282acf0908d88");
  });

  test("turns a lone surrogate into U+FFFD", () => {
    assert.equal(bytesToHex(textToUtf8("a\ud800b")), "61efbfbd62");
    assert.equal(bytesToHex(textToUtf8("\udc00")), "efbfbd");
  });

  test("refuses overlong forms, surrogates, bytes beyond U+10FFFF and cut characters", () => {
    for (const hex of [
      "80",
      "c080",
      "c1bf",
      "c3",
      "e0809f",
      "e08080",
      "eda080",
      "edbfbf",
      "f0808080",
      "f4908080",
      "f5808080",
      "ff",
      "e282",
      "f09f92",
      "61c3",
    ]) {
      assert.equal(utf8ToText(hexToBytes(hex) ?? new Uint8Array(0)), undefined, hex);
    }
  });
});

describe("hex", () => {
  test("comes back, and takes capitals", () => {
    const bytes = Uint8Array.of(0, 1, 0x7f, 0x80, 0xff);
    assert.equal(bytesToHex(bytes), "00017f80ff");
    assert.deepEqual(hexToBytes("00017F80ff"), bytes);
    assert.deepEqual(hexToBytes(""), new Uint8Array(0));
  });

  test("refuses odd lengths and other characters", () => {
    for (const text of ["0", "0g", "0x", " 0", "00 "]) assert.equal(hexToBytes(text), undefined);
  });

  test("bytesEqual compares length and content", () => {
    assert.equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true);
    assert.equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false);
    assert.equal(bytesEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)), false);
  });
});
