/** Staging of mark records. */
import { ByteWriter } from "../bytes.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { recordKind } from "./format.ts";
import { type Group, rowKind } from "./group.ts";
import { openGroup, pump, stageRecord } from "./group-commit.ts";
import { encodeMarkFields, type StoredMark } from "./mark-fields.ts";
import { stageAlias } from "./stage-event.ts";

const fields = new ByteWriter(256);

/** `streams`: those that the mark names by alias, defined before it. */
export function stageMark(
  core: LogCore,
  mark: StoredMark,
  atMs: number,
  streams: readonly StreamIndex[] = [],
): Group {
  const group = openGroup(core);
  for (const index of streams) stageAlias(core, group, index);
  const ordinal = ++core.stagedOrdinal;
  fields.clear();
  encodeMarkFields({ ordinal, atMs, mark }, fields);
  const offset = stageRecord(core, group, {
    kind: recordKind.mark,
    flags: 0,
    alias: 0,
    node: "",
    plain: fields.view(),
  });
  const stream = streams[0] ?? 0;
  group.addRow(rowKind.mark, stream, 0, offset, ordinal);
  group.marks.push({ mark, atMs });
  return group;
}

/** A fact that the log found out by itself; kept in memory only where the log cannot be written. */
export function stageOwnMark(core: LogCore, mark: StoredMark): void {
  if (core.isClosed || core.readOnlyReason !== undefined || core.active.file === undefined) return;
  const streams: StreamIndex[] = [];
  if (mark.kind === "damage") {
    for (const run of mark.missing) {
      const index = core.streams.indexOfAlias(run.alias);
      if (index !== undefined && !streams.includes(index)) streams.push(index);
    }
  }
  stageMark(core, mark, core.wallMs, streams);
  pump(core);
}
