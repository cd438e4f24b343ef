/** `audit --verify`: re-reads everything, in steps, so that sessions of the same process go on. */
import { setImmediate as breathe } from "node:timers/promises";
import type { Log } from "../core/log/api.ts";
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
  return { checked, problems };
}
