import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { entriesMax } from "./dictionary.ts";
import {
  codeNone,
  codeOfEntry,
  codeOfInteger,
  entryOfCode,
  integerOfCode,
  Links,
} from "./links.ts";

/** Events of slots 0, 1, 2 …, each slot predicted before it is learned. */
function event(links: Links, ...codes: readonly number[]): readonly number[] {
  links.beginEvent();
  return codes.map((code, slot) => {
    links.predict(slot);
    const { first } = links;
    links.learn(slot, code);
    return first;
  });
}

describe("a code", () => {
  test("names an entry of the dictionary or a small integer, never both", () => {
    for (const entry of [0, 1, entriesMax - 1]) {
      assert.equal(entryOfCode(codeOfEntry(entry)), entry);
      assert.equal(integerOfCode(codeOfEntry(entry)), -1);
    }
    for (const value of [0, 1, 61_438]) {
      assert.equal(integerOfCode(codeOfInteger(value)), value);
      assert.equal(entryOfCode(codeOfInteger(value)), -1);
      assert.ok(codeOfInteger(value) <= 0xffff);
    }
    assert.equal(codeOfInteger(61_439), codeNone);
    assert.deepEqual([entryOfCode(codeNone), integerOfCode(codeNone)], [-1, -1]);
  });
});

describe("links", () => {
  const create = (): Links => new Links(1 << 12, 64);

  test("expect nothing of a slot that never held a value", () => {
    const links = create();
    links.beginEvent();
    links.predict(3);
    assert.deepEqual(
      [links.first, links.firstScore, links.second, links.secondScore],
      [codeNone, 0, codeNone, 0],
    );
  });

  test("expect of a slot what it held when another slot held what it holds now", () => {
    const links = create();
    // A drug (slot 0) has its dose (slot 2), whatever stands between them.
    for (let i = 0; i < 12; i++) event(links, 10 + (i % 3), 100 + i, 20 + (i % 3));
    for (const drug of [11, 10, 12]) {
      const expected = event(links, drug, 300 + drug, drug + 10);
      assert.equal(expected[2], drug + 10);
    }
  });

  test("are surer the more often they were right, up to 255, and less so once they were wrong", () => {
    const links = create();
    let before = -1;
    for (let i = 0; i < 200; i++) {
      event(links, 7);
      links.beginEvent();
      links.predict(0);
      assert.ok(links.firstScore >= before && links.firstScore <= 255, `${i}`);
      before = links.firstScore;
    }
    assert.equal(before, 255);
    event(links, 8);
    links.beginEvent();
    links.predict(0);
    assert.equal(links.first, 8);
    assert.ok(links.firstScore < 255 && links.firstScore > 128, `${links.firstScore}`);
    for (let i = 0; i < 200; i++) event(links, i % 2 === 0 ? 3 : 4);
    links.beginEvent();
    links.predict(0);
    assert.equal(links.firstScore, 0);
  });

  test("have a second candidate that differs from the first", () => {
    const links = create();
    // Slot 1 mostly holds 50, and 60 after 2 in slot 0.
    for (let i = 0; i < 60; i++) event(links, i % 4 === 0 ? 2 : 1, i % 4 === 0 ? 60 : 50);
    links.beginEvent();
    links.predict(0);
    links.learn(0, 2);
    links.predict(1);
    assert.equal(links.first, 60);
    assert.equal(links.second, 50);
    assert.ok(links.firstScore >= links.secondScore);
  });

  test("know the value before within an event, and nothing of the event before", () => {
    const links = create();
    links.beginEvent();
    assert.equal(links.previous, codeNone);
    links.predict(0);
    links.learn(0, 9);
    assert.equal(links.previous, 9);
    links.predict(1);
    links.learn(1, codeNone);
    // A value without a code tells nothing, and hides nothing.
    assert.equal(links.previous, 9);
    links.beginEvent();
    assert.equal(links.previous, codeNone);
  });

  test("keep what a slot held when a value without a code comes", () => {
    const links = create();
    event(links, 5);
    event(links, codeNone);
    links.beginEvent();
    links.predict(0);
    assert.equal(links.first, 5);
  });

  test("look at the first four slots and the nearest ten of a long event", () => {
    const links = create();
    const filler = (from: number, count: number, round: number): number[] =>
      Array.from({ length: count }, (_, i) => 1000 + from * 40 + ((round * 7 + i * 3) % 31));
    const long = (round: number, far: number, near: number, out: number): number[] => [
      ...filler(0, 3, round),
      far,
      ...filler(1, 6, round),
      near,
      ...filler(2, 8, round),
      out,
    ];
    for (let round = 0; round < 40; round++) {
      const value = round % 3;
      // Slot 19 goes with slot 3 and with slot 10, nine before it.
      event(links, ...long(round, 10 + value, 20 + value, 30 + value));
    }
    const expected = event(links, ...long(99, 11, 21, 31));
    assert.equal(expected[19], 31);
  });
});
