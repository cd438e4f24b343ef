/**
 * Sessions whose peer is mad or hostile: frames bent on the way, in both
 * directions, and plain noise. TLS keeps strangers and line noise out, so
 * whoever sends these holds a certificate of ours.
 *
 * Claims: nothing throws; both sides come to an end; whatever is stored under a
 * stream is what its author wrote; what was there before is still there.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeFrame } from "../../src/core/codec/decode-frame.ts";
import { encodeFrame } from "../../src/core/codec/encode-frame.ts";
import type { Frame } from "../../src/core/codec/frame-types.ts";
import {
  createNode,
  createPair,
  digestOf,
  pushMany,
  type TestNode,
} from "../../src/core/session/session.test-kit.ts";
import { createSeededRandom, type SeededRandom } from "../../src/testing/seeded-random.ts";
import { sampleFrames } from "./samples.ts";

const runs = Number(process.env.FUZZ_RUNS ?? 40);
const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);

interface World {
  readonly clinic: TestNode;
  readonly hub: TestNode;
}

/** A clinic with events for the hub, and a hub with events for the clinic. */
function createWorld(): World {
  const clinic = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(clinic, 40);
  pushMany(clinic, 3, { lane: "urgent" });
  pushMany(hub, 10, { lane: "to/clinic_a" });
  return { clinic, hub };
}

/** Every event that `node` holds of `author` is in the author's own digest. */
function holdsNothingForged(node: TestNode, author: TestNode): void {
  const written = new Set(digestOf(author, (name) => name === author.id));
  for (const line of digestOf(node, (name) => name === author.id)) {
    assert.ok(written.has(line), `${node.id} holds ${line}, which ${author.id} never wrote`);
  }
}

function losesNothing(node: TestNode, before: readonly string[]): void {
  const now = new Set(digestOf(node));
  for (const line of before) assert.ok(now.has(line), `${node.id} lost ${line}`);
}

type Bend = (bytes: Uint8Array, random: SeededRandom) => Uint8Array;

const bends: readonly Bend[] = [
  (bytes, random) => {
    const bent = bytes.slice();
    bent[random.below(bent.length)] = random.below(256);
    return bent;
  },
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (_bytes, random) => random.bytes(random.between(1, 200)),
  (bytes) => Uint8Array.from([...bytes, ...bytes]),
  (bytes, random) => Uint8Array.from([...wellFormed(random), ...bytes]),
  (bytes, random) => Uint8Array.from([...bytes, ...wellFormed(random)]),
];

/** A frame that parses, at a time when nobody expects it. */
function wellFormed(random: SeededRandom): Uint8Array {
  const ends = { sender: "clinic_a", receiver: "hub" };
  const frame: Frame = random.pick(sampleFrames);
  const bytes = encodeFrame(frame, ends);
  assert.notEqual(decodeFrame(bytes.subarray(bytes.length > 128 ? 2 : 1), ends).type, "problem");
  return bytes;
}

describe("a session with a hostile peer", () => {
  test("ends, stores nothing forged, and loses nothing", (t) => {
    t.diagnostic(`seed ${seed}`);
    const endings = new Map<string, number>();
    let bent = 0;
    for (let run = 0; run < runs; run++) {
      const random = createSeededRandom(seed + run);
      const { clinic, hub } = createWorld();
      const clinicBefore = digestOf(clinic);
      const hubBefore = digestOf(hub);
      const share = random.pick([0.02, 0.1, 0.5]);
      const pair = createPair(clinic, hub, {
        tamper: (bytes) => {
          if (bytes.length === 0 || !random.chance(share)) return bytes;
          bent++;
          return random.pick(bends)(bytes, random);
        },
      });
      try {
        pair.run();
      } catch (error) {
        throw new Error(`run ${run} of seed ${seed}`, { cause: error });
      }
      for (const end of [pair.initiator, pair.responder]) {
        assert.equal(end.isClosed, true, `seed ${seed + run}: ${end.name} goes on for ever`);
        const { endedBy, error } = end.session.summary();
        const ending = error === undefined ? endedBy : error.code;
        endings.set(ending, (endings.get(ending) ?? 0) + 1);
      }
      holdsNothingForged(hub, clinic);
      holdsNothingForged(clinic, hub);
      losesNothing(clinic, clinicBefore);
      losesNothing(hub, hubBefore);
    }
    t.diagnostic([...endings].map(([name, count]) => `${name} ${count}`).join(", "));
    assert.ok(bent > runs / 2, `only ${bent} frames were bent`);
    assert.ok(endings.size > 2, "sessions ended in several ways");
  });

  test("a peer that sends nothing but noise is cut off with a code", () => {
    for (let run = 0; run < runs; run++) {
      const random = createSeededRandom(seed + run);
      const { clinic, hub } = createWorld();
      const pair = createPair(clinic, hub, {
        tamper: (_bytes, to) =>
          to === "responder" ? random.bytes(random.between(1, 500)) : _bytes,
      });
      pair.run();
      assert.equal(pair.responder.isClosed, true);
      assert.match(pair.responder.session.summary().error?.code ?? "none", /^Z[45]/);
      assert.equal(digestOf(hub, (author) => author !== "hub").length, 0);
    }
  });
});
