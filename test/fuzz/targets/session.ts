/**
 * The session as a state machine, driven by programs: an input's bytes choose what
 * the peer sends (valid frames about real streams, bent ones, noise), what the log
 * and the disk do meanwhile, and how time goes, in both roles and under both policies.
 *
 * Claims: nothing throws; it comes to an end; what it sends and asks for is
 * bounded; what was in the log stays; of other authors nothing is added; the log
 * verifies afterwards.
 */
import assert from "node:assert/strict";
import { encodeFrame } from "../../../src/core/codec/encode-frame.ts";
import type { Frame } from "../../../src/core/codec/frame-types.ts";
import { encodeRows } from "../../../src/core/codec/rows.ts";
import { vectorDigest } from "../../../src/core/codec/vector-codec.ts";
import type { StreamId } from "../../../src/core/event.ts";
import { forgeRange } from "../../../src/core/session/raw-peer.test-kit.ts";
import {
  cloneNode,
  createNode,
  digestOf,
  pushMany,
  sync,
  type TestNode,
} from "../../../src/core/session/session.test-kit.ts";
import { nodeCrypto } from "../../../src/storage/node-crypto.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { Program } from "../program.ts";
import { sampleFrames } from "../samples.ts";
import { HostedSession } from "../session-host.ts";

interface World {
  readonly clinic: TestNode;
  readonly hub: TestNode;
}

const stepsMax = 80;
const outBytesMax = 2 * 1024 * 1024;
const strange: readonly StreamId[] = [
  { node: "clinic_b", epoch: 7, lane: "" },
  { node: "clinic_a", epoch: 99, lane: "new" },
  { node: "hub", epoch: 1, lane: "to/clinic_b" },
];

/** Partly synced, with news on both sides and a stranger's stream at the hub. Made once, copied for each input. */
function createWorld(): World {
  const clinic = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const other = createNode("clinic_b", "clinic");
  pushMany(other, 4);
  pushMany(clinic, 6);
  pushMany(hub, 4, { lane: "to/clinic_a" });
  sync(other, hub);
  sync(clinic, hub);
  pushMany(clinic, 5);
  pushMany(clinic, 2, { lane: "urgent" });
  pushMany(hub, 3, { lane: "to/clinic_a" });
  return { clinic, hub };
}

let template: World | undefined;

function copyWorld(): World {
  template ??= createWorld();
  return { clinic: cloneNode(template.clinic), hub: cloneNode(template.hub) };
}

function runProgram(bytes: Uint8Array): string {
  const program = new Program(bytes);
  const { clinic, hub } = copyWorld();
  const mode = program.byte();
  const isHub = (mode & 1) === 1;
  const [self, peer] = isHub ? [hub, clinic] : [clinic, hub];
  const before = digestOf(self);
  const foreign = (): readonly string[] =>
    digestOf(self, (author) => author !== self.id && author !== peer.id);
  const foreignBefore = foreign();
  const host = new HostedSession(self, peer, {
    isInitiator: !isHub,
    policy: (mode & 2) === 0 ? "own" : "all",
    keepOpen: (mode & 4) !== 0,
    knowsPeer: (mode & 8) !== 0,
    bytesMax: (mode & 16) === 0 ? undefined : 6000,
  });
  if ((mode & 32) === 0) host.send(helloFrom(peer, program));
  for (let step = 0; step < stepsMax && !program.isOver && !host.isClosed; step++)
    act(program, host, self, peer);
  host.end();
  assert.equal(host.isClosed, true, "it goes on for ever");
  assert.ok(host.outBytes <= outBytesMax, `${host.outBytes} bytes sent`);
  assertStays(before, digestOf(self), self.id);
  if (isHub) assert.deepEqual(foreign(), foreignBefore, "of others nothing is added");
  checkLog(self);
  const { endedBy, error } = host.session.summary();
  return `${isHub ? "hub" : "clinic"} ${error?.code ?? endedBy}`;
}

/**
 * What was there is there, where it was. Only an author's own branch may have moved to another epoch: that is
 * what it does when a peer shows that it holds another branch (RULES 24).
 */
