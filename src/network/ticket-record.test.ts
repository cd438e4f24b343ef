import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ticketRecordSize } from "./ticket-record.ts";

/** A session as OpenSSL writes it, with only its version and its ticket. */
function session(ticketBytes: number): Uint8Array {
  const header = [0x04, 0x82, ticketBytes >> 8, ticketBytes & 255];
  const inner = ticketBytes + header.length;
  const field = [0xaa, 0x82, inner >> 8, inner & 255, ...header];
  const outer = 3 + 4 + inner;
  const start = [0x30, 0x82, outer >> 8, outer & 255, 0x02, 0x01, 0x01, ...field];
  return Uint8Array.from([...start, ...new Uint8Array(ticketBytes)]);
}

test("a ticket takes 47 bytes more on the wire than it has", () => {
  assert.equal(ticketRecordSize(session(600)), 647);
});

test("a label before the session is skipped", () => {
  const label = Buffer.from("\0nodejs:tls:session:1\0\0\tlocalhost0");
  assert.equal(ticketRecordSize(Buffer.concat([label, session(600)])), 647);
});

test("any bytes, and any session cut short or changed, give a number", () => {
  const whole = session(300);
  for (let size = 0; size < whole.length; size++) {
    assert.equal(ticketRecordSize(whole.subarray(0, size)), 0);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      assert.ok(Number.isInteger(ticketRecordSize(bytes)));
      assert.ok(Number.isInteger(ticketRecordSize(Buffer.concat([session(20), bytes]))));
    }),
  );
});
