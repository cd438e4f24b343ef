/*
 *            restored copy      hub
 *   e1  1 2 3 4               1 2 3 4 5 6 7 8 9      rolled back: 5..9 come back, new events in e2
 *   e1  1 2 3 4 5' 6' 7'      1 2 3 4 5 6 7 8 9      diverged: 5'..7' become 1..3 of the derived epoch
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSeededRandom } from "../../testing/seeded-random.ts";
import {
  cloneNode,
  codesOf,
  createNode,
  digestOf,
  pushMany,
  settle,
  startMs,
  sync,
  syncUntilComplete,
  type TestNode,
} from "./session.test-kit.ts";

function assertNoSeqTwice(...nodes: readonly TestNode[]): void {
  const payloads = new Map<string, string>();
  for (const node of nodes) {
    for (const line of digestOf(node)) {
      const at = line.lastIndexOf(" ");
      const known = payloads.get(line.slice(0, at));
      assert.ok(
        known === undefined || known === line.slice(at),
        `two payloads for ${line.slice(0, at)}`,
      );
      payloads.set(line.slice(0, at), line.slice(at));
    }
  }
}

function payloadsOf(node: TestNode): ReadonlySet<string> {
  return new Set(digestOf(node).map((line) => line.slice(line.lastIndexOf(" "))));
}

function setUp(
  restoredAt: number,
  total: number,
): { a: TestNode; hub: TestNode; restored: TestNode } {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, restoredAt, { tag: "before" });
  sync(a, hub);
  const restored = cloneNode(a);
  pushMany(a, total - restoredAt, { tag: "lost with the card" });
  sync(a, hub);
  return { a, hub, restored };
}

test("both sides call a session done in which a branch was re-homed", () => {
  const { hub, restored } = setUp(4, 9);
  pushMany(restored, 3, { tag: "branch" });
  const { initiator, responder } = sync(restored, hub).summaries();
  assert.deepEqual([initiator.isComplete, initiator.remaining], [true, 0]);
  assert.deepEqual([responder.isComplete, responder.remaining], [true, 0]);
});

test("a restored card without new events pulls back what the hub holds, and writes on in a fresh epoch", () => {
  const { hub, restored } = setUp(4, 9);
  const epoch = restored.log.ownEpoch;
  const pair = sync(restored, hub);
  assert.equal(pair.summaries().initiator.isComplete, true);
  assert.deepEqual(digestOf(restored), digestOf(hub));
  assert.equal(digestOf(hub).length, 9);
  assert.notEqual(restored.log.ownEpoch, epoch);
  assert.deepEqual(codesOf(pair.initiator.reports), ["Z507"]);
  assert.deepEqual(
    restored.log.alarms.map((alarm) => alarm.code),
    ["Z507"],
  );
  pushMany(restored, 2, { tag: "after" });
  syncUntilComplete(restored, hub);
  assert.equal(digestOf(hub).length, 11);
});

for (const [restoredAt, total, written] of [
  [4, 9, 3],
  [4, 9, 5],
  [4, 9, 8],
  [1, 200, 3],
  [150, 200, 100],
  [1, 2, 1],
  [400, 401, 400],
] as const) {
  test(`a card restored at ${restoredAt} of ${total} with ${written} new events keeps both branches on both nodes`, () => {
    const { hub, restored, a } = setUp(restoredAt, total);
    const before = payloadsOf(a);
    pushMany(restored, written, { tag: "on top of the old copy" });
    const fresh = payloadsOf(restored);
    const pair = sync(restored, hub);
    assert.ok(
      codesOf(pair.initiator.reports).includes("Z508"),
      codesOf(pair.initiator.reports).join(),
    );
    assert.ok(restored.log.alarms.some((alarm) => alarm.code === "Z508"));
    syncUntilComplete(restored, hub);
    assert.deepEqual(digestOf(restored), digestOf(hub));
    assertNoSeqTwice(restored, hub, a);
    const all = payloadsOf(hub);
    for (const payload of [...before, ...fresh]) assert.ok(all.has(payload), "an event is gone");
    assert.equal(digestOf(hub).length, total + written);
  });
}

test("every lane of a restored card separates", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const lanes = ["", "urgent", "to/hub", "lab/x"];
  for (const lane of lanes) pushMany(a, 5, { lane });
  sync(a, hub);
  const restored: TestNode = cloneNode(a);
  for (const lane of lanes) pushMany(a, 5, { lane, tag: "first life" });
  sync(a, hub);
  for (const lane of lanes) pushMany(restored, 3, { lane, tag: "second life" });
  syncUntilComplete(restored, hub);
  assert.deepEqual(digestOf(restored), digestOf(hub));
  assert.equal(digestOf(hub).length, 4 * 13);
  assertNoSeqTwice(restored, hub, a);
});

test("two live clones separate at first contact, and go on without new epochs", () => {
  const one = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(one, 5);
  sync(one, hub);
  const two: TestNode = cloneNode(one);
  const epochs = new Set<number>();
  for (let round = 0; round < 6; round++) {
    pushMany(one, 3, { tag: `one ${round}` });
    pushMany(two, 3, { tag: `two ${round}` });
    sync(one, hub);
    sync(two, hub);
    epochs.add(one.log.ownEpoch);
    epochs.add(two.log.ownEpoch);
  }
  syncUntilComplete(one, hub);
  syncUntilComplete(two, hub);
  syncUntilComplete(one, hub);
  assert.deepEqual(digestOf(one), digestOf(hub));
  assert.deepEqual(digestOf(two), digestOf(hub));
  assert.equal(digestOf(hub).length, 5 + 6 * 6);
  assert.ok(epochs.size <= 3, `${epochs.size} epochs`);
  assertNoSeqTwice(one, two, hub);
});

test("a hub restored from backup leaves its epoch, and takes again what the clinic holds", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 5);
  pushMany(hub, 4, { lane: "to/clinic_a" });
  sync(a, hub);
  const restored: TestNode = cloneNode(hub);
  pushMany(a, 5);
  pushMany(hub, 5, { lane: "to/clinic_a", tag: "lost at the hub" });
  sync(a, hub);
  const epoch = restored.log.ownEpoch;
  pushMany(restored, 2, { lane: "to/clinic_a", tag: "second life" });
  for (let i = 0; i < 3; i++) sync(a, restored);
  assert.notEqual(restored.log.ownEpoch, epoch);
  const all = payloadsOf(a);
  for (const payload of payloadsOf(restored)) assert.ok(all.has(payload));
  assert.equal(digestOf(restored, (author) => author === "clinic_a").length, 10);
  assert.equal(digestOf(a).length, 10 + 4 + 5 + 2);
  assert.equal(sync(a, restored).summaries().initiator.isComplete, true);
  pushMany(restored, 1, { lane: "to/clinic_a", tag: "afterwards" });
  sync(a, restored);
  assert.equal(digestOf(a).length, 22);
  assertNoSeqTwice(a, restored);
});

test("a fork without its origin freezes the stream on both sides, and others go on", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const hub2 = createNode("hub2", "hub", 99);
  pushMany(a, 5);
  const twin: TestNode = cloneNode(a);
  pushMany(a, 2, { tag: "branch one" });
  pushMany(twin, 3, { tag: "branch two" });
  sync(a, hub);
  sync(twin, hub2);
  pushMany(hub, 4);
  const pair = sync(hub, hub2);
  const codes = [...codesOf(pair.initiator.reports), ...codesOf(pair.responder.reports)];
  assert.ok(codes.includes("Z509"), codes.join());
  assert.equal(digestOf(hub2, (author) => author === "hub").length, 4);
  assert.equal(digestOf(hub2, (author) => author === "clinic_a").length, 8);
  assert.equal(pair.initiator.isClosed && pair.responder.isClosed, true);
});

test("random pushes, cuts, restored cards and clones: every event that any node holds ends on all, and no seq twice", () => {
  for (let seed = 1; seed <= 25; seed++) {
    const random = createSeededRandom(seed);
    const hub = createNode("hub", "hub");
    const devices = [createNode("clinic_a", "clinic")];
    const copies: TestNode[] = [];
    for (let round = 0; round < 12; round++) {
      const at = random.below(devices.length);
      let device = devices[at] ?? assert.fail("a device");
      if (random.chance(0.25)) copies.push(cloneNode(device));
      if (random.chance(0.2) && copies.length > 0) {
        device = cloneNode(random.pick(copies));
        devices[at] = device;
      } else if (random.chance(0.08) && devices.length < 3) devices.push(cloneNode(device));
      for (const lane of ["", "urgent"])
        if (random.chance(0.7))
          pushMany(device, random.below(20), {
            lane,
            tag: `round ${round}`,
            atMs: startMs - 90_000 + round * 1000,
          });
      if (random.chance(0.3)) pushMany(hub, random.below(5), { lane: "to/clinic_a" });
      const cut = random.chance(0.5) ? { cutAtBytes: random.below(6000) } : {};
      sync(device, hub, { random, latencyMs: random.below(300), ...cut });
    }
    const before = new Set([hub, ...devices].flatMap((node) => [...payloadsOf(node)]));
    for (let i = 0; i < 3; i++) for (const device of devices) sync(device, hub);
    for (const device of devices) {
      assert.equal(sync(device, hub).summaries().initiator.isComplete, true, `seed ${seed}`);
      assert.deepEqual(digestOf(device), digestOf(hub), `seed ${seed}`);
    }
    assertNoSeqTwice(hub, ...devices);
    const after = payloadsOf(hub);
    for (const payload of before) assert.ok(after.has(payload), `seed ${seed}: an event is gone`);
    assert.equal(digestOf(hub).length, after.size, `seed ${seed}: an event is there twice`);
  }
});

for (const order of ["the longer branch first", "the shorter tail first"]) {
  test(`an older copy with the beginning of a branch that was re-homed before keeps all of it: ${order}`, () => {
    const { hub, restored } = setUp(4, 9);
    pushMany(restored, 3, { tag: "branch" });
    const older = cloneNode(restored);
    pushMany(restored, 4, { tag: "branch, later" });
    syncUntilComplete(restored, hub);
    if (order === "the longer branch first") syncUntilComplete(older, hub);
    else {
      const hub2 = createNode("hub2", "hub", 99);
      const first = setUpOnly(older, hub2);
      syncUntilComplete(first, hub);
    }
    syncUntilComplete(older, hub);
    assert.deepEqual(digestOf(older), digestOf(hub));
    assert.equal(digestOf(hub).length, 16);
    assert.deepEqual(older.log.damages, []);
  });
}

/** Re-homes this copy's tail before it meets the hub that holds more of the branch. */
function setUpOnly(older: TestNode, hub: TestNode): TestNode {
  const stream = { node: older.id, epoch: older.log.ownEpoch, lane: "" };
  older.log.mark({ kind: "newEpoch", reason: "Z507" }, startMs, () => {});
  older.log.mark({ kind: "rehome", stream, from: 5 }, startMs, () => {});
  settle(older);
  sync(older, hub);
  return older;
}
