/** Marks as they are stored: what comes back, and what is refused. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteWriter } from "../bytes.ts";
import {
  decodeMarkFields,
  encodeMarkFields,
  type MarkFields,
  type MissingRun,
  missingRunsMax,
  type StoredMark,
} from "./mark-fields.ts";

const chain = Uint8Array.from({ length: 16 }, (_, i) => i);
const hlc = { ms: 1_700_000_000_000, counter: 9 };
const missing = (count: number): MissingRun[] =>
  Array.from({ length: count }, (_, i) => ({ alias: 1, from: i + 1, to: i + 1 }));

const marks: readonly StoredMark[] = [
  { kind: "genesis", node: "clinic_a", epoch: 5 },
  { kind: "bind", node: "hub", epoch: 6, fingerprint: new Uint8Array(32).fill(3) },
  { kind: "newEpoch", epoch: 7, reason: "Z210", restartMs: undefined },
  { kind: "newEpoch", epoch: 7, reason: "", restartMs: 0 },
  {
    kind: "rehome",
    rule: { oldAlias: 1, newAlias: 2, from: 3, beforeSegment: 4 },
    oldChain: chain,
    oldHlc: hlc,
    newHead: 5,
    newChain: chain,
    newHlc: { ms: 6, counter: 7 },
  },
  { kind: "lost", alias: 1, from: 1, to: Number.MAX_SAFE_INTEGER, chain },
  { kind: "lost", alias: 1, from: 4, to: 4, chain },
  { kind: "floor", alias: 1, seq: 2, chain, byOrigin: true },
  { kind: "floor", alias: 1, seq: 2, chain, byOrigin: false },
  { kind: "freeze", alias: 1, peer: "hub", peerHead: 2, peerChain: chain.subarray(0, 8) },
  { kind: "dropPartial", alias: 1, seq: 2 },
  { kind: "trustedTime", ms: 3 },
  { kind: "alarm", id: "a", code: "Z213", text: "t".repeat(1024) },
  { kind: "alarmAck", id: "a" },
  { kind: "damage", segment: 1, fromOffset: 2, toOffset: 3, missing: [] },
  { kind: "damage", segment: 1, fromOffset: 2, toOffset: 3, missing: missing(missingRunsMax) },
  { kind: "jump", alias: 1, to: 2, chain },
];

function encoded(mark: StoredMark): Uint8Array {
  const out = new ByteWriter();
  encodeMarkFields({ ordinal: 9, atMs: 1_700_000_000_000, mark }, out);
  return out.take();
}

const back = (mark: StoredMark): MarkFields | undefined => decodeMarkFields(encoded(mark));

describe("marks", () => {
  test("of every kind come back as they were", () => {
    for (const mark of marks) {
      assert.deepEqual(back(mark), { ordinal: 9, atMs: 1_700_000_000_000, mark });
    }
  });

  test("are refused when cut short anywhere, or with a byte too many", () => {
    for (const mark of marks.filter(({ kind }) => kind !== "alarm" && kind !== "damage")) {
      const bytes = encoded(mark);
      for (let size = 0; size < bytes.length; size++) {
        assert.equal(decodeMarkFields(bytes.subarray(0, size)), undefined, `${mark.kind} ${size}`);
      }
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      assert.equal(decodeMarkFields(longer), undefined, mark.kind);
    }
  });

  test("are refused with a number that no kind has", () => {
    for (const number of [0, 200]) {
      const bytes = encoded({ kind: "alarmAck", id: "a" });
      bytes[0] = number;
      assert.equal(decodeMarkFields(bytes), undefined);
    }
  });

  test("are refused with a name that no node has, a text or a list beyond its limit", () => {
    const refused: StoredMark[] = [
      { kind: "genesis", node: "Not A Node", epoch: 5 },
      { kind: "bind", node: "Not A Node", epoch: 6, fingerprint: new Uint8Array(32) },
      { kind: "alarm", id: "a", code: "Z213", text: "t".repeat(1025) },
      {
        kind: "damage",
        segment: 1,
        fromOffset: 2,
        toOffset: 3,
        missing: missing(missingRunsMax + 1),
      },
      { kind: "freeze", alias: 1, peer: "hub", peerHead: 2, peerChain: new Uint8Array(17) },
    ];
    for (const mark of refused) assert.equal(back(mark), undefined, mark.kind);
  });

  test("are refused with a run that begins before seq 1 or passes the last exact number", () => {
    assert.equal(back({ kind: "lost", alias: 1, from: 0, to: 5, chain }), undefined);
    const out = new ByteWriter();
    const last = Number.MAX_SAFE_INTEGER;
    const mark: StoredMark = { kind: "lost", alias: 1, from: last, to: last, chain };
    encodeMarkFields({ ordinal: 9, atMs: 1, mark }, out);
    const bytes = out.take();
    const lengthAt = bytes.length - chain.length - 1;
    assert.equal(bytes[lengthAt], 0, "the run's length is where the test thinks");
    bytes[lengthAt] = 1;
    assert.equal(decodeMarkFields(bytes), undefined);
  });
});
