/**
 * Where the records of a segment lie, read from the clear headers alone
 * (docs/format-log.md): a scenario's way to the byte that it wants to damage.
 */
import { fileHeaderBytes, recordHeaderBytes, recordMagic } from "../../src/core/log/format.ts";

export interface RecordPlace {
  readonly kind: number;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Bytes of nonce and CRC around the sealed bytes (whose length counts the tag) of an encrypted log. */
const encryptedExtraBytes = 12 + 4;

/** The records of an encrypted segment from its first on, as far as the headers lead. */
export function mapSegment(bytes: Buffer): readonly RecordPlace[] {
  const places: RecordPlace[] = [];
  let from = fileHeaderBytes;
  while (from + recordHeaderBytes <= bytes.length && bytes.readUInt16BE(from) === recordMagic) {
    const to = from + recordHeaderBytes + bytes.readUInt32BE(from + 8) + encryptedExtraBytes;
    if (to > bytes.length) break;
    places.push({ kind: bytes.readUInt8(from + 2), from, to });
    from = to;
  }
  return places;
}
