/**
 * Copies what stays of neighbouring segments into one: not what lies below the
 * floors, of which an event with an idempotency key leaves its key behind.
 */
import { ByteWriter } from "../bytes.ts";
import type { LogCore } from "./core.ts";
import { isBelowFloor } from "./cut.ts";
import {
  decodeAliasFields,
  decodeDroppedPayload,
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  encodeDroppedPayload,
  encodeEventFields,
  encodeFragmentList,
  type EventFields,
} from "./event-fields.ts";
import { flagFragmented, recordKind } from "./format.ts";
import { locationOf } from "./locate.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import type { RecordCopier, RewriteOutput } from "./rewrite.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { SegmentWriter } from "./segment-writer.ts";

/** A key answers for its event so long after the event was dropped, at least. */
const idempotencyMs = 30 * 86_400_000;

export class RecordPacker implements RecordCopier {
  readonly keepsPlaces = false;
  private readonly core: LogCore;
  private readonly wallMs: number;
  private readonly rehomeCount: number;
  /** "segment-offset" of pieces that were copied, and where they are now. */
  private readonly moved = new Map<string, number>();
  /** Those that no copied event lists yet. */
  private readonly unlisted = new Set<string>();
  private readonly aliasCounts = new Map<number, number>();
  private lastClose: Uint8Array | undefined;

  constructor(core: LogCore, wallMs: number) {
    this.core = core;
    this.wallMs = wallMs;
    this.rehomeCount = core.rehomes.length;
  }

  isStillRight(sources: readonly number[]): boolean {
    const { core } = this;
    const isHurt = core.badRanges.some((range) => sources.includes(range.segment));
    return !isHurt && core.rehomes.length === this.rehomeCount;
  }

  finish(out: RewriteOutput): boolean {
    if (this.unlisted.size > 0) return false;
    if (this.lastClose !== undefined && out.recordCount > 0)
      out.write({ kind: recordKind.close, flags: 0, alias: 0, node: "", plain: this.lastClose });
    return true;
  }

  copy(reader: SegmentReader, out: RewriteOutput): boolean {
    const { kind, alias, flags } = reader.header;
    switch (kind) {
      case recordKind.alias: {
        const plain = reader.open("")?.slice();
        if (plain === undefined || decodeAliasFields(plain) === undefined) return false;
        const count = this.aliasCounts.get(alias) ?? 0;
        this.aliasCounts.set(alias, count + 1);
        // Twice, so that one bad sector cannot make a whole stream nameless.
        if (count < 2) out.write({ kind, flags, alias, node: "", plain });
        return true;
      }
      case recordKind.mark: {
        const plain = reader.open("")?.slice();
        const fields = plain === undefined ? undefined : decodeMarkFields(plain);
        if (plain === undefined || fields === undefined) return false;
        note(out, out.write({ kind, flags, alias, node: "", plain }), fields.ordinal);
        return true;
      }
      case recordKind.close:
        this.lastClose = reader.open("")?.slice();
        return this.lastClose !== undefined;
      case recordKind.event:
      case recordKind.fragment:
      case recordKind.dropped:
        return this.copyOfStream(reader, out);
      default:
        return false;
    }
  }

