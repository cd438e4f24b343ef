import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VectorEntry } from "../vector/entry.ts";
import { decodePeerState, encodePeerState, type PeerState } from "./peer-state.ts";

const digest = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const chain = Uint8Array.from({ length: 16 }, (_, i) => i);
const stream = { node: "clinic_a", epoch: 7, lane: "to/hub" };
const entry: VectorEntry = { id: stream, head: 9, chain: digest, holes: [{ from: 2, to: 3 }] };
const mark = (ordinal: number) => ({ ordinal, digest });

const empty: PeerState = {
  peerId: "hub",
  peerLogId: chain,
  confirmed: [],
  isClean: false,
  theirs: [],
  advanced: [],
  ours: [],
  oursHeld: undefined,
  codecs: 3,
  healthSent: undefined,
  completedMs: 0,
};
const full: PeerState = {
  ...empty,
  confirmed: [{ stream, seq: 9, chain }],
  isClean: true,
  theirs: [
    { mark: mark(1), entries: [] },
    { mark: mark(2), entries: [entry, { ...entry, id: { ...stream, lane: "" } }] },
  ],
  advanced: [entry],
  ours: [1, 2, 3].map((ordinal) => ({ mark: mark(ordinal), changeOrdinal: 100 + ordinal })),
  oursHeld: mark(3),
  healthSent: {
    version: "0.1.0",
    diskFreeBytes: 2 ** 40,
    damagedCount: 1,
    quarantinedCount: 2,
    troubles: ["Z517"],
    certDaysLeft: -3,
  },
  completedMs: 1_700_000_000_000,
  link: { rateBytesPerS: 3000, roundTripMs: 2500 },
  healthHeard: {
    version: "0.1.1",
    diskFreeBytes: 0,
    damagedCount: 0,
    quarantinedCount: 0,
    troubles: ["Z204", "Z508"],
    certDaysLeft: 30,
  },
  clockDifferenceMs: -86_400_000,
  wasToldQuarantine: true,
  heldBack: { total: 40, runs: [{ id: stream, from: 5, to: 9, reason: "/age: missing" }] },
};

const back = (state: PeerState): PeerState | undefined => decodePeerState(encodePeerState(state));

describe("what is known of a peer", () => {
  test("comes back, be it everything or nothing", () => {
    for (const state of [empty, full, { ...empty, isClean: true }]) {
      assert.deepEqual(back(state), state);
    }
    // What the peer told of itself, each alone.
    const { healthHeard, clockDifferenceMs, wasToldQuarantine, heldBack } = full;
    for (const told of [
      { healthHeard },
      { clockDifferenceMs },
      { wasToldQuarantine },
      { heldBack },
    ])
      assert.deepEqual(back({ ...empty, ...told }), { ...empty, ...told });
    assert.deepEqual(
      back({ ...empty, wasToldQuarantine: false, heldBack: { total: 0, runs: [] } }),
      empty,
    );
    assert.equal(back({ ...empty, clockDifferenceMs: 2.6 })?.clockDifferenceMs, 3);
  });

  test("is nothing at all when cut short anywhere, longer, or of another version", () => {
    const bytes = encodePeerState(full);
    const { healthHeard: _health, clockDifferenceMs: _clock, ...unheld } = full;
    const { wasToldQuarantine: _told, heldBack: _held, ...older } = unheld;
    const { link: _link, ...oldest } = older;
    // What is said of the link, and what the peer told of itself, came later.
    const whole = new Map([
      [encodePeerState(oldest).length - 1, oldest],
      [encodePeerState(older).length, older],
    ]);
    for (let size = 0; size < bytes.length; size++)
      assert.deepEqual(decodePeerState(bytes.subarray(0, size)), whole.get(size), `${size} bytes`);
    const longer = new Uint8Array(bytes.length + 1);
    longer.set(bytes);
    assert.equal(decodePeerState(longer), undefined);
    const later = bytes.slice();
    later[0] = 2;
    assert.equal(decodePeerState(later), undefined);
  });

  test("holds no more states of either vector than are ever kept", () => {
    const held = { mark: mark(1), entries: [] };
    assert.equal(back({ ...empty, theirs: [held, held, held] }), undefined);
    const sent = { mark: mark(1), changeOrdinal: 1 };
    assert.equal(back({ ...empty, ours: [sent, sent, sent, sent] }), undefined);
  });

  test("names nodes and lanes that can exist", () => {
    assert.equal(back({ ...empty, peerId: "Not A Node" }), undefined);
    for (const wrong of [
      { ...stream, node: "Not A Node" },
      { ...stream, lane: "to/" },
    ]) {
      assert.equal(back({ ...empty, confirmed: [{ stream: wrong, seq: 1, chain }] }), undefined);
      assert.equal(back({ ...empty, advanced: [{ ...entry, id: wrong }] }), undefined);
      const runs = [{ id: wrong, from: 1, to: 1, reason: "why" }];
      assert.equal(back({ ...empty, heldBack: { total: 1, runs } }), undefined);
    }
  });

  test("names no more of what a hub holds back than a hub names, with what it said of each", () => {
    const runs = Array.from({ length: 33 }, (_, i) => {
      const reason = "x".repeat(i === 0 ? 1024 : 1);
      return { id: stream, from: 2 * i + 1, to: 2 * i + 1, reason };
    });
    const most = { ...empty, heldBack: { total: 33, runs: runs.slice(0, 32) } };
    assert.deepEqual(back(most), most);
    assert.equal(back({ ...empty, heldBack: { total: 33, runs } }), undefined);
  });

  test("holds nothing that this version does not know of", () => {
    const told = { ...empty, wasToldQuarantine: true };
    const bytes = encodePeerState(told);
    const flags = bytes.length - 2;
    assert.equal(bytes[flags], 8);
    // The version before wrote how many.
    assert.deepEqual(decodePeerState(Uint8Array.of(...bytes.slice(0, -1), 5)), told);
    for (const unknown of [0, 16, 24]) {
      const changed = bytes.slice();
      changed[flags] = unknown;
      assert.equal(decodePeerState(changed), undefined, `flags ${unknown}`);
    }
  });
});
