/** A rehearsal says what the session would send, to the byte where that can be known, and leaves no trace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeCompressor } from "../../storage/node-compressor.ts";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import type { SessionPair } from "../../testing/session-pair.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import type { SessionOptions } from "./api.ts";
import { type Rehearsal, rehearse, secondsOf } from "./rehearsal.ts";
import {
  createNode,
  createPair,
  keepStates,
  fingerprintOf,
  pushMany,
  settle,
  startMs,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const dataTypes = ["stream", "range", "batch", "history", "fragment", "lost", "floor"];

function rehearseAt(node: TestNode, options: Partial<SessionOptions> = {}): Rehearsal {
  return rehearse({
    options: {
      isInitiator: true,
      self: { nodeId: node.id, role: node.role },
      peer: { nodeId: "hub", role: "hub", keyFingerprint: fingerprintOf("hub") },
      policy: "own",
      peerState: node.states.get("hub"),
      keepOpen: false,
      ...options,
    },
    log: node.log,
    crypto: nodeCrypto,
    compressor: nodeCompressor,
    nowMs: startMs,
  });
}

/** Bytes of the frames of these types that the clinic sent. */
function sentBytes(pair: SessionPair, types: readonly string[]): number {
  let bytes = 0;
  for (const { from, frame } of pair.traces)
    if (from === "initiator" && types.includes(frame.type) && frame.type !== "problem")
      bytes += encodeFrame(frame, { sender: "clinic_a", receiver: "hub" }).length;
  return bytes;
}

function assertNear(actual: number, expected: number, share: number): void {
  const label = `${actual} is within ${share * 100} % of ${expected}`;
  assert.ok(Math.abs(actual - expected) <= expected * share, label);
}

/** A clinic and a hub that have met, with `count` events since. */
function met(count: number): { a: TestNode; hub: TestNode } {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 20);
  assert.ok(sync(a, hub).summaries().initiator.isComplete);
  pushMany(a, count);
  return { a, hub };
}

test("with nothing to send there is only HELLO", () => {
  const { a, hub } = met(0);
  const { helloBytes, ...data } = rehearseAt(a);
  assert.deepEqual(data, { events: 0, dataBytes: 0, writes: 0 });
  assert.equal(helloBytes, sentBytes(createPair(a, hub).run(), ["hello", "vector"]));
});

test("for a peer that was met, what it lacks is coded to the byte", () => {
  const { a, hub } = met(7);
  const { events, dataBytes, writes } = rehearseAt(a);
  const pair = createPair(a, hub).run();
  assert.equal(events, 7);
  assert.equal(pair.summaries().initiator.eventsSent, 7);
  assert.equal(dataBytes, sentBytes(pair, dataTypes));
  assert.equal(writes, 1);
});

test("for a peer that was never met, all of the log is, and HELLO brings the whole vector", () => {
  const a = createNode("clinic_a", "clinic");
  pushMany(a, 40);
  pushMany(a, 5, { lane: "urgent" });
  const { events, dataBytes, helloBytes } = rehearseAt(a);
  const pair = createPair(a, createNode("hub", "hub")).run();
  assert.equal(events, 45);
  assertNear(dataBytes, sentBytes(pair, dataTypes), 0.1);
  assert.equal(helloBytes, sentBytes(pair, ["hello", "vector"]));
});

test("what the peer has acknowledged since its last HELLO counts as held", () => {
  const { a } = met(6);
  const state = a.states.get("hub");
  const held = state?.theirs[state.theirs.length - 1]?.entries[0] ?? state?.advanced[0];
  assert.ok(state !== undefined && held !== undefined);
  const chain = a.log.chainAt(0, 24)?.slice(0, held.chain.length) ?? assert.fail("event 24");
  const peerState = { ...state, advanced: [{ ...held, head: 24, chain }] };
  assert.equal(rehearseAt(a, { peerState }).events, 2);
  const behind = { ...held, head: 0, holes: [], chain: new Uint8Array(held.chain.length) };
  const older = { mark: state.theirs[0]?.mark ?? assert.fail("a mark"), entries: [behind] };
  const newest = { mark: older.mark, entries: [{ ...held, head: 24, chain }] };
  const both = { ...state, advanced: [], theirs: [older, newest] };
  assert.equal(rehearseAt(a, { peerState: both }).events, 2, "the newest vector counts");
});

test("what goes is coded as that peer reads it", () => {
  const { a } = met(40);
  const state = a.states.get("hub") ?? assert.fail("a state");
  const bytesWith = (codecs: number): number =>
    rehearseAt(a, { peerState: { ...state, codecs } }).dataBytes;
  const [all, tokens, rows, raw] = [63, 0b010111, 0b11, 0b1].map(bytesWith);
  assert.ok(all !== undefined && tokens !== undefined && rows !== undefined && raw !== undefined);
  assert.ok(all < tokens && tokens < rows && rows < raw, `${[all, tokens, rows, raw]}`);
});

