/** Frames out of their place: each ends the session with a code, and what stands in its place does not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nodeCrypto } from "../../storage/node-crypto.ts";
import { encodeFrame } from "../codec/encode-frame.ts";
import type { Frame, VectorFrame } from "../codec/frame-types.ts";
import { vectorDigest } from "../codec/vector-codec.ts";
import { rangesMaxClinic, vectorEntriesMaxClinic } from "../codec/wire-limits.ts";
import { chainZero } from "../log/chain.ts";
import type { VectorEntry } from "../vector/entry.ts";
import { peerStreamsMaxClinic, queriesMax, refusedStreamsMax } from "./limits.ts";
import { forgeRange, RawPeer } from "./raw-peer.test-kit.ts";
import { createNode, fingerprintOf, pushMany, startMs } from "./session.test-kit.ts";

const own = { node: "clinic_a", epoch: 5, lane: "" };
const chain8 = new Uint8Array(8).fill(1);
const line: VectorEntry = { id: own, head: 3, chain: chain8, holes: [] };

const peerOf = (): RawPeer => new RawPeer(createNode("hub", "hub"), "clinic_a");

function problemOf(peer: RawPeer): string {
  const { closedBy } = peer;
  return closedBy === undefined ? "none" : `${closedBy.code} ${closedBy.context.problem ?? ""}`;
}

describe("a session ends when the peer", () => {
  test("says anything before its HELLO", () => {
    const frames: Frame[] = [
      { type: "ping", nonce: 1 },
      { type: "done", isPartial: false },
    ];
    for (const frame of frames) {
      assert.match(problemOf(peerOf().send(frame)), new RegExp(`^Z506 ${frame.type} before HELLO`));
    }
  });

  test("says HELLO twice", () => {
    assert.match(problemOf(peerOf().hello().hello()), /^Z506 a second HELLO/);
  });

  test("acknowledges or refuses what it was not sent", () => {
    const ack: Frame = { type: "ack", entries: [{ stream: 0, seq: 1 }] };
    assert.match(problemOf(peerOf().hello().send(ack)), /^Z506 an acknowledgement/);
    const refused: Frame = { type: "refused", stream: 0, reason: "gap", seq: 1, head: 0, code: 0 };
    assert.match(problemOf(peerOf().hello().send(refused)), /^Z506 a refusal/);
  });

  test("sends data of a stream that has no number, and not of one that a line or STREAM gave it", () => {
    const numbered = forgeRange(own, { number: 0, from: 1, count: 1 });
    assert.equal(problemOf(peerOf().holding([line]).send(numbered)), "none");
    const range = forgeRange(own, { number: 0, from: 1, count: 1 });
    assert.match(problemOf(peerOf().hello().send(range)), /^Z506 data of a stream without a name/);
    const named = peerOf().hello().send({ type: "stream", id: own }, range);
    assert.equal(problemOf(named), "none");
    const lost: Frame = { type: "lost", stream: 1, from: 1, to: 2, chain: new Uint8Array(16) };
    assert.match(problemOf(named.send(lost)), /^Z506/);
  });

  test("sends a batch of a place that nothing has told", () => {
    const part: Frame = { type: "batch", codec: 3, count: 2, block: new Uint8Array(4) };
    const batches: readonly Frame[] = [
      // No line says where it ends; no batch before says where it starts; the line's head is 3.
      part,
      { ...part, chainAfter8: chain8 },
      { ...part, history: 1, start: { chainBefore4: chain8.subarray(0, 4) } },
    ];
    for (const batch of batches) {
      const peer = peerOf().hello().send({ type: "stream", id: own }, batch);
      assert.match(problemOf(peer), /^Z501 BATCH goes on from nowhere/);
    }
    const holding = peerOf()
      .holding([line])
      .send({ ...part, count: 4, history: 1, start: { chainBefore4: chain8.subarray(0, 4) } });
    assert.match(problemOf(holding), /^Z501 BATCH goes on from nowhere/);
  });

  test("sends a window's end without a beginning, or asks twice for all of a vector", () => {
    assert.match(problemOf(peerOf().hello().send({ type: "noWindow" })), /^Z506 NO_WINDOW/);
    const asking = peerOf().hello().send({ type: "needVector" });
    assert.equal(problemOf(asking), "none");
    assert.equal(asking.framesOf("vector").length, 1, "the answer to the first");
    assert.match(problemOf(asking.send({ type: "needVector" })), /^Z506 the whole vector/);
  });

  test("breaks a rule, after what it asked before that was answered", () => {
    const peer = peerOf().hello();
    const frames: readonly Frame[] = [{ type: "ping", nonce: 7 }, { type: "noWindow" }];
    const ends = { sender: "clinic_a", receiver: "hub" };
    peer.bytes(Buffer.concat(frames.map((frame) => encodeFrame(frame, ends))));
    const types = peer.frames.map(({ type }) => type);
    assert.deepEqual(types.slice(-2), ["pong", "error"]);
    assert.match(problemOf(peer), /^Z506/);
  });

  test("moves data in a session that it said would only measure", () => {
    const measuring = peerOf().hello({ isPingOnly: true }).send({ type: "ping", nonce: 7 });
    assert.deepEqual(measuring.framesOf("pong"), [{ type: "pong", nonce: 7 }]);
  });
});

describe("a peer's vector", () => {
  const announced = (entries: readonly VectorEntry[], count = entries.length): RawPeer =>
    peerOf().hello({
      vector: { ordinal: 1, digest: vectorDigest(nodeCrypto, entries) },
      entryCount: count,
    });
  const frame = (entries: readonly VectorEntry[], purpose: VectorFrame["purpose"] = "hello") =>
    ({ type: "vector", purpose, remaining: 0, entries }) as const;

  test("is taken in as many frames as it likes, and may not be longer than announced", () => {
    const lines = ["", "a", "b"].map((lane) => ({ ...line, id: { ...own, lane } }));
    const peer = announced(lines).send(frame(lines.slice(0, 2)));
    assert.equal(problemOf(peer), "none");
    assert.equal(problemOf(peer.send(frame(lines.slice(2)))), "none");
    assert.match(problemOf(peer.send(frame(lines))), /^Z506 a vector that nobody asked for/);
    assert.match(problemOf(announced(lines, 2).send(frame(lines))), /^Z504/);
  });

  test("fits its digest", () => {
    const other = { ...line, head: 4 };
    assert.match(problemOf(announced([line]).send(frame([other]))), /^Z506 .* its digest/);
    assert.equal(problemOf(announced([line]).send(frame([line]))), "none");
    // A line that says nothing is no part of it.
    const silent = { ...line, id: { ...own, lane: "b" }, head: 0, chain: new Uint8Array(8) };
    assert.equal(problemOf(announced([line], 2).send(frame([line, silent]))), "none");
  });

  test("relative to a state that is not held here is asked for whole, once", () => {
    const digest = vectorDigest(nodeCrypto, [line]);
    const mark = { ordinal: 2, digest };
    const peer = peerOf().hello({
      vector: mark,
      base: { ordinal: 1, digest: chain8 },
      entryCount: 0,
    });
    assert.equal(peer.framesOf("needVector").length, 1);
    const whole: Frame = { type: "vector", purpose: "full", remaining: 0, entries: [line], mark };
    assert.equal(problemOf(peer.send(whole)), "none");
    assert.equal(peer.framesOf("needVector").length, 1);
    assert.match(problemOf(peer.send(whole)), /^Z506 a vector that nobody asked for/);
    const asked = peerOf().hello({ vector: mark, base: { ordinal: 1, digest: chain8 } });
    asked.send({ ...whole, remaining: vectorEntriesMaxClinic });
    assert.match(problemOf(asked), /^Z504/, "no more lines than a clinic can have");
    const unmarked = peerOf().hello({ vector: mark, base: { ordinal: 1, digest: chain8 } });
    assert.match(problemOf(unmarked.send(frame([line]))), /^Z504/, "the whole is said to be that");
  });

  test("is of as many lines and holes as a clinic can have", () => {
    assert.equal(problemOf(announced([], vectorEntriesMaxClinic)), "none");
    assert.match(problemOf(announced([], vectorEntriesMaxClinic + 1)), /^Z504/);
    const lines = (count: number): VectorEntry[] =>
      Array.from({ length: count }, (_, i) => ({
        ...line,
        id: { ...own, epoch: i },
        head: 4000,
        holes: Array.from({ length: 1024 }, (__, k) => ({ from: 2 * k + 1, to: 2 * k + 1 })),
      }));
    const most = (rangesMaxClinic * 2) / 1024;
    const sendEach = (entries: readonly VectorEntry[]): RawPeer => {
      const peer = announced(entries);
      for (const entry of entries) peer.send(frame([entry]));
      return peer;
    };
    assert.equal(problemOf(sendEach(lines(most))), "none");
    assert.match(problemOf(sendEach(lines(most + 1))), /^Z504/);
  });

  test("is updated only once it is known", () => {
    const early = announced([line]).send(frame([line], "update"));
    assert.match(problemOf(early), /^Z506 a vector's update before the vector/);
    assert.equal(problemOf(announced([]).send(frame([line], "update"))), "none");
  });
});

describe("a clinic's streams", () => {
  test("that it may not deliver end the session only when they are many", () => {
    const other = { node: "clinic_b", epoch: 1, lane: "" };
    const peer = peerOf().hello();
    for (let i = 0; i < refusedStreamsMax; i++) {
      peer.send({ type: "stream", id: { ...other, epoch: i } });
    }
    assert.equal(problemOf(peer), "none");
    assert.equal(peer.reports.length, refusedStreamsMax);
    assert.ok(peer.reports.every(({ code }) => code === "Z511"));
    assert.equal(peer.reports[0]?.context.stream, "clinic_b/00000000/");
    peer.send({ type: "stream", id: other });
    assert.match(problemOf(peer), /^Z504/);
  });

  test("are of 64 lanes and 64 epochs, those held from earlier among them", () => {
    const lanes = (count: number, hub = createNode("hub", "hub")): RawPeer => {
      const peer = new RawPeer(hub, "clinic_a").hello();
      for (let i = 0; i < count; i++) {
        const id = { ...own, lane: `lane${i}` };
        peer.send({ type: "stream", id }, forgeRange(id, { number: i, from: 1, count: 1 }));
      }
      return peer;
    };
    assert.deepEqual(lanes(64).reports, []);
    const over = lanes(66);
    assert.deepEqual(
      over.framesOf("refused").map(({ reason, code }) => [reason, code]),
      [
        ["stream", 504],
        ["stream", 504],
      ],
    );
    assert.equal(problemOf(over), "none");
    const epochs = peerOf().hello();
    for (let epoch = 0; epoch < 65; epoch++) epochs.send({ type: "stream", id: { ...own, epoch } });
    assert.deepEqual(
      epochs.reports.map(({ code }) => code),
      ["Z504"],
    );

    const hub = createNode("hub", "hub");
    lanes(64, hub);
    const next = new RawPeer(hub, "clinic_a").hello();
    next.send({ type: "stream", id: { ...own, lane: "lane1" } });
    assert.deepEqual(next.reports, []);
    next.send({ type: "stream", id: { ...own, lane: "another" } });
    assert.deepEqual(
      next.reports.map(({ code }) => code),
      ["Z504"],
    );
  });

  test("of epochs beyond 64 are refused, those held from earlier among them; known ones go on", () => {
    const hub = createNode("hub", "hub");
    const first = new RawPeer(hub, "clinic_a").hello();
    for (let epoch = 1; epoch <= 64; epoch++) {
      const id = { ...own, epoch };
      const number = epoch - 1;
      first.send({ type: "stream", id }, forgeRange(id, { number, from: 1, count: 1 }));
    }
    assert.deepEqual(first.reports, []);
    const next = new RawPeer(hub, "clinic_a").hello();
    const open = (id: typeof own): readonly unknown[] => {
      next.send({ type: "stream", id });
      return next.reports.map(({ context }) => context.limit);
    };
    assert.deepEqual(open({ ...own, epoch: 64 }), []);
    assert.deepEqual(open({ ...own, epoch: 65 }), ["64 epochs of a node"]);
    // What was refused takes no one's place.
    assert.deepEqual(open({ ...own, epoch: 3, lane: "lab" }).length, 1);
    assert.deepEqual(open({ ...own, epoch: 66 }).length, 2);
    assert.equal(problemOf(next), "none");
    for (let i = 0; i < refusedStreamsMax - 2; i++) open({ ...own, epoch: 100 + i });
    assert.equal(problemOf(next), "none");
    assert.match(problemOf(next.send({ type: "stream", id: { ...own, epoch: 999 } })), /^Z504/);
  });

  test("of lanes beyond 64 are refused when they are named, before anything of them came", () => {
    const peer = peerOf().hello();
    for (let i = 0; i < 65; i++) peer.send({ type: "stream", id: { ...own, lane: `lane${i}` } });
    const limits = (): readonly unknown[] => peer.reports.map(({ context }) => context.limit);
    assert.deepEqual(limits(), ["64 lanes of a node"]);
    peer.send({ type: "stream", id: { ...own, lane: "lane5", epoch: 6 } });
    assert.equal(limits().length, 1, "a lane that is known goes on");
    peer.send({ type: "stream", id: { ...own, lane: "lane66" } });
    assert.deepEqual([limits().length, problemOf(peer)], [2, "none"]);
  });

  test("are given numbers up to all that a clinic can have, however often it names one", () => {
    const peer = peerOf().hello();
    for (let i = 0; i < peerStreamsMaxClinic; i++) peer.send({ type: "stream", id: own });
    assert.equal(problemOf(peer), "none");
    peer.send({ type: "stream", id: own });
    assert.equal(peer.closedBy?.context.limit, `${peerStreamsMaxClinic} streams`);
    const hub2 = { nodeId: "hub2", role: "hub", keyFingerprint: fingerprintOf("hub2") } as const;
    const relaying = new RawPeer(createNode("hub", "hub"), "hub2", { peer: hub2 }).hello();
    for (let i = 0; i <= peerStreamsMaxClinic; i++) relaying.send({ type: "stream", id: own });
    assert.equal(problemOf(relaying), "none", "a hub carries many clinics'");
  });

  test("belong to the key that wrote them first", () => {
    const hub = createNode("hub", "hub");
    hub.log.mark(
      { kind: "bind", node: "clinic_a", epoch: 5, fingerprint: fingerprintOf("another") },
      startMs,
      () => {},
    );
    const peer = new RawPeer(hub, "clinic_a").hello();
    peer.send({ type: "stream", id: own }, forgeRange(own, { number: 0, from: 1, count: 1 }));
    assert.deepEqual(
      peer.reports.map(({ code }) => code),
      ["Z512"],
    );
    assert.deepEqual(
      peer.framesOf("refused").map(({ code }) => code),
      [512],
    );
  });
});

describe("questions about chains", () => {
  test("are answered with what is held in their span, up to a number of them", () => {
    const hub = createNode("hub", "hub");
    pushMany(hub, 9, { lane: "to/clinic_a" });
    const id = { node: "hub", epoch: hub.log.ownEpoch, lane: "to/clinic_a" };
    const peer = new RawPeer(hub, "clinic_a").hello();
    peer.send({ type: "chainsQuery", id, low: 0, high: 9 });
    const [answer] = peer.framesOf("chains");
    assert.equal(answer?.head, 9);
    const zero = answer?.points.find(({ seq }) => seq === 0);
    if (zero !== undefined) {
      assert.deepEqual(zero.chain8, chainZero(nodeCrypto, id).slice(0, 8));
    }
    for (let i = 1; i < queriesMax; i++) {
      peer.send({ type: "chainsQuery", id: { ...id, epoch: i }, low: 0, high: 0 });
    }
    assert.equal(problemOf(peer), "none");
    peer.send({ type: "chainsQuery", id, low: 0, high: 0 });
    assert.match(problemOf(peer), /^Z504/);
  });
});

describe("a peer's last words", () => {
  test("become a code of ours: to be retried, about identity, or any other", () => {
    const cases = [
      [504, "Z514"],
      [505, "Z513"],
      [312, "Z327"],
      [299, "Z514"],
      [300, "Z327"],
      [400, "Z514"],
      [999, "Z514"],
    ] as const;
    for (const [code, ours] of cases) {
      const peer = peerOf().hello().send({ type: "error", code, text: "no\u0007\u007f more" });
      assert.equal(peer.closedBy?.code, ours, `${code}`);
      const words = `${peer.closedBy?.context.text ?? ""}${peer.closedBy?.context.reason ?? ""}`;
      assert.match(words, /no {3}more$/, "control characters become blanks");
    }
  });
});
