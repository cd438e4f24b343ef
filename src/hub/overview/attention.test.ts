import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { NodeStatus } from "../../engine/index.ts";
import { byUrgency, clinicAttention, durationText, hubAttention, worst } from "./attention.ts";
import type { Attention, ClinicRow } from "./overview-types.ts";

const nowMs = Date.parse("2026-03-10T12:00:00.000Z");
const day = 86_400_000;
const now = { nowMs, quietAfterMs: day };

const healthy: Omit<ClinicRow, "level"> = {
  node: "clinic_a",
  role: "clinic",
  state: "live",
  lastSeen: "2026-03-10T11:59:00.000Z",
  lastResult: "complete",
  behindSince: null,
  pendingIn: 0,
  pendingOut: 0,
  events: 10,
  today: { syncs: 1, failures: 0, events: 10, bytes: 1000 },
  clockDifferenceMs: 1200,
  certDaysLeft: 300,
  damagedThere: 0,
  quarantinedThere: 0,
  quarantinedHere: 0,
  quarantineReason: "",
  damagedHere: 0,
  isForked: false,
  diskFreeBytes: 1e10,
  version: "0.1.0",
  troubles: [],
  hours: [],
  transfer: null,
};

const of = (changes: Partial<ClinicRow>): readonly Attention[] =>
  clinicAttention({ ...healthy, ...changes }, now);
const brief = (items: readonly Attention[]) => items.map(({ level, kind }) => `${level} ${kind}`);

describe("what needs a person at a clinic", () => {
  test("says once what a fork is, and no longer that all was fetched back", () => {
    const items = of({ troubles: ["Z507", "Z508"], isForked: true });
    assert.deepEqual(brief(items), ["urgent fork"]);
    assert.match(items[0]?.text ?? "", /forked/);
  });

  test("is a full disk, not a nearly full one, where nothing is left", () => {
    const codes = (changes: Partial<ClinicRow>) => of(changes).map(({ code }) => code);
    assert.deepEqual(codes({ troubles: ["Z220"], diskFreeBytes: 20e6 }), ["Z220"]);
    assert.deepEqual(codes({ troubles: ["Z220"], diskFreeBytes: 4096 }), ["Z204"]);
    assert.deepEqual(codes({ troubles: ["Z204", "Z220"], diskFreeBytes: 0 }), ["Z204"]);
  });

  test("is a second device when connections take over from one another again and again", () => {
    const taken = (count: number) =>
      clinicAttention(healthy, { ...now, takeovers: new Map([["clinic_a", count]]) });
    assert.deepEqual(brief(taken(5)), []);
    assert.deepEqual(brief(taken(6)), ["soon takeover"]);
    assert.match(taken(6)[0]?.text ?? "", /^6 times/);
  });

  test("is nothing when all is well, also with events merely pending, and for one that was revoked", () => {
    assert.deepEqual(of({}), []);
    assert.deepEqual(of({ state: "away", pendingIn: 12, pendingOut: 3 }), []);
    assert.deepEqual(of({ state: "revoked", certDaysLeft: -5, isForked: true }), []);
  });

  test("is told by level and kind", () => {
    const cases: readonly (readonly [Partial<ClinicRow>, readonly string[]])[] = [
      [{ troubles: ["Z220"] }, ["urgent disk"]],
      [{ troubles: ["Z205"] }, ["urgent disk"]],
      [{ troubles: ["Z508"], isForked: true }, ["urgent fork"]],
      [{ troubles: ["Z507"], isForked: true }, ["soon fork"]],
      [{ isForked: true }, ["urgent fork"]],
      [{ troubles: ["Z517"], clockDifferenceMs: -3 * day }, ["soon clock"]],
      [{ clockDifferenceMs: -3 * day }, ["soon clock"]],
      [{ clockDifferenceMs: 3_600_000 }, ["note clock"]],
      [{ clockDifferenceMs: 200_000 }, []],
      [{ clockDifferenceMs: null }, []],
      [{ damagedThere: 2 }, ["soon damage"]],
      [{ damagedHere: 1 }, ["soon damage"]],
      [{ quarantinedThere: 1 }, ["soon quarantine"]],
      [{ quarantinedHere: 2, quarantineReason: "no pulse" }, ["soon quarantine"]],
      [{ certDaysLeft: 30 }, []],
      [{ certDaysLeft: 29 }, ["soon certificate"]],
      [{ certDaysLeft: -1 }, ["urgent certificate"]],
      [{ state: "never", lastSeen: null }, ["note never"]],
      [{ state: "quiet", lastSeen: new Date(nowMs - 2 * day).toISOString() }, ["soon quiet"]],
      [{ state: "quiet", lastSeen: new Date(nowMs - 3 * day).toISOString() }, ["urgent quiet"]],
      [{ troubles: ["Z999"] }, ["soon other"]],
      [
        { troubles: ["Z214", "Z220"], damagedThere: 1 },
        ["soon damage", "urgent disk", "soon damage"],
      ],
    ];
    for (const [changes, expected] of cases)
      assert.deepEqual(brief(of(changes)), expected, JSON.stringify(changes));
  });

  test("says what to do, in words without placeholders, for every code that a clinic may tell", () => {
    for (const code of [
      "Z201",
      "Z204",
      "Z205",
      "Z206",
      "Z208",
      "Z212",
      "Z220",
      "Z507",
      "Z508",
      "Z516",
      "Z518",
    ])
      for (const { text, todo } of of({ troubles: [code] })) {
        assert.ok(text.length > 10 && todo.length > 10, code);
        assert.doesNotMatch(`${text}${todo}`, /[{}]|undefined|null/, code);
      }
  });
});

