import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeClock } from "./fake-clock.ts";

test("timers run in order of their time, each at its own time, also those armed meanwhile", () => {
  const clock = createFakeClock(1000);
  const ran: string[] = [];
  clock.at(30, () => ran.push(`c${clock.monotonicMs()}`));
  clock.at(10, () => {
    ran.push(`a${clock.monotonicMs()}`);
    clock.at(20, () => ran.push(`b${clock.monotonicMs()}`));
  });
  const cancel = clock.at(15, () => ran.push("never"));
  cancel();
  assert.equal(clock.nextTimerMs(), 10);
  clock.advance(25);
  assert.deepEqual(ran, ["a10", "b20"]);
  assert.equal(clock.wallMs(), 1025);
  clock.advance(5);
  assert.deepEqual(ran, ["a10", "b20", "c30"]);
  assert.equal(clock.nextTimerMs(), undefined);
});

test("stepping the wall clock moves no timer", () => {
  const clock = createFakeClock(0);
  let ran = 0;
  clock.at(100, () => ran++);
  clock.stepWall(3_600_000);
  assert.equal(ran, 0);
  clock.setWall(5);
  assert.equal(clock.wallMs(), 5);
  assert.equal(clock.monotonicMs(), 0);
  clock.advance(100);
  assert.equal(ran, 1);
  assert.equal(clock.wallMs(), 105);
});
