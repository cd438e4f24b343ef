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
