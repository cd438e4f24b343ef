import assert from "node:assert/strict";
import { test } from "node:test";
import { countLacking, countUnconfirmed } from "./pending.ts";
import { createNode, pushMany, sync } from "./session.test-kit.ts";

test("pending counts own events of all lanes that no hub has confirmed", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const states = () => [...a.states.values()];
  assert.equal(countUnconfirmed(a.log, states()), 0);
  pushMany(a, 12);
  pushMany(a, 3, { lane: "urgent" });
  assert.equal(countUnconfirmed(a.log, states()), 15);
  sync(a, hub);
  assert.equal(countUnconfirmed(a.log, states()), 0);
  pushMany(a, 2);
  assert.equal(countUnconfirmed(a.log, states()), 2);
  sync(a, hub, { cutAtBytes: 10 });
  assert.equal(countUnconfirmed(a.log, states()), 2);
});

test("a hub knows what each clinic lacked after its last session", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  const scope = {
    self: { nodeId: "hub", role: "hub" },
    peer: { nodeId: "clinic_a", role: "clinic" },
    policy: "own",
    knownHubs: [],
  } as const;
  pushMany(hub, 4, { lane: "to/clinic_a" });
  pushMany(hub, 4, { lane: "to/clinic_b" });
  assert.equal(countLacking(hub.log, hub.states.get("clinic_a"), scope), 4);
  sync(a, hub);
  assert.equal(countLacking(hub.log, hub.states.get("clinic_a"), scope), 0);
  pushMany(hub, 1, { lane: "to/clinic_a/urgent" });
  assert.equal(countLacking(hub.log, hub.states.get("clinic_a"), scope), 1);
});

test("what a hub's vector named is confirmed, also when it has acknowledged nothing since", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(a, 3);
  sync(a, hub);
  sync(a, hub);
  const state = a.states.get("hub");
  // The hub has named what it holds, and acknowledged nothing since.
  assert.deepEqual(state?.advanced, []);
  assert.equal(countUnconfirmed(a.log, state === undefined ? [] : [state]), 0);
});

test("a hub's events at a clinic are no work that waits for that hub", () => {
  const a = createNode("clinic_a", "clinic");
  const hub = createNode("hub", "hub");
  pushMany(hub, 4, { lane: "to/clinic_a" });
  sync(a, hub);
  pushMany(a, 2);
  const scope = {
    self: { nodeId: "clinic_a", role: "clinic" },
    peer: { nodeId: "hub", role: "hub" },
    policy: "own",
    knownHubs: [],
  } as const;
  assert.equal(countLacking(a.log, undefined, scope), 2);
});
