/**
 * Codec 1's canonical rows: the events of one range, one after another, with
 * clocks as differences. Both sides keep the last rows of a direction as the
 * dictionary of the next block, so the bytes here are wire format.
 *
 * A row: milliseconds since the row before (the first: since 1970), counter,
 * type, `known` (0 for the usual single zero byte, else its length + 1 and its
 * bytes), payload length, payload. HLCs must rise strictly (RULES 28).
 */
import { ByteReader, ByteWriter } from "../bytes.ts";
import type { EventContent } from "../event.ts";
import { fragmentBytesMax, hlcMsMax, knownBytesMax, typeMax } from "../event.ts";
import { batchEventsMax, batchRawBytesMax } from "./wire-limits.ts";

/** The usual `known`: the author saw nothing new. */
const knownNothing = Uint8Array.of(0);

function isKnownNothing(known: Uint8Array): boolean {
  return known.length === 1 && known[0] === 0;
}

export function encodeKnown(writer: ByteWriter, known: Uint8Array): void {
  if (isKnownNothing(known)) {
    writer.varint(0);
    return;
  }
  writer.varint(known.length + 1);
  writer.bytes(known);
}

export function decodeKnown(reader: ByteReader): Uint8Array {
  const size = reader.varint();
  if (size === 0) return reader.failed ? new Uint8Array(0) : knownNothing;
  if (size > knownBytesMax + 1) {
    reader.fail();
    return knownNothing;
  }
  return reader.bytes(size - 1).slice();
}

/** Appends one row; `previousMs` is 0 for the first of a range. */
export function encodeRow(writer: ByteWriter, event: EventContent, previousMs: number): void {
  writer.varint(event.hlc.ms - previousMs);
  writer.varint(event.hlc.counter);
  writer.varint(event.type);
  encodeKnown(writer, event.known);
  writer.sized(event.payload);
}

export function encodeRows(events: readonly EventContent[]): Uint8Array {
  const writer = new ByteWriter(4096);
  let previousMs = 0;
  for (const event of events) {
    encodeRow(writer, event, previousMs);
    previousMs = event.hlc.ms;
  }
  return writer.take();
}

/** The events of a range that starts at `from`, or undefined. Payloads are copies: the input may be reused. */
export function decodeRows(
  rows: Uint8Array,
  range: { readonly from: number; readonly count: number },
): readonly EventContent[] | undefined {
  if (range.count < 1 || range.count > batchEventsMax || rows.length > batchRawBytesMax)
    return undefined;
  const reader = new ByteReader(rows);
  const events: EventContent[] = [];
  let ms = 0;
  let counter = -1;
  for (let i = 0; i < range.count; i++) {
    const delta = reader.varint();
    const nextCounter = reader.varint();
    const type = reader.varint();
    const known = decodeKnown(reader);
    const payload = reader.sized(fragmentBytesMax);
    if (reader.failed) return undefined;
    const isRising = i === 0 || delta > 0 || nextCounter > counter;
    ms += delta;
    counter = nextCounter;
    if (!isRising || ms >= hlcMsMax || counter > 0xffff || type > typeMax) return undefined;
    events.push({
      seq: range.from + i,
      hlc: { ms, counter },
      type,
      known,
      payload: payload.slice(),
    });
  }
  return reader.finished ? events : undefined;
}
