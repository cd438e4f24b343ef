/**
 * Which codec a direction uses: the one that makes the fewest bytes, unless the
 * link carries more than it can make, among those that the receiver reads and for
 * which there is memory. Measured on both sides of the comparison: the link by
 * LinkMeter, the coder by CodingMeter; a receiver that mixing keeps busy says so. A forced choice is taken as far as the
 * receiver reads it.
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
 * memory, and no mixing at a node that has more to do than it can. What was announced
 * earlier is read all the same.
 */
export function codecsOffered(s: SessionState): number {
  const affordable = s.memory?.affordable(codecsHere(s)) ?? codecsHere(s);
  const isBusy = s.options.isBusy === true || s.coding?.isMuch === true;
  return isBusy ? affordable & ~mixBits : affordable;
}

/** Codecs to try, the best first; the last, raw rows, is read by everyone. */
export function wantedCodecs(s: SessionState): readonly number[] {
  const best = s.options.codec ?? (isLinkFaster(s) || isBriefContact(s) ? "tokens" : "mix");
  const names = codecNames.slice(0, codecNames.indexOf(best) + 1).reverse();
  const usable = s.peerCodecs & codecsHere(s);
  const wanted: number[] = [];
  for (const name of names)
    for (const codec of byName[name]) if ((usable & (1 << codec)) !== 0) wanted.push(codec);
  return wanted;
}

/** True when mixing holds the link up, and something quicker is at hand. */
export function isLinkFaster(s: SessionState): boolean {
  const coderBytesPerS = (s.coding?.bytesPerS ?? mixBytesPerSDefault) * s.ratio;
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

/** A direction that is being mixed goes on with something quicker. */
export function shouldSwitch(s: SessionState): boolean {
  const { codec } = s.sendBatches;
  if (codec === undefined || !isMixCodec(codec.codec)) return false;
  const usable = s.peerCodecs & codecsHere(s);
  const hasQuicker = (usable & ((1 << codecTokens) | (1 << codecTokensSmall))) !== 0;
  const isUnwanted = (usable & (1 << codec.codec)) === 0;
  return hasQuicker && (isUnwanted || (s.options.codec === undefined && isLinkFaster(s)));
}
