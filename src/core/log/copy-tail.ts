/**
 * Copies the records of an unclean end that verify but are not proven durable
 * into a new segment, sealed anew for their new place; ordinals, seqs and chains
 * stay. Lists of fragments that moved along are rewritten (RULES 7 and 16).
 */
import { ByteWriter } from "../bytes.ts";
import type { LogCore } from "./core.ts";
import {
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  encodeEventFields,
  encodeFragmentList,
  type EventFields,
} from "./event-fields.ts";
import { flagFragmented, recordKind } from "./format.ts";
import { type Group, rowKind } from "./group.ts";
import { openGroup, stageRecord } from "./group-commit.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import { stageAlias } from "./stage-event.ts";
import { stageMarkRecord } from "./stage-mark.ts";
import { SegmentReader } from "./segment-reader.ts";
import type { SegmentWriter } from "./segment-writer.ts";

export function copyTail(core: LogCore, old: SegmentWriter, from: number, to: number): Group {
  const group = openGroup(core);
  // The file may be gone altogether.
  if (from >= to) return group;
  const reader = new SegmentReader(core, { segment: old.number, cipher: old.cipher, end: to });
  const moved = new Map<number, number>();
  for (let offset = from; offset < to && reader.readAt(offset) === "record"; ) {
    copyRecord(core, group, reader, old.number, moved);
    offset = reader.skipBad(reader.nextOffset);
  }
  movePartials(core, old.number, from, group.segment?.number ?? 0, moved);
  return group;
}

function copyRecord(
  core: LogCore,
  group: Group,
  reader: SegmentReader,
  oldSegment: number,
  moved: Map<number, number>,
): void {
  const { kind, alias, flags } = reader.header;
  const { offset } = reader;
  if (kind === recordKind.mark) {
    const plain = reader.open("")?.slice();
    const fields = plain === undefined ? undefined : decodeMarkFields(plain);
    if (plain === undefined || fields === undefined) return;
    // The definitions that it relied on go with the old tail.
    const at = stageMarkRecord(core, group, fields.mark, { flags, plain });
    group.addRow(rowKind.copiedOther, 0, 0, at, fields.ordinal);
    return;
  }
  if (kind !== recordKind.event && kind !== recordKind.fragment) return;
  const index = core.streams.indexOfAlias(alias);
  if (index === undefined) return;
  const { node } = core.streams.table.id(index);
  const plain = reader.open(node)?.slice();
  if (plain === undefined) return;
  stageAlias(core, group, index);
  if (kind === recordKind.fragment) {
    const ordinal = decodeFragmentFields(plain)?.ordinal ?? 0;
    const at = stageRecord(core, group, { kind, flags, alias, node, plain });
    moved.set(offset, at);
    group.addRow(rowKind.copiedOther, index, 0, at, ordinal);
    return;
  }
  const fields = decodeEventFields(plain);
  if (fields === undefined) return;
  const isFragmented = (flags & flagFragmented) !== 0;
  const newSegment = group.segment?.number ?? 0;
  const body = isFragmented ? movedList(fields, oldSegment, newSegment, moved) : fields.body;
  const out = new ByteWriter(plain.length + 64);
  encodeEventFields({ ...fields, body }, out);
  const at = stageRecord(core, group, { kind, flags, alias, node, plain: out.view() });
  group.addRow(rowKind.copiedEvent, index, fields.seq, at, fields.ordinal);
  if (fields.idempotency.length > 0) group.segment?.ids.add(fields.idempotency, at);
}

function movedList(
  fields: EventFields,
  oldSegment: number,
  newSegment: number,
  moved: ReadonlyMap<number, number>,
): Uint8Array {
  const list = decodeFragmentList(fields.body);
  if (list === undefined) return fields.body;
  const places = list.places.map((place) => {
    const at = place.segment === oldSegment ? moved.get(place.offset) : undefined;
    return at === undefined ? place : { ...place, segment: newSegment, offset: at };
  });
  const out = new ByteWriter(fields.body.length + 64);
  encodeFragmentList({ ...list, places }, out);
  return out.take();
}

function movePartials(
  core: LogCore,
  oldSegment: number,
  from: number,
  newSegment: number,
  moved: ReadonlyMap<number, number>,
): void {
  for (const partial of core.partials.values()) {
    partial.places = partial.places.map((place) => {
      const isMoved = place.segment === oldSegment && place.offset >= from;
      const at = isMoved ? moved.get(place.offset) : undefined;
      return at === undefined ? place : { ...place, segment: newSegment, offset: at };
    });
  }
}
