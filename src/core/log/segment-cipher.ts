/**
 * Records of one segment as bytes: clear header, nonce, sealed fields, CRC
 * (RULES 1 and 2). The same for reading and writing.
 *
 * Invariant: a record verifies only in the log, the segment and at the offset
 * where it was written. In an encrypted log the additional data says so; in a
 * plaintext log both CRCs are seeded with the segment's salt and the offset.
 * A length is never used before the header's CRC holds (RULES 8).
 */
import { emptyBytes, textToUtf8 } from "../bytes.ts";
import { assert } from "../errors/zam-error.ts";
import type { AeadKey, CryptoPort } from "../ports.ts";
import { aeadNonceBytes, aeadTagBytes } from "../ports.ts";
import {
  formatVersion,
  recordCrcBytes,
  recordHeaderBytes,
  recordMagic,
  sealedBytesMax,
} from "./format.ts";
import { smallCrc, smallCrcOfU32 } from "./small-crc.ts";

/** A parsed clear header; one object is reused by each scanner. */
export interface RecordHeader {
  kind: number;
  flags: number;
  alias: number;
  /** Ciphertext and tag, or the plain fields of a plaintext log. */
  sealedBytes: number;
  /** From this record's start back to the start of its group; 0 for the first of a group. */
  back: number;
  headerCrc: number;
  /** Of the whole record, header to CRC. */
  totalBytes: number;
}

export function newRecordHeader(): RecordHeader {
  return { kind: 0, flags: 0, alias: 0, sealedBytes: 0, back: 0, headerCrc: 0, totalBytes: 0 };
}

const aadPrefixBytes = 2 + 16 + 4;
const aadBytes = aadPrefixBytes + 4 + recordHeaderBytes;
/** How many origins' keys are kept at hand for one segment. */
const keyCacheMax = 256;
const recordInfo = textToUtf8("record");

export class SegmentCipher {
  readonly isEncrypted: boolean;
  private readonly crypto: CryptoPort;
  private readonly dataKey: Uint8Array | undefined;
  private readonly salt: Uint8Array;
  private readonly crcSeed: number;
  private readonly aad = new Uint8Array(aadBytes);
  private readonly aadView = new DataView(this.aad.buffer);
  private readonly keyByNode = new Map<string, AeadKey>();
  private lastNode: string | undefined;
  private lastKey: AeadKey | undefined;

  constructor(input: {
    readonly crypto: CryptoPort;
    readonly dataKey: Uint8Array | undefined;
    readonly logId: Uint8Array;
    readonly segment: number;
    readonly salt: Uint8Array;
  }) {
    this.crypto = input.crypto;
    this.dataKey = input.dataKey;
    this.isEncrypted = input.dataKey !== undefined;
    this.salt = input.salt;
    this.crcSeed = smallCrc(input.salt, 0, input.salt.length, 0);
    this.aadView.setUint16(0, formatVersion);
    this.aad.set(input.logId, 2);
    this.aadView.setUint32(18, input.segment);
  }

  /** Size of a record with `plainBytes` of fields. */
  recordBytes(plainBytes: number): number {
    const sealing = this.isEncrypted ? aeadNonceBytes + aeadTagBytes : 0;
    return recordHeaderBytes + sealing + plainBytes + recordCrcBytes;
  }

  /** Writes a whole record into `out` at `at`, for file offset `offset`. `node` chooses the key. */
  write(
    record: {
      readonly kind: number;
      readonly flags: number;
      readonly alias: number;
      readonly node: string;
      readonly offset: number;
      readonly groupStart: number;
      readonly plain: Uint8Array;
    },
    out: Uint8Array,
    view: DataView,
    at: number,
  ): void {
    const { offset, plain } = record;
    const sealedBytes = plain.length + (this.isEncrypted ? aeadTagBytes : 0);
    assert(sealedBytes <= sealedBytesMax, "a record fits into a read window");
    view.setUint16(at, recordMagic);
    view.setUint8(at + 2, record.kind);
    view.setUint8(at + 3, record.flags);
    view.setUint32(at + 4, record.alias);
    view.setUint32(at + 8, sealedBytes);
    view.setUint32(at + 12, offset - record.groupStart);
    const headerCrc = smallCrc(out, at, at + 16, smallCrcOfU32(offset, this.crcSeed));
    view.setUint32(at + 16, headerCrc);
    let body = at + recordHeaderBytes;
    const crcFrom = body;
    if (this.isEncrypted) {
      const nonce = this.crypto.randomBytes(aeadNonceBytes);
      out.set(nonce, body);
      body += aeadNonceBytes;
      this.aadView.setUint32(aadPrefixBytes, offset);
      this.aad.set(out.subarray(at, at + recordHeaderBytes), aadPrefixBytes + 4);
      const key = this.keyFor(record.node);
      this.crypto.seal(key, { nonce, aad: this.aad, plaintext: plain }, out, body);
    } else {
      out.set(plain, body);
    }
    body += sealedBytes;
    view.setUint32(body, this.crypto.crc32(out.subarray(crcFrom, body), headerCrc));
  }