function assertStays(before: readonly string[], after: readonly string[], self: string): void {
  const left = new Map<string, number>();
  for (const line of after) {
    left.set(line, (left.get(line) ?? 0) + 1);
    const moved = withoutPlace(line);
    left.set(moved, (left.get(moved) ?? 0) + 1);
  }
  for (const line of before) {
    const key = line.startsWith(`${self} `) ? withoutPlace(line) : line;
    const count = left.get(key) ?? 0;
    assert.ok(count > 0, `${line} is gone`);
    left.set(key, count - 1);
  }
}

/** A line of `digestOf` as lane and payload. */
function withoutPlace(line: string): string {
  const [, , lane, , payload] = line.split(" ");
  return `${lane} ${payload}`;
}

function checkLog({ log }: TestNode): void {
  const problems: string[] = [];
  const walk = log.verify(({ problem }) => problems.push(problem));
  while (walk.step());
  assert.deepEqual(problems, []);
}

function act(program: Program, host: HostedSession, self: TestNode, peer: TestNode): void {
  switch (program.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return host.send(frameOf(program, self, peer));
    case 5:
      return host.sendBytes(bent(program, encode(frameOf(program, self, peer), self, peer)));
    case 6:
      return host.sendBytes(program.take(program.below(24)));
    case 7:
      pushMany(self, 1 + program.below(3), { lane: program.pick(["", "urgent", "lab"]) });
      return host.handle({ kind: "logChanged" });
    case 8:
      return host.wait(program.pick([0, 500, 16_000, 31_000, 200_000, 86_400_000]));
    case 9:
      return host.setDisk(program.pick(["prompt", "slow", "failing"]));
    case 10:
      return host.disk();
    default:
      return host.handle(
        program.pick([
          { kind: "logChanged" },
          { kind: "wire", sentBytes: 5000, receivedBytes: 3000 },
          { kind: "finish" },
          { kind: "fence" },
          { kind: "eof" },
        ] as const),
      );
  }
}

function encode(frame: Frame, self: TestNode, peer: TestNode): Uint8Array {
  return encodeFrame(frame, { sender: peer.id, receiver: self.id });
}

function bent(program: Program, frame: Uint8Array): Uint8Array {
  const out = frame.slice();
  for (let count = 1 + program.below(3); count > 0; count--)
    out[program.below(out.length)] = program.byte();
  return out;
}

function helloFrom(peer: TestNode, program: Program): Frame {
  const choice = program.byte();
  return {
    type: "hello",
    version: 1,
    versionOldest: 1,
    nodeId: peer.id,
    logId: new Uint8Array(16).fill(choice & 1),
    wallMs: 1_760_000_000_000,
    codecs: 3,
    keepsOpen: (choice & 2) !== 0,
    isPingOnly: (choice & 12) === 12,
    offersAll: (choice & 16) !== 0,
    vector: { ordinal: 1, digest: vectorDigest(nodeCrypto, []) },
    entryCount: (choice & 32) === 0 ? 0 : 2,
  };
}

