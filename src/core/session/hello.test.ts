/** What each side says of itself at the start, and what it believes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { codecsAll } from "../codec/codecs.ts";
import type { HelloFrame } from "../codec/frame-types.ts";
import type { HealthBlock } from "./api.ts";
import { RawPeer } from "./raw-peer.test-kit.ts";
import {
  codesOf,
  createNode,
  createPair,
  keepStates,
  pushMany,
  startMs,
  type SyncOptions,
  sync,
  type TestNode,
} from "./session.test-kit.ts";

const hour = 3_600_000;
const day = 24 * hour;

function hellos(from: TestNode, to: TestNode, options: SyncOptions = {}) {
  const pair = sync(from, to, options);
  const of = (side: "initiator" | "responder"): HelloFrame => {
    const found = pair.traces.find((trace) => trace.from === side && trace.frame.type === "hello");
    assert.ok(found?.frame.type === "hello");
    return found.frame;
  };
  return { pair, first: of("initiator"), second: of("responder") };
}

const clinicAndHub = (): readonly [TestNode, TestNode] => [
  createNode("clinic_a", "clinic"),
  createNode("hub", "hub"),
];

describe("HELLO", () => {
  test("says who speaks, from which log, at what time, and whether to stay", () => {
    const [clinic, hub] = clinicAndHub();
    const { first, second } = hellos(clinic, hub);
    assert.deepEqual([first.nodeId, second.nodeId], ["clinic_a", "hub"]);
    assert.deepEqual([first.logId, second.logId], [clinic.log.logId, hub.log.logId]);
    assert.equal(first.wallMs, startMs);
    assert.equal(first.codecs, codecsAll);
    assert.deepEqual([first.keepsOpen, first.isPingOnly], [false, false]);
  });

  test("says the hub's policy, which only a hub has", () => {
    const [clinic, hub] = clinicAndHub();
    const all = hellos(clinic, hub, { policy: "all" });
    assert.deepEqual([all.first.offersAll, all.second.offersAll], [false, true]);
    assert.equal(hellos(clinic, hub, { policy: "own" }).second.offersAll, false);
    // A clinic that says it all the same is given no more.
    const other = createNode("clinic_b", "clinic", 77);
    pushMany(other, 3);
    sync(other, hub);
    const asking = new RawPeer(hub, "clinic_a").hello({ offersAll: true });
    assert.deepEqual([asking.streams(), asking.session.summary().remaining], [[], 0]);
  });

  test("keeps a time that no clock can show within what its field holds", () => {
    for (const [offsetMs, wallMs] of [
      [-startMs - 5, 0],
      [2 ** 49, 2 ** 48 - 1],
      [0.7, startMs],
    ] as const) {
      const [clinic, hub] = clinicAndHub();
      assert.equal(hellos(clinic, hub, { fromOffsetMs: offsetMs }).first.wallMs, wallMs);
    }
  });

  test("names a state of the peer's vector once one is known, and sends only what changed since", () => {
    const [clinic, hub] = clinicAndHub();
    pushMany(clinic, 3);
    const met = hellos(clinic, hub);
    assert.deepEqual([met.first.base, met.first.held], [undefined, undefined]);
    assert.equal(met.first.entryCount, 1);
    const second = hellos(clinic, hub);
    assert.notEqual(second.first.held, undefined);
    assert.deepEqual(second.second.held, met.first.vector, "what it said at first is held there");
    const again = hellos(clinic, hub);
    assert.equal(again.first.entryCount, 0);
    assert.deepEqual(again.first.vector, met.first.vector);
    pushMany(clinic, 1, { lane: "lab" });
    const changed = hellos(clinic, hub);
    assert.equal(changed.first.entryCount, 1);
    assert.deepEqual(changed.first.base, met.first.vector);
    assert.equal(changed.first.vector.ordinal, met.first.vector.ordinal + 1);
  });

  test("of two clinics is never said", () => {
    const a = createNode("clinic_a", "clinic");
    const b = createNode("clinic_b", "clinic");
    const pair = sync(a, b);
    assert.equal(pair.traces.filter(({ frame }) => frame.type === "hello").length, 0);
    assert.equal(pair.summaries().initiator.error?.code, "Z522");
  });
});

describe("a health block", () => {
  const health: HealthBlock = {
    version: "0.1.0",
    diskFreeBytes: 1_000_000,
    damagedCount: 1,
    quarantinedCount: 2,
    troubles: [],
    certDaysLeft: 300,
  };

  test("goes when anything in it has changed, and free space only by more than a twentieth", () => {
    const [clinic, hub] = clinicAndHub();
    const send = (block: HealthBlock) => hellos(clinic, hub, { from: { health: block } });
    const { first, pair } = send(health);
    assert.deepEqual(first.health, health);
    assert.deepEqual(pair.summaries().responder.peerHealth, health);
    assert.equal(send(health).first.health, undefined);
    const changes: Partial<HealthBlock>[] = [
      { version: "0.1.1" },
      { damagedCount: 2 },
      { quarantinedCount: 3 },
      { troubles: ["Z517"] },
      { certDaysLeft: 299 },
      { diskFreeBytes: 949_999 },
      { diskFreeBytes: 1_050_001 },
    ];
    for (const change of changes) {
      assert.deepEqual(send({ ...health, ...change }).first.health, { ...health, ...change });
      send({ ...health, version: "between" });
      send(health);
    }
    for (const diskFreeBytes of [950_000, 1_050_000]) {
      assert.equal(send({ ...health, diskFreeBytes }).first.health, undefined);
    }
  });

  test("goes again when the hub holds nothing of what it was told", () => {
    const [clinic, hub] = clinicAndHub();
    hellos(clinic, hub, { from: { health } });
    hub.states.delete("clinic_a");
    const { first, pair } = hellos(clinic, hub, { from: { health } });
    assert.equal(first.health, undefined, "HELLO left before the hub was heard");
    assert.deepEqual(pair.summaries().responder.peerHealth, health);
  });

  test("is told in mid-session when something needs a person, and only then", () => {
    const [clinic, hub] = clinicAndHub();
    const keepOpen = true;
    const pair = createPair(clinic, hub, { from: { health, keepOpen }, to: { keepOpen } });
    let untilMs = startMs + 5000;
    pair.run(untilMs);
    const tell = (now: HealthBlock): number => {
      const before = pair.initiator.sentBytes;
      pair.feed(pair.initiator, { kind: "health", health: now });
      untilMs += 100;
      pair.continue(untilMs);
      return pair.initiator.sentBytes - before;
    };
    const heard = () => pair.responder.session.peerState()?.healthHeard;
    assert.equal(tell({ ...health, diskFreeBytes: 1, certDaysLeft: 2 }), 0);
    const full = { ...health, troubles: ["Z220"] };
    const bytes = tell(full);
    assert.ok(bytes > 0 && bytes < 40, `${bytes} bytes`);
    assert.deepEqual(heard(), full);
    assert.equal(tell(full), 0);
    assert.ok(tell(health) > 0);
    assert.deepEqual(heard(), health);
  });

  test("is told by HELLO alone when it changed before that, and never where only the link is measured", () => {
    const full = { ...health, troubles: ["Z220"] };
    const typesOf = (options: SyncOptions["from"], whenStarted: boolean): readonly string[] => {
      const [clinic, hub] = clinicAndHub();
      sync(clinic, hub, { from: { health } });
      const pair = createPair(clinic, hub, { from: { health, ...options }, latencyMs: 50 });
      if (!whenStarted) pair.feed(pair.initiator, { kind: "health", health: full });
      pair.run(startMs + 110);
      if (whenStarted) pair.feed(pair.initiator, { kind: "health", health: full });
      pair.continue();
      const { isComplete } = pair.summaries().initiator;
      assert.equal(isComplete, true);
      return pair.traces.flatMap(({ frame }) =>
        frame.type === "hello" && frame.health !== undefined
          ? ["hello", ...frame.health.troubles]
          : frame.type === "health"
            ? ["health"]
            : [],
      );
    };
    assert.deepEqual(typesOf({}, false), ["hello", "Z220"]);
    assert.deepEqual(typesOf({ pingCount: 3 }, true), []);
  });

  test("of a hub goes to a hub, and never to a clinic", () => {
    const [clinic, hub] = clinicAndHub();
    assert.equal(hellos(clinic, hub, { to: { health } }).second.health, undefined);
    const other = createNode("hub2", "hub");
    assert.deepEqual(hellos(other, hub, { to: { health } }).second.health, health);
    assert.equal(hellos(clinic, hub).first.health, undefined);
  });
});

describe("a peer's clock", () => {
  test("is reported by both sides when it differs by more than the bound, either way", () => {
    for (const sign of [1, -1]) {
      const [clinic, hub] = clinicAndHub();
      const within = sync(clinic, hub, { fromOffsetMs: sign * day });
      assert.equal(codesOf(within.responder.reports).includes("Z517"), false);
      const beyond = sync(clinic, hub, { fromOffsetMs: sign * (day + 1) });
      for (const end of [beyond.initiator, beyond.responder]) {
        assert.equal(codesOf(end.reports).includes("Z517"), true, end.name);
      }
      const { initiator, responder } = beyond.summaries();
      assert.equal(initiator.clockDifferenceMs, -sign * (day + 1));
      assert.equal(responder.clockDifferenceMs, sign * (day + 1));
      const report = beyond.initiator.reports.find(({ code }) => code === "Z517");
      assert.equal(report?.context.differenceMs, -sign * (day + 1));
    }
    const [clinic, hub] = clinicAndHub();
    const bounds = { from: { maxClockDriftMs: hour }, fromOffsetMs: hour + 1 };
    const { initiator, responder } = sync(clinic, hub, bounds);
    assert.equal(codesOf(initiator.reports).includes("Z517"), true);
    assert.equal(codesOf(responder.reports).includes("Z517"), false);
  });

  test("is trusted by a clinic when it is its hub's, at most every ten minutes, and never by a hub", () => {
    const [clinic, hub] = clinicAndHub();
    sync(clinic, hub);
    assert.equal(clinic.log.trustedTimeMs, startMs);
    assert.equal(hub.log.trustedTimeMs, 0);
    sync(clinic, hub, { startMs: startMs + 600_000 });
    assert.equal(clinic.log.trustedTimeMs, startMs);
    sync(clinic, hub, { startMs: startMs + 600_001 });
    assert.equal(clinic.log.trustedTimeMs, startMs + 600_001);
    sync(clinic, hub, { startMs });
    assert.equal(clinic.log.trustedTimeMs, startMs + 600_001, "it never goes back");
    const other = createNode("hub2", "hub");
    sync(other, hub);
    assert.equal(other.log.trustedTimeMs, 0);
  });

  test("shows a clinic that its own ran away: it goes on in a fresh epoch, from the hub's time", () => {
    const run = (aheadMs: number) => {
      const [clinic, hub] = clinicAndHub();
      pushMany(clinic, 1, { atMs: startMs + aheadMs });
      const epoch = clinic.log.ownEpoch;
      const pair = sync(clinic, hub, { fromOffsetMs: aheadMs });
      return { clinic, pair, hasMoved: clinic.log.ownEpoch !== epoch };
    };
    assert.equal(run(day).hasMoved, false);
    const { clinic, pair, hasMoved } = run(day + 1);
    assert.equal(hasMoved, true);
    const report = pair.initiator.reports.find(({ code }) => code === "Z518");
    assert.equal(report?.context.aheadMs, day + 1);
    const [event] = clinic.log.push(
      [{ lane: "", type: 1, payload: Uint8Array.of(1) }],
      startMs,
      () => {},
    );
    assert.ok(event !== undefined && event.hlc.ms <= startMs, "its clock begins again");
    assert.equal(
      clinic.log.alarms.some(({ code }) => code === "Z518"),
      true,
    );
  });
});

describe("a session that only measures", () => {
  test("tells round trips and moves nothing", () => {
    const [clinic, hub] = clinicAndHub();
    pushMany(clinic, 3);
    const { pair, first } = hellos(clinic, hub, { from: { pingCount: 3 }, latencyMs: 50 });
    assert.deepEqual([first.isPingOnly, first.entryCount, first.held], [true, 0, undefined]);
    const { pingMs } = pair.summaries().initiator;
    assert.deepEqual(pingMs, [100, 100, 100]);
    (pingMs as number[]).push(7);
    assert.equal(pair.summaries().initiator.pingMs.length, 3, "a summary is its reader's own");
    assert.equal(hub.log.streamCount, 0);
    assert.equal(clinic.log.trustedTimeMs, 0, "and believes no clock");
    const established = [pair.initiator.establishedMs, pair.responder.establishedMs];
    assert.deepEqual(established, [undefined, undefined], "no other session is fenced for it");
    const types = new Set(pair.traces.map(({ frame }) => frame.type));
    assert.deepEqual([...types].sort(), ["bye", "hello", "ping", "pong"]);
    const kept = createPair(clinic, hub, { from: { pingCount: 1 } }).run();
    keepStates(kept, clinic, hub);
    assert.equal(hub.states.size + clinic.states.size, 0, "nothing is kept of it");
  });
});
