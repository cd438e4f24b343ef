import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { epochToText, isLane, isNodeId, isUrgentLane, laneAddressee } from "./event.ts";

describe("names", () => {
  test("of nodes are 1 to 63 of a-z 0-9 . _ -, and begin with a letter or digit", () => {
    for (const id of ["a", "0", "clinic-1", "a._-", "n".repeat(63)]) {
      assert.equal(isNodeId(id), true, id);
    }
    for (const id of ["", "n".repeat(64), "-a", ".a", "_a", "A", "a b", "a/b", "ä", "a\n", "\na"]) {
      assert.equal(isNodeId(id), false, JSON.stringify(id));
    }
  });

  test("of lanes are up to 80 characters, and those below to/ name a node", () => {
    const lanes = ["", "a", "to-do", "tower/x", "a/b/c", "x".repeat(80), "to/hub", "to/hub/urgent"];
    for (const lane of lanes) assert.equal(isLane(lane), true, lane);
    const none = ["x".repeat(81), "A", "a b", "a\n", "\na", "to", "to/", "to//urgent", "to/a/b"];
    for (const lane of [...none, "to/-a", "to/a/urgent/urgent", `to/${"n".repeat(64)}`]) {
      assert.equal(isLane(lane), false, JSON.stringify(lane));
    }
  });
});

describe("a lane", () => {
  test("is addressed to the node that its name says", () => {
    assert.equal(laneAddressee("to/hub"), "hub");
    assert.equal(laneAddressee("to/hub/urgent"), "hub");
    assert.equal(laneAddressee("to/urgent"), "urgent");
    for (const lane of ["", "hub", "urgent", "too/hub", "to/", "to//urgent"]) {
      assert.equal(laneAddressee(lane), undefined, lane);
    }
  });

  test("is urgent by its own name, or by the end of an addressed one", () => {
    for (const lane of ["urgent", "to/hub/urgent"]) assert.equal(isUrgentLane(lane), true, lane);
    for (const lane of ["", "urgent/a", "lab/urgent", "to/hub", "to/urgent-care"]) {
      assert.equal(isUrgentLane(lane), false, lane);
    }
  });
});

test("an epoch is shown as eight hex digits", () => {
  assert.equal(epochToText(0), "00000000");
  assert.equal(epochToText(0xab), "000000ab");
  assert.equal(epochToText(0xffffffff), "ffffffff");
});
