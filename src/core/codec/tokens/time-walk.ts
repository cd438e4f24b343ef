/** A date or time of a payload: a candidate, or its difference from the slot's best base (time-bases.ts). */
import type { ByteWriter } from "../../bytes.ts";
import { sets } from "./contexts.ts";
import { fold } from "./hash.ts";
import { codeNone, codeOfInteger, integerOfCode } from "./links.ts";
import { minuteMs } from "./time-bases.ts";
import { dayMax, dayMin, dayMs, readDay, readMs, writeDay, writeMs } from "./time-text.ts";
import type { ValueScope } from "./value-scope.ts";

/** Days have codes from 1900-01-01 to 2068. */
const dayCodeOffset = 25_567;

/**
 * A base lies at most one calendar beside the calendar, so no difference is as long as this;
 * a longer one could leave the integers that are exact.
 */
const differenceMsMax = 4 * (dayMax + 1 - dayMin) * dayMs;

export class TimeWalk {
  private readonly scope: ValueScope;

  constructor(scope: ValueScope) {
    this.scope = scope;
  }

  date(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, slot } = this.scope;
    const given = coder.isDecoder ? 0 : readDay(value, 0);
    const hit = this.scope.candidate(codeOfDay(given), false);
    const day =
      hit === codeNone
        ? Math.floor(this.difference(given * dayMs, dayMs) / dayMs)
        : integerOfCode(hit) - dayCodeOffset;
    if (hit !== codeNone) {
      state.times.choose(slot);
      state.times.learn(slot, day * dayMs, dayMs);
    }
    if (day < dayMin || day > dayMax) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeDay(out, day);
    state.links.learn(slot, codeOfDay(day));
  }

  time(value: Uint8Array, out: ByteWriter, withMs: boolean): void {
    const { coder, state, slot } = this.scope;
    const given = coder.isDecoder ? 0 : readMs(value, 0, withMs);
    const ms = this.difference(given, withMs ? 1 : 1000);
    if (ms < dayMin * dayMs || ms >= (dayMax + 1) * dayMs) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeMs(out, ms, withMs);
    state.links.learn(slot, codeNone);
  }

  private difference(givenMs: number, unitMs: number): number {
    const { coder, state, slot, field } = this.scope;
    const { times } = state;
    const base = times.choose(slot);
    const baseUnits = Math.floor(times.baseMs(base) / unitMs);
    const given = Math.floor(givenMs / unitMs) - baseUnits;
    const c0 = fold(slot, base + 3);
    const c2 = fold(field, base + 3);
    coder.focus(sets.timeIsBase, c0, slot, c2, base);
    let units = 0;
    if (coder.flag(given === 0 ? 1 : 0) === 0) {
      coder.focus(sets.timeSign, c0, slot, c2, base);
      const isBefore = coder.flag(given < 0 ? 1 : 0);
      const size = this.size(Math.abs(given), base * 2 + isBefore, unitMs);
      units = isBefore === 1 ? -size : size;
    }
    const ms = (baseUnits + units) * unitMs;
    if (!coder.failed) times.learn(slot, ms, unitMs);
    return ms;
  }

  /** A difference that is not 0; in minutes, of so many units, where it is whole ones. */
  private size(given: number, side: number, unitMs: number): number {
    const { coder, slot, field } = this.scope;
    const minute = Math.floor(minuteMs / unitMs);
    let grain = 1;
    if (minute > 1) {
      coder.focus(sets.timeIsMinutes, fold(slot, side), slot, field, side);
      if (coder.flag(given % minute === 0 ? 1 : 0) === 1) grain = minute;
    }
    coder.focus(
      sets.time,
      fold(fold(slot, side), grain),
      fold(slot, grain),
      fold(fold(field, side), grain),
      fold(side, grain),
    );
    const size = coder.number(given === 0 ? 0 : Math.floor(given / grain) - 1) + 1;
    if (size <= Math.floor(differenceMsMax / (grain * unitMs))) return size * grain;
    coder.fail();
    return grain;
  }
}

function codeOfDay(day: number): number {
  return day < -dayCodeOffset ? codeNone : codeOfInteger(day + dayCodeOffset);
}
