/** Staging of mark records. */
import { ByteWriter } from "../bytes.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { recordKind } from "./format.ts";
import { type Group, rowKind } from "./group.ts";
import { openGroup, pump, stageRecord } from "./group-commit.ts";
import { aliasesOfMark, encodeMarkFields, type StoredMark } from "./mark-fields.ts";
import { stageAlias } from "./stage-event.ts";

const fields = new ByteWriter(256);

export function stageMark(core: LogCore, mark: StoredMark, atMs: number): Group {
  const group = openGroup(core);
  const streams = stageAliasesOf(core, group, mark);
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

/**
 * Defines the streams that the mark names in the group's segment: an opening that does not
 * know an alias leaves the mark without effect. Returns those streams.
 */
export function stageAliasesOf(
  core: LogCore,
  group: Group,
  mark: StoredMark,
): readonly StreamIndex[] {
  const streams: StreamIndex[] = [];
  for (const alias of aliasesOfMark(mark)) {
    const index = core.streams.indexOfAlias(alias);
    if (index === undefined) continue;
    stageAlias(core, group, index);
    streams.push(index);
  }
  return streams;
}

/** A fact that the log found out by itself; kept in memory only where the log cannot be written. */
export function stageOwnMark(core: LogCore, mark: StoredMark): void {
  if (core.isClosed || core.readOnlyReason !== undefined || core.active.file === undefined) return;
  stageMark(core, mark, core.wallMs);
  pump(core);
}
