/** A text word by word, see words.ts; its first word is a value like others to links.ts. */
import { ByteWriter, emptyBytes } from "../../bytes.ts";
import { sets } from "./contexts.ts";
import { fieldCount } from "./fields.ts";
import { fold } from "./hash.ts";
import type { ValueScope } from "./value-scope.ts";
import { ordersCount, wordBytesMax, wordEnd, type Words } from "./words.ts";

/** Candidates that are tried for a word. */
const triesMax = 2;
/** A candidate that came only once tells little. */
const trustMin = 1;
const trustLevels = 32;
/** Among words, not among the texts of a field. */
const spellingField = fieldCount + sets.word;

export class PhraseWalk {
  private readonly scope: ValueScope;
  private readonly words: Words;
  private readonly out = new ByteWriter(256);
  /** Whether the last candidates were right, newest in the lowest bit. */
  private past = 0;

  constructor(scope: ValueScope, words: Words) {
    this.scope = scope;
    this.words = words;
  }

  code(given: Uint8Array, bytesMax: number): Uint8Array {
    const { out, words } = this;
    const { coder, state, slot, field } = this.scope;
    const { links } = state;
    out.clear();
    links.predictStart(slot);
    words.begin(field, links.startContext);
    this.past = 0;
    let at = 0;
    for (let isFirst = true; ; isFirst = false) {
      const end = coder.isDecoder ? 0 : wordEnd(given, at);
      const word = this.word(coder.isDecoder ? emptyBytes : given.subarray(at, end), isFirst);
      if (coder.failed) return emptyBytes;
      at = end;
      if (isFirst) links.learnStart(word + 1);
      words.learn(word);
      const bytes = words.textOf(word);
      if (bytes.length === 0) break;
      out.bytes(bytes);
      if (out.length <= bytesMax) continue;
      coder.fail();
      return emptyBytes;
    }
    return out.take();
  }

  private word(given: Uint8Array, isFirst: boolean): number {
    const { words } = this;
    const { coder, field } = this.scope;
    const known = coder.isDecoder ? -1 : words.find(given);
    const tried = this.candidate(known, isFirst);
    if (tried.isRight) return tried.word;
    coder.focus(sets.isKnownWord, field, words.previous, words.context, 0);
    if (coder.flag(known < 0 ? 0 : 1) === 1) {
      const { context, previous } = words;
      coder.focus(sets.wordIndex, context, fold(previous, 1), fold(field, tried.word + 1), 5);
      const index = coder.number(known < 0 ? 0 : words.indexOf(known));
      const word = coder.isDecoder ? words.at(index) : known;
      if (word < 0) coder.fail();
      return word;
    }
    const text = coder.text(given, spellingField, wordBytesMax);
    return coder.failed ? -1 : words.add(text);
  }

  /** The candidate that is right, or the last that was tried, -1 for none. */
  private candidate(
    known: number,
    isFirst: boolean,
  ): { readonly word: number; readonly isRight: boolean } {
    const { words } = this;
    const { links } = this.scope.state;
    let tried = -1;
    let tries = 0;
    if (isFirst && links.startCode > 0 && words.isWord(links.startCode - 1)) {
      tried = links.startCode - 1;
      const trust = links.startScore >> 3;
      if (this.isRight(known, tried, { order: -1, trust, tries }))
        return { word: tried, isRight: true };
      tries++;
    }
    for (let order = 0; order < ordersCount && tries < triesMax; order++) {
      const word = words.candidate(order);
      const trust = words.trustOf(order);
      if (word === tried || trust < trustMin || !words.isWord(word)) continue;
      tried = word;
      if (this.isRight(known, word, { order, trust: Math.min(trust, trustLevels - 1), tries }))
        return { word, isRight: true };
      tries++;
    }
    return { word: tried, isRight: false };
  }

  private isRight(
    known: number,
    word: number,
    by: { readonly order: number; readonly trust: number; readonly tries: number },
  ): boolean {
    const { words } = this;
    const { coder, field } = this.scope;
    let agreeing = 0;
    for (let order = 0; order < ordersCount; order++)
      agreeing = agreeing * 2 + (words.candidate(order) === word ? 1 : 0);
    coder.focus(
      by.tries === 0 ? sets.word : sets.secondWord,
      fold(by.order * trustLevels + by.trust, agreeing),
      fold(word + 1, words.context),
      fold(field, fold(words.previous, word + 1)),
      fold(agreeing, this.past & 7),
    );
    const isRight = coder.flag(known === word ? 1 : 0);
    this.past = (this.past << 1) | isRight;
    return isRight === 1;
  }
}
