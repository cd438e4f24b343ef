/**
 * A text or word of a payload: a candidate, a text that another field was told
 * lately, one of the field's dictionary, or at length: by words where the coder has
 * them and it is worth it, else byte by byte.
 */
import type { ByteWriter } from "../../bytes.ts";
import { fragmentBytesMax } from "../../event.ts";
import { sets } from "./contexts.ts";
import { entryBytesMax } from "./dictionary.ts";
import { codeNone, codeOfEntry, entryOfCode } from "./links.ts";
import { PhraseWalk } from "./phrase-walk.ts";
import { recentBytesMax, recentBytesMin } from "./recents.ts";
import type { ValueScope } from "./value-scope.ts";
import { hasManyWords } from "./words.ts";

/** A field that has had fewer texts is a list of choices, and names nobody. */
const recentTextsMin = 32;

export class TextWalk {
  private readonly scope: ValueScope;
  private readonly phrases: PhraseWalk | undefined;

  constructor(scope: ValueScope) {
    this.scope = scope;
    const { words } = scope.state;
    this.phrases = words === undefined ? undefined : new PhraseWalk(scope, words);
  }

  code(value: Uint8Array, out: ByteWriter): void {
    const { coder, state, slot, field } = this.scope;
    const { dictionary, links } = state;
    const given = coder.isDecoder ? -1 : dictionary.find(field, value);
    const hit = this.scope.candidate(given < 0 ? codeNone : codeOfEntry(given), true);
    const entry = hit === codeNone ? this.told(value, given, out) : entryOfCode(hit);
    if (coder.failed) return;
    if (coder.isDecoder && entry >= 0) out.bytes(dictionary.textOf(entry));
    links.learn(slot, entry < 0 ? codeNone : codeOfEntry(entry));
  }

  /** No candidate: the text's entry, or -1 when it is too long to be one; the decoder has then written it. */
  private told(value: Uint8Array, given: number, out: ByteWriter): number {
    const { coder, state } = this.scope;
    const { dictionary } = state;
    const recent = this.recent(value);
    if (coder.failed) return -1;
    if (recent !== undefined) return this.added(recent);
    this.scope.focus(sets.isKnownText);
    const isByWords = this.phrases !== undefined && !coder.isDecoder && hasManyWords(value);
    if (coder.flag(given < 0 || isByWords ? 0 : 1) === 1) {
      const entry = this.scope.entry(given, sets.textIndex);
      if (entry >= 0) this.remember(dictionary.textOf(entry));
      return entry;
    }
    const text = this.spelled(value, isByWords);
    if (coder.failed) return -1;
    if (text.length > entryBytesMax) {
      if (coder.isDecoder) out.bytes(text);
      return -1;
    }
    const entry = this.added(text);
    this.remember(text);
    return entry;
  }

  private added(text: Uint8Array): number {
    const { state, field } = this.scope;
    const entry = state.dictionary.find(field, text);
    return entry < 0 ? state.dictionary.add(field, text) : entry;
  }

  /** A text that was told lately, whatever its field was. */
  private recent(value: Uint8Array): Uint8Array | undefined {
    const { coder, state } = this.scope;
    const { recents } = state;
    if (recents.count === 0) return undefined;
    const given = coder.isDecoder ? -1 : recents.distanceOf(value);
    this.scope.focus(sets.isRecent);
    if (coder.flag(given < 0 ? 0 : 1) === 0) return undefined;
    this.scope.focus(sets.recent);
    const text = recents.at(coder.number(Math.max(0, given)));
    if (text === undefined) coder.fail();
    return text;
  }

  private remember(text: Uint8Array): void {
    const { state, field } = this.scope;
    const { length } = text;
    if (length < recentBytesMin || length > recentBytesMax) return;
    if (state.dictionary.countOf(field) >= recentTextsMin) state.recents.add(text);
  }

  private spelled(value: Uint8Array, isByWords: boolean): Uint8Array {
    const { coder, field } = this.scope;
    if (this.phrases !== undefined) {
      this.scope.focus(sets.isPhrase);
      if (coder.flag(isByWords ? 1 : 0) === 1) return this.phrases.code(value, fragmentBytesMax);
    }
    return coder.text(value, field, fragmentBytesMax);
  }
}
