/**
 * Reads verified records of one segment, in order, through one window. Ranges
 * that were set aside are stepped over. A record is verified by header CRC and
 * body CRC here, by its seal when it is opened.
 */
import { emptyBytes } from "../bytes.ts";
import type { StoreFile } from "../ports.ts";
import type { LogCore } from "./core.ts";
import { readThroughFaults } from "./file-cache.ts";
import { recordHeaderBytes, recordMagic, windowBytes } from "./format.ts";
import { newRecordHeader, type SegmentCipher } from "./segment-cipher.ts";

/** First read of a window that may serve one record only. */
const firstReadBytes = 8 * 1024;
const magicHigh = recordMagic >>> 8;
const magicLow = recordMagic & 0xff;

export class SegmentReader {
  readonly segment: number;
  readonly cipher: SegmentCipher;
  /** Records end here. */
  readonly end: number;
  /** Of the record found last. */
  readonly header = newRecordHeader();
  /** Where it lies in the file. */
  offset = 0;
  private readonly core: Pick<LogCore, "badRanges" | "files">;
  private readonly name: string;
  private readonly file: StoreFile | undefined;
  private buffer = emptyBytes;
  /** What was read of the file last. */
  private window = emptyBytes;
  private windowFrom = 0;
  private at = 0;

  constructor(
    core: Pick<LogCore, "badRanges" | "files" | "segmentFile">,
    input: {
      readonly segment: number;
      readonly cipher: SegmentCipher;
      readonly end: number;
      readonly file?: StoreFile;
    },
  ) {
    this.core = core;
    this.segment = input.segment;
    this.cipher = input.cipher;
    this.end = input.end;
    this.name = core.segmentFile(input.segment);
    this.file = input.file;
    // A file that is not there is met here, not at the first read.
    if (this.file === undefined) core.files.get(this.name);
  }

  /**
   * Looks for a record at `offset`: "record" when one is there and its CRCs
   * hold, "end" at the end, "bad" for anything else.
   */
  readAt(offset: number): "record" | "end" | "bad" {
    this.offset = offset;
    if (offset >= this.end) return "end";
    if (!this.fill(offset, recordHeaderBytes)) return "bad";
    this.at = offset - this.windowFrom;
    if (!this.cipher.parseHeader(this.window, this.at, offset, this.header)) return "bad";
    if (offset + this.header.totalBytes > this.end) return "bad";
    if (!this.fill(offset, this.header.totalBytes)) return "bad";
    this.at = offset - this.windowFrom;
    return this.cipher.checkBody(this.window, this.at, this.header) ? "record" : "bad";
  }

  /** Like `readAt`, without reading or checking the body: for stepping over. */
  peekAt(offset: number): "record" | "end" | "bad" {
    this.offset = offset;
    if (offset >= this.end) return "end";
    if (!this.fill(offset, recordHeaderBytes)) return "bad";
    this.at = offset - this.windowFrom;
    const isHeader = this.cipher.parseHeader(this.window, this.at, offset, this.header);
    return isHeader && offset + this.header.totalBytes <= this.end ? "record" : "bad";
  }

  /** End of the record found last. */
  get nextOffset(): number {
    return this.offset + this.header.totalBytes;
  }

  /** Steps over ranges that were set aside. */
  skipBad(offset: number): number {
    let at = offset;
    for (const range of this.core.badRanges) {
      if (range.segment === this.segment && at >= range.fromOffset && at < range.toOffset) {
        at = range.toOffset;
      }
    }
    return at;
  }

  /** Fields of the record found last, a view that the next read may overwrite; undefined if the seal does not fit. */
  open(node: string): Uint8Array | undefined {
    const place = { offset: this.offset, node };
    return this.cipher.open(this.window, this.at, this.header, place);
  }

  /**
   * The next place at or after `from` where a record's magic, header CRC,
   * length and body CRC hold (RULES 8), or the end.
   */
  resync(from: number): number {
    let offset = from;
    while (offset + recordHeaderBytes <= this.end) {
      if (!this.fill(offset, recordHeaderBytes)) break;
      const bytes = this.window;
      const last = bytes.length - 1;
      let at = offset - this.windowFrom;
      while (at < last && !(bytes[at] === magicHigh && bytes[at + 1] === magicLow)) at++;
      offset = this.windowFrom + at;
      if (at === last) continue;
      if (this.readAt(offset) === "record") return offset;
      offset++;
    }
    return this.end;
  }

  /** Makes [offset, offset + count) available. */
  private fill(offset: number, count: number): boolean {
    const isInside =
      offset >= this.windowFrom && offset + count <= this.windowFrom + this.window.length;
    if (isInside) return true;
    const isFirst = this.buffer.length === 0;
    const size = Math.min(isFirst ? firstReadBytes : windowBytes, this.end - offset);
    const wanted = Math.max(size, count);
    if (this.buffer.length < wanted) this.buffer = new Uint8Array(wanted);
    this.window = emptyBytes;
    // Whoever uses the reader may have opened so many other files meanwhile that this one was closed.
    const file = this.file ?? this.core.files.get(this.name);
    const found = readThroughFaults(file, offset, this.buffer.subarray(0, wanted));
    this.windowFrom = offset;
    this.window = this.buffer.subarray(0, found);
    return found >= count;
  }
}
