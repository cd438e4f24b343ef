/**
 * What can be said of a log's files without opening it, for `doctor` and for
 * snapshots: CRCs need no key, so this works with a wrong key, with none, and on
 * a log that does not open. It only reads, believes no length before its CRC
 * holds, and names ranges, never contents.
 *
 * It does not know which segments count, nor how far: that is the manifest's,
 * which is sealed. A range at the end of the newest segment may be a torn tail.
 */
import type { CryptoPort, FileStore } from "../ports.ts";
import { FileCache } from "./file-cache.ts";
import { type DataKeys, decodeFileHeader, type FileHeader, keyFit } from "./file-header.ts";
import { type FileKind, fileHeaderBytes, type SegmentFile, segmentFileName } from "./format.ts";
import { openBlock } from "./sealed-file.ts";
import { SegmentCipher } from "./segment-cipher.ts";
import { SegmentReader } from "./segment-reader.ts";
import { readHead, readWhole } from "./whole-file.ts";

export interface ScanInput {
  readonly store: FileStore;
  readonly crypto: CryptoPort;
}

export interface SegmentScan {
  readonly number: number;
  readonly sizeBytes: number;
  /** Records whose CRCs hold. */
  readonly recordCount: number;
  /** Bytes whose CRCs do not hold, in order. */
  readonly bad: readonly { readonly from: number; readonly to: number }[];
}

const recordsPerStep = 512;
/** No seal is opened here; the cipher only has to know that there is one. */
const anyKey = new Uint8Array(32);

/** Header of a segment file: what it says, or why it cannot be believed. */
export function readSegmentHeader(
  store: FileStore,
  segment: SegmentFile,
): FileHeader | "damaged" | "unsupported" | "missing" {
  const bytes = readHead(store, segmentFileName(segment.number, segment.generation));
  return bytes === undefined ? "missing" : decodeFileHeader("segment", bytes);
}

/**
 * Checks the CRCs of one segment, `endBytes` of it or all. `step` returns false at the
 * end; the result is final then.
 */
export function scanSegment(
  input: ScanInput,
  header: FileHeader,
  endBytes?: number,
): { step(): boolean; result(): SegmentScan } {
  const { store, crypto } = input;
  const files = new FileCache(store);
  const name = segmentFileName(header.number, header.generation);
  const file = files.get(name);
  const sizeBytes = Math.min(file.size(), endBytes ?? Number.POSITIVE_INFINITY);
  const cipher = new SegmentCipher({
    crypto,
    dataKey: header.isEncrypted ? anyKey : undefined,
    logId: header.logId,
    segment: header.number,
    salt: header.salt,
  });
  const place = { segment: header.number, cipher, end: sizeBytes, file };
  const reader = new SegmentReader({ badRanges: [], files, segmentFile: () => name }, place);
  const bad: { from: number; to: number }[] = [];
  let recordCount = 0;
  let offset = fileHeaderBytes;
  return {
    step: () => {
      for (let count = 0; count < recordsPerStep; count++) {
        const found = reader.readAt(offset);
        if (found === "end") {
          files.closeAll();
          return false;
        }
        if (found === "bad") {
          const to = reader.resync(offset + 1);
          bad.push({ from: offset, to });
          offset = to;
        } else {
          recordCount++;
          offset = reader.nextOffset;
        }
      }
      return true;
    },
    result: () => ({ number: header.number, sizeBytes, recordCount, bad }),
  };
}

/** "unsealed": the CRC holds, and there was no key to look further. */
export type SidecarState =
  | "good"
  | "unsealed"
  | "missing"
  | "damaged"
  | "unsupported"
  | "wrongKey"
  | "mixed";

/** State of a manifest, checkpoint or index; "mixed": it belongs to another log, or is not sealed as it should be. */
export function checkSidecar(
  input: ScanInput & DataKeys,
  name: string,
  kind: FileKind,
): SidecarState {
  const bytes = readWhole(input.store, name);
  if (bytes === undefined) return "missing";
  const header = decodeFileHeader(kind, bytes);
  if (typeof header === "string") return header;
  const end = fileHeaderBytes + header.bodyBytes;
  if (end > bytes.length) return "damaged";
  const block = bytes.subarray(fileHeaderBytes, end);
  const fit = keyFit(input, header);
  if (fit === "isPlaintext") return "mixed";
  if (fit === "fits") {
    const seal = { ...input, logId: header.logId };
    const body = openBlock(seal, header, block, fileHeaderBytes);
    return body === undefined ? "damaged" : "good";
  }
  if (!isBlockWhole(input.crypto, bytes, end)) return "damaged";
  return fit === "wrongKey" ? "wrongKey" : "unsealed";
}

/** The first block's CRC is seeded with header and offset, see sealed-file.ts. */
function isBlockWhole(crypto: CryptoPort, bytes: Uint8Array, end: number): boolean {
  if (end - 4 < fileHeaderBytes) return false;
  const offset = new Uint8Array(4);
  new DataView(offset.buffer).setUint32(0, fileHeaderBytes);
  const seed = crypto.crc32(offset, crypto.crc32(bytes.subarray(0, fileHeaderBytes)));
  const found = new DataView(bytes.buffer, bytes.byteOffset + end - 4, 4).getUint32(0);
  return crypto.crc32(bytes.subarray(fileHeaderBytes, end - 4), seed) === found;
}
