import assert from "node:assert/strict";
import { test } from "node:test";
import { clinicEvents, takeEvents } from "./clinic-events.ts";
import type { EventKind } from "./clinic-events.ts";

const kinds: readonly {
  readonly kind: EventKind;
  readonly meanBytes: readonly [number, number];
  readonly shapes: number;
}[] = [
  { kind: "tiny", meanBytes: [40, 55], shapes: 3 },
  { kind: "visit", meanBytes: [380, 460], shapes: 16 },
  { kind: "fhir", meanBytes: [1500, 1750], shapes: 7 },
];

for (const { kind, meanBytes, shapes } of kinds) {
  test(`${kind} events come out the same for the same seed, in their sizes and shapes`, () => {
    const events = takeEvents(kind, 2000, 5);
    assert.deepEqual(takeEvents(kind, 50, 5), events.slice(0, 50));
    assert.notDeepEqual(takeEvents(kind, 50, 6), events.slice(0, 50));
    const bytes = events.reduce((sum, event) => sum + Buffer.byteLength(event.payload), 0);
    const mean = bytes / events.length;
    assert.ok(mean >= meanBytes[0] && mean <= meanBytes[1], `${kind}: ${mean} bytes on average`);
    const seen = new Set(
      events.map(({ payload }) => Object.keys(JSON.parse(payload) as object).join()),
    );
    assert.equal(seen.size, shapes);
  });
}

test("a supply goes on where it was left", () => {
  const supply = clinicEvents("visit", 3);
  const parts = [...takeEvents(supply, 10), ...takeEvents(supply, 10)];
  assert.deepEqual(parts, takeEvents("visit", 20, 3));
});
