/**
 * The codecs of blocks of events, by their numbers in frames; HELLO announces as
 * bits (1 << number) which a node can read. Raw and zstd rows travel in RANGE, the
 * others in BATCH. The `small` ones are the same with tables that fit a device of
 * some megabytes; a sender takes them when the receiver reads no others.
 *
 * Every number in a table of sizes is wire format: it decides what is forgotten
 * when, and which contexts share a place.
 */

import type { ZstdTables } from "../ports.ts";

export const codecRaw = 0;
export const codecZstd = 1;
export const codecTokens = 2;
export const codecMix = 3;
export const codecTokensSmall = 4;
export const codecMixSmall = 5;

export const codecsAll = 0x3f;
/** For a device of some megabytes: rows, and the small tables. */
export const codecsSmall = 0x33;

/**
 * zstd's tables, which no receiver needs to know. Level 9 takes 1.7 MB with the full ones
 * while a batch is coded (libzstd in one shot: 0.8 MB) and 0.46 MB (0.23 MB) with the small
 * ones. Twice the full hash table takes 2.4 MB for half a per cent of rows, and nothing of tokens.
 */
export const zstdFull: ZstdTables = { windowLog: 18, hashLog: 16, chainLog: 16 };
export const zstdSmall: ZstdTables = { windowLog: 15, hashLog: 14, chainLog: 15 };

export interface CodecSizes {
  /** Mixing: places for adaptive probabilities, 4 bytes each. */
  readonly counterPlaces: number;
  /** Places that remember what a slot held, 2 bytes each. */
  readonly linkPlaces: number;
  /** Slots that are told apart, 20 bytes each. */
  readonly slotIds: number;
  /** Texts of all dictionaries together, and their bytes. */
  readonly entries: number;
  readonly arenaBytes: number;
  /** Words of longer texts, their bytes, and places that remember what followed. */
  readonly words: number;
  readonly wordBytes: number;
  readonly wordPlaces: number;
  readonly shapes: number;
  readonly shapeBytes: number;
  /** Bytes of earlier tokens that zstd sees. */
  readonly windowBytes: number;
  readonly zstd: ZstdTables;
  /** Payloads and `known` of one batch: what a receiver must hold at once. The largest event fits. */
  readonly batchBytesMax: number;
  readonly batchEventsMax: number;
  /** History that a direction is primed with. */
  readonly historyEventsMax: number;
  readonly historyBytesMax: number;
}

const fullSizes: CodecSizes = {
  counterPlaces: 1 << 18,
  linkPlaces: 1 << 17,
  slotIds: 8192,
  entries: 4096,
  arenaBytes: 128 * 1024,
  words: 4096,
  wordBytes: 32 * 1024,
  wordPlaces: 1 << 15,
  shapes: 512,
  shapeBytes: 96 * 1024,
  windowBytes: 128 * 1024,
  zstd: zstdFull,
  batchBytesMax: 64 * 1024,
  batchEventsMax: 512,
  historyEventsMax: 2000,
  historyBytesMax: 768 * 1024,
};

const smallSizes: CodecSizes = {
  counterPlaces: 1 << 16,
  linkPlaces: 1 << 15,
  slotIds: 2048,
  entries: 1024,
  arenaBytes: 32 * 1024,
  words: 1024,
  wordBytes: 8 * 1024,
  wordPlaces: 1 << 13,
  shapes: 128,
  shapeBytes: 24 * 1024,
  windowBytes: 32 * 1024,
  zstd: zstdSmall,
  batchBytesMax: 24 * 1024,
  batchEventsMax: 128,
  historyEventsMax: 200,
  historyBytesMax: 64 * 1024,
};

export function isBatchCodec(codec: number): boolean {
  return codec >= codecTokens && codec <= codecMixSmall;
}

/** True for a device that reads none of the codecs with full tables but one with small ones. */
export function isSmallDevice(codecs: number): boolean {
  const full = (1 << codecTokens) | (1 << codecMix);
  const small = (1 << codecTokensSmall) | (1 << codecMixSmall);
  return (codecs & full) === 0 && (codecs & small) !== 0;
}

export function isMixCodec(codec: number): boolean {
  return codec === codecMix || codec === codecMixSmall;
}

export function sizesOf(codec: number): CodecSizes {
  return codec === codecTokensSmall || codec === codecMixSmall ? smallSizes : fullSizes;
}
