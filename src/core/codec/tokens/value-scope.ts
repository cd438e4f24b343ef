/**
 * The value in hand, and what the walks over the kinds of values share: the usual
 * contexts of a decision, and the candidates of links.ts.
 */
import type { TokenCoder } from "./coder.ts";
import { sets } from "./contexts.ts";
import { fold } from "./hash.ts";
import { codeNone, entryOfCode, integerOfCode } from "./links.ts";
import type { TokenState } from "./state.ts";

/** Candidates with a lower score are not worth a decision. */
const firstScoreMin = 28;
const secondScoreMin = 80;

export class ValueScope {
  readonly coder: TokenCoder;
  readonly state: TokenState;
  /** The value's place in its skeleton, and the key that it stands under. */
  slot = 0;
  field = 0;

  constructor(coder: TokenCoder, state: TokenState) {
    this.coder = coder;
    this.state = state;
  }

  /** The next decision is of this kind, and leans on what is usual. */
  focus(set: number): void {
    const { links } = this.state;
    this.coder.focus(
      set,
      fold(this.slot, links.first),
      fold(this.slot, 1),
      fold(this.field, links.previous + 0x10000),
      fold(this.field, 2),
    );
  }

  /** The candidate that is right, or `codeNone`: among the field's texts, or integers. `code` is the encoder's. */
  candidate(code: number, isText: boolean): number {
    const { coder, slot, field } = this;
    const { links, hits } = this.state;
    const { first, second, firstScore, secondScore } = links;
    if (first === codeNone || firstScore < firstScoreMin || !this.isPossible(first, isText))
      return codeNone;
    const past = hits[slot] as number;
    coder.focus(
      sets.candidate,
      fold(fold(slot, firstScore >> 4), past & 3),
      fold(slot, past),
      fold(fold(field, firstScore >> 3), secondScore >> 6),
      fold(firstScore >> 2, secondScore >> 4),
    );
    const isFirst = coder.flag(code === first ? 1 : 0);
    hits[slot] = (past << 1) | isFirst;
    if (isFirst === 1) return first;
    if (second === codeNone || secondScore < secondScoreMin || !this.isPossible(second, isText))
      return codeNone;
    coder.focus(
      sets.secondCandidate,
      fold(slot, secondScore >> 4),
      fold(slot, past),
      fold(field, secondScore >> 3),
      secondScore >> 2,
    );
    return coder.flag(code === second ? 1 : 0) === 1 ? second : codeNone;
  }

  private isPossible(code: number, isText: boolean): boolean {
    return isText
      ? this.state.dictionary.isOf(entryOfCode(code), this.field)
      : integerOfCode(code) >= 0;
  }

  /** An entry of the field's dictionary by its index; -1 when there is none. */
  entry(given: number, set: number): number {
    const { coder, field } = this;
    const { dictionary } = this.state;
    this.focus(set);
    const index = coder.number(given < 0 ? 0 : dictionary.indexOf(given));
    const entry = coder.isDecoder ? dictionary.at(field, index) : given;
    if (entry < 0) coder.fail();
    return entry;
  }
}
