import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter, varintBytesMax } from "../bytes.ts";
import { FrameReader } from "./frame-reader.ts";
import { frameBytesMax } from "./wire-limits.ts";

describe("FrameReader", () => {
  const lengthed = (length: number): FrameReader => {
    const writer = new ByteWriter();
    writer.varint(length);
    const reader = new FrameReader();
    reader.append(writer.take());
    return reader;
  };

  test("takes a frame of 64 KiB and refuses one byte more", () => {
    assert.equal(lengthed(frameBytesMax + 1).next().kind, "problem");
    const reader = lengthed(frameBytesMax);
    assert.equal(reader.next().kind, "incomplete");
    reader.append(new Uint8Array(frameBytesMax).fill(3));
    const found = reader.next();
    assert.ok(found.kind === "frame");
    assert.deepEqual(found.bytes, new Uint8Array(frameBytesMax).fill(3));
    assert.equal(reader.bufferedBytes, 0);
  });

  test("refuses a length that is not in shortest form, or has no end", () => {
    for (const bytes of [[0x81, 0], Array<number>(varintBytesMax).fill(0x80)]) {
      const reader = new FrameReader();
      reader.append(Uint8Array.from(bytes));
      assert.equal(reader.next().kind, "problem", JSON.stringify(bytes));
    }
    const reader = new FrameReader();
    reader.append(new Uint8Array(varintBytesMax - 1).fill(0x80));
    assert.equal(reader.next().kind, "incomplete");
  });

  test("keeps what came with a frame, however often its memory moves", () => {
    const reader = new FrameReader();
    const frame = (size: number): Uint8Array => {
      const writer = new ByteWriter();
      writer.sized(new Uint8Array(size).fill(size & 0xff));
      return writer.take();
    };
    let waiting = 0;
    for (let size = 1; size < 900; size += 7) {
      reader.append(frame(size));
      reader.append(frame(size + 1).subarray(0, 1 + (size & 3)));
      const found = reader.next();
      assert.ok(found.kind === "frame");
      assert.deepEqual(found.bytes, new Uint8Array(size).fill(size & 0xff));
      waiting = 1 + (size & 3);
      assert.equal(reader.bufferedBytes, waiting);
      reader.append(frame(size + 1).subarray(waiting));
      const next = reader.next();
      assert.ok(next.kind === "frame");
      assert.deepEqual(next.bytes, new Uint8Array(size + 1).fill((size + 1) & 0xff));
      assert.equal(reader.bufferedBytes, 0);
    }
  });
});
