/**
 * Bytes on the wire must not grow unseen. The bounds are what was measured, and two in a
 * hundred; whoever makes it better lowers them.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventKind } from "./clinic-events.ts";
import { measureWire, wireLevels } from "./wire-cost.ts";

/** 400 events, bytes each; ten more in a session of their own. */
const bounds: readonly (readonly [EventKind, string, number, number])[] = [
  ["tiny", "mix (level 2)", 5.95, 6.3],
  ["visit", "tokens (level 1)", 43, 38.8],
  ["visit", "mix (level 2)", 29.1, 23.2],
];

for (const [kind, name, backlogMax, tenMoreMax] of bounds) {
  test(`${kind} events by ${name} cost what they did`, () => {
    const level = wireLevels.find((one) => one.name === name);
    assert.ok(level !== undefined);
    const { backlog, tenMore } = measureWire(kind, level, 400);
    assert.ok(backlog <= backlogMax, `${backlog} bytes an event, at most ${backlogMax}`);
    assert.ok(tenMore <= tenMoreMax, `${tenMore} bytes an event, at most ${tenMoreMax}`);
  });
}
