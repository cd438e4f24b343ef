/**
 * `CompressorPort` on Node: one-shot zstd (RFC 8878) with a raw-content
 * dictionary and no state between calls.
 *
 * Invariants: the same input and dictionary decompress to the same bytes on any
 * host; whatever a peer sends, `decompress` takes bounded time and memory
 * (about 256 KiB, the dictionary and the size asked for) and either returns
 * exactly that size or undefined. It does not detect a wrong dictionary: the
 * caller has a chain to check against.
 *
 * On the wire a frame has no magic, no content size, no checksum and no
 * dictionary id. One rule for every host: zstd takes a dictionary that starts
 * with its dictionary magic for a trained one (and refuses it), so that such a
 * dictionary is used without its first byte; see `asRawDictionary`.
 */
import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { CompressorPort, ZstdTables } from "../core/ports.ts";

/** RFC 8878, section 3.1.1. */
const frameMagic = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd);
/** RFC 8878, section 5. */
const dictionaryMagic = Uint8Array.of(0x37, 0xa4, 0x30, 0xec);

/** Level 9 costs about 20 us an event, level 19 gains little with a dictionary. */
const level = 9;
/** Of what a peer sends: more than any sender's window. */
const windowLogMax = 18;

const outputChunkBytesMin = 64;
const outputChunkBytesMax = 64 * 1024;

/** `windowLog` alone does not bound the encoder's memory. */
function compressParams(tables: ZstdTables): Record<number, number> {
  return {
    [constants.ZSTD_c_compressionLevel]: level,
    [constants.ZSTD_c_windowLog]: tables.windowLog,
    [constants.ZSTD_c_hashLog]: tables.hashLog,
    [constants.ZSTD_c_chainLog]: tables.chainLog,
    [constants.ZSTD_c_contentSizeFlag]: 0,
    [constants.ZSTD_c_checksumFlag]: 0,
    [constants.ZSTD_c_dictIDFlag]: 0,
  };
}

const decompressParams = { [constants.ZSTD_d_windowLogMax]: windowLogMax };

export const nodeCompressor: CompressorPort = {
  compress(bytes, dictionary, tables) {
    const options = { params: compressParams(tables) };
    const frame = zstdCompressSync(bytes, withDictionary(options, dictionary));
    return new Uint8Array(frame.subarray(frameMagic.length));
  },
  decompress(bytes, input) {
    const frame = new Uint8Array(frameMagic.length + bytes.length);
    frame.set(frameMagic);
    frame.set(bytes, frameMagic.length);
    const options: ZstdOptions = {
      params: decompressParams,
      // One byte of room beyond what is expected, so that "longer" is seen without a second chunk.
      maxOutputLength: input.sizeBytes + 1,
      chunkSize: Math.min(Math.max(input.sizeBytes + 1, outputChunkBytesMin), outputChunkBytesMax),
      info: true,
    };
    try {
      const { buffer, engine } = zstdDecompressSync(
        frame,
        withDictionary(options, input.dictionary),
      ) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
      const isWhole = engine.bytesWritten === frame.length;
      if (!isWhole || buffer.length !== input.sizeBytes) return undefined;
      return new Uint8Array(buffer);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      throw error;
    }
  },
};

function withDictionary(options: ZstdOptions, dictionary: Uint8Array): ZstdOptions {
  if (dictionary.length === 0) return options;
  return { ...options, dictionary: asRawDictionary(dictionary) };
}

/** Drops the first byte of a dictionary that zstd would take for a trained one. */
function asRawDictionary(dictionary: Uint8Array): Uint8Array {
  const isTrained = dictionaryMagic.every((byte, at) => dictionary[at] === byte);
  return isTrained ? dictionary.subarray(1) : dictionary;
}

/** zstd's own complaints and the size limit; a defect of ours (a TypeError) is none. */
function isRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  if (typeof code !== "string") return false;
  return code.startsWith("ZSTD_error") || code === "ERR_BUFFER_TOO_LARGE" || code === "Z_BUF_ERROR";
}
