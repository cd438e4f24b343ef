import assert from "node:assert/strict";
import { test } from "node:test";
import { textToUtf8, utf8ToText } from "../../bytes.ts";
import { Recents } from "./recents.ts";

test("the last eight texts are told by how many came after them", () => {
  const recents = new Recents();
  assert.equal(recents.at(0), undefined);
  assert.equal(recents.distanceOf(textToUtf8("BT-0001")), -1);
  for (let i = 0; i < 20; i++) recents.add(textToUtf8(`patient ${i}`));
  assert.equal(recents.count, 8);
  for (let distance = 0; distance < 8; distance++) {
    const text = recents.at(distance);
    assert.ok(text !== undefined);
    assert.equal(utf8ToText(text), `patient ${19 - distance}`);
    assert.equal(recents.distanceOf(text), distance);
  }
  assert.equal(recents.at(8), undefined);
  assert.equal(recents.distanceOf(textToUtf8("patient 11")), -1);
});

test("a text that is there twice is told by the newer, and one gives no other away", () => {
  const recents = new Recents();
  for (const text of ["long patient", "short", "long patient"]) recents.add(textToUtf8(text));
  assert.equal(recents.distanceOf(textToUtf8("long patient")), 0);
  assert.equal(recents.distanceOf(textToUtf8("long")), -1);
  const copy = recents.at(1);
  for (let i = 0; i < 8; i++) recents.add(textToUtf8("other"));
  assert.equal(utf8ToText(copy ?? new Uint8Array(0)), "short");
});
