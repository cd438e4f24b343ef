/**
 * A number of a payload: the next of a sequence, a candidate, or its digits at as
 * many decimals as the field's numbers have.
 */
import type { ByteWriter } from "../../bytes.ts";
import { sets } from "./contexts.ts";
import { fold } from "./hash.ts";
import { codeNone, codeOfInteger, integerOfCode } from "./links.ts";
import {
  type Decimal,
  decimalsMax,
  digitsLimit,
  readDecimal,
  scaledTo,
  trimmed,
  writeDecimal,
} from "./number-text.ts";
import type { ValueScope } from "./value-scope.ts";

export class NumberWalk {
  private readonly scope: ValueScope;

  constructor(scope: ValueScope) {
    this.scope = scope;
  }

  code(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, slot, field } = this.scope;
    const { decimals, links, sequences } = state;
    const given = readDecimal(value, 0, value.length);
    const places = decimals[field] as number;
    const scaled = coder.isDecoder ? 0 : scaledTo(given, places);
    const digits = this.guessed(scaled) ?? this.told(scaled);
    if (coder.failed) return;
    if (digits === undefined) {
      this.unusual(given, out);
      return;
    }
    if (coder.isDecoder) writeDecimal(out, trimmed(digits, places));
    sequences.learn(slot, field, digits);
    links.learn(slot, codeOfInteger(digits));
  }

  private guessed(scaled: number): number | undefined {
    const { coder, state, slot, field } = this.scope;
    const { sequences } = state;
    const next = sequences.next(slot, field);
    if (next >= 0 && next < digitsLimit) {
      const score = sequences.scoreOf(slot);
      coder.focus(sets.sequence, fold(slot, score >> 3), slot, score, 0);
      if (coder.flag(scaled === next ? 1 : 0) === 1) return next;
    }
    const code = this.scope.candidate(scaled < 0 ? codeNone : codeOfInteger(scaled), false);
    return code === codeNone ? undefined : integerOfCode(code);
  }

  /** The digits; undefined when the number has none at these decimals. */
  private told(scaled: number): number | undefined {
    const { coder } = this.scope;
    this.scope.focus(sets.isUsualNumber);
    if (coder.flag(scaled < 0 ? 0 : 1) === 0) return undefined;
    this.scope.focus(sets.number);
    const digits = coder.number(scaled);
    if (digits >= digitsLimit) coder.fail();
    return digits;
  }

  /** A number as it stands: sign, decimals, digits. The field then expects as many decimals. */
  private unusual(given: Decimal, out: ByteWriter): void {
    const { coder, state, slot, field } = this.scope;
    this.scope.focus(sets.numberForm);
    const form = coder.number(given.decimals * 2 + (given.isNegative ? 1 : 0));
    this.scope.focus(sets.number);
    const digits = coder.number(given.digits);
    const decimals = Math.floor(form / 2);
    if (decimals > decimalsMax || digits >= digitsLimit) coder.fail();
    if (coder.failed) return;
    if (coder.isDecoder) writeDecimal(out, { isNegative: form % 2 === 1, digits, decimals });
    state.decimals[field] = decimals;
    state.links.learn(slot, codeNone);
  }
}
