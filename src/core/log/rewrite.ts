/**
 * One new segment file from neighbouring old ones, without what lies below the
 * floors. Records are sealed anew for their new place; nothing is listed here.
 */
import { ByteWriter } from "../bytes.ts";
import { assert } from "../errors/zam-error.ts";
import { FileFault, type StoreFile } from "../ports.ts";
import type { LogCore } from "./core.ts";
import { isBelowFloor } from "./cut.ts";
import { reportDamage } from "./damage.ts";
import type { SealedSegment } from "./directory.ts";
import {
  decodeDroppedPayload,
  decodeEventFields,
  decodeFragmentFields,
  decodeFragmentList,
  encodeDroppedPayload,
  encodeEventFields,
  encodeFragmentList,
  type EventFields,
} from "./event-fields.ts";
import {
  fileHeaderBytes,
  flagFragmented,
  groupPieceBytes,
  indexFileName,
  recordKind,
  segmentFileName,
} from "./format.ts";
import { locationOf } from "./locate.ts";
import { decodeMarkFields } from "./mark-fields.ts";
import { fileSize } from "./recovery.ts";
import { removeQuietly } from "./replace-file.ts";
import { sealedCipher } from "./segment-access.ts";
import { SegmentReader } from "./segment-reader.ts";
import { createSegmentFile, newSegmentWriter, type SegmentWriter } from "./segment-writer.ts";

const recordsPerStep = 256;
/** A key answers for its event so long after the event was dropped, at least. */
const idempotencyMs = 30 * 86_400_000;

export class SegmentRewrite {
  readonly sources: readonly number[];
  readonly writer: SegmentWriter;
  readonly file: StoreFile;
  private readonly core: LogCore;
  private readonly wallMs: number;
  private readonly rehomeCount: number;
  private sourceAt = 0;
  private offset = fileHeaderBytes;
  private reader: SegmentReader | undefined;
  private readonly sourceFiles: StoreFile[] = [];
  /** "segment-offset" of pieces that were copied, and where they are now. */
  private readonly moved = new Map<string, number>();
  /** Those that no copied event lists yet. */
  private readonly unlisted = new Set<string>();
  private readonly aliasCounts = new Map<number, number>();
  private lastClose: Uint8Array | undefined;
  private recordCount = 0;
  private bytes = new Uint8Array(groupPieceBytes + 64 * 1024);
  private view = new DataView(this.bytes.buffer);
  private used = 0;
  private writtenTo = fileHeaderBytes;

  /** Throws FileFault. */
  constructor(core: LogCore, sources: readonly number[], wallMs: number) {
    this.core = core;
    this.sources = sources;
    this.wallMs = wallMs;
    this.rehomeCount = core.rehomes.length;
    const number = sources[sources.length - 1] ?? 0;
    const before = core.directory.find(number)?.generation ?? 0;
    this.writer = newSegmentWriter(core.seal, { number, generation: before + 1 });
    this.file = createSegmentFile(core.store, core.seal, this.writer);
  }

  /** "skip": these segments cannot be written anew now. Throws FileFault. */
  copySome(): "more" | "copied" | "skip" {
    for (let count = 0; count < recordsPerStep; count++) {
      const segment = this.sources[this.sourceAt];
      if (segment === undefined) return this.finish();
      const reader = this.reader ?? this.openSource(segment);
      if (reader === undefined) return "skip";
      this.reader = reader;
      const found = reader.readAt(this.offset);
      if (found === "end") {
        this.reader = undefined;
        this.offset = fileHeaderBytes;
        this.sourceAt++;
        continue;
      }
      if (found === "bad" || !this.copy(reader, segment)) {
        // Unknown kinds verify, and are not ours to judge.
        if (found === "bad" || reader.header.kind <= recordKind.dropped)
          reportDamage(this.core, segment, this.offset);
        return "skip";
      }
      this.offset = reader.nextOffset;
    }
    return "more";
  }

