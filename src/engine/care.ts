/**
 * `compact` and `expire`: the log cuts off what may go (care-plan.ts) and gives
 * its room back, in steps, beside everything else.
 */
import { setImmediate as breathe } from "node:timers/promises";
import { ZamError } from "../core/errors/zam-error.ts";
import type { CareSummary, ExpireInput } from "./api.ts";
import {
  type CareNode,
  type Plan,
  planCompact,
  planExpire,
  planRetention,
  type Steps,
} from "./care-plan.ts";

export type { CareNode } from "./care-plan.ts";

/** Drops what hubs have confirmed; at a hub only merges segments. */
export async function compact(
  node: CareNode,
  input: { readonly graceMs?: number },
): Promise<CareSummary> {
  return carryOut(node, await inSteps(planCompact(node, input)));
}

/** Drops what is old by when it was received, as far as `compact` could drop it too. */
export async function expire(node: CareNode, input: ExpireInput): Promise<CareSummary> {
  const plan = await inSteps(planExpire(node, input));
  return input.dryRun === true ? plan.summary : carryOut(node, plan);
}

/** What a hub's operator's retention lets go. */
export async function expireByRetention(node: CareNode, retainMs: number): Promise<CareSummary> {
  return carryOut(node, await inSteps(planRetention(node, retainMs)));
}

async function inSteps<Result>(work: Steps<Result>): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await breathe();
  }
}

async function carryOut(node: CareNode, plan: Plan): Promise<CareSummary> {
  const { log, wallMs } = node;
  if (plan.cuts.length > 0) {
    await new Promise<void>((resolve, reject) => {
      log.cut(plan.cuts, wallMs, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }
  const work = log.reclaim(wallMs);
  for (;;) {
    const step = await new Promise<"more" | "done" | ZamError>((resolve) => {
      work.step(resolve);
    });
    if (step instanceof ZamError) throw step;
    if (step === "done") break;
    await breathe();
  }
  const { freedBytes, skippedSegments } = work;
  return { ...plan.summary, freedBytes, skippedSegments };
}
