import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter, textToUtf8 } from "../../bytes.ts";
import { codecMix, codecMixSmall, sizesOf } from "../codecs.ts";
import { kindDate, kindNumber, kindText, slotsMax, Splitter } from "./split.ts";
import { Shapes, shapeTextMax } from "./shapes.ts";

const sizes = sizesOf(codecMixSmall);

function splitOf(payload: Uint8Array): Splitter {
  const splitter = new Splitter();
  assert.ok(splitter.split(payload));
  return splitter;
}

function descriptionOf(
  shapes: Shapes,
  text: string,
): { readonly fits: boolean; bytes: Uint8Array } {
  const payload = textToUtf8(text);
  const out = new ByteWriter();
  const fits = shapes.describe(out, payload, splitOf(payload));
  return { fits, bytes: out.take() };
}

function add(shapes: Shapes, text: string): number {
  const id = shapes.add(descriptionOf(shapes, text).bytes);
  assert.ok(id >= 0, text);
  return id;
}

function find(shapes: Shapes, text: string): number {
  const payload = textToUtf8(text);
  return shapes.find(payload, splitOf(payload));
}

/** What a table has for the slots of a shape. */
function ofSlots(shapes: Shapes, id: number, table: ArrayLike<number>): readonly number[] {
  return Array.from(table).slice(shapes.firstSlot(id), shapes.endSlot(id));
}

describe("a description", () => {
  test("is the payload with each value's kind in its place", () => {
    const shapes = new Shapes(sizes);
    assert.deepEqual(
      descriptionOf(shapes, '{"a":"x","b":[12,"2026-01-05"]} ').bytes,
      textToUtf8(
        `{"a":"${String.fromCharCode(kindText)}","b":[${String.fromCharCode(kindNumber)},"${String.fromCharCode(kindDate)}"]} `,
      ),
    );
  });

  test("fits up to 8 KiB", () => {
    const shapes = new Shapes(sizes);
    const payload = (size: number): string => `[${" ".repeat(size - 3)}1]`;
    assert.equal(descriptionOf(shapes, payload(shapeTextMax)).fits, true);
    assert.equal(descriptionOf(shapes, payload(shapeTextMax + 1)).fits, false);
  });

  test("becomes a shape: pieces, kinds, and slots of its own", () => {
    const shapes = new Shapes(sizes);
    const first = add(shapes, '{"a":"x","b":[12,"2026-01-05"]} ');
    const pieces = [0, 1, 2].map((slot) => shapes.pieceBefore(first, slot));
    assert.deepEqual(
      [...pieces, shapes.lastPiece(first)],
      ['{"a":"', '","b":[', ',"', '"]} '].map(textToUtf8),
    );
    assert.deepEqual(ofSlots(shapes, first, shapes.kinds), [kindText, kindNumber, kindDate]);
    assert.deepEqual([first, shapes.firstSlot(first), shapes.count], [0, 0, 1]);
    const second = add(shapes, "[1]");
    assert.deepEqual([second, shapes.firstSlot(second), shapes.count], [1, 3, 2]);
    assert.deepEqual(
      [shapes.pieceBefore(second, 3), shapes.lastPiece(second)],
      [textToUtf8("["), textToUtf8("]")],
    );
  });

  test("is none with a marker of no kind, with more than 256 values, or more values than text", () => {
    const shapes = new Shapes(sizes);
    assert.equal(shapes.add(Uint8Array.of(0x5b, 0, 0x5d)), -1);
    assert.ok(shapes.add(Uint8Array.of(0x5b, kindDate, 0x5d)) >= 0);
    assert.equal(shapes.add(Uint8Array.of(0x5b, kindText, kindText)), -1);
    assert.ok(shapes.add(Uint8Array.of(0x5b, kindText)) >= 0);
    const list = (count: number): Uint8Array =>
      Uint8Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0x2c : kindNumber));
    assert.ok(shapes.add(list(slotsMax)) >= 0);
    assert.equal(shapes.add(list(slotsMax + 1)), -1);
    assert.equal(shapes.count, 3);
  });
});

describe("a shape", () => {
  test("is found for payloads that differ in their values only", () => {
    const shapes = new Shapes(sizes);
    add(shapes, '{"other":1}');
    add(shapes, '{"a":"x","b":1}');
    assert.equal(find(shapes, '{"a":"long text","b":-10.5}'), 1);
    assert.equal(find(shapes, '{"a":"","b":0}'), 1);
    for (const text of [
      '{"a":"x","b":1} ',
      '{"a":"x","c":1}',
      '{"a":"x","b":true}',
      '{"a":1,"b":1}',
      '{"a":"x"}',
      '{"a":"x","b":1,"c":1}',
      '{"a":"x", "b":1}',
    ])
      assert.equal(find(shapes, text), -1, text);
  });

  test("says of each value in which field it stands: the last key before it", () => {
    const shapes = new Shapes(sizes);
    const fieldsOf = (text: string): readonly number[] =>
      ofSlots(shapes, add(shapes, text), shapes.fields);
    const [a = -1, b = -1, inList = -1] = fieldsOf('{"a":1,"b":[2,3]}');
    assert.notEqual(a, b);
    assert.equal(b, inList);
    assert.deepEqual(fieldsOf('{"b":1,"a":"x"}'), [b, a]);
    assert.deepEqual(fieldsOf('{"x":{"b" \n: 1}, "a"\t:\t"x"}'), [b, a]);
    assert.deepEqual(fieldsOf("[1,2]"), [0, 0]);
    // A colon without a key before it names none.
    assert.deepEqual(fieldsOf("[:1]"), [0]);
    const [longer = -1] = fieldsOf('{"ab":1}');
    assert.ok(longer !== a && longer !== b);
  });
});

describe("shapes", () => {
  const numbered = (i: number): string => `{"k${i}":1}`;

  test("are all forgotten when one more would be too many", () => {
    const shapes = new Shapes(sizes);
    for (let i = 0; i < sizes.shapes; i++) assert.equal(add(shapes, numbered(i)), i);
    assert.equal(find(shapes, numbered(0)), 0);
    const next = add(shapes, numbered(sizes.shapes));
    assert.deepEqual([next, shapes.firstSlot(next), shapes.count], [0, 0, 1]);
    assert.equal(find(shapes, numbered(1)), -1);
    assert.equal(find(shapes, numbered(sizes.shapes)), 0);
  });

  test("are forgotten when their texts would be too long together", () => {
    const shapes = new Shapes(sizes);
    const long = (i: number): string => `{"k${String(i).padStart(3, "0")}":${" ".repeat(4000)}1}`;
    const room = Math.floor(sizes.shapeBytes / (4000 + '{"k000":}'.length));
    for (let i = 0; i < room; i++) assert.equal(add(shapes, long(i)), i);
    assert.equal(add(shapes, long(room)), 0);
  });

  test("are forgotten when there are no slots left", () => {
    const shapes = new Shapes(sizes);
    const wide = (i: number): string =>
      `{"k${i}":[${Array.from({ length: 256 }, () => "1").join()}]}`;
    const room = sizes.slotIds / 256;
    for (let i = 0; i < room; i++) assert.equal(shapes.firstSlot(add(shapes, wide(i))), i * 256);
    assert.equal(shapes.count, room);
    assert.equal(add(shapes, "[1]"), 0);
    assert.ok(sizesOf(codecMix).slotIds > sizes.slotIds);
  });
});