  /** What the copy was made by still holds. */
  isStillRight(): boolean {
    const { core } = this;
    const isHurt = core.badRanges.some((range) => this.sources.includes(range.segment));
    return !isHurt && core.rehomes.length === this.rehomeCount;
  }

  /** Undefined when nothing is left. */
  toSealed(): SealedSegment | undefined {
    if (this.recordCount === 0) return undefined;
    const { number, generation, salt, keyId, end, firstOrdinal, lastOrdinal } = this.writer;
    return {
      number,
      generation,
      salt,
      keyId,
      sizeBytes: end,
      firstOrdinal,
      lastOrdinal,
      indexBytes: 0,
      hasSpans: true,
    };
  }

  indexBytes(): number {
    return fileSize(this.core.store, this.indexName());
  }

  close(): void {
    for (const file of this.sourceFiles) file.close();
    this.file.close();
    this.writer.file = undefined;
    if (this.recordCount === 0) removeQuietly(this.core, this.name());
  }

  abandon(): void {
    for (const file of this.sourceFiles) file.close();
    this.file.close();
    removeQuietly(this.core, this.name());
    removeQuietly(this.core, this.indexName());
  }

  private name(): string {
    return segmentFileName(this.writer.number, this.writer.generation);
  }

  private indexName(): string {
    return indexFileName(this.writer.number, this.writer.generation);
  }

  private openSource(segment: number): SegmentReader | undefined {
    const { core } = this;
    const sealed = core.directory.find(segment);
    const cipher = sealedCipher(core, segment);
    if (sealed === undefined || cipher === undefined) return undefined;
    try {
      const file = core.store.open(core.segmentFile(segment), "read");
      this.sourceFiles.push(file);
      return new SegmentReader(core, { segment, cipher, end: sealed.sizeBytes, file });
    } catch (fault) {
      if (fault instanceof FileFault && fault.kind === "notFound") return undefined;
      throw fault;
    }
  }

  private finish(): "copied" | "skip" {
    if (this.unlisted.size > 0) return "skip";
    if (this.lastClose !== undefined && this.recordCount > 0)
      this.write({ kind: recordKind.close, flags: 0, alias: 0, node: "", plain: this.lastClose });
    this.flush();
    return "copied";
  }

  /** False when the record's seal or fields do not fit, or its kind is unknown. */
  private copy(reader: SegmentReader, segment: number): boolean {
    const { kind, alias, flags } = reader.header;
    switch (kind) {
      case recordKind.alias: {
        const plain = reader.open("")?.slice();
        if (plain === undefined) return false;
        const count = this.aliasCounts.get(alias) ?? 0;
        this.aliasCounts.set(alias, count + 1);
        // Twice, so that one bad sector cannot make a whole stream nameless.
        if (count < 2) this.write({ kind, flags, alias, node: "", plain });
        return true;
      }
      case recordKind.mark: {
        const plain = reader.open("")?.slice();
        const fields = plain === undefined ? undefined : decodeMarkFields(plain);
        if (plain === undefined || fields === undefined) return false;
        this.note(this.write({ kind, flags, alias, node: "", plain }), fields.ordinal);
        this.recordCount++;
        return true;
      }
      case recordKind.close:
        this.lastClose = reader.open("")?.slice();
        return this.lastClose !== undefined;
      case recordKind.event:
      case recordKind.fragment:
      case recordKind.dropped:
        return this.copyOfStream(reader, segment);
      default:
        return false;
    }
  }

