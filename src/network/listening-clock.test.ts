import assert from "node:assert/strict";
import { test } from "node:test";
import { ListeningClock } from "./listening-clock.ts";

test("time passes while the loop waits, and little of it while the loop is busy", () => {
  let wallMs = 1000;
  const planned: (() => void)[] = [];
  const clock = new ListeningClock({
    nowMs: () => wallMs,
    later: (task) => void planned.push(task),
  });
  const endTurn = (): void => {
    for (const task of planned.splice(0)) task();
  };

  const first = clock.nowMs();
  wallMs += 5_000;
  assert.equal(clock.nowMs(), first, "within a turn it stands still");
  endTurn();
  assert.equal(clock.nowMs() - first, 100, "a turn of five seconds read nothing for most of them");
  endTurn();
  wallMs += 700;
  assert.equal(clock.nowMs() - first, 800, "waiting for sockets is listening");
  wallMs += 20;
  endTurn();
  assert.equal(clock.nowMs() - first, 820, "a short turn counts whole");
});
