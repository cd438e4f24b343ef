/** `audit --verify`: re-reads everything, in steps, so that sessions of the same process go on. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Log } from "../core/log/api.ts";
import { epochToText, type StreamId } from "../core/event.ts";
import type { SeqRange } from "../core/vector/stream-table.ts";
import type { VerifyReport } from "./api.ts";

export async function verifyLog(log: Log): Promise<VerifyReport> {
  const problems: VerifyReport["problems"][number][] = [];
  const checked = log.recordCount;
  const run = log.verify((found) => {
    problems.push({
      problem: found.problem,
      path: `log/${String(found.segment).padStart(8, "0")}.seg`,
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
      path: "log",
      offset: 0,
      node: stream.node,
      seq: range.from,
    });
  }
  return { checked, problems };
}

/** Events that are known to exist and cannot be read here: what was lost without leaving a trace in a file. */
function* missingRanges(
  log: Log,
): Generator<{ readonly stream: StreamId; readonly range: SeqRange }> {
  for (let index = 0; index < log.streamCount; index++) {
    const { id, holes } = log.stream(index);
    for (const range of holes) yield { stream: id, range };
  }
}