  private copyOfStream(reader: SegmentReader, segment: number): boolean {
    const { core } = this;
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
      const at = this.write({ ...record, plain });
      const key = `${segment}-${reader.offset}`;
      this.moved.set(key, at);
      this.unlisted.add(key);
      this.note(at, fields.ordinal);
      this.recordCount++;
      return true;
    }
    const fields = decodeEventFields(plain);
    if (fields === undefined) return false;
    if (kind === recordKind.dropped) return this.copyDropped(record, fields, plain);
    if (this.isGone(alias, fields.seq, segment)) return this.dropEvent(record, fields);
    const body = (flags & flagFragmented) === 0 ? undefined : this.movedList(fields);
    const at = this.write({
      ...record,
      plain: body === undefined ? plain : encoded({ ...fields, body }),
    });
    this.note(at, fields.ordinal);
    this.writer.index.addEvent(alias, fields.seq, at);
    if (fields.idempotency.length > 0) this.writer.ids.add(fields.idempotency, at);
    this.recordCount++;
    return true;
  }

  private copyDropped(record: RecordHead, fields: EventFields, plain: Uint8Array): boolean {
    const dropped = decodeDroppedPayload(fields.body);
    if (dropped === undefined) return false;
    if (this.wallMs - dropped.droppedMs < idempotencyMs) this.keepId(record, fields, plain);
    return true;
  }

  /** Of an event with an idempotency key something stays, so that the key is never used twice. */
  private dropEvent(record: RecordHead, fields: EventFields): boolean {
    if (fields.idempotency.length === 0) return true;
    const isFragmented = (record.flags & flagFragmented) !== 0;
    const list = isFragmented ? decodeFragmentList(fields.body) : undefined;
    if (isFragmented && list === undefined) return false;
    const out = new ByteWriter(64);
    encodeDroppedPayload(
      {
        droppedMs: this.wallMs,
        payloadSize: list?.payloadSize ?? fields.body.length,
        payloadSha256: list?.payloadSha256 ?? this.core.crypto.sha256(fields.body),
      },
      out,
    );
    const plain = encoded({ ...fields, body: out.take() });
    this.keepId({ ...record, kind: recordKind.dropped, flags: 0 }, fields, plain);
    return true;
  }

  private keepId(record: RecordHead, fields: EventFields, plain: Uint8Array): void {
    const at = this.write({ ...record, plain });
    this.note(at, fields.ordinal);
    this.writer.ids.add(fields.idempotency, at);
    this.recordCount++;
  }

  private isGone(alias: number, storedSeq: number, segment: number): boolean {
    const place = locationOf(this.core, alias, storedSeq, segment);
    return place !== undefined && isBelowFloor(this.core, place.index, place.seq);
  }

  private movedList(fields: EventFields): Uint8Array {
    const list = decodeFragmentList(fields.body);
    if (list === undefined) return fields.body;
    const places = list.places.map((place) => {
      const key = `${place.segment}-${place.offset}`;
      const at = this.moved.get(key);
      this.unlisted.delete(key);
      return at === undefined ? place : { ...place, segment: this.writer.number, offset: at };
    });
    const out = new ByteWriter(fields.body.length + 64);
    encodeFragmentList({ ...list, places }, out);
    return out.take();
  }

  private note(offset: number, ordinal: number): void {
    const { writer } = this;
    writer.index.addRecord(offset, ordinal);
    if (writer.firstOrdinal === 0) writer.firstOrdinal = ordinal;
    writer.lastOrdinal = ordinal;
  }

  /** Returns the record's offset. Each is a group of its own: a sealed segment has no tail. */
  private write(record: RecordHead & { readonly plain: Uint8Array }): number {
    const { cipher } = this.writer;
    const size = cipher.recordBytes(record.plain.length);
    if (this.used + size > this.bytes.length) this.flush();
    assert(this.used + size <= this.bytes.length, "a record fits into the buffer");
    const offset = this.writtenTo + this.used;
    cipher.write({ ...record, offset, groupStart: offset }, this.bytes, this.view, this.used);
    this.used += size;
    this.writer.end = offset + size;
    return offset;
  }

  private flush(): void {
    if (this.used > 0) this.file.write(this.writtenTo, this.bytes.subarray(0, this.used));
    this.writtenTo += this.used;
    this.used = 0;
  }
}

interface RecordHead {
  readonly kind: number;
  readonly flags: number;
  readonly alias: number;
  readonly node: string;
}

function encoded(fields: EventFields): Uint8Array {
  const out = new ByteWriter(256 + fields.body.length);
  encodeEventFields(fields, out);
  return out.take();
}
