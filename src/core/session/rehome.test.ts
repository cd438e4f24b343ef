/**
 * Copies of one branch meet (RULES 23): whatever the order, each event ends once on every node.
 *
 *            hub                clinic_a       its twin
 *   e1  1 2 3 4 5 6 7 8 9    1 2 3 4 f a a    1 2 3 4 f b b b
 *   derived from e1 at f:                      f a a, and derived from that at b: b b b
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  cloneNode,
  createNode,
  digestOf,
  pushMany,
  startMs,
  settle,
  sync,
  syncUntilComplete,
  type TestNode,
} from "./session.test-kit.ts";

function assertEachOnce(node: TestNode, count: number): void {
  const lines = digestOf(node);
  const payloads = new Set(lines.map((line) => line.slice(line.lastIndexOf(" "))));
  assert.deepEqual([lines.length, payloads.size], [count, count], `at ${node.id}`);
}

function movedBranches(node: TestNode): number {
  return node.log.alarms.filter(({ code }) => code === "Z508").length;
}

/** Two copies of a card that share the first event of their branch. */
function sharedBranch() {
  const hub = createNode("hub", "hub");
  const a = createNode("clinic_a", "clinic");
  pushMany(a, 4, { tag: "before" });
  sync(a, hub);
  const one = cloneNode(a);
  pushMany(a, 5, { tag: "lost with the card" });
  sync(a, hub);
  pushMany(one, 1, { tag: "first of the branch" });
  const two = cloneNode(one);
  pushMany(one, 2, { tag: "goes on here" });
  pushMany(two, 3, { tag: "goes on there" });
  return { hub, one, two };
}

for (const order of ["the shorter branch first", "the longer branch first"]) {
  test(`twins that share the first diverging event keep both branches: ${order}`, () => {
    const { hub, one, two } = sharedBranch();
    const turns = order === "the shorter branch first" ? [one, two] : [two, one];
    for (const twin of turns) syncUntilComplete(twin, hub);
    for (const twin of [one, two]) syncUntilComplete(twin, hub);
    for (const node of [hub, one, two]) assertEachOnce(node, 15);
    assert.deepEqual(digestOf(one), digestOf(hub));
    assert.deepEqual(digestOf(two), digestOf(hub));
    // Whose card it was has to look; the hub only passes on.
    for (const twin of [one, two]) assert.ok(movedBranches(twin) > 0, "its operator is told");
    assert.equal(movedBranches(hub), 0);
  });
}

test("a twin that re-homed its branch before it met the other's moves what differs once more", () => {
  const { hub, one, two } = sharedBranch();
  syncUntilComplete(one, hub);
  const stream = { node: "clinic_a", epoch: two.log.ownEpoch, lane: "" };
  two.log.mark({ kind: "newEpoch", reason: "Z507" }, startMs, () => undefined);
  two.log.mark({ kind: "rehome", stream, from: 5 }, startMs, () => undefined);
  settle(two);
  syncUntilComplete(two, hub);
  syncUntilComplete(one, hub);
  for (const node of [hub, one, two]) assertEachOnce(node, 15);
  assert.deepEqual(digestOf(one), digestOf(hub));
  assert.deepEqual(digestOf(two), digestOf(hub));
});

test("a hub that holds a branch under its old name moves it when its origin has, and its freeze ends", () => {
  const hub = createNode("hub", "hub");
  const hub2 = createNode("hub2", "hub", 99);
  const a = createNode("clinic_a", "clinic");
  pushMany(a, 5);
  const twin = cloneNode(a);
  pushMany(a, 2, { tag: "branch one" });
  pushMany(twin, 3, { tag: "branch two" });
  sync(a, hub);
  sync(twin, hub2);
  sync(hub, hub2);
  const frozen = (node: TestNode): number =>
    Array.from({ length: node.log.streamCount }, (_, index) => node.log.stream(index)).filter(
      ({ isFrozen }) => isFrozen,
    ).length;
  assert.equal(frozen(hub2), 1);
  syncUntilComplete(twin, hub);
  syncUntilComplete(hub, hub2);
  assert.equal(frozen(hub2), 0);
  assertEachOnce(hub, 10);
  assert.deepEqual(digestOf(hub2), digestOf(hub));
});

test("a branch is not taken under its old name by who holds it under the derived one", () => {
  const hub = createNode("hub", "hub");
  const a = createNode("clinic_a", "clinic");
  pushMany(a, 4, { tag: "before" });
  sync(a, hub);
  const restored = cloneNode(a);
  pushMany(a, 5, { tag: "lost with the card" });
  sync(a, hub);
  pushMany(restored, 3, { tag: "branch" });
  const older = cloneNode(restored);
  syncUntilComplete(restored, hub);
  // Another hub knows the branch by its old name only, from a copy that never met the first.
  const hub2 = createNode("hub2", "hub", 99);
  syncUntilComplete(older, hub2);
  for (let i = 0; i < 3; i++) {
    sync(hub2, hub);
    sync(restored, hub2);
  }
  syncUntilComplete(hub2, hub);
  assertEachOnce(hub, 12);
  assert.deepEqual(digestOf(hub2), digestOf(hub));
  assert.deepEqual(digestOf(restored), digestOf(hub));
});
