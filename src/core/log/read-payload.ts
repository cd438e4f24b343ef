/** Payloads that are stored as fragments: in part, by piece, and their SHA-256. */
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { reportDamage } from "./damage.ts";
import { decodeFragmentFields } from "./event-fields.ts";
import { recordKind } from "./format.ts";
import { openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";
import { fragmentedSha256, fragmentPlaces } from "./stored-event.ts";
import { untilRefused, visitStream } from "./visit-stream.ts";

/** Part of a fragmented event's payload; undefined when it cannot be read. */
export function readPayload(
  core: LogCore,
  index: StreamIndex,
  seq: number,
  part: { readonly offset: number; readonly sizeBytes: number },
): Uint8Array | undefined {
  core.readRefusal = undefined;
  let places: ReturnType<typeof fragmentPlaces>;
  let whole: Uint8Array | undefined;
  visitStream(core, index, seq, (recorded) => {
    places = fragmentPlaces(recorded);
    if (places === undefined) whole = recorded.fields.body.slice();
    return false;
  });
  if (whole !== undefined) return whole.slice(part.offset, part.offset + part.sizeBytes);
  if (places === undefined) return undefined;
  const total = places.reduce((sum, place) => sum + place.sizeBytes, 0);
  const from = Math.min(part.offset, total);
  const out = new Uint8Array(Math.max(0, Math.min(part.sizeBytes, total - from)));
  let at = 0;
  // One reader for pieces that lie side by side: each would read much more than its piece.
  let reader: SegmentReader | undefined;
  for (const place of places) {
    const end = at + place.sizeBytes;
    if (end > from && at < from + out.length) {
      if (reader?.segment !== place.segment) reader = readerFor(core, place.segment);
      const piece = reader === undefined ? undefined : pieceAt(core, reader, index, place.offset);
      if (core.readRefusal !== undefined) return undefined;
      if (piece === undefined || piece.length !== place.sizeBytes) {
        reportDamage(core, place.segment, place.offset, { index, seq });
        return undefined;
      }
      const start = Math.max(0, from - at);
      const stop = Math.min(piece.length, from + out.length - at);
      out.set(piece.subarray(start, stop), at + start - from);
    }
    at = end;
  }
  return out;
}

function readerFor(core: LogCore, segment: number): SegmentReader | undefined {
  return untilRefused(core, () => openReader(core, segment));
}

/** A view that the reader's next call may overwrite. */
function pieceAt(
  core: LogCore,
  reader: SegmentReader,
  index: StreamIndex,
  offset: number,
): Uint8Array | undefined {
  if (reader.readAt(offset) !== "record") return undefined;
  if (reader.header.kind !== recordKind.fragment) return undefined;
  const plain = reader.open(core.streams.table.id(index).node);
  return plain === undefined ? undefined : decodeFragmentFields(plain)?.bytes;
}

/** One durable piece; a copy. */
export function readFragment(
  core: LogCore,
  index: StreamIndex,
  place: { readonly segment: number; readonly offset: number },
): Uint8Array | undefined {
  const reader = readerFor(core, place.segment);
  return reader === undefined ? undefined : pieceAt(core, reader, index, place.offset)?.slice();
}

/** SHA-256 of a fragmented event's payload. */
export function payloadSha256At(
  core: LogCore,
  index: StreamIndex,
  seq: number,
): Uint8Array | undefined {
  let sha: Uint8Array | undefined;
  visitStream(core, index, seq, (recorded) => {
    sha = fragmentedSha256(recorded);
    return false;
  });
  return sha;
}
