/**
 * Constants of the log's format, version 1. Every number here is normative and
 * explained in docs/format-log.md; changing one is a new format version.
 */

/** Also part of every record's additional data. */
export const formatVersion = 1;

/** First 4 bytes of each kind of file. */
export const fileMagic = {
  segment: 0x5a_53_45_47, // ZSEG
  manifest: 0x5a_4d_41_4e, // ZMAN
  checkpoint: 0x5a_43_4b_50, // ZCKP
  index: 0x5a_49_44_58, // ZIDX
  formerKey: 0x5a_4b_45_59, // ZKEY
} as const;

export type FileKind = keyof typeof fileMagic;

/** Every file begins with a header of this size. */
export const fileHeaderBytes = 64;
export const saltBytes = 16;
export const keyIdBytes = 8;
export const logIdBytes = 16;

export const recordMagic = 0x5a52; // ZR
export const recordHeaderBytes = 20;
export const recordCrcBytes = 4;

export const recordKind = {
  event: 1,
  alias: 2,
  fragment: 3,
  mark: 4,
  close: 5,
  /** An event that was dropped; what is left of it answers for its idempotency key. */
  dropped: 6,
} as const;

/**
 * Aliases are given out one by one, so a greater number is damage, and must not size an
 * array (of 4 MiB here). Sixteen times as many as the streams that a hub may announce.
 */
export const aliasMax = 0xfffff;

/** Record flag: the payload lies in fragment records, the event record lists them. */
export const flagFragmented = 1;
/** Reserved for compression at rest. */
export const flagCompressed = 2;

/**
 * Upper bound of the sealed part: an 8 KiB `known` block, and a 16 KiB payload or the places of
 * 4,096 fragments, some 7 bytes each (28 KiB), with room to spare. A record always fits into one
 * read window.
 */
export const sealedBytesMax = 48 * 1024;
/** Bytes read at once; larger than any record. */
export const windowBytes = 64 * 1024;

/** Granularity of the sparse index. */
export const blockBytes = 64 * 1024;
export const segmentBytesDefault = 16 * 1024 * 1024;
/** Preallocated, given up when the disk is full so that manifest and checkpoint still fit (RULES 20). */
export const reserveBytes = 256 * 1024;
/** Opening checks the CRC of this much at the end (RULES 18), and all of a log under twice that. */
export const openCheckBytes = 1024 * 1024;
/** A checkpoint is due after this much; closing writes one after a quarter of it. */
export const checkpointBytesDefault = 1024 * 1024;
/** A group is written out in pieces of about this size, so that a large push needs little memory. */
export const groupPieceBytes = 256 * 1024;

export const fileName = {
  manifest: "manifest",
  manifestCopy: "manifest-copy",
  checkpointA: "checkpoint-a",
  checkpointB: "checkpoint-b",
  reserve: "reserve",
  formerKey: "former-key",
  formerKeyCopy: "former-key-copy",
  setAside: "set-aside",
} as const;

/** `generation` counts how often the segment was written anew; its files have names of their own each time. */
export function segmentFileName(number: number, generation = 0): string {
  return `${baseName(number, generation)}.seg`;
}

export function indexFileName(number: number, generation = 0): string {
  return `${baseName(number, generation)}.idx`;
}

function baseName(number: number, generation: number): string {
  const base = String(number).padStart(8, "0");
  return generation === 0 ? base : `${base}-${generation}`;
}

export interface SegmentFile {
  readonly number: number;
  readonly generation: number;
}

/** What a segment's file name says, or undefined for any other file. */
export function segmentFileOf(name: string): SegmentFile | undefined {
  const match = /^(\d{8})(?:-([1-9]\d{0,8}))?\.seg$/.exec(name);
  return match === null
    ? undefined
    : { number: Number(match[1]), generation: Number(match[2] ?? 0) };
}