  /** Parses and checks the clear header at `bytes[at]`, which lies at `offset` in the file. */
  parseHeader(bytes: Uint8Array, at: number, offset: number, out: RecordHeader): boolean {
    if (at + recordHeaderBytes > bytes.length) return false;
    if (bytes[at] !== recordMagic >>> 8 || bytes[at + 1] !== (recordMagic & 0xff)) return false;
    const headerCrc = u32At(bytes, at + 16);
    if (smallCrc(bytes, at, at + 16, smallCrcOfU32(offset, this.crcSeed)) !== headerCrc)
      return false;
    const sealedBytes = u32At(bytes, at + 8);
    if (sealedBytes > sealedBytesMax || (this.isEncrypted && sealedBytes < aeadTagBytes))
      return false;
    out.kind = bytes[at + 2] ?? 0;
    out.flags = bytes[at + 3] ?? 0;
    out.alias = u32At(bytes, at + 4);
    out.sealedBytes = sealedBytes;
    out.back = u32At(bytes, at + 12);
    out.headerCrc = headerCrc;
    out.totalBytes =
      recordHeaderBytes + (this.isEncrypted ? aeadNonceBytes : 0) + sealedBytes + recordCrcBytes;
    return out.back <= offset;
  }

  /** Whether the body's CRC holds; works without the key. */
  checkBody(bytes: Uint8Array, at: number, header: RecordHeader): boolean {
    const end = at + header.totalBytes;
    if (end > bytes.length) return false;
    const body = bytes.subarray(at + recordHeaderBytes, end - recordCrcBytes);
    return this.crypto.crc32(body, header.headerCrc) === u32At(bytes, end - recordCrcBytes);
  }

  /** The record's fields, or undefined when the seal does not fit. Check the CRC first. They may lie in `bytes`. */
  open(
    bytes: Uint8Array,
    at: number,
    header: RecordHeader,
    place: { readonly offset: number; readonly node: string },
  ): Uint8Array | undefined {
    const body = at + recordHeaderBytes;
    if (!this.isEncrypted) return bytes.subarray(body, body + header.sealedBytes);
    this.aadView.setUint32(aadPrefixBytes, place.offset);
    for (let i = 0; i < recordHeaderBytes; i++)
      this.aad[aadPrefixBytes + 4 + i] = bytes[at + i] ?? 0;
    const sealedAt = body + aeadNonceBytes;
    const input = {
      nonce: bytes.subarray(body, sealedAt),
      aad: this.aad,
      sealed: bytes.subarray(sealedAt, sealedAt + header.sealedBytes),
    };
    return this.crypto.open(this.keyFor(place.node), input);
  }

  /** Records of the log's own (marks, aliases) are under node "". */
  private keyFor(node: string): AeadKey {
    if (node === this.lastNode && this.lastKey !== undefined) return this.lastKey;
    let key = this.keyByNode.get(node);
    if (key === undefined) {
      const name = textToUtf8(node);
      const salt = new Uint8Array(this.salt.length + name.length);
      salt.set(this.salt);
      salt.set(name, this.salt.length);
      const input = { salt, info: recordInfo, sizeBytes: 32 };
      key = this.crypto.importKey(this.crypto.hkdfSha256(this.dataKey ?? emptyBytes, input));
      if (this.keyByNode.size >= keyCacheMax) this.keyByNode.clear();
      this.keyByNode.set(node, key);
    }
    this.lastNode = node;
    this.lastKey = key;
    return key;
  }
}

function u32At(bytes: Uint8Array, at: number): number {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
  return ((b0 << 24) | (b1 << 16) | (b2 << 8) | b3) >>> 0;
}
