import assert from "node:assert/strict";
import { test } from "node:test";
import { mayAccept, mayName, mayOffer, type PolicyScope } from "./policy.ts";

const hub = { nodeId: "hub", role: "hub" } as const;
const hub2 = { nodeId: "hub2", role: "hub" } as const;
const a = { nodeId: "a", role: "clinic" } as const;
const b = { nodeId: "b", role: "clinic" } as const;
const scope = (
  self: PolicyScope["self"],
  peer: PolicyScope["peer"],
  policy: "own" | "all" = "own",
): PolicyScope => ({
  self,
  peer,
  policy,
  knownHubs: [],
});
const stream = (node: string, lane = "") => ({ node, epoch: 1, lane });

test("a hub with policy own offers and names a clinic's own streams and those addressed to it, nothing else", () => {
  const s = scope(hub, a);
  for (const id of [
    stream("a"),
    stream("a", "urgent"),
    stream("a", "to/hub"),
    stream("hub", "to/a"),
    stream("hub2", "to/a/urgent"),
  ])
    assert.equal(mayOffer(s, id), true, JSON.stringify(id));
  for (const id of [
    stream("b"),
    stream("b", "to/hub"),
    stream("hub"),
    stream("hub", "to/b"),
    stream("hub2", "x"),
  ]) {
    assert.equal(mayOffer(s, id), false, JSON.stringify(id));
    assert.equal(mayName(s, id), false, JSON.stringify(id));
  }
});

test("a hub takes from a clinic its own streams only, addressed to nobody or to a hub", () => {
  for (const policy of ["own", "all"] as const) {
    const s = scope(hub, a, policy);
    for (const lane of ["", "urgent", "lab", "to/hub", "to/hub/urgent"])
      assert.equal(mayAccept(s, stream("a", lane)), true);
    for (const id of [
      stream("a", "to/b"),
      stream("a", "to/a"),
      stream("b"),
      stream("hub"),
      stream("hub", "to/b"),
      stream("hub2", "to/a"),
    ])
      assert.equal(mayAccept(s, id), false, JSON.stringify(id));
  }
});

test("a clinic gives back to a hub what that hub addressed to it, and nothing else of a hub's", () => {
  for (const lane of ["to/a", "to/a/urgent"]) {
    assert.equal(mayOffer(scope(a, hub), stream("hub", lane)), true);
    assert.equal(mayAccept(scope(hub, a), stream("hub", lane)), true);
    assert.equal(mayOffer(scope(a, hub), stream("hub2", lane)), false);
  }
  assert.equal(mayOffer(scope(a, hub, "all"), stream("hub")), false);
  assert.equal(mayAccept(scope(hub, a, "all"), stream("hub")), false);
});

test("policy all adds others' streams, never another node's to/ lane", () => {
  const s = scope(hub, a, "all");
  assert.equal(mayOffer(s, stream("b")), true);
  assert.equal(mayOffer(s, stream("hub", "x")), true);
  assert.equal(mayOffer(s, stream("hub", "to/b")), false);
  assert.equal(mayOffer(s, stream("b", "to/hub")), false);
});

test("a clinic sends its own streams to hubs only, and takes what hubs may deliver", () => {
  const s = scope(a, hub);
  assert.equal(mayOffer(s, stream("a", "x")), true);
  assert.equal(mayOffer(s, stream("b")), false);
  assert.equal(mayAccept(s, stream("a")), true);
  assert.equal(mayAccept(s, stream("hub2", "to/a")), true);
  assert.equal(mayAccept(s, stream("hub", "to/b")), false);
  assert.equal(mayAccept(s, stream("b")), false);
  assert.equal(mayAccept(scope(a, hub, "all"), stream("b")), true);
  assert.equal(mayOffer(scope(a, b), stream("a")), false);
  assert.equal(mayAccept(scope(a, b), stream("b")), false);
  assert.equal(mayAccept(scope(a, b), stream("a")), false);
});

test("a hub takes what a clinic addresses to it or another hub, and nothing between clinics", () => {
  const s = { ...scope(hub, a), knownHubs: ["hub2"] };
  const taken = ["to/hub", "to/hub2", "to/a", "to/b"].map((lane) =>
    mayAccept(s, stream("a", lane)),
  );
  assert.deepEqual(taken, [true, true, false, false]);
  const known = { ...s, knownHubs: ["a"] };
  assert.equal(mayAccept(known, stream("a", "to/a")), false, "its certificate says what it is");
});

test("hubs give each other everything", () => {
  assert.equal(mayOffer(scope(hub, hub2), stream("b", "to/hub")), true);
  assert.equal(mayAccept(scope(hub, hub2), stream("hub", "to/b")), true);
});
