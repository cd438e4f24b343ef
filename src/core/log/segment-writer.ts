/**
 * The segment that is being written: its file, how far it is durable, and the
 * index that it will get when it is sealed.
 */
import type { FileStore, StoreFile } from "../ports.ts";
import { encodeFileHeader, keyIdFor, keyOf } from "./file-header.ts";
import { fileHeaderBytes, keyIdBytes, saltBytes, segmentFileName } from "./format.ts";
import { IdTable } from "./index/id-table.ts";
import { SegmentIndex } from "./index/segment-index.ts";
import type { FileSeal } from "./sealed-file.ts";
import { SegmentCipher } from "./segment-cipher.ts";

export interface SegmentWriter {
  readonly number: number;
  /** How often the segment was written anew; 0 for one that is being appended to. */
  readonly generation: number;
  readonly salt: Uint8Array;
  readonly keyId: Uint8Array;
  readonly cipher: SegmentCipher;
  /** Undefined until its first group is written, and after it was sealed. */
  file: StoreFile | undefined;
  /** Bytes that are durable. */
  end: number;
  firstOrdinal: number;
  lastOrdinal: number;
  /** The next group goes into a new segment. */
  mustEnd: boolean;
  index: SegmentIndex;
  ids: IdTable;
}

export function newSegmentWriter(
  seal: FileSeal,
  segment: {
    readonly number: number;
    readonly generation?: number;
    readonly salt?: Uint8Array;
    readonly keyId?: Uint8Array;
  },
): SegmentWriter {
  const { crypto, dataKey: newest, logId } = seal;
  const salt = segment.salt ?? crypto.randomBytes(saltBytes);
  const fresh = newest === undefined ? new Uint8Array(keyIdBytes) : keyIdFor(crypto, newest, salt);
  const keyId = segment.keyId ?? fresh;
  const dataKey = keyOf(seal, { salt, keyId });
  return {
    number: segment.number,
    generation: segment.generation ?? 0,
    salt,
    keyId,
    cipher: new SegmentCipher({ crypto, dataKey, logId, segment: segment.number, salt }),
    file: undefined,
    end: fileHeaderBytes,
    firstOrdinal: 0,
    lastOrdinal: 0,
    mustEnd: false,
    index: new SegmentIndex(),
    ids: new IdTable(),
  };
}

/** Creates the file with its header; nothing is durable yet. Throws FileFault. */
export function createSegmentFile(
  store: FileStore,
  seal: FileSeal,
  segment: SegmentWriter,
): StoreFile {
  const file = store.open(segmentFileName(segment.number, segment.generation), "replace");
  segment.file = file;
  file.write(
    0,
    encodeFileHeader({
      kind: "segment",
      isEncrypted: seal.dataKey !== undefined,
      number: segment.number,
      generation: segment.generation,
      logId: seal.logId,
      salt: segment.salt,
      keyId: segment.keyId,
      bodyBytes: 0,
    }),
  );
  return file;
}
