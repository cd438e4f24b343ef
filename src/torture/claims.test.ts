/** Each claim of the torture kit is broken once, and found out. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AuditRow } from "../engine/api.ts";
import { brokenClaims, brokenWhenSettled, type NodeView } from "./claims.ts";

const base: AuditRow = {
  ts: "2026-03-01T00:00:00.000Z",
  hlc: "0000000000000000",
  node: "clinic",
  epoch: "00000001",
  lane: "",
  seq: 1,
  type: 0,
  size: 3,
  sha256: "a",
  chain: "",
  received: "2026-03-01T00:00:00.000Z",
};
const own = [base, { ...base, seq: 2, sha256: "b" }];
const answer = { ...base, node: "hub", lane: "to/clinic", sha256: "c" };
const calm = { pending: 0, damaged: 0, alarms: [], readOnly: null };

function view(id: string, change: Partial<NodeView> = {}): NodeView {
  const acked = new Set(id === "hub" ? ["c"] : ["a", "b"]);
  return { id, rows: [...own, answer], status: calm, acked, ...change };
}

test("two sound nodes break no claim", () => {
  assert.deepEqual(brokenClaims(view("clinic"), view("hub")), []);
  assert.deepEqual(brokenWhenSettled(view("clinic"), view("hub")), []);
  const behind = view("hub", { rows: [base, answer] });
  assert.deepEqual(brokenClaims(view("clinic", { status: { ...calm, pending: 1 } }), behind), []);
});

const alarm = { id: "1", code: "Z506", text: "two branches", at: "" };
const broken: readonly (readonly [string, RegExp, Partial<NodeView>, Partial<NodeView>])[] = [
  ["an event is lost", /lost 1 of 2/, { rows: [base, answer] }, { rows: [base, answer] }],
  [
    "an event is there twice",
    /1 events twice/,
    { rows: [...own, { ...base, seq: 3 }, answer] },
    {},
  ],
  ["a place is listed twice", /seq\) twice/, {}, { rows: [...own, answer, answer] }],
  ["seqs have a gap", /gap or a repeat/, { rows: [base, { ...base, seq: 3, sha256: "b" }] }, {}],
  ["the hub holds what the clinic lost", /not there any more/, { rows: [base] }, {}],
  [
    "the clinic holds what the hub lost",
    /events of hub that are not there/,
    {},
    { rows: [...own, { ...answer, sha256: "d" }] },
  ],
  ["a confirmation has no ground", /believes 2 events confirmed/, {}, { rows: [base, answer] }],
  ["damage is left", /still misses 1/, { status: { ...calm, damaged: 1 } }, {}],
  ["an alarm is left", /raises Z506/, {}, { status: { ...calm, alarms: [alarm] } }],
  [
    "a log takes no writes",
    /takes no writes: full/,
    { status: { ...calm, readOnly: { code: "Z205", message: "full" } } },
    {},
  ],
];

for (const [name, expected, clinic, hub] of broken) {
  test(`it is found when ${name}`, () => {
    const found = brokenClaims(view("clinic", clinic), view("hub", hub));
    assert.match(found.join("\n"), expected);
  });
}

test("it is found when a sync that was done left a difference", () => {
  const one = view("hub", { rows: [base] });
  const found = brokenWhenSettled(view("clinic"), one);
  assert.match(found.join(), /the hub lacks 2 events/);
  const other = brokenWhenSettled(view("clinic", { rows: own }), view("hub"));
  assert.match(other.join(), /the clinic lacks 1 events/);
});
