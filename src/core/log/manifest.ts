/**
 * The manifest: which segments belong to the log, how long each is, and the
 * salt and key id that also stand in its header (RULES 10 and 12). Replaced as
 * a whole, and kept twice.
 */
import { ByteReader, ByteWriter } from "../bytes.ts";
import { isNodeId } from "../event.ts";
import { keyIdBytes, saltBytes } from "./format.ts";

export interface ManifestSegment {
  readonly number: number;
  /** How often it was written anew: the name of its file. */
  readonly generation: number;
  /** Bytes that count; 0 for the last one, which is still being written. */
  readonly sizeBytes: number;
  readonly salt: Uint8Array;
  readonly keyId: Uint8Array;
}

export interface Manifest {
  readonly generation: number;
  readonly nodeId: string;
  /** Ascending by number; the last is the active one. */
  readonly segments: readonly ManifestSegment[];
}

/** What it says of a segment; `sizeBytes` as above. */
export function toManifestSegment(
  { number, generation, salt, keyId }: Omit<ManifestSegment, "sizeBytes">,
  sizeBytes: number,
): ManifestSegment {
  return { number, generation, sizeBytes, salt, keyId };
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  const out = new ByteWriter(64 + manifest.segments.length * 32);
  out.varint(manifest.generation);
  out.text(manifest.nodeId);
  out.varint(manifest.segments.length);
  for (const segment of manifest.segments) {
    out.varint(segment.number);
    out.varint(segment.generation);
    out.varint(segment.sizeBytes);
    out.bytes(segment.salt);
    out.bytes(segment.keyId);
  }
  return out.take();
}

export function decodeManifest(bytes: Uint8Array): Manifest | undefined {
  const reader = new ByteReader(bytes);
  const generation = reader.varint();
  const nodeId = reader.text(63);
  const count = reader.varint();
  if (!isNodeId(nodeId) || count * (saltBytes + keyIdBytes + 3) > reader.remaining)
    return undefined;
  const segments: ManifestSegment[] = [];
  let last = 0;
  for (let i = 0; i < count; i++) {
    const number = reader.varint();
    const generation = reader.varint();
    const sizeBytes = reader.varint();
    const salt = reader.bytes(saltBytes).slice();
    const keyId = reader.bytes(keyIdBytes).slice();
    if (number <= last) return undefined;
    last = number;
    segments.push({ number, generation, sizeBytes, salt, keyId });
  }
  return reader.finished && segments.length > 0 ? { generation, nodeId, segments } : undefined;
}
