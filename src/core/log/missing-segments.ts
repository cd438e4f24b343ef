/** Segments that the manifest names and whose files are gone. */
import type { LogCore } from "./core.ts";
import { fileHeaderBytes } from "./format.ts";
import type { Recovered } from "./recovery.ts";
import { indexOf } from "./segment-access.ts";

/** Without those that an earlier opening has named as damage, from the first byte to the last. */
export function newlyMissing(core: LogCore, segments: readonly number[]): readonly number[] {
  return segments.filter((segment) => {
    const sizeBytes = core.directory.find(segment)?.sizeBytes ?? Number.POSITIVE_INFINITY;
    return !core.badRanges.some(
      (range) =>
        range.segment === segment &&
        range.fromOffset <= fileHeaderBytes &&
        range.toOffset >= sizeBytes,
    );
  });
}

/** Whether a missing segment held events of this epoch that nothing else tells of. */
export function mayHoldHeads(
  core: LogCore,
  { replayFrom }: Pick<Recovered, "replayFrom">,
  segment: number,
): boolean {
  // A checkpoint behind it knows the heads.
  if (segment < replayFrom.segment) return false;
  // The epoch began behind it, at an earlier opening that missed it too.
  if (segment < core.ownEpochSegment) return false;
  const index = indexOf(core, segment);
  if (index === undefined) return true;
  const { table } = core.streams;
  for (let at = 0; at < index.entryCount; at++) {
    const { alias, firstSeq, count } = index.entry(at);
    const stream = core.streams.indexOfAlias(alias);
    if (stream === undefined) return true;
    const { node, epoch } = table.id(stream);
    const isOwn = node === core.nodeId && epoch === core.ownEpoch;
    if (isOwn && firstSeq + count - 1 > table.head(stream)) return true;
  }
  return false;
}