/** A frame about something that is there, or nearly. */
function frameOf(program: Program, self: TestNode, peer: TestNode): Frame {
  const id = streamOf(program, self);
  const index = self.log.findStream(id);
  const head = index === undefined ? 0 : self.log.streamHead(index);
  const seq = program.pick([head + 1, head, head - 1, 1, 0, head + 2, 2 ** 53 - 1]);
  const at = Math.max(0, seq);
  const chain =
    (index === undefined ? undefined : self.log.chainAt(index, at)) ?? new Uint8Array(16).fill(9);
  const chain8 = chain.slice(0, 8);
  const number = program.below(4);
  switch (program.below(16)) {
    case 0:
      return { type: "stream", id };
    case 1:
      return forgeRange(id, { number, from: at, count: 1 + program.below(3), before: chain });
    case 2:
      return heldRange(program, self, number, id);
    case 3:
      return fragment(program, number, at, chain8);
    case 4:
      return { type: "ack", entries: [{ stream: number, seq: at }] };
    case 5:
      return {
        type: "refused",
        stream: number,
        reason: program.pick(["gap", "fork", "stream"]),
        seq: at,
        head: program.below(8),
        code: program.pick([0, 506, 513]),
      };
    case 6:
      return { type: "chainsQuery", id, low: program.below(4), high: at };
    case 7:
      return { type: "chains", id, head: at, points: at > 0 ? [{ seq: at, chain8 }] : [] };
    case 8:
      return {
        type: "lost",
        stream: number,
        from: Math.max(1, at - 1),
        to: Math.max(1, at),
        chain,
      };
    case 9:
      return { type: "floor", stream: number, seq: at, chain, byOrigin: program.below(2) === 1 };
    case 10:
      return { type: "prime", id, from: 1, to: at, chain8 };
    case 11:
      return {
        type: "vector",
        purpose: program.pick(["hello", "update", "full"]),
        remaining: 0,
        entries: [{ id, head: at, chain: chain8, holes: [] }],
      };
    case 12:
      return { type: "bye", reason: program.pick(["done", "budget"]), heldOrdinal: 1 };
    case 13:
      return { type: "done", isPartial: program.below(2) === 1 };
    case 14:
      return helloFrom(peer, program);
    default:
      return program.pick([...sampleFrames, heldBack(program, id, at), health(program)]);
  }
}

/** What a hub says of events that it holds back, and what any side says of itself. */
function heldBack(program: Program, id: StreamId, at: number): Frame {
  const from = Math.max(1, at);
  const run = { id, from, to: from + program.below(3), reason: "at /n: must be integer" };
  const runs = Array.from({ length: program.below(4) }, () => run);
  return { type: "quarantine", total: program.pick([0, 1, runs.length, 2 ** 40]), runs };
}

function health(program: Program): Frame {
  return {
    type: "health",
    health: {
      version: program.pick(["1.0.0", "", "x".repeat(32)]),
      diskFreeBytes: program.pick([0, 4096, 2 ** 50]),
      damagedCount: program.byte(),
      quarantinedCount: program.byte(),
      troubles: program.pick([[], ["Z508"], ["Z220", "Z517"]]),
      certDaysLeft: program.pick([-3, 0, 400]),
    },
  };
}

function streamOf(program: Program, self: TestNode): StreamId {
  const count = self.log.streamCount;
  const at = program.below(count + strange.length);
  return at < count ? self.log.stream(at).id : (strange[at - count] ?? self.log.stream(0).id);
}

/** Events that are held already, as an honest peer would send them again. */
function heldRange(program: Program, self: TestNode, stream: number, id: StreamId): Frame {
  const index = self.log.findStream(id);
  const from = 1 + program.below(4);
  const limit = { events: 1 + program.below(3), bytes: 4096 };
  const events = index === undefined ? [] : self.log.readStream(index, from, limit);
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) return { type: "noWindow" };
  const block = encodeRows(events);
  return {
    type: "range",
    stream,
    from: first.seq,
    count: events.length,
    chainBefore8: first.chainBefore.slice(0, 8),
    chainAfter8: last.chain.slice(0, 8),
    codec: 0,
    rawBytes: block.length,
    block,
  };
}

function fragment(program: Program, stream: number, seq: number, chain8: Uint8Array): Frame {
  const block = new Uint8Array(1 + program.below(200)).fill(7);
  return {
    type: "fragment",
    stream,
    seq,
    hlc: { ms: 1_760_000_000_000, counter: program.below(9) },
    eventType: 1,
    known: Uint8Array.of(0),
    totalBytes: program.pick([20_000, block.length, 17_000]),
    offset: program.pick([0, 0, block.length, 4096]),
    chainBefore8: chain8,
    chainAfter8: new Uint8Array(8).fill(program.byte()),
    codec: 0,
    rawBytes: block.length,
    block,
  };
}

export const sessionTargets: readonly FuzzTarget[] = [
  {
    name: "sessions",
    inputBytesMax: 300,
    shortRuns: 150,
    samples: [0, 1, 3, 9, 17, 33, 45].map((mode) =>
      Uint8Array.from({ length: 60 }, (_, at) => (at === 0 ? mode : (at * 37 + mode * 11) & 0xff)),
    ),
    run: runProgram,
  },
];
