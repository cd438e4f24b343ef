/**
 * Two real sessions, and an input that is the link between them: it lets what is in flight arrive,
 * whole, in part, twice, bent or late, loses it, slips in a frame of its own, and meanwhile writes
 * events, moves the clocks and holds up disks. So inputs get deep into a sync before anything is wrong.
 *
 * Claims: nothing throws; both sides come to an end; nobody loses an event, or holds one that its
 * author never wrote; both logs verify; and the same two nodes then sync over a good link to the end.
 */
import assert from "node:assert/strict";
import { encodeFrame } from "../../../src/core/codec/encode-frame.ts";
import {
  cloneNode,
  createNode,
  digestOf,
  pushMany,
  sync,
  type TestNode,
} from "../../../src/core/session/session.test-kit.ts";
import type { FuzzTarget } from "../fuzz-target.ts";
import { Program } from "../program.ts";
import { sampleFrames } from "../samples.ts";
import { type HostedSession, hostPair } from "../session-host.ts";

interface World {
  readonly clinic: TestNode;
  readonly hub: TestNode;
}

/** Common history, then news on both sides, a large event, and a branch on the clinic's other card. */
function createWorld(isFork: boolean): World {
  const clinic = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(clinic, 8);
  pushMany(hub, 3, { lane: "to/clinic_a" });
  sync(clinic, hub);
  const twin = cloneNode(clinic);
  pushMany(clinic, 4);
  sync(clinic, hub);
  const self = isFork ? twin : clinic;
  pushMany(self, 5);
  pushMany(self, 1, { tag: "large ".repeat(4000) });
  pushMany(self, 2, { lane: "urgent" });
  pushMany(hub, 3, { lane: "to/clinic_a" });
  return { clinic: self, hub };
}

const templates = new Map<boolean, World>();

function copyWorld(isFork: boolean): World {
  const known = templates.get(isFork) ?? createWorld(isFork);
  templates.set(isFork, known);
  return { clinic: cloneNode(known.clinic), hub: cloneNode(known.hub) };
}

const stepsMax = 120;

function runLink(bytes: Uint8Array): string {
  const program = new Program(bytes);
  const mode = program.byte();
  const { clinic, hub } = copyWorld((mode & 1) !== 0);
  const before = [...digestOf(clinic), ...digestOf(hub)].map(payloadOf);
  const [caller, called] = hostPair(clinic, hub, {
    policy: (mode & 2) === 0 ? "own" : "all",
    keepOpen: (mode & 4) !== 0,
    knowsPeer: (mode & 8) !== 0,
    bytesMax: (mode & 16) === 0 ? undefined : 9000,
  });
  for (let step = 0; step < stepsMax && !program.isOver; step++) act(program, caller, called);
  const ends = [caller, called].map((side) => {
    side.end();
    assert.equal(side.isClosed, true, "it goes on for ever");
    const { endedBy, error } = side.session.summary();
    return error?.code ?? endedBy;
  });
  const written = new Set([...before, ...caller.written, ...called.written]);
  for (const node of [clinic, hub]) {
    for (const line of digestOf(node)) assert.ok(written.has(payloadOf(line)), `${line} is forged`);
    checkLog(node);
  }
  settleOver(clinic, hub);
  const after = new Set([...digestOf(clinic), ...digestOf(hub)].map(payloadOf));
  for (const payload of written) assert.ok(after.has(payload), `${payload} is gone`);
  return ends.join(" ");
}

/** Without the stream: a branch may have moved. */
const payloadOf = (line: string): string => line.slice(line.lastIndexOf(" ") + 1);

function checkLog({ log }: TestNode): void {
  const problems: string[] = [];
  const walk = log.verify(({ problem }) => problems.push(problem));
  while (walk.step());
  assert.deepEqual(problems, []);
}

/** Whatever the bad link left behind in either's memory of the other. */
function settleOver(clinic: TestNode, hub: TestNode): void {
  for (let round = 0; round < 5; round++)
    if (sync(clinic, hub).summaries().initiator.isComplete) return;
  assert.fail("a good link does not bring them together");
}

function act(program: Program, caller: HostedSession, called: HostedSession): void {
  const [from, to] = program.below(2) === 0 ? [caller, called] : [called, caller];
  switch (program.below(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return to.sendBytes(from.takeOutgoing(Number.POSITIVE_INFINITY));
    case 4:
      return to.sendBytes(from.takeOutgoing(1 + program.byte() * 4));
    case 5: {
      const bytes = from.takeOutgoing(Number.POSITIVE_INFINITY);
      if (bytes.length > 0)
        bytes[(program.byte() * 256 + program.byte()) % bytes.length] = program.byte();
      return to.sendBytes(bytes);
    }
    case 6: {
      const bytes = from.takeOutgoing(Number.POSITIVE_INFINITY);
      to.sendBytes(bytes);
      return program.below(4) === 0 ? to.sendBytes(bytes) : undefined;
    }
    case 7:
      return program.below(8) === 0
        ? void from.takeOutgoing(1 + program.byte())
        : to.sendBytes(
            encodeFrame(program.pick(sampleFrames), { sender: from.self.id, receiver: to.self.id }),
          );
    case 8:
      from.write(program.pick(["", "urgent", "lab"]), 1 + program.below(3));
      return from.handle({ kind: "logChanged" });
    case 9:
      return from.wait(program.pick([0, 50, 900, 16_000, 31_000, 200_000]));
    case 10:
      return program.below(2) === 0 ? from.setDisk(program.pick(["prompt", "slow"])) : from.disk();
    default:
      return from.handle(
        program.pick([
          { kind: "logChanged" },
          { kind: "wire", sentBytes: 3000, receivedBytes: 2000 },
          { kind: "probe" },
          { kind: "finish" },
          { kind: "fence" },
          { kind: "eof" },
        ] as const),
      );
  }
}

/** Twenty deliveries each way: enough for all that the two have for each other. */
const whole = Array.from({ length: 20 }, () => [0, 0, 1, 0]).flat();

export const conversationTargets: readonly FuzzTarget[] = [
  {
    name: "bad links",
    samples: [0, 1, 8, 9, 12, 24].map((mode) => Uint8Array.of(mode, ...whole)),
    shortRuns: 12,
    run: runLink,
  },
];
