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

/** Each slot under a key of its own. */
function predict(links: Links, slot: number): void {
  links.predict(slot, 100 + slot, 200 + slot);
}

/** Events of slots 0, 1, 2 …, each slot predicted before it is learned. */
function event(links: Links, ...codes: readonly number[]): readonly number[] {
  links.beginEvent();
  return codes.map((code, slot) => {
    predict(links, slot);
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
    predict(links, 3);
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
      predict(links, 0);
      assert.ok(links.firstScore >= before && links.firstScore <= 255, `${i}`);
      before = links.firstScore;
    }
    assert.equal(before, 255);
    event(links, 8);
    links.beginEvent();
    predict(links, 0);
    assert.equal(links.first, 8);
    assert.ok(links.firstScore < 255 && links.firstScore > 128, `${links.firstScore}`);
    for (let i = 0; i < 200; i++) event(links, i % 2 === 0 ? 3 : 4);
    links.beginEvent();
    predict(links, 0);
    assert.equal(links.firstScore, 0);
  });

  test("have a second candidate that differs from the first", () => {
    const links = create();
    // Slot 1 mostly holds 50, and 60 after 2 in slot 0.
    for (let i = 0; i < 60; i++) event(links, i % 4 === 0 ? 2 : 1, i % 4 === 0 ? 60 : 50);
    links.beginEvent();
    predict(links, 0);
    links.learn(0, 2);
    predict(links, 1);
    assert.equal(links.first, 60);
    assert.equal(links.second, 50);
    assert.ok(links.firstScore >= links.secondScore);
  });

  test("know the value before within an event, and nothing of the event before", () => {
    const links = create();
    links.beginEvent();
    assert.equal(links.previous, codeNone);
    predict(links, 0);
    links.learn(0, 9);
    assert.equal(links.previous, 9);
    predict(links, 1);
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
    predict(links, 0);
    assert.equal(links.first, 5);
  });

  test("look at the first four slots and the nearest six of a long event", () => {
    const links = create();
    const filler = (from: number, count: number, round: number): number[] =>
      Array.from({ length: count }, (_, i) => 1000 + from * 40 + ((round * 7 + i * 3) % 31));
    const long = (round: number, far: number, near: number, out: number): number[] => [
      ...filler(0, 3, round),
      far,
      ...filler(1, 10, round),
      near,
      ...filler(2, 4, round),
      out,
    ];
    for (let round = 0; round < 40; round++) {
      const value = round % 3;
      // Slot 19 goes with slot 3 and with slot 14, five before it.
      event(links, ...long(round, 10 + value, 20 + value, 30 + value));
    }
    const expected = event(links, ...long(99, 11, 21, 31));
    assert.equal(expected[19], 31);
  });

  test("carry what they know of a key to other skeletons, and tell a key's values apart", () => {
    const links = create();
    const patientKey = 500;
    const weightKey = 501;
    // In slots 0 and 1, then in slots 10 and 11 of another skeleton: partner and value keep their keys.
    const visit = (slot: number, patient: number, weight: number): number => {
      links.beginEvent();
      links.predict(slot, 50, patientKey);
      links.learn(slot, patient);
      links.predict(slot + 1, 51, weightKey);
      const { first } = links;
      links.learn(slot + 1, weight);
      return first;
    };
    for (let i = 0; i < 30; i++) visit(i % 2 === 0 ? 0 : 10, 600 + (i % 5), 900 + (i % 5));
    visit(0, 700, 950);
    visit(10, 601, 901);
    // Slot 30 has never been seen: all that is known of it is its key's.
    const firstOf = (field: number, key: number): number => {
      links.beginEvent();
      links.predict(10, 50, patientKey);
      links.learn(10, 700);
      links.predict(30, field, key);
      return links.first;
    };
    assert.equal(firstOf(51, weightKey), 950);
    assert.equal(firstOf(52, weightKey + 1), codeNone);
  });

  test("take what a value is to others from its identity, also where it has no code", () => {
    const links = create();
    for (let i = 0; i < 40; i++) {
      links.beginEvent();
      predict(links, 0);
      links.learn(0, codeNone, 3000 + (i % 4));
      predict(links, 1);
      if (i > 20) assert.equal(links.first, 70 + (i % 4));
      links.learn(1, 70 + (i % 4));
    }
  });

  test("tell a text's first word apart from the text as a whole", () => {
    const links = create();
    for (let i = 0; i < 40; i++) {
      links.beginEvent();
      predict(links, 0);
      links.learn(0, 10 + (i % 3));
      predict(links, 1);
      links.predictStart(1);
      if (i > 20) assert.equal(links.startCode, 80 + (i % 3));
      links.learnStart(80 + (i % 3));
      links.learn(1, 1000 + i);
    }
    links.beginEvent();
    predict(links, 0);
    links.learn(0, 11);
    predict(links, 1);
    assert.notEqual(links.first, 81);
    links.predictStart(1);
    assert.ok(links.startScore > 128, `${links.startScore}`);
  });
});
