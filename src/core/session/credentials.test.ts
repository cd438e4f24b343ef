import assert from "node:assert/strict";
import { test } from "node:test";
import { serialBytes, toSerial } from "./credentials.ts";

test("a serial number is positive and has all its bytes, whatever was drawn", () => {
  for (const byte of [0x00, 0x3f, 0x40, 0x7f, 0x80, 0xff]) {
    const random = new Uint8Array(serialBytes).fill(byte);
    const serial = toSerial(random);
    const first = serial[0] ?? 0;
    assert.equal(serial.length, serialBytes);
    assert.ok(first > 0 && first < 0x80, `${byte} gave ${first}`);
    assert.deepEqual(serial.slice(1), random.slice(1), "the rest is as it was drawn");
    assert.equal(random[0], byte, "what was drawn stays as it was");
  }
});
