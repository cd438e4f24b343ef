/** `audit --verify`: re-reads everything, in steps, so that sessions of the same process go on. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Log } from "../core/log/api.ts";
import { epochToText, type StreamId } from "../core/event.ts";
import { compareStreams } from "../core/vector/compare.ts";
import { normaliseRanges, subtractRanges } from "../core/vector/ranges.ts";
import type { SeqRange } from "../core/vector/stream-table.ts";
import type { VerifyReport } from "./api.ts";

/** The path of a problem that is in no file: an event that should be somewhere, and is nowhere. */
export const wholeLog = "log";

/** The file that holds a segment now, from the node's directory on. */
export function pathOfSegment(log: Log, segment: number): string {
  return `log/${log.segmentFile(segment)}`;
}

export async function verifyLog(log: Log): Promise<VerifyReport> {
  const problems: VerifyReport["problems"][number][] = [];
  const checked = log.recordCount;
  const run = log.verify((found) => {
    problems.push({
      problem: found.problem,
      path: pathOfSegment(log, found.segment),
      offset: found.offset,
      ...(found.stream === undefined ? {} : { node: found.stream.node }),
      ...(found.seq === undefined ? {} : { seq: found.seq }),
    });
  });
  while (run.step()) await breathe();
  for (const { stream, range } of missingRanges(log)) {
    const lane = stream.lane === "" ? "" : `, lane ${stream.lane}`;
    problems.push({
      problem: `${stream.node}, epoch ${epochToText(stream.epoch)}${lane}: events ${range.from} to ${range.to} are missing`,
      path: wholeLog,
      offset: 0,
      node: stream.node,
      seq: range.from,
    });
  }
  return { checked, problems };
}

/** Events that are known to exist, are not here, and left no damage in a file that would tell of them. */
function* missingRanges(
  log: Log,
): Generator<{ readonly stream: StreamId; readonly range: SeqRange }> {
  for (let index = 0; index < log.streamCount; index++) {
    const { id, holes } = log.stream(index);
    const damaged = log.damages.flatMap(({ missing }) =>
      missing.filter(({ stream }) => compareStreams(stream, id) === 0).map(({ range }) => range),
    );
    const unexplained = subtractRanges(holes, normaliseRanges(damaged));
    for (const range of unexplained) yield { stream: id, range };
  }
}
