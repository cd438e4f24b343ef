/**
 * Definitions of aliases, as a replay reads them. The one before a record may be damaged:
 * later ones, in the same segment or behind it, say the same (RULES 10).
 */
import type { StreamIndex } from "../vector/stream-table.ts";
import type { LogCore } from "./core.ts";
import { decodeAliasFields } from "./event-fields.ts";
import { aliasMax, fileHeaderBytes, recordKind } from "./format.ts";
import type { SegmentReader } from "./segment-reader.ts";

/** False when the record at the reader defines nothing. */
export function readDefinition(core: LogCore, reader: SegmentReader): boolean {
  const { alias } = reader.header;
  const plain = reader.open("");
  const stream = plain === undefined ? undefined : decodeAliasFields(plain);
  if (stream === undefined || alias > aliasMax) return false;
  const { streams } = core;
  if (streams.indexOfAlias(alias) === undefined) streams.setAlias(streams.add(stream), alias);
  return true;
}

/** Reads on to the end of the log for definitions, at most once. */
export class LookAhead {
  private readonly core: LogCore;
  private readonly later: (segment: number) => Iterable<SegmentReader>;
  private isDone = false;

  /** `later`: the segments behind one. */
  constructor(core: LogCore, later: (segment: number) => Iterable<SegmentReader>) {
    this.core = core;
    this.later = later;
  }

  /** The alias's stream, as anything in the log tells it; `reader` is at a record, and stays there. */
  streamOf(alias: number, reader: SegmentReader): StreamIndex | undefined {
    const { streams } = this.core;
    const index = streams.indexOfAlias(alias);
    if (index !== undefined || this.isDone) return index;
    this.isDone = true;
    const { offset } = reader;
    this.readFrom(reader, offset);
    reader.readAt(offset);
    for (const behind of this.later(reader.segment)) this.readFrom(behind, fileHeaderBytes);
    return streams.indexOfAlias(alias);
  }

  private readFrom(reader: SegmentReader, from: number): void {
    for (let at = from; at < reader.end; ) {
      if (reader.readAt(at) !== "record") {
        at = reader.resync(at + 1);
        continue;
      }
      if (reader.header.kind === recordKind.alias) readDefinition(this.core, reader);
      at = reader.nextOffset;
    }
  }
}
