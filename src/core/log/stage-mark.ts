/** Staging of mark records. */
import { ByteWriter } from "../bytes.ts";
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { recordKind } from "./format.ts";
import { type Group, rowKind } from "./group.ts";
import { openGroup, pump, stageRecord } from "./group-commit.ts";
import { aliasesOfMark, encodeMarkFields, type StoredMark } from "./mark-fields.ts";
import { repeatAlias, stageAlias } from "./stage-event.ts";

const marks = new ByteWriter(256);

export function stageMark(core: LogCore, mark: StoredMark, atMs: number): Group {
  const group = openGroup(core);
  const ordinal = ++core.stagedOrdinal;
  marks.clear();
  encodeMarkFields({ ordinal, atMs, mark }, marks);
  const plain = marks.view();
  const offset = stageMarkRecord(core, group, mark, { flags: 0, plain });
  const stream = core.streams.indexOfAlias(aliasesOfMark(mark)[0] ?? 0) ?? 0;
  group.addRow(rowKind.mark, stream, 0, offset, ordinal);
  group.marks.push({ mark, atMs });
  return group;
}

/**
 * The mark's record between definitions of the streams that it names: an opening that knows
 * none of a stream can only report the mark as damaged. Returns the record's file offset.
 */
export function stageMarkRecord(
  core: LogCore,
  group: Group,
  mark: StoredMark,
  record: { readonly flags: number; readonly plain: Uint8Array },
): number {
  const streams: StreamIndex[] = [];
  for (const alias of aliasesOfMark(mark)) {
    const index = core.streams.indexOfAlias(alias);
    if (index !== undefined) streams.push(index);
  }
  for (const index of streams) stageAlias(core, group, index);
  const offset = stageRecord(core, group, { ...record, kind: recordKind.mark, alias: 0, node: "" });
  for (const index of streams) repeatAlias(core, group, index);
  return offset;
}

/** A fact that the log found out by itself; kept in memory only where the log cannot be written. */
export function stageOwnMark(core: LogCore, mark: StoredMark): void {
  if (core.isClosed || core.readOnlyReason !== undefined || core.active.file === undefined) return;
  stageMark(core, mark, core.wallMs);
  pump(core);
}
