/**
 * One value of a payload, by its kind. First the candidates of links.ts, if they
 * have been right lately; then what fits the kind: an index of the field's
 * dictionary, digits, a distance to an earlier UUID, a difference from a time.
 */
import { type ByteWriter, emptyBytes } from "../../bytes.ts";
import { fragmentBytesMax } from "../../event.ts";
import type { TokenCoder } from "./coder.ts";
import { sets } from "./contexts.ts";
import { entryBytesMax } from "./dictionary.ts";
import { fold } from "./hash.ts";
import { codeNone, codeOfEntry, codeOfInteger, entryOfCode, integerOfCode } from "./links.ts";
import {
  decimalsMax,
  digitsLimit,
  readDecimal,
  scaledTo,
  trimmed,
  writeDecimal,
} from "./number-text.ts";
import { kindDate, kindNumber, kindText, kindTime, kindUuid, kindWord } from "./split.ts";
import type { TokenState } from "./state.ts";
import { dayMax, dayMin, dayMs, readDay, readMs, writeDay, writeMs } from "./time-text.ts";
import { readUuid, uuidBytes, writeUuid } from "./uuid-ring.ts";

/** Candidates with a lower score are not worth a decision. */
const scoreMin = 28;

export interface ValueInput {
  readonly kind: number;
  readonly slot: number;
  readonly field: number;
  /** The encoder's; a decoder writes its own to `out`. */
  readonly value: Uint8Array;
  readonly out: ByteWriter;
}

export class ValueWalk {
  private readonly coder: TokenCoder;
  private readonly state: TokenState;
  private slot = 0;
  private field = 0;

  constructor(coder: TokenCoder, state: TokenState) {
    this.coder = coder;
    this.state = state;
  }

  code(input: ValueInput): void {
    const { kind, value, out } = input;
    this.slot = input.slot;
    this.field = input.field;
    this.state.links.predict(input.slot);
    switch (kind) {
      case kindText:
      case kindWord:
        return this.text(value, out);
      case kindNumber:
        return this.number(value, out);
      case kindUuid:
        return this.uuid(value, out);
      case kindDate:
        return this.date(value, out);
      default:
        return this.time(value, out, kind === kindTime);
    }
  }

  private focus(set: number): void {
    const { links } = this.state;
    this.coder.focus(
      set,
      fold(this.slot, links.context),
      fold(this.slot, 1),
      fold(this.field, links.previous + 0x10000),
      fold(this.field, 2),
    );
  }

  /** The candidate that is right, or `codeNone`. `code` is the encoder's, `isPossible` both sides'. */
  private candidate(code: number, isPossible: (code: number) => boolean): number {
    const { links, hits } = this.state;
    const { first, second, firstScore, secondScore } = links;
    if (first === codeNone || firstScore < scoreMin || !isPossible(first)) return codeNone;
    const past = hits[this.slot] as number;
    this.coder.focus(
      sets.candidate,
      fold(fold(this.slot, firstScore >> 4), past & 3),
      fold(this.slot, past),
      fold(fold(this.field, firstScore >> 3), secondScore >> 6),
      fold(firstScore >> 2, secondScore >> 4),
    );
    const isFirst = this.coder.flag(code === first ? 1 : 0);
    hits[this.slot] = (past << 1) | isFirst;
    if (isFirst === 1) return first;
    if (second === codeNone || secondScore < scoreMin || !isPossible(second)) return codeNone;
    this.coder.focus(
      sets.secondCandidate,
      fold(this.slot, secondScore >> 4),
      fold(this.slot, past),
      fold(this.field, secondScore >> 3),
      secondScore >> 2,
    );
    return this.coder.flag(code === second ? 1 : 0) === 1 ? second : codeNone;
  }

