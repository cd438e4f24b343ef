/** `project --dry-run`: what a projection would do; nothing is changed, and no file is made. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ArrivalSource } from "../../engine/index.ts";
import type { Mapping } from "./mapping.ts";
import { ProjectionThread } from "./projection-thread.ts";
import { type Target, targetToText } from "./target.ts";

export interface ProjectionPlan {
  readonly target: string;
  readonly table: string;
  readonly makesTable: boolean;
  readonly addsColumns: readonly string[];
  readonly refillsColumns: readonly string[];
  readonly leavesColumns: readonly string[];
  /** Events of the log that have no row yet. */
  readonly events: number;
  /** Values among them that would not fit their columns. */
  readonly unfitting: number;
}

/** Before the log is asked again when the disk would not let it be read. */
const refusedMs = 500;

/** @throws ZamError of the log (Z2xx, Z3xx); Z424, Z611, Z612 */
export async function rehearseProjection(input: {
  readonly source: ArrivalSource;
  readonly target: Target;
  readonly mapping: Mapping;
  readonly signal: AbortSignal;
}): Promise<ProjectionPlan> {
  const { source, target, mapping, signal } = input;
  const thread = new ProjectionThread({ target, mapping, lookup: async () => undefined });
  try {
    const log = await source.next({ after: 0, eventsMax: 1 });
    const { state, migration } = await thread.rehearse({ nodeId: log.nodeId, logId: log.logId });
    const names = (columns: readonly { readonly name: string }[]): readonly string[] =>
      columns.map(({ name }) => name);
    let events = 0;
    let unfitting = 0;
    let after = state?.logId === log.logId ? state.arrival : 0;
    for (let isCaughtUp = false; !isCaughtUp && !signal.aborted; ) {
      const batch = await source.next({ after });
      events += batch.events.length;
      unfitting += await thread.measure(batch.events);
      after = batch.events[batch.events.length - 1]?.arrival ?? after;
      ({ isCaughtUp } = batch);
      if (!isCaughtUp && batch.events.length === 0) await sleep(refusedMs);
    }
    return {
      target: targetToText(target),
      table: mapping.table,
      makesTable: migration.isNew,
      addsColumns: names(migration.added),
      refillsColumns: names([...migration.remade, ...migration.refilled]),
      leavesColumns: migration.retired,
      events,
      unfitting,
    };
  } finally {
    await thread.close();
  }
}