const well: NodeStatus = {
  nodeId: "hub",
  role: "hub",
  epoch: "00000001",
  walRecords: 1,
  walBytes: 1,
  encrypted: true,
  pending: 0,
  peers: [],
  lastSync: null,
  damaged: 0,
  damagedRanges: [],
  quarantined: 0,
  quarantinedEvents: [],
  lostAtSource: [],
  vector: [],
  clock: { ok: true, reason: "" },
  certDaysLeft: 300,
  alarms: [],
  readOnly: null,
  scrub: { finishedAt: null, found: [] },
  rekey: null,
};

describe("what needs a person at the hub", () => {
  test("is nothing when all is well", () => assert.deepEqual(hubAttention(well), []));

  test("is told with the command that clears it", () => {
    const at = "2026-03-10T12:00:00.000Z";
    const items = hubAttention({
      ...well,
      readOnly: { code: "Z205", message: "the disk refused" },
      alarms: [
        { id: "fork clinic_a", code: "Z509", text: "two branches met", at },
        { id: "Z220", code: "Z220", text: "only 5 bytes are free", at },
      ],
      damaged: 1,
      quarantined: 2,
      clock: { ok: false, reason: "set the clock (timedatectl)" },
      certDaysLeft: 5,
      rekey: { isRunning: false },
    });
    assert.deepEqual(brief(items), [
      "urgent disk",
      "soon fork",
      "urgent disk",
      "soon damage",
      "soon quarantine",
      "urgent clock",
      "urgent certificate",
      "soon other",
    ]);
    const full = hubAttention({
      ...well,
      readOnly: { code: "Z204", message: "no space is left" },
      alarms: [{ id: "Z220", code: "Z220", text: "only 0 bytes are free", at }],
    });
    assert.deepEqual(brief(full), ["urgent disk"]);
    assert.match(full[0]?.todo ?? "", /goes on by itself/);
    assert.match(items[1]?.todo ?? "", /zamsync doctor --ack 'fork clinic_a'$/);
    assert.doesNotMatch(items[2]?.todo ?? "", /--ack/);
    assert.ok(items.every(({ node }) => node === ""));
    assert.equal(worst(items), "urgent");
    const sorted = [...items].sort(byUrgency);
    assert.deepEqual(sorted.map(({ level }) => level).indexOf("soon"), 4);
  });
});

test("spans are told in one unit", () => {
  const texts = [0, 60_000, 90 * 60_000, 3 * 3_600_000, 3 * day].map(durationText);
  assert.deepEqual(texts, ["1 minute", "1 minute", "90 minutes", "3 hours", "3 days"]);
});
