/**
 * One new segment file from neighbouring old ones, record by record: what is copied,
 * and to which place, is the copier's to say. Nothing is listed here.
 */
import { assert } from "../errors/zam-error.ts";
import { FileFault, type StoreFile } from "../ports.ts";
import type { LogCore } from "./core.ts";
import { reportDamage } from "./damage.ts";
import type { SealedSegment } from "./directory.ts";
import {
  fileHeaderBytes,
  groupPieceBytes,
  indexFileName,
  recordKind,
  segmentFileName,
} from "./format.ts";
import { fileSize } from "./recovery.ts";
import { removeQuietly } from "./replace-file.ts";
import { sealedCipher } from "./segment-access.ts";
import { SegmentReader } from "./segment-reader.ts";
import { createSegmentFile, newSegmentWriter, type SegmentWriter } from "./segment-writer.ts";

const recordsPerStep = 256;

export interface RecordCopier {
  /** Records stay at their offsets, and so do bad ranges, as zeros; nothing is left out. */
  readonly keepsPlaces: boolean;
  /** The record that the reader stands at; false when its seal or fields do not fit, or its kind is unknown. */
  copy(reader: SegmentReader, out: RewriteOutput): boolean;
  /** After the last record; false when these segments cannot be written anew now. */
  finish(out: RewriteOutput): boolean;
  /** What the copy was made by still holds. */
  isStillRight(sources: readonly number[]): boolean;
}

export interface RecordToWrite {
  readonly kind: number;
  readonly flags: number;
  readonly alias: number;
  readonly node: string;
  readonly plain: Uint8Array;
  /** Default 0: each is a group of its own, since a sealed segment has no tail. */
  readonly back?: number;
}

/** What a copier writes to. */
export interface RewriteOutput {
  readonly writer: SegmentWriter;
  /** Records that make the new segment worth keeping. */
  recordCount: number;
  /** Returns the record's offset. */
  write(record: RecordToWrite): number;
  /** Zeros up to `offset`. */
  padTo(offset: number): void;
}

export class SegmentRewrite implements RewriteOutput {
  readonly sources: readonly number[];
  readonly writer: SegmentWriter;
  readonly file: StoreFile;
  recordCount = 0;
  private readonly core: LogCore;
  private readonly copier: RecordCopier;
  private sourceAt = 0;
  private offset = fileHeaderBytes;
  private reader: SegmentReader | undefined;
  private readonly sourceFiles: StoreFile[] = [];
  private bytes = new Uint8Array(groupPieceBytes + 64 * 1024);
  private view = new DataView(this.bytes.buffer);
  private used = 0;
  private writtenTo = fileHeaderBytes;

  /** Throws FileFault. */
  constructor(core: LogCore, sources: readonly number[], copier: RecordCopier) {
    this.core = core;
    this.sources = sources;
    this.copier = copier;
    const number = sources[sources.length - 1] ?? 0;
    const before = core.directory.find(number)?.generation ?? 0;
    this.writer = newSegmentWriter(core.seal, { number, generation: before + 1 });
    try {
      this.file = createSegmentFile(core.store, core.seal, this.writer);
    } catch (fault) {
      this.writer.file?.close();
      removeQuietly(core, this.name());
      throw fault;
    }
  }

  /** "skip": these segments cannot be written anew now. Throws FileFault. */
  copySome(): "more" | "copied" | "skip" {
    for (let count = 0; count < recordsPerStep; count++) {
      const segment = this.sources[this.sourceAt];
      if (segment === undefined) return this.finish();
      const reader = this.reader ?? this.openSource(segment);
      if (reader === undefined) return "skip";
      this.reader = reader;
      if (this.copier.keepsPlaces) this.offset = reader.skipBad(this.offset);
      const found = reader.readAt(this.offset);
      if (found === "end") {
        if (this.copier.keepsPlaces) this.padTo(reader.end);
        this.reader = undefined;
        this.offset = fileHeaderBytes;
        this.sourceAt++;
      } else if (found === "record" && this.copier.copy(reader, this)) {
        this.offset = reader.nextOffset;
      } else if (!this.setAside(reader, found)) return "skip";
    }
    return "more";
  }

  /** True when the bad range is stepped over from now on, and the copy can go on behind it. */
  private setAside(reader: SegmentReader, found: "record" | "bad"): boolean {
    // Unknown kinds verify, and are not ours to judge.
    if (found === "record" && reader.header.kind > recordKind.dropped) return false;
    reportDamage(this.core, reader.segment, this.offset);
    return this.copier.keepsPlaces && reader.skipBad(this.offset) > this.offset;
  }

  isStillRight(): boolean {
    return this.copier.isStillRight(this.sources);
  }

  /** Undefined when nothing is left. */
  toSealed(): SealedSegment | undefined {
    if (!this.isKept()) return undefined;
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

  private isKept(): boolean {
    return this.copier.keepsPlaces || this.recordCount > 0;
  }

  indexBytes(): number {
    return fileSize(this.core.store, this.indexName());
  }

  closeFiles(): void {
    for (const file of this.sourceFiles) file.close();
    this.file.close();
    this.writer.file = undefined;
  }

  close(): void {
    this.closeFiles();
    if (!this.isKept()) removeQuietly(this.core, this.name());
  }

  abandon(): void {
    this.closeFiles();
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
    if (!this.copier.finish(this)) return "skip";
    this.flush();
    return "copied";
  }

  write(record: RecordToWrite): number {
    const { cipher } = this.writer;
    const size = cipher.recordBytes(record.plain.length);
    this.reserve(size);
    const offset = this.writtenTo + this.used;
    const groupStart = offset - (record.back ?? 0);
    cipher.write({ ...record, offset, groupStart }, this.bytes, this.view, this.used);
    this.used += size;
    this.writer.end = offset + size;
    return offset;
  }

  padTo(offset: number): void {
    while (this.writer.end < offset) {
      const size = Math.min(offset - this.writer.end, groupPieceBytes);
      this.reserve(size);
      this.bytes.fill(0, this.used, this.used + size);
      this.used += size;
      this.writer.end += size;
    }
  }

  private reserve(size: number): void {
    if (this.used + size > this.bytes.length) this.flush();
    assert(this.used + size <= this.bytes.length, "a record fits into the buffer");
  }

  private flush(): void {
    if (this.used > 0) this.file.write(this.writtenTo, this.bytes.subarray(0, this.used));
    this.writtenTo += this.used;
    this.used = 0;
  }
}