  private text(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, field } = this;
    const { dictionary, links } = state;
    let entry = coder.isDecoder ? -1 : dictionary.find(field, value);
    const hit = this.candidate(entry < 0 ? codeNone : codeOfEntry(entry), (code) =>
      dictionary.isOf(entryOfCode(code), field),
    );
    if (hit !== codeNone) entry = entryOfCode(hit);
    else {
      this.focus(sets.isKnownText);
      if (coder.flag(entry < 0 ? 0 : 1) === 1) entry = this.entry(entry, sets.textIndex);
      else {
        const text = coder.text(value, field, fragmentBytesMax);
        if (coder.failed) return;
        if (coder.isDecoder) out.bytes(text);
        if (text.length <= entryBytesMax) {
          entry = dictionary.find(field, text);
          if (entry < 0) entry = dictionary.add(field, text);
        }
        links.learn(this.slot, entry < 0 ? codeNone : codeOfEntry(entry));
        return;
      }
    }
    if (coder.failed) return;
    if (coder.isDecoder) out.bytes(dictionary.textOf(entry));
    links.learn(this.slot, codeOfEntry(entry));
  }

  /** An entry of the field's dictionary by its index. */
  private entry(given: number, set: number): number {
    const { coder, field } = this;
    const { dictionary } = this.state;
    this.focus(set);
    const index = coder.number(given < 0 ? 0 : dictionary.indexOf(given));
    const entry = coder.isDecoder ? dictionary.at(field, index) : given;
    if (entry < 0) coder.fail();
    return entry;
  }

  private number(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, field } = this;
    const { decimals, links } = state;
    const given = readDecimal(value, 0, value.length);
    const places = decimals[field] as number;
    const scaled = coder.isDecoder ? 0 : scaledTo(given, places);
    const hit = this.candidate(
      scaled < 0 ? codeNone : codeOfInteger(scaled),
      (code) => integerOfCode(code) >= 0,
    );
    let digits = integerOfCode(hit);
    if (hit === codeNone) {
      this.focus(sets.isUsualNumber);
      if (coder.flag(scaled < 0 ? 0 : 1) === 0) {
        this.unusual(given, out);
        return;
      }
      this.focus(sets.number);
      digits = coder.number(scaled);
      if (digits >= digitsLimit) coder.fail();
      if (coder.failed) return;
    }
    if (coder.isDecoder) writeDecimal(out, trimmed(digits, places));
    links.learn(this.slot, codeOfInteger(digits));
  }

  /** A number as it stands: sign, decimals, digits. The field then expects as many decimals. */
  private unusual(given: ReturnType<typeof readDecimal>, out: ByteWriter): void {
    const { coder, state, field } = this;
    this.focus(sets.numberForm);
    const form = coder.number(given.decimals * 2 + (given.isNegative ? 1 : 0));
    this.focus(sets.number);
    const digits = coder.number(given.digits);
    const decimals = Math.floor(form / 2);
    if (decimals > decimalsMax || digits >= digitsLimit) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeDecimal(out, { isNegative: form % 2 === 1, digits, decimals });
    state.decimals[field] = decimals;
    state.links.learn(this.slot, codeNone);
  }

  private uuid(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, field } = this;
    const { dictionary, uuids, links } = state;
    const given = coder.isDecoder ? emptyBytes : readUuid(value, 0);
    let entry = coder.isDecoder ? -1 : dictionary.find(field, given);
    const hit = this.candidate(entry < 0 ? codeNone : codeOfEntry(entry), (code) =>
      dictionary.isOf(entryOfCode(code), field),
    );
    let uuid = given;
    if (hit !== codeNone) entry = entryOfCode(hit);
    else {
      const distance = entry < 0 && !coder.isDecoder ? uuids.distanceOf(given) : -1;
      this.focus(sets.isKnownUuid);
      if (coder.flag(entry >= 0 || distance >= 0 ? 1 : 0) === 0) {
        uuid = this.freshUuid(given);
        if (coder.isDecoder) writeUuid(out, uuid);
        uuids.add(uuid);
        links.learn(this.slot, codeNone);
        return;
      }
      this.focus(sets.isFieldUuid);
      if (coder.flag(entry >= 0 ? 1 : 0) === 1) entry = this.entry(entry, sets.uuidIndex);
      else entry = this.recalled(distance);
    }
    if (coder.failed) return;
    if (coder.isDecoder) writeUuid(out, dictionary.textOf(entry));
    links.learn(this.slot, codeOfEntry(entry));
  }

  /** Version and variant are nearly always those of random UUIDs (RFC 9562, section 5.4); then 122 bits are left. */
  private freshUuid(given: Uint8Array): Uint8Array {
    const { coder } = this;
    this.focus(sets.isRandomUuid);
    const isRandom = coder.flag((given[6] ?? 0) >> 4 === 4 && (given[8] ?? 0) >> 6 === 2 ? 1 : 0);
    const uuid = new Uint8Array(uuidBytes);
    for (let i = 0; i < uuidBytes; i++) {
      const fixedBits = isRandom === 0 ? 0 : i === 6 ? 4 : i === 8 ? 2 : 0;
      const low = coder.bits(given[i] ?? 0, 8 - fixedBits);
      uuid[i] = fixedBits === 4 ? 0x40 | low : fixedBits === 2 ? 0x80 | low : low;
    }
    return uuid;
  }

  /** A UUID of the ring comes again: from now on it is in the field's dictionary. */
  private recalled(givenDistance: number): number {
    const { coder, field } = this;
    const { dictionary, uuids } = this.state;
    this.focus(sets.uuidDistance);
    const uuid = uuids.atDistance(coder.number(Math.max(0, givenDistance)));
    if (uuid === undefined || coder.failed) {
      coder.fail();
      return -1;
    }
    const entry = dictionary.find(field, uuid);
    return entry < 0 ? dictionary.add(field, uuid) : entry;
  }

  private date(value: Uint8Array, out: ByteWriter): void {
    const { coder, state } = this;
    const given = coder.isDecoder ? 0 : readDay(value, 0);
    const hit = this.candidate(codeOfDay(given), (code) => integerOfCode(code) >= 0);
    const day =
      hit === codeNone
        ? this.difference(given * dayMs, dayMs) / dayMs
        : integerOfCode(hit) - dayCodeOffset;
    if (hit !== codeNone) {
      state.times.choose(this.slot);
      state.times.learn(this.slot, day * dayMs, dayMs);
    }
    if (day < dayMin || day > dayMax) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeDay(out, day);
    state.links.learn(this.slot, codeOfDay(day));
  }

  private time(value: Uint8Array, out: ByteWriter, withMs: boolean): void {
    const { coder } = this;
    const given = coder.isDecoder ? 0 : readMs(value, 0, withMs);
    const ms = this.difference(given, withMs ? 1 : 1000);
    if (ms < dayMin * dayMs || ms >= (dayMax + 1) * dayMs) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeMs(out, ms, withMs);
    this.state.links.learn(this.slot, codeNone);
  }

  /** A time as its difference from the slot's best base, in units. */
  private difference(givenMs: number, unitMs: number): number {
    const { coder, slot, field } = this;
    const { times } = this.state;
    const base = times.choose(slot);
    const baseUnits = Math.floor(times.baseMs(base) / unitMs);
    const given = givenMs / unitMs - baseUnits;
    const c0 = fold(slot, base + 3);
    const c2 = fold(field, base + 3);
    coder.focus(sets.timeIsBase, c0, slot, c2, base);
    let units = 0;
    if (coder.flag(given === 0 ? 1 : 0) === 0) {
      coder.focus(sets.timeSign, c0, slot, c2, base);
      const isBefore = coder.flag(given < 0 ? 1 : 0);
      coder.focus(
        sets.time,
        fold(c0, isBefore),
        fold(slot, isBefore),
        fold(c2, isBefore),
        base * 2 + isBefore,
      );
      const size = coder.number(Math.abs(given) - (given === 0 ? 0 : 1)) + 1;
      units = isBefore === 1 ? -size : size;
    }
    const ms = (baseUnits + units) * unitMs;
    if (!coder.failed) times.learn(slot, ms, unitMs);
    return ms;
  }
}

/** Days have codes from 1900-01-01 to 2068. */
const dayCodeOffset = 25_567;

function codeOfDay(day: number): number {
  return day < -dayCodeOffset ? codeNone : codeOfInteger(day + dayCodeOffset);
}

/** Writes a value from what its kind would send; false for kinds that are sent as they stand. */
export function writeValue(out: ByteWriter, kind: number, value: Uint8Array): boolean {
  switch (kind) {
    case kindNumber:
      writeDecimal(out, readDecimal(value, 0, value.length));
      return true;
    case kindUuid:
      writeUuid(out, readUuid(value, 0));
      return true;
    case kindDate:
      writeDay(out, readDay(value, 0));
      return true;
    case kindText:
    case kindWord:
      return false;
    default:
      writeMs(out, readMs(value, 0, kind === kindTime), kind === kindTime);
      return true;
  }
}
