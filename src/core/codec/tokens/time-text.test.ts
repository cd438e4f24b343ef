/** Against the calendar of the runtime, which is another's work. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createSeededRandom } from "../../../testing/seeded-random.ts";
import { ByteWriter, textToUtf8, utf8ToText } from "../../bytes.ts";
import {
  dayMax,
  dayMin,
  dayMs,
  isDateAt,
  isTimeAt,
  readDay,
  readMs,
  writeDay,
  writeMs,
} from "./time-text.ts";

const seed = 20_260_105;

function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return utf8ToText(out.view()) ?? "";
}

/** Years below 1000 have signs or none elsewhere; ISO texts of `Date` are four digits from 0 to 9999. */
function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}

function isDate(text: string): boolean {
  return isDateAt(textToUtf8(text), 0);
}

describe("a date", () => {
  test("is its number of days since 1970, and back, as in the calendar", () => {
    const random = createSeededRandom(seed);
    const drawn = Array.from({ length: 500 }, () => random.between(dayMin, dayMax));
    for (const day of [
      dayMin,
      -719_469,
      -719_468,
      -1,
      0,
      58,
      59,
      60,
      11_016,
      11_017,
      dayMax,
      ...drawn,
    ]) {
      const text = isoOf(day * dayMs).slice(0, 10);
      assert.equal(readDay(textToUtf8(text), 0), day, `${text}, seed ${seed}`);
      assert.equal(
        written((out) => writeDay(out, day)),
        text,
        `day ${day}, seed ${seed}`,
      );
      assert.ok(isDate(text), text);
    }
  });

  test("ends with the month, in leap years too", () => {
    for (const year of [1900, 1999, 2000, 2023, 2024, 2100])
      for (let month = 1; month <= 12; month++) {
        const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
        const head = `${year}-${String(month).padStart(2, "0")}-`;
        assert.ok(isDate(`${head}${last}`), `${head}${last}`);
        assert.ok(!isDate(`${head}${last + 1}`), `${head}${last + 1}`);
        assert.ok(isDate(`${head}01`) && !isDate(`${head}00`), head);
      }
    assert.ok(!isDate("2026-00-10") && !isDate("2026-13-10"));
  });

  test("has its digits and dashes in their places, from where it is looked for", () => {
    assert.ok(isDateAt(textToUtf8("xx2026-01-05"), 2));
    assert.equal(readDay(textToUtf8("xx1970-01-02"), 2), 1);
    for (const text of ["2026/01-05", "2026-01/05", "2026-01-0", "x026-01-05", "2026-x1-05"])
      assert.ok(!isDate(text), text);
    for (const text of ["202:-01-05", "202/-01-05", "2026-01-0:", "2026-01-/1"])
      assert.ok(!isDate(text), text);
  });
});

describe("a time", () => {
  test("is its number of milliseconds since 1970, and back", () => {
    const random = createSeededRandom(seed + 1);
    const drawn = Array.from({ length: 500 }, () =>
      random.between(dayMin * dayMs, (dayMax + 1) * dayMs - 1),
    );
    for (const ms of [0, -1, 1, 999, 1000, dayMs - 1, dayMs, -dayMs, ...drawn]) {
      const text = isoOf(ms).slice(0, 23);
      assert.equal(readMs(textToUtf8(text), 0, true), ms, `${text}, seed ${seed}`);
      assert.equal(
        written((out) => writeMs(out, ms, true)),
        text,
        `seed ${seed}`,
      );
      const seconds = Math.floor(ms / 1000) * 1000;
      assert.equal(readMs(textToUtf8(text), 0, false), seconds);
      assert.equal(
        written((out) => writeMs(out, seconds, false)),
        text.slice(0, 19),
      );
    }
  });

  test("has hours to 23, minutes and seconds to 59, and thousandths only where they are asked for", () => {
    const is = (text: string, withMs: boolean): boolean => isTimeAt(textToUtf8(text), 0, withMs);
    for (const text of ["2026-01-05T00:00:00.000", "2026-01-05T23:59:59.999"]) {
      assert.ok(is(text, true) && is(text, false), text);
      assert.ok(is(text.slice(0, 19), false) && !is(text.slice(0, 19), true), text);
    }
    for (const text of [
      "2026-01-05T24:00:00.000",
      "2026-01-05T00:60:00.000",
      "2026-01-05T00:00:60.000",
      "2026-01-05T-1:00:00.000",
      "2026-01-05T00:x0:00.000",
      "2026-01-05T00:00:0x.000",
      "2026-01-05t00:00:00.000",
      "2026-01-05T00-00:00.000",
      "2026-01-05T00:00-00.000",
      "2026-02-30T00:00:00.000",
    ]) {
      assert.ok(!is(text, true) && !is(text, false), text);
    }
    assert.ok(!is("2026-01-05T00:00:00,000", true));
    assert.ok(!is("2026-01-05T00:00:00.00Z", true));
    assert.ok(isTimeAt(textToUtf8("  2026-01-05T01:02:03.004"), 2, true));
  });
});
