/**
 * Which codec a direction uses: the one that makes the fewest bytes, unless the
 * link carries more than it can make, among those that the receiver reads and for
 * which there is memory. Rows by zstd are always quick enough: coding them is the host's.
 * Measured on both sides of the comparison: the link by LinkMeter, the coder by
 * CodingMeter. A coder that takes most of the time holds the link up as well, however
 * little of the link could be seen behind it; a receiver that is kept so busy says so.
 * A forced choice is taken as far as the receiver reads it.
 */
import {
  codecMix,
  codecMixSmall,
  codecRaw,
  codecsAll,
  codecTokens,
  codecTokensSmall,
  codecZstd,
  isMixCodec,
} from "../codec/codecs.ts";
import type { SessionState } from "./state.ts";

/** Names of the levels, from the most bytes to the fewest. */
export const codecNames = ["raw", "zstd", "tokens", "mix"] as const;
export type CodecName = (typeof codecNames)[number];

const byName: Readonly<Record<CodecName, readonly number[]>> = {
  raw: [codecRaw],
  zstd: [codecZstd],
  tokens: [codecTokens, codecTokensSmall],
  mix: [codecMix, codecMixSmall],
};

const mixBits = (1 << codecMix) | (1 << codecMixSmall);
const tokensBits = (1 << codecTokens) | (1 << codecTokensSmall);

/** Bytes of payload a second that mixing codes where nobody has measured: a small computer's. */
const mixBytesPerSDefault = 1_000_000;
/** The link must be this much faster before bytes are given up for speed, so that the choice does not swing. */
const margin = 1.5;
/** Fewer events than these are brief. */
const briefEventsMax = 16;

/** Bits of the codecs that this node reads and writes. */
export function codecsHere(s: SessionState): number {
  return s.options.codecs ?? codecsAll;
}

/**
 * Bits of what the peer may use from now on: what is read here, for which there is
 * memory, no mixing at a node that has more to do than it can, and nothing that takes most
 * of its time to read while there are rows by zstd. What was announced earlier is read all
 * the same.
 */
export function codecsOffered(s: SessionState): number {
  const affordable = s.memory?.affordable(codecsHere(s)) ?? codecsHere(s);
  let offered = affordable;
  if (s.options.isBusy === true || s.coding?.mix.isMuch === true) offered &= ~mixBits;
  const hasQuicker = (affordable & (1 << codecZstd)) !== 0;
  // Who has no time for tokens has none for mixing.
  if (hasQuicker && s.coding?.tokens.isMuch === true) offered &= ~(mixBits | tokensBits);
  return offered;
}

/** Codecs to try, the best first; the last, raw rows, is read by everyone. */
export function wantedCodecs(s: SessionState): readonly number[] {
  const best = s.options.codec ?? affordableCodec(s);
  const names = codecNames.slice(0, codecNames.indexOf(best) + 1).reverse();
  const usable = s.peerCodecs & codecsHere(s);
  const wanted: number[] = [];
  for (const name of names)
    for (const codec of byName[name]) if ((usable & (1 << codec)) !== 0) wanted.push(codec);
  return wanted;
}

/** The best that keeps up with the link. */
function affordableCodec(s: SessionState): CodecName {
  if (isTokensTooSlow(s)) return "zstd";
  return isLinkFaster(s) || isBriefContact(s) ? "tokens" : "mix";
}

/**
 * True when tokens hold the link up: it carries more than was made of them lately, or making
 * them takes most of the time, which it would not if the link were what is waited for. Where
 * nobody measured they are quick. Until the direction rests it stays so: rows measure nothing.
 */
export function isTokensTooSlow(s: SessionState): boolean {
  const tokens = s.coding?.tokens;
  const { codec } = s.sendBatches;
  if (tokens === undefined || s.options.codec !== undefined) return false;
  if (s.sendBatches.isTooSlow) return true;
  // What is left of a byte of payload is known of tokens only while they are what is sent.
  const isCoding = codec !== undefined && !isMixCodec(codec.codec);
  const madeBytesPerS = (tokens.bytesPerS ?? Number.POSITIVE_INFINITY) * s.ratio;
  return isCoding && (tokens.isMuch || s.flight.leastBytesPerS > madeBytesPerS * margin);
}

/** True when mixing holds the link up, and something quicker is at hand. */
export function isLinkFaster(s: SessionState): boolean {
  const coderBytesPerS = (s.coding?.mix.bytesPerS ?? mixBytesPerSDefault) * s.ratio;
  return s.flight.leastBytesPerS > coderBytesPerS * margin;
}

/**
 * A first contact with little to say: the peer may have no time for mixing, and has not
 * said so yet. Without history mixing makes a batch of ten only an eighth smaller.
 */
function isBriefContact(s: SessionState): boolean {
  return (
    s.isSpeculating &&
    s.isFirstContact &&
    !s.hasSentData &&
    s.progress().eventsToSend <= briefEventsMax
  );
}

/** A direction goes on with something quicker to code than what it has. */
export function shouldSwitch(s: SessionState): boolean {
  const { codec } = s.sendBatches;
  if (codec === undefined) return false;
  const usable = s.peerCodecs & codecsHere(s);
  const hasTokens = (usable & tokensBits) !== 0;
  const hasRows = (usable & (1 << codecZstd)) !== 0;
  const isMixed = isMixCodec(codec.codec);
  const isUnwanted = (usable & (1 << codec.codec)) === 0;
  if (isUnwanted) return hasRows || (isMixed && hasTokens);
  if (s.options.codec !== undefined) return false;
  return isMixed ? hasTokens && isLinkFaster(s) : hasRows && isTokensTooSlow(s);
}
