import assert from "node:assert/strict";
import { test } from "node:test";
import type { ArrivedEvent } from "../../engine/index.ts";
import { fromColumns, toColumns } from "./event-columns.ts";

function eventOf(arrival: number, payload: Uint8Array): ArrivedEvent {
  return {
    arrival,
    node: `clinic_${arrival % 3}`,
    epoch: "1234abcd",
    lane: arrival % 2 === 0 ? "" : "urgent",
    seq: arrival * 7,
    hlc: "018bcfe568000003",
    chain: `${arrival}`.padStart(32, "0"),
    type: arrival % 5,
    tsMs: 1_700_000_000_000 + arrival,
    receivedMs: 1_700_000_000_500 + arrival,
    payload,
  };
}

test("a batch that was handed over to another thread is the same batch", () => {
  const memory = new Uint8Array(300).map((_, index) => index);
  const events = [
    eventOf(1, memory.subarray(100, 110)),
    eventOf(2, new Uint8Array(0)),
    eventOf(5, memory.slice(0, 1)),
    eventOf(2 ** 40, memory.subarray(250)),
  ];
  const batch = toColumns(events);
  const { buffer } = batch.payloads;
  assert.equal(buffer.byteLength, 61, "nothing but payloads is handed over");
  const received = structuredClone(batch, { transfer: [buffer] });
  assert.deepEqual(fromColumns(received), events);
  assert.equal(memory[100], 100, "what the events' own memory holds stays there");
});

test("a batch without events is one", () => {
  assert.deepEqual(fromColumns(toColumns([])), []);
});

test("a payload that is alone in its memory is handed over as it is", () => {
  const payload = Uint8Array.of(1, 2, 3);
  const batch = toColumns([eventOf(1, payload)]);
  assert.equal(batch.payloads, payload);
  const received = structuredClone(batch, { transfer: [batch.payloads.buffer] });
  assert.deepEqual(fromColumns(received), [eventOf(1, Uint8Array.of(1, 2, 3))]);
});