test("a write takes as much as fits a TLS record of 4 KiB, or less where the rate is small", () => {
  const { a } = met(3_000);
  const { dataBytes, writes } = rehearseAt(a, { codec: "raw" });
  assert.ok(dataBytes > 5 * 4096);
  assertNear(writes, dataBytes / 4096, 0.5);
  const slow = rehearseAt(a, { codec: "raw", rateBytesPerS: 500 });
  assert.ok(slow.writes > 2 * writes, `${slow.writes} writes on a slow link, ${writes} otherwise`);
});

test("beyond 5,000 events the rest is reckoned from these", () => {
  const { a } = met(5_000);
  const exact = rehearseAt(a, { codec: "raw" });
  assert.equal(exact.events, 5_000);
  pushMany(a, 5_000);
  const { events, dataBytes, writes } = rehearseAt(a, { codec: "raw" });
  assert.equal(events, 10_000);
  assertNear(dataBytes, exact.dataBytes * 2, 0.05);
  assertNear(writes, exact.writes * 2, 0.05);
});

test("nothing changes by it", () => {
  const { a, hub } = met(9);
  const before = {
    ordinal: a.log.changeOrdinal,
    files: a.store.dump(),
    state: a.states.get("hub"),
  };
  const first = rehearseAt(a);
  assert.deepEqual(rehearseAt(a), first, "the same again");
  assert.equal(a.log.changeOrdinal, before.ordinal);
  assert.deepEqual(a.store.dump(), before.files);
  assert.equal(a.states.get("hub"), before.state);
  assert.ok(sync(a, hub).summaries().initiator.isComplete);
  assert.equal(rehearseAt(a).events, 0);
});

const links = {
  "30 KB/s, 600 ms": { latencyMs: 600, rateBytesPerS: 30_000 },
  "23 kbit/s, 600 ms": { latencyMs: 600, rateBytesPerS: 2_875 },
  "100 kbit/s, 1200 ms": { latencyMs: 1_200, rateBytesPerS: 12_500 },
  "1 Mbit/s, 80 ms": { latencyMs: 80, rateBytesPerS: 125_000 },
};
/** Of a resumed TLS handshake with its ticket, and of a session's greetings. */
const handshakeBytes = 1_100;

for (const [name, line] of Object.entries(links))
  test(`says how long a sync will take, within ten percent, once it has seen the link: ${name}`, (t) => {
    const a = createNode("clinic_a", "clinic");
    const hub = createNode("hub", "hub");
    const { latencyMs, rateBytesPerS } = line;
    const tcpMs = 2 * latencyMs;
    const random = createSeededRandom(23);
    const backlog = Math.max(300, Math.ceil(rateBytesPerS / 60));
    for (const [round, count] of [backlog, 10, backlog, 10].entries()) {
      // Nothing makes these smaller: they fill the link.
      for (let i = 0; i < count; i++) {
        const payload = random.bytes(120);
        a.log.push([{ lane: "", type: 1, payload }], startMs - 50_000 + i, () => {});
      }
      settle(a);
      const { dataBytes, helloBytes } = rehearseAt(a);
      const link = a.states.get("hub")?.link;
      const bytes = dataBytes + helloBytes + handshakeBytes;
      const budgetBytesPerS = Number.POSITIVE_INFINITY;
      const said = secondsOf({ link, bytes, isAwaited: false, budgetBytesPerS });
      const handshake = {
        bytes: handshakeBytes,
        ms: 2 * tcpMs + (handshakeBytes * 1000) / rateBytesPerS,
        tcpMs,
      };
      let confirmedMs = 0;
      const pair = createPair(a, hub, {
        ...line,
        from: { handshake },
        onStep: ({ nowMs, initiator }) => {
          if (initiator.session.summary().eventsConfirmed === count) confirmedMs ||= nowMs;
        },
      }).run();
      keepStates(pair, a, hub);
      assert.ok(confirmedMs > 0);
      const took = (handshake.ms + confirmedMs - startMs) / 1000;
      t.diagnostic(`${count} events: ${said.toFixed(2)} s said, ${took.toFixed(2)} s taken`);
      if (round > 0) assertNear(said, took, 0.1);
    }
  });

test("a link that nobody has seen is reckoned with as the slow end of 2G", () => {
  const said = (bytes: number, isAwaited: boolean): number =>
    secondsOf({ link: undefined, bytes, isAwaited, budgetBytesPerS: Number.POSITIVE_INFINITY });
  assert.ok(Math.abs(said(23_000, false) - said(0, false) - 8) < 1e-9, "23 kbit a second");
  assert.ok(Math.abs(said(0, true) - said(0, false) - 1.2) < 1e-9, "600 ms one way");
});
