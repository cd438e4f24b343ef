import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter, textToUtf8 } from "../../bytes.ts";
import { codecMix, codecMixSmall, sizesOf } from "../codecs.ts";
import { kindDate, kindNumber, kindText, slotsMax, Splitter } from "./split.ts";
import { type Shape, Shapes, shapeTextMax } from "./shapes.ts";

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

function add(shapes: Shapes, text: string): Shape {
  const shape = shapes.add(descriptionOf(shapes, text).bytes);
  assert.ok(shape !== undefined, text);
  return shape;
}

function find(shapes: Shapes, text: string): number | undefined {
  const payload = textToUtf8(text);
  return shapes.find(payload, splitOf(payload))?.id;
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
    assert.deepEqual(first.text, textToUtf8('{"a":"","b":[,""]} '));
    assert.deepEqual([...first.pieceEnds], [6, 13, 15, 19]);
    assert.deepEqual([...first.kinds], [kindText, kindNumber, kindDate]);
    assert.deepEqual([first.id, first.firstSlot, shapes.count], [0, 0, 1]);
    const second = add(shapes, "[1]");
    assert.deepEqual([second.id, second.firstSlot, shapes.count], [1, 3, 2]);
    assert.equal(shapes.at(0), first);
    assert.equal(shapes.at(1), second);
    assert.equal(shapes.at(2), undefined);
  });

  test("is none with a marker of no kind, with more than 256 values, or more values than text", () => {
    const shapes = new Shapes(sizes);
    assert.equal(shapes.add(Uint8Array.of(0x5b, 0, 0x5d)), undefined);
    assert.ok(shapes.add(Uint8Array.of(0x5b, kindDate, 0x5d)) !== undefined);
    assert.equal(shapes.add(Uint8Array.of(0x5b, kindText, kindText)), undefined);
    assert.ok(shapes.add(Uint8Array.of(0x5b, kindText)) !== undefined);
    const list = (count: number): Uint8Array =>
      Uint8Array.from({ length: count * 2 }, (_, i) => (i % 2 === 0 ? 0x2c : kindNumber));
    assert.ok(shapes.add(list(slotsMax)) !== undefined);
    assert.equal(shapes.add(list(slotsMax + 1)), undefined);
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
      assert.equal(find(shapes, text), undefined, text);
  });

  test("says of each value in which field it stands: the last key before it", () => {
    const shapes = new Shapes(sizes);
    const fieldsOf = (text: string): readonly number[] => [...add(shapes, text).fields];
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
    for (let i = 0; i < sizes.shapes; i++) assert.equal(add(shapes, numbered(i)).id, i);
    assert.equal(find(shapes, numbered(0)), 0);
    const next = add(shapes, numbered(sizes.shapes));
    assert.deepEqual([next.id, next.firstSlot, shapes.count], [0, 0, 1]);
    assert.equal(find(shapes, numbered(1)), undefined);
    assert.equal(find(shapes, numbered(sizes.shapes)), 0);
  });

  test("are forgotten when their texts would be too long together", () => {
    const shapes = new Shapes(sizes);
    const long = (i: number): string => `{"k${String(i).padStart(3, "0")}":${" ".repeat(4000)}1}`;
    const room = Math.floor(sizes.shapeBytes / (4000 + '{"k000":}'.length));
    for (let i = 0; i < room; i++) assert.equal(add(shapes, long(i)).id, i);
    assert.equal(add(shapes, long(room)).id, 0);
  });

  test("are forgotten when there are no slots left", () => {
    const shapes = new Shapes(sizes);
    const wide = (i: number): string =>
      `{"k${i}":[${Array.from({ length: 256 }, () => "1").join()}]}`;
    const room = sizes.slotIds / 256;
    for (let i = 0; i < room; i++) assert.equal(add(shapes, wide(i)).firstSlot, i * 256);
    assert.equal(shapes.count, room);
    assert.equal(add(shapes, "[1]").id, 0);
    assert.ok(sizesOf(codecMix).slotIds > sizes.slotIds);
  });
});
