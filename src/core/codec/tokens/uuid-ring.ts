/**
 * The last UUIDs of a direction, whatever field they stood in: one that comes
 * again is a distance. A ring; sender and receiver fill it alike.
 */
import type { ByteWriter } from "../../bytes.ts";
import { hashBytes } from "./hash.ts";

export const uuidBytes = 16;
export const ringCount = 1024;
const bucketCount = 1024;

export class UuidRing {
  private readonly bytes = new Uint8Array(ringCount * uuidBytes);
  private readonly heads = new Uint16Array(bucketCount);
  private readonly next = new Uint16Array(ringCount);
  /** UUIDs added so far. */
  private added = 0;

  /** How many came after it, or -1 when it is not there. */
  distanceOf(uuid: Uint8Array): number {
    let link = this.heads[bucketOf(uuid)] as number;
    for (; link !== 0; link = this.next[link - 1] as number)
      if (this.holds(link - 1, uuid)) return (this.added - link + ringCount * 2) % ringCount;
    return -1;
  }

  /** A copy, or undefined beyond the ring. */
  atDistance(distance: number): Uint8Array | undefined {
    if (distance >= Math.min(this.added, ringCount)) return undefined;
    const place = (this.added - 1 - distance) % ringCount;
    return this.bytes.slice(place * uuidBytes, (place + 1) * uuidBytes);
  }

  add(uuid: Uint8Array): void {
    const place = this.added % ringCount;
    if (this.added >= ringCount) this.unlink(place);
    this.bytes.set(uuid, place * uuidBytes);
    const bucket = bucketOf(uuid);
    this.next[place] = this.heads[bucket] as number;
    this.heads[bucket] = place + 1;
    // Kept small, and the same modulo the ring.
    this.added = this.added === ringCount * 2 - 1 ? ringCount : this.added + 1;
  }

  private holds(place: number, uuid: Uint8Array): boolean {
    for (let i = 0; i < uuidBytes; i++)
      if (this.bytes[place * uuidBytes + i] !== uuid[i]) return false;
    return true;
  }

  private unlink(place: number): void {
    const start = place * uuidBytes;
    const bucket = bucketOf(this.bytes.subarray(start, start + uuidBytes));
    let link = this.heads[bucket] as number;
    if (link === place + 1) {
      this.heads[bucket] = this.next[place] as number;
      return;
    }
    while (link !== 0) {
      const after = this.next[link - 1] as number;
      if (after === place + 1) this.next[link - 1] = this.next[place] as number;
      link = after === place + 1 ? 0 : after;
    }
  }
}

function bucketOf(uuid: Uint8Array): number {
  return hashBytes(7, uuid, 0, uuidBytes) & (bucketCount - 1);
}

/** The 16 bytes of 36 characters that `Splitter` takes for a UUID. */
export function readUuid(bytes: Uint8Array, start: number): Uint8Array {
  const uuid = new Uint8Array(uuidBytes);
  let at = start;
  for (let i = 0; i < uuidBytes; i++) {
    if (bytes[at] === 0x2d) at++;
    uuid[i] = nibble(bytes[at] as number) * 16 + nibble(bytes[at + 1] as number);
    at += 2;
  }
  return uuid;
}

function nibble(byte: number): number {
  return byte < 0x3a ? byte - 0x30 : byte - 0x57;
}

export function writeUuid(out: ByteWriter, uuid: Uint8Array): void {
  for (let i = 0; i < uuidBytes; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) out.u8(0x2d);
    const byte = uuid[i] ?? 0;
    out.u8(hexDigit(byte >> 4));
    out.u8(hexDigit(byte & 15));
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}
