/**
 * The scrubber's part of the log (RULES 18): reads on from a place and checks CRCs. What
 * does not verify is set aside and reported as if a reader had met it. A place outlives a
 * restart; where its segment was written anew, that segment is read from its beginning.
 */
import type { ScrubPlace, ScrubStep } from "./api.ts";
import type { LogCore } from "./core.ts";
import { reportDamage } from "./damage.ts";
import { fileHeaderBytes } from "./format.ts";
import { openReader } from "./segment-access.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** Checks about `bytesMax` from `from` on, from the beginning when undefined. */
export function scrub(core: LogCore, from: ScrubPlace | undefined, bytesMax: number): ScrubStep {
  const found: ScrubStep["found"][number][] = [];
  let bytes = 0;
  let place = firstPlace(core, from);
  while (place !== undefined && bytes < bytesMax) {
    const reader = openReader(core, place.segment);
    const offset = reader === undefined ? undefined : checkFrom(place.offset, reader);
    if (offset !== undefined) {
      place = { ...place, offset };
      continue;
    }
    place = placeAfter(core, place.segment);
  }
  return { next: place, bytes, found };

  /** Where to go on in this segment, or undefined at its end. */
  function checkFrom(start: number, reader: SegmentReader): number | undefined {
    for (let offset = reader.skipBad(start); ; ) {
      if (bytes >= bytesMax) return offset;
      const state = reader.readAt(offset);
      if (state === "end") return undefined;
      if (state === "record") {
        bytes += reader.nextOffset - offset;
        offset = reader.skipBad(reader.nextOffset);
        continue;
      }
      reportDamage(core, reader.segment, offset);
      const next = Math.max(reader.skipBad(offset), offset + 1);
      found.push({ segment: reader.segment, fromOffset: offset, toOffset: next });
      bytes += next - offset;
      offset = next;
    }
  }
}

function firstPlace(core: LogCore, from: ScrubPlace | undefined): ScrubPlace | undefined {
  if (from === undefined) return placeAfter(core, 0);
  const generation = generationOf(core, from.segment);
  if (generation === undefined) return placeAfter(core, from.segment);
  return generation === from.generation ? from : { ...from, generation, offset: fileHeaderBytes };
}

function placeAfter(core: LogCore, segment: number): ScrubPlace | undefined {
  const numbers = [...core.directory.segments.map(({ number }) => number), core.active.number];
  const next = numbers.find((number) => number > segment);
  if (next === undefined) return undefined;
  return { segment: next, generation: generationOf(core, next) ?? 0, offset: fileHeaderBytes };
}

function generationOf(core: LogCore, segment: number): number | undefined {
  return segment === core.active.number ? 0 : core.directory.find(segment)?.generation;
}
