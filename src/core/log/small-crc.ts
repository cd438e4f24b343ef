/**
 * CRC-32 (IEEE 802.3) by table, for record headers of a few bytes, where a call
 * into the host costs more than the sum. Larger input goes to `CryptoPort.crc32`,
 * which gives the same numbers.
 */

const table = makeTable();

function makeTable(): Int32Array {
  const values = new Int32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    values[byte] = value;
  }
  return values;
}

/** Of `bytes[from..to)`, continued from `seed`; an unsigned number. */
export function smallCrc(bytes: Uint8Array, from: number, to: number, seed: number): number {
  let crc = ~seed;
  for (let at = from; at < to; at++) {
    crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return ~crc >>> 0;
}

/** The same over a 32-bit number, most significant byte first. */
export function smallCrcOfU32(value: number, seed: number): number {
  let crc = ~seed;
  crc = (crc >>> 8) ^ (table[(crc ^ (value >>> 24)) & 0xff] ?? 0);
  crc = (crc >>> 8) ^ (table[(crc ^ (value >>> 16)) & 0xff] ?? 0);
  crc = (crc >>> 8) ^ (table[(crc ^ (value >>> 8)) & 0xff] ?? 0);
  crc = (crc >>> 8) ^ (table[(crc ^ value) & 0xff] ?? 0);
  return ~crc >>> 0;
}
