import assert from "node:assert/strict";
import { test } from "node:test";
import { clinicEvents, takeEvents } from "./clinic-events.ts";
import type { EventKind } from "./clinic-events.ts";

const kinds: readonly {
  readonly kind: EventKind;
  readonly bytes: readonly [number, number];
  readonly meanBytes: readonly [number, number];
  readonly shapes: number;
}[] = [
  { kind: "tiny", bytes: [40, 52], meanBytes: [43, 48], shapes: 3 },
  { kind: "visit", bytes: [300, 600], meanBytes: [440, 480], shapes: 16 },
  { kind: "fhir", bytes: [1000, 2048], meanBytes: [1550, 1750], shapes: 7 },
];

for (const { kind, bytes, meanBytes, shapes } of kinds) {
  test(`${kind} events come out the same for the same seed, in their sizes and shapes`, () => {
    const events = takeEvents(kind, 2000, 5);
    assert.deepEqual(takeEvents(kind, 50, 5), events.slice(0, 50));
    assert.notDeepEqual(takeEvents(kind, 50, 6), events.slice(0, 50));
    const sizes = events.map(({ payload }) => Buffer.byteLength(payload));
    const isIn = (range: readonly [number, number], value: number) =>
      value >= range[0] && value <= range[1];
    const odd = sizes.filter((size) => !isIn(bytes, size));
    assert.ok(odd.length <= events.length / 100, `${kind}: ${odd} bytes`);
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    assert.ok(isIn(meanBytes, mean), `${kind}: ${mean} bytes on average`);
    const seen = new Set(
      events.map(({ payload }) => Object.keys(JSON.parse(payload) as object).join()),
    );
    assert.equal(seen.size, shapes);
  });
}

test("times go forward, and say when the payload was written", () => {
  const events = takeEvents("visit", 500, 9);
  for (const [index, { payload, atMs }] of events.entries()) {
    assert.ok(atMs > (events[index - 1]?.atMs ?? 0));
    assert.ok(payload.includes(`"at":"${new Date(atMs).toISOString()}"`));
  }
});

/** Entropy is what the figures stand on: fresh UUIDs cost 16 bytes each, whatever the codec. */
for (const [kind, from, to] of [
  ["visit", 0.45, 0.55],
  ["fhir", 1.3, 1.45],
] as const) {
  test(`${kind} events bring ${from} to ${to} fresh UUIDs each, and point back with the rest`, () => {
    const text = takeEvents(kind, 3000, 2)
      .map(({ payload }) => payload)
      .join("\n");
    const all = text.match(/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/g);
    const fresh = new Set(all).size / 3000;
    assert.ok(fresh > from && fresh < to, `${fresh}`);
    assert.ok((all?.length ?? 0) / 3000 > fresh + 0.4);
  });
}

test("a supply goes on where it was left", () => {
  const supply = clinicEvents("visit", 3);
  const parts = [...takeEvents(supply, 10), ...takeEvents(supply, 10)];
  assert.deepEqual(parts, takeEvents("visit", 20, 3));
});
