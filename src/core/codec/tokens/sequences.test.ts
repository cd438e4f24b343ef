import assert from "node:assert/strict";
import { test } from "node:test";
import { Sequences } from "./sequences.ts";

test("numbers that go on by the same step are told, those that stay or jump are not", () => {
  const sequences = new Sequences(4);
  const jumps = [5, 9, 2, 7, 7, 1, 8];
  for (let i = 0; i < 30; i++) {
    if (i > 5) assert.equal(sequences.next(0, 10), 4200 + i * 3);
    sequences.learn(0, 10, 4200 + i * 3);
    sequences.learn(1, 11, 6);
    sequences.learn(2, 12, jumps[i % jumps.length] ?? 0);
    assert.equal(sequences.next(1, 11), -1);
    assert.equal(sequences.next(2, 12), -1);
  }
  // Downwards it may reach below zero, which no number of a sequence is.
  for (let i = 10; i >= 0; i--) sequences.learn(3, 13, i);
  assert.equal(sequences.next(3, 13), -1);
});

test("a field goes on from whatever slot its last number stood in", () => {
  const sequences = new Sequences(4);
  for (let i = 0; i < 40; i++) {
    const slot = i % 3 === 0 ? 0 : 1;
    if (i > 20) assert.equal(sequences.next(slot, 5), 100 + i);
    sequences.learn(slot, 5, 100 + i);
  }
});

test("after a jump it goes on with the same step, until it has missed often", () => {
  const sequences = new Sequences(1);
  for (let i = 0; i < 60; i++) sequences.learn(0, 0, i);
  sequences.learn(0, 0, 500);
  sequences.learn(0, 0, 501);
  sequences.learn(0, 0, 502);
  assert.equal(sequences.next(0, 0), 503);
  for (let i = 0; i < 20; i++) sequences.learn(0, 0, (i * i * 7919) % 1000);
  assert.equal(sequences.next(0, 0), -1);
});
