/**
 * Gives back the room of events below their streams' floors, and merges small
 * neighbouring segments (see replace-segments.ts). Idempotency hashes of what went
 * stay for 30 days (RULES 15). A segment with set-aside ranges, or with pieces that an
 * event in another segment needs, is left as it is.
 */
import type { ReclaimWork } from "./api.ts";
import type { LogCore } from "./core.ts";
import { holdsAny, isBelowFloor } from "./cut.ts";
import { segmentFileName } from "./format.ts";
import { RecordPacker } from "./pack-records.ts";
import { SegmentReplacement } from "./replace-segments.ts";
import { indexOf } from "./segment-access.ts";

export function reclaim(core: LogCore, wallMs: number): ReclaimWork {
  return new SegmentReplacement(core, {
    operation: "giving room back",
    plan: planJobs,
    createCopier: () => new RecordPacker(core, wallMs),
  });
}

/** Runs of neighbours that become one segment each. */
function planJobs(core: LogCore): (readonly number[])[] {
  const jobs: (readonly number[])[] = [];
  let run: number[] = [];
  let runBytes = 0;
  let isWorthIt = false;
  const endRun = (): void => {
    if (isWorthIt) jobs.push(run);
    run = [];
    runBytes = 0;
    isWorthIt = false;
  };
  for (const { number, generation, sizeBytes } of core.directory.segments) {
    const isDamaged = core.badRanges.some((range) => range.segment === number);
    if (isDamaged || !core.store.exists(segmentFileName(number, generation))) {
      endRun();
      continue;
    }
    const isParted = core.rehomes.some(({ beforeSegment }) => beforeSegment === number);
    const isFull = runBytes + sizeBytes > core.segmentBytes;
    if (run.length > 0 && (isParted || isFull)) endRun();
    // A small one beside a large one is not worth writing the large one for.
    if (run.length > 0 && runBytes <= core.segmentBytes / 2) isWorthIt = true;
    run.push(number);
    runBytes += sizeBytes;
    const index = indexOf(core, number);
    if (index === undefined) continue;
    const isGone = holdsAny(core, index, number, (stream, seq) => isBelowFloor(core, stream, seq));
    if (isGone) isWorthIt = true;
  }
  endRun();
  return jobs;
}
