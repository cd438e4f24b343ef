import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDailyWindow, untilCloseMs, untilOpenMs } from "./daily-window.ts";

const hour = 3_600_000;

test("says how long a window stays open, or until it opens", () => {
  const cases: readonly (readonly [string, number, number, number])[] = [
    // window, hour of day, hours until it opens, hours that it stays open
    ["22:00-05:00", 21, 1, 0],
    ["22:00-05:00", 22, 0, 7],
    ["22:00-05:00", 0, 0, 5],
    ["22:00-05:00", 4.5, 0, 0.5],
    ["22:00-05:00", 5, 17, 0],
    ["09:30-17:00", 9, 0.5, 0],
    ["09:30-17:00", 9.5, 0, 7.5],
    ["09:30-17:00", 17, 16.5, 0],
    ["09:30-17:00", 23.5, 10, 0],
    ["18:00-24:00", 23, 0, 1],
    ["18:00-24:00", 0, 18, 0],
    ["00:00-23:59", 0, 0, 23 + 59 / 60],
  ];
  for (const [text, at, opens, closes] of cases) {
    const window = parseDailyWindow(text) ?? assert.fail(text);
    assert.equal(untilOpenMs(window, at * hour), opens * hour, `${text} at ${at} opens`);
    assert.equal(Math.round(untilCloseMs(window, at * hour)), closes * hour, `${text} at ${at}`);
  }
});

test("refuses what is no window", () => {
  for (const text of [
    "",
    "22-05",
    "22:00",
    "24:00-05:00",
    "22:60-05:00",
    "22:00-22:00",
    "00:00-24:00",
    "1:00-2:00",
    "21:00-22:60",
    "01:00-02:000",
    "021:00-22:00",
  ])
    assert.equal(parseDailyWindow(text), undefined, text);
});
