/**
 * One value of a payload, by its kind: first the candidates of links.ts, if they
 * have been right lately; then what fits the kind, see the walks.
 */
import type { ByteWriter } from "../../bytes.ts";
import type { TokenCoder } from "./coder.ts";
import { readDecimal, writeDecimal } from "./number-text.ts";
import { NumberWalk } from "./number-walk.ts";
import { kindDate, kindNumber, kindText, kindTime, kindUuid, kindWord } from "./split.ts";
import type { TokenState } from "./state.ts";
import { TextWalk } from "./text-walk.ts";
import { readDay, readMs, writeDay, writeMs } from "./time-text.ts";
import { TimeWalk } from "./time-walk.ts";
import { readUuid, writeUuid } from "./uuid-ring.ts";
import { UuidWalk } from "./uuid-walk.ts";
import { ValueScope } from "./value-scope.ts";

export interface ValueInput {
  readonly kind: number;
  readonly slot: number;
  readonly field: number;
  /** The field, and which of that field in the event it is, as one number. */
  readonly key: number;
  /** The encoder's; a decoder writes its own to `out`. */
  readonly value: Uint8Array;
  readonly out: ByteWriter;
}

export class ValueWalk {
  private readonly scope: ValueScope;
  private readonly texts: TextWalk;
  private readonly numbers: NumberWalk;
  private readonly uuids: UuidWalk;
  private readonly times: TimeWalk;

  constructor(coder: TokenCoder, state: TokenState) {
    this.scope = new ValueScope(coder, state);
    this.texts = new TextWalk(this.scope);
    this.numbers = new NumberWalk(this.scope);
    this.uuids = new UuidWalk(this.scope);
    this.times = new TimeWalk(this.scope);
  }

  code(input: ValueInput): void {
    const { kind, slot, field, key, value, out } = input;
    const { scope } = this;
    scope.slot = slot;
    scope.field = field;
    scope.state.links.predict(slot, field, key);
    switch (kind) {
      case kindText:
      case kindWord:
        return this.texts.code(value, out);
      case kindNumber:
        return this.numbers.code(value, out);
      case kindUuid:
        return this.uuids.code(value, out);
      case kindDate:
        return this.times.date(value, out);
      default:
        return this.times.time(value, out, kind === kindTime);
    }
  }
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