  private copyOfStream(reader: SegmentReader, out: RewriteOutput): boolean {
    const { core } = this;
    const { segment } = reader;
    const { kind, alias, flags } = reader.header;
    const index = core.streams.indexOfAlias(alias);
    const node = index === undefined ? undefined : core.streams.table.id(index).node;
    const plain = node === undefined ? undefined : reader.open(node)?.slice();
    if (node === undefined || plain === undefined) return false;
    const record = { kind, flags, alias, node };
    if (kind === recordKind.fragment) {
      const fields = decodeFragmentFields(plain);
      if (fields === undefined) return false;
      if (this.isGone(alias, fields.seq, segment)) return true;
      const at = out.write({ ...record, plain });
      const key = `${segment}-${reader.offset}`;
      this.moved.set(key, at);
      this.unlisted.add(key);
      note(out, at, fields.ordinal);
      return true;
    }
    const fields = decodeEventFields(plain);
    if (fields === undefined) return false;
    if (kind === recordKind.dropped) return this.copyDropped(out, record, fields, plain);
    if (this.isGone(alias, fields.seq, segment)) return this.dropEvent(out, record, fields);
    const body =
      (flags & flagFragmented) === 0 ? undefined : this.movedList(fields, out.writer.number);
    const at = out.write({
      ...record,
      plain: body === undefined ? plain : encoded({ ...fields, body }),
    });
    note(out, at, fields.ordinal);
    out.writer.index.addEvent(alias, fields.seq, at);
    noteId(out.writer, fields, at);
    return true;
  }

  private copyDropped(
    out: RewriteOutput,
    record: RecordHead,
    fields: EventFields,
    plain: Uint8Array,
  ): boolean {
    const dropped = decodeDroppedPayload(fields.body);
    if (dropped === undefined) return false;
    if (this.wallMs - dropped.droppedMs < idempotencyMs) keepId(out, record, fields, plain);
    return true;
  }

  /** Of an event with an idempotency key something stays, so that the key is never used twice. */
  private dropEvent(out: RewriteOutput, record: RecordHead, fields: EventFields): boolean {
    if (fields.idempotency.length === 0) return true;
    const isFragmented = (record.flags & flagFragmented) !== 0;
    const list = isFragmented ? decodeFragmentList(fields.body) : undefined;
    if (isFragmented && list === undefined) return false;
    const dropped = new ByteWriter(64);
    encodeDroppedPayload(
      {
        droppedMs: this.wallMs,
        payloadSize: list?.payloadSize ?? fields.body.length,
        payloadSha256: list?.payloadSha256 ?? this.core.crypto.sha256(fields.body),
      },
      dropped,
    );
    const plain = encoded({ ...fields, body: dropped.take() });
    keepId(out, { ...record, kind: recordKind.dropped, flags: 0 }, fields, plain);
    return true;
  }

  private isGone(alias: number, storedSeq: number, segment: number): boolean {
    const place = locationOf(this.core, alias, storedSeq, segment);
    return place !== undefined && isBelowFloor(this.core, place.index, place.seq);
  }

  private movedList(fields: EventFields, segment: number): Uint8Array {
    const list = decodeFragmentList(fields.body);
    if (list === undefined) return fields.body;
    const places = list.places.map((place) => {
      const key = `${place.segment}-${place.offset}`;
      const at = this.moved.get(key);
      this.unlisted.delete(key);
      return at === undefined ? place : { ...place, segment, offset: at };
    });
    const out = new ByteWriter(fields.body.length + 64);
    encodeFragmentList({ ...list, places }, out);
    return out.take();
  }
}

interface RecordHead {
  readonly kind: number;
  readonly flags: number;
  readonly alias: number;
  readonly node: string;
}

function keepId(
  out: RewriteOutput,
  record: RecordHead,
  fields: EventFields,
  plain: Uint8Array,
): void {
  const at = out.write({ ...record, plain });
  note(out, at, fields.ordinal);
  noteId(out.writer, fields, at);
}

/** Counts a record that makes the segment worth keeping, and makes it findable. */
function note(out: RewriteOutput, offset: number, ordinal: number): void {
  const { writer } = out;
  writer.index.addRecord(offset, ordinal);
  if (writer.firstOrdinal === 0) writer.firstOrdinal = ordinal;
  writer.lastOrdinal = ordinal;
  out.recordCount++;
}

export function noteId(writer: SegmentWriter, fields: EventFields, offset: number): void {
  if (fields.idempotency.length > 0) writer.ids.add(fields.idempotency, offset);
}

function encoded(fields: EventFields): Uint8Array {
  const out = new ByteWriter(256 + fields.body.length);
  encodeEventFields(fields, out);
  return out.take();
}
