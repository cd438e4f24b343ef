/**
 * The last rows of one direction, as dictionary for the next block. Sender and
 * receiver append the same bytes in the same order, so their windows agree
 * without a word about it. Memory: at most twice its size, taken as needed.
 */
import type { CompressorPort, ZstdTables } from "../ports.ts";
import { codecRaw, codecZstd, isSmallDevice, zstdFull, zstdSmall } from "./codecs.ts";
import { windowBytes } from "./wire-limits.ts";

/** A small device leans on a quarter of what the receiver keeps: distances count from the end, so that is its own affair. */
const smallWindowBytes = windowBytes / 4;

export class Window {
  /** For what is compressed against it. */
  readonly tables: ZstdTables;
  private readonly sizeBytes: number;
  private buffer: Uint8Array = new Uint8Array(0);
  private used = 0;

  constructor(sizeBytes = windowBytes, tables = zstdFull) {
    this.sizeBytes = sizeBytes;
    this.tables = tables;
  }

  /** At most the last `sizeBytes` bytes; valid until the next `append`. */
  dictionary(): Uint8Array {
    return this.buffer.subarray(Math.max(0, this.used - this.sizeBytes), this.used);
  }

  append(bytes: Uint8Array): void {
    const raw = bytes.length > this.sizeBytes ? bytes.subarray(-this.sizeBytes) : bytes;
    if (this.used + raw.length > this.buffer.length) this.makeRoom(raw.length);
    this.buffer.set(raw, this.used);
    this.used += raw.length;
  }

  private makeRoom(count: number): void {
    const kept = this.dictionary();
    const needed = kept.length + count;
    const sizeMax = this.sizeBytes * 2;
    let size = Math.max(4096, this.buffer.length);
    while (size < needed && size < sizeMax) size *= 2;
    const next = size === this.buffer.length ? this.buffer : new Uint8Array(size);
    if (next === this.buffer) next.copyWithin(0, this.used - kept.length, this.used);
    else next.set(kept);
    this.buffer = next;
    this.used = kept.length;
  }
}

/** An empty window of rows that a device with these codecs sends. */
export function sendWindowFor(codecs: number): Window {
  return isSmallDevice(codecs) ? new Window(smallWindowBytes, zstdSmall) : new Window();
}

export interface Block {
  readonly codec: number;
  readonly block: Uint8Array;
}

/** Compresses with the window as dictionary, or keeps the raw bytes when that is no longer. Does not append. */
export function encodeBlock(
  compressor: CompressorPort,
  input: { readonly window: Window; readonly codecs: number; readonly raw: Uint8Array },
): Block {
  if ((input.codecs & (1 << codecZstd)) !== 0) {
    const block = compressor.compress(input.raw, input.window.dictionary(), input.window.tables);
    if (block.length < input.raw.length) return { codec: codecZstd, block };
  }
  return { codec: codecRaw, block: input.raw };
}

/** The raw bytes, or undefined when the block is none. Does not append. */
export function decodeBlock(
  compressor: CompressorPort,
  input: {
    readonly window: Window;
    readonly codec: number;
    readonly rawBytes: number;
    readonly block: Uint8Array;
  },
): Uint8Array | undefined {
  if (input.codec === codecRaw)
    return input.block.length === input.rawBytes ? input.block : undefined;
  if (input.codec !== codecZstd) return undefined;
  return compressor.decompress(input.block, {
    dictionary: input.window.dictionary(),
    sizeBytes: input.rawBytes,
  });
}
