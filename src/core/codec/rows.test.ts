import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EventContent, fragmentBytesMax, hlcMsMax, knownBytesMax, typeMax } from "../event.ts";
import { decodeRows, encodeRows } from "./rows.ts";
import { batchEventsMax, batchRawBytesMax } from "./wire-limits.ts";

describe("rows", () => {
  const event: EventContent = {
    seq: 1,
    hlc: { ms: 5, counter: 1 },
    type: 1,
    known: Uint8Array.of(0),
    payload: new Uint8Array(0),
  };
  const comesBack = (...events: EventContent[]): boolean => {
    const decoded = decodeRows(encodeRows(events), { from: 1, count: events.length });
    if (decoded !== undefined) assert.deepEqual(decoded, events);
    return decoded !== undefined;
  };

  test("carry the largest values that an event can have, and no larger", () => {
    const cases: readonly [Partial<EventContent>, Partial<EventContent>][] = [
      [{ type: typeMax }, { type: typeMax + 1 }],
      [{ hlc: { ms: 5, counter: 0xffff } }, { hlc: { ms: 5, counter: 0x10000 } }],
      [{ hlc: { ms: hlcMsMax - 1, counter: 0 } }, { hlc: { ms: hlcMsMax, counter: 0 } }],
      [{ known: new Uint8Array(knownBytesMax) }, { known: new Uint8Array(knownBytesMax + 1) }],
      [
        { payload: new Uint8Array(fragmentBytesMax) },
        { payload: new Uint8Array(fragmentBytesMax + 1) },
      ],
    ];
    for (const [most, tooMuch] of cases) {
      assert.equal(comesBack({ ...event, ...most }), true, JSON.stringify(Object.keys(most)));
      assert.equal(comesBack({ ...event, ...tooMuch }), false, JSON.stringify(Object.keys(most)));
    }
  });

  test("tell what an author knew apart: nothing, nothing new, and one byte of something", () => {
    for (const known of [[], [0], [1], [0, 0]]) {
      assert.equal(comesBack({ ...event, known: Uint8Array.from(known) }), true);
    }
  });

  test("are as many as their range says, up to a batch", () => {
    const many = Array.from({ length: batchEventsMax + 1 }, (_, i) => ({
      ...event,
      seq: i + 1,
      hlc: { ms: 5, counter: i },
    }));
    assert.equal(comesBack(...many.slice(0, batchEventsMax)), true);
    assert.equal(comesBack(...many), false);
    const rows = encodeRows(many.slice(0, 3));
    const large = { ...event, payload: new Uint8Array(fragmentBytesMax) };
    const two = [large, { ...large, seq: 2, hlc: { ms: 6, counter: 0 } }];
    const beyond = encodeRows(two).length - batchRawBytesMax;
    assert.ok(beyond > 0, "two of the largest are more than a batch's bytes");
    assert.equal(comesBack(...two), false);
    const payload = new Uint8Array(fragmentBytesMax - beyond);
    assert.equal(comesBack(large, { ...large, ...two[1], payload }), true);
    for (const count of [0, 2, 4]) assert.equal(decodeRows(rows, { from: 1, count }), undefined);
  });
});
